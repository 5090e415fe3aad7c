"""What is erased of a file, and what stays so that the reports of past years can still be computed.

What stays of a patient: commune, sex, band of age at the signal, four yes/no answers (ALD, C2S, AME,
disability), the tier, and the dated history, which never held an identity, a need or a text. It is tied to a
random number only. This is not anonymous in the sense of the law: it stays inside, and leaves only as the
groups of ``scheduler.indicators.groups``.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.audit import record
from scheduler.clock import local_day
from scheduler.indicators.report import AGES, in_band
from scheduler.referrals.history import note
from scheduler.referrals.instance import age_on
from scheduler.referrals.merging import MERGED, UNMERGED
from scheduler.store.tables import (
    Booking,
    CareRequest,
    CloseReason,
    Consent,
    DeclareRequest,
    DepartingPatient,
    DuplicateDecision,
    DuplicatePair,
    Message,
    MessageState,
    Patient,
    Referral,
    ReferralCorrection,
    ReferralEvent,
    SeenPractitioner,
    Territory,
)

ERASED = "erased"
"""Line of history: because."""

PURPOSE = "retention"


class Because(StrEnum):
    """Why a file was erased."""

    TIME_OVER = "time_over"
    CONSENT_WITHDRAWN = "consent_withdrawn"


_NOTHING_LEFT: Mapping[str, Any] = {
    "household_id": None,
    "treatment_running_out": None,
    "recent_discharge": None,
    "pregnancy": None,
    "home_bound": None,
    "palliative": None,
    "wheelchair": None,
    "chronic_needs": None,
    "languages": [],
    "prefers_gender": None,
    "known_practitioner_id": None,
    "max_km": None,
    "together": False,
    "answers": {},
    "synthesis": "",
    "synthesis_by": None,
    "synthesis_at": None,
    "first_visit_on": None,
    "unplaced_because": None,
}
"""Columns of a referral that an erased file holds nothing in; the others are states, dates and numbers."""

_NOBODY: Mapping[str, str | None] = {
    "family_name": "",
    "given_name": "",
    "phone": "",
    "email": "",
    "address": "",
    "contact_name": "",
    "contact_preference": None,
}
"""Columns of a patient that hold nothing once their last file is erased; the birth date becomes a band."""

_SWEEP = 20  # years of birth tried: the widest band has fifteen


def erase_file(session: Session, actor: Actor, referral: Referral, *, now: datetime) -> int:
    """Erase a file that is kept from changing, and the identity of its patient with their last one.

    Returns
    -------
    How many files were erased: those that were joined to it too, none when it was before.
    """
    if referral.erased_at is not None:
        return 0
    withdrawn = referral.close_reason is CloseReason.CONSENT_WITHDRAWN
    because = Because.CONSENT_WITHDRAWN if withdrawn else Because.TIME_OVER
    for name, value in _NOTHING_LEFT.items():
        setattr(referral, name, value)
    referral.set_aside_at = referral.set_aside_at or now
    referral.erased_at = now
    session.add(referral)
    _erase_beside(session, referral.id)
    note(session, actor, referral, ERASED, now=now, because=because.value)
    session.flush()
    num_joined = _erase_joined(session, actor, referral, now)
    if not _has_files(session, referral.patient_id):
        erase_identity(session, referral.patient_id, now=now)
    record(
        session,
        actor,
        action="D",
        object_kind="referral",
        object_id=referral.id,
        patient_id=referral.patient_id,
        purpose=PURPOSE,
        now=now,
    )
    return 1 + num_joined


def erase_identity(session: Session, patient_id: UUID, *, now: datetime) -> None:
    """Erase who a patient is, and what messages and appointments know of them."""
    patient = session.get_one(Patient, patient_id)
    patient.birth_date = _band_of(session, patient)
    for name, value in _NOBODY.items():
        setattr(patient, name, value)
    patient.erased_at = now
    session.add(patient)
    theirs = col(Message.patient_id) == patient_id
    session.exec(delete(Message).where(theirs, col(Message.state) != MessageState.SENT))
    session.exec(update(Message).where(theirs).values(recipient="", subject="", body=""))
    session.exec(update(Booking).where(col(Booking.patient_id) == patient_id).values(patient_id=None))
    session.exec(
        update(CareRequest).where(col(CareRequest.patient_id) == patient_id).values(patient_id=None, age=None)
    )
    session.exec(
        update(DepartingPatient).where(col(DepartingPatient.patient_id) == patient_id).values(needs={})
    )
    session.flush()


def same_bands(born: date, on: Sequence[date]) -> date | None:
    """Give a first of January with which somebody was in the same bands of age on some days.

    It follows from the bands and the days alone: all who were in them get the same one. None when no year
    of birth does, which takes two signals within months of a limit of the bands.
    """
    bands = [in_band(age_on(born, day), AGES) for day in on]
    youngest = on[0].year - next(low for low, _ in AGES if bands[0].startswith((f"{low}-", f"{low}+")))
    candidates = (date(youngest - back, 1, 1) for back in range(_SWEEP))
    return next(
        (each for each in candidates if [in_band(age_on(each, day), AGES) for day in on] == bands), None
    )


def _band_of(session: Session, patient: Patient) -> date | None:
    first = (
        select(func.min(ReferralEvent.at), Territory.zone)
        .join(Referral, col(Referral.id) == col(ReferralEvent.referral_id))
        .join(Territory, col(Territory.id) == col(Referral.territory_id))
        .where(col(Referral.patient_id) == patient.id)
        .group_by(col(Referral.id), col(Territory.zone))
        .order_by(func.min(ReferralEvent.at))
    )
    days = [local_day(at, zone) for at, zone in session.exec(first)]
    return None if patient.birth_date is None or not days else same_bands(patient.birth_date, days)


def _erase_beside(session: Session, referral_id: UUID) -> None:
    """Erase what stands beside a file: doctors seen, corrections, who agreed and before whom."""
    session.exec(delete(SeenPractitioner).where(col(SeenPractitioner.referral_id) == referral_id))
    session.exec(delete(ReferralCorrection).where(col(ReferralCorrection.referral_id) == referral_id))
    session.exec(
        update(DeclareRequest)
        .where(col(DeclareRequest.referral_id) == referral_id)
        .values(name="", practitioner_id=None)
    )
    session.exec(
        update(Consent)
        .where(col(Consent.referral_id) == referral_id)
        .values(collected_by="", collector_role="", representative="")
    )
    session.exec(
        update(DepartingPatient).where(col(DepartingPatient.referral_id) == referral_id).values(needs={})
    )
    joined = _once_joined_to(session, referral_id)
    session.exec(
        delete(ReferralCorrection).where(
            col(ReferralCorrection.referral_id).in_(joined),
            col(ReferralCorrection.reason).in_((MERGED, UNMERGED)),
        )
    )


def _once_joined_to(session: Session, referral_id: UUID) -> list[UUID]:
    """List the files this one was wrongly joined to: they hold what each took from the other."""
    pairs = select(DuplicatePair.referral_id, DuplicatePair.other_id).where(
        col(DuplicatePair.decision) == DuplicateDecision.UNDONE,
        (col(DuplicatePair.referral_id) == referral_id) | (col(DuplicatePair.other_id) == referral_id),
    )
    return [one if other == referral_id else other for one, other in session.exec(pairs)]


def _erase_joined(session: Session, actor: Actor, referral: Referral, now: datetime) -> int:
    """Erase the files that were joined to one: they are of the same person."""
    joined = select(Referral).where(
        col(Referral.merged_into) == referral.id, col(Referral.erased_at).is_(None)
    )
    rows = session.exec(joined.with_for_update(key_share=True)).all()
    return sum(erase_file(session, actor, each, now=now) for each in rows)


def _has_files(session: Session, patient_id: UUID) -> bool:
    left = select(Referral.id).where(
        col(Referral.patient_id) == patient_id, col(Referral.erased_at).is_(None)
    )
    return session.exec(left).first() is not None
