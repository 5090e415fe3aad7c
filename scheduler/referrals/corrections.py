"""What the coordination corrects in a file: before and after kept beside it, a coded reason in the history.

The history holds the names of the fields and the reason; the values stand in ``ReferralCorrection``, which is
erased with the file.
"""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from matching.model import Needs
from scheduler.accounts.actor import Actor
from scheduler.errors import WrongState
from scheduler.referrals.checks import checked_answers
from scheduler.referrals.filing import put_answers, put_identity, put_needs, put_wishes
from scheduler.referrals.history import CORRECTED, note
from scheduler.referrals.instance import NEEDS
from scheduler.referrals.pathways import pathway_in_force
from scheduler.referrals.ranking import RankBecause, record_place, rules_for
from scheduler.referrals.scope import find_referral
from scheduler.referrals.trace import trace
from scheduler.referrals.values import CorrectionReason, Corrections, Identity
from scheduler.store.tables import Patient, Referral, ReferralCorrection, ReferralState

RANKABLE = frozenset(
    {
        ReferralState.RECEIVED,
        ReferralState.QUALIFIED,
        ReferralState.WAITING,
        ReferralState.PROPOSED,
        ReferralState.SUSPENDED,
    }
)
"""States in which a new answer can still change who goes first; later a GP has been told already."""

# Asked at every qualification: ``get_one`` would write the question anew each time.
_PATIENT = select(Patient).where(col(Patient.id) == bindparam("patient_id"))
_IDENTITY = ("family_name", "given_name", "birth_date", "gender", "phone", "email", "address", "insee")
_CONTACT = ("contact_preference", "contact_name")
_WISHES = ("languages", "prefers_gender", "known_practitioner_id", "max_km", "together")


def correct_needs(
    session: Session,
    actor: Actor,
    referral_id: UUID,
    *,
    needs: Needs,
    answers: Mapping[str, bool | None] | None = None,
    reason: CorrectionReason,
    now: datetime,
) -> Referral:
    """Correct the needs of somebody who already waits; the place is worked out again at once.

    Raises
    ------
    NotFound
        When this person may not reach the referral.
    WrongState
        When a GP has already been told of these needs.
    InvalidInput
        Naming the answer that is not acceptable.
    """
    referral = find_referral(session, actor, referral_id, lock=True)
    if referral.state not in RANKABLE:
        raise WrongState("referral", referral.state.value, CORRECTED)
    corrections = Corrections(needs=needs, answers=answers, reason=reason)
    write_corrections(session, actor, referral, None, corrections, now)
    trace(session, actor, "U", referral.id, referral.patient_id, now=now)
    return referral


def write_corrections(
    session: Session,
    actor: Actor,
    referral: Referral,
    identity: Identity | None,
    corrections: Corrections,
    now: datetime,
) -> None:
    """Write what is corrected into a locked referral, and work its place out again.

    Parameters
    ----------
    identity
        The corrected identity, checked already.
    """
    patient = session.exec(_PATIENT, params={"patient_id": referral.patient_id}).one()
    pathway = pathway_in_force(session, referral.territory_id, referral.pathway)
    before = {} if corrections == Corrections() else _values(referral, patient)
    changed = [] if identity is None else put_identity(patient, identity)
    if corrections.needs is not None:
        changed += put_needs(referral, corrections.needs)
    if corrections.answers is not None:
        changed += put_answers(referral, checked_answers(corrections.answers, pathway))
    if corrections.wishes is not None:
        changed += put_wishes(session, referral, corrections.wishes)
    if changed:
        keep_correction(session, actor, referral, patient, before, corrections.reason.value, now)
        fields = sorted(changed)
        note(session, actor, referral, CORRECTED, now=now, fields=fields, reason=corrections.reason.value)
    rules = rules_for(session, referral.territory_id, pathway)
    record_place(session, actor, referral, patient, rules, because=RankBecause.CORRECTION, now=now)


def keep_correction(
    session: Session,
    actor: Actor,
    referral: Referral,
    patient: Patient,
    before: Mapping[str, Any],
    reason: str,
    now: datetime,
) -> ReferralCorrection:
    """Keep what differs between ``before`` and what the file holds now."""
    after = _values(referral, patient)
    different = [name for name in after if before.get(name) != after[name]]
    row = ReferralCorrection(
        referral_id=referral.id,
        at=now,
        actor=actor.key,
        reason=reason,
        before={name: before.get(name) for name in different},
        after={name: after[name] for name in different},
    )
    referral.updated_at = now
    session.add_all([referral, patient, row])
    session.flush()
    return row


def values_of(session: Session, referral: Referral) -> dict[str, Any]:
    """Give what a correction may change, as it can be kept."""
    return _values(referral, session.get_one(Patient, referral.patient_id))


def _values(referral: Referral, patient: Patient) -> dict[str, Any]:
    told = {name: getattr(patient, name) for name in (*_IDENTITY, *_CONTACT)}
    told |= {name: getattr(referral, name) for name in (*NEEDS, *_WISHES, "waiting_since", "household_id")}
    told |= {f"answers.{code}": answer for code, answer in referral.answers.items()}
    return {name: _plain(value) for name, value in told.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID | StrEnum):
        return str(value)
    return list(value) if isinstance(value, list) else value
