"""Reading patients' files, every one of them audited: a list writes one row per patient it shows.

All functions here take a *write* session: the audit row is part of the reading, and a reading whose
audit row cannot be written does not happen.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from matching.model import Needs
from scheduler.accounts.actor import Actor
from scheduler.listing import Listed, beyond
from scheduler.referrals.history import today_in
from scheduler.referrals.instance import NEEDS, consented
from scheduler.referrals.life import STANDINGS
from scheduler.referrals.scope import BY_ID, find_referral, reachable
from scheduler.referrals.trace import trace
from scheduler.referrals.values import Identity, Wishes
from scheduler.store.tables import (
    CloseReason,
    Consent,
    ConsentHow,
    Patient,
    Referral,
    ReferralEvent,
    ReferralState,
    Role,
    SignalSource,
)

_IDENTITY = (
    "family_name",
    "given_name",
    "birth_date",
    "gender",
    "phone",
    "email",
    "address",
    "insee",
    "contact_preference",
    "contact_name",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralLine:
    """A referral in a list: enough to recognise the patient and see what is to be done.

    Parameters
    ----------
    next_owner : Role
        Who acts next, according to the state.
    late : bool
        The date of the next action has passed.
    """

    id: UUID
    patient_id: UUID
    family_name: str
    given_name: str
    birth_date: date | None
    insee: str
    fictitious: bool
    state: ReferralState
    consent: bool
    waiting_since: date
    next_action_on: date | None
    next_owner: Role
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentShown:
    """One consent, as it was collected."""

    notice_version: str
    how: ConsentHow
    collected_by: str
    given_at: datetime
    withdrawn_at: datetime | None
    collector_role: str = ""
    representative: str = ""
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralFile:
    """All that is known of one referral.

    Parameters
    ----------
    owner_id : UUID or None
        Account of the person who follows it; None = whoever of the coordination comes first.
    answers : mapping of str to bool or None
        To the questions of the pathway beyond the common needs.
    synthesis : str
        The coordinator's own words.
    merged_into : UUID or None
        The file in which this one goes on.
    """

    line: ReferralLine
    identity: Identity
    needs: Needs
    wishes: Wishes
    consents: tuple[ConsentShown, ...]
    household_id: UUID | None
    owner_id: UUID | None
    close_reason: CloseReason | None
    created_at: datetime
    updated_at: datetime
    pathway: str = "gp"
    source: SignalSource = SignalSource.PROFESSIONAL
    answers: Mapping[str, bool | None] = field(default_factory=dict)
    synthesis: str = ""
    synthesis_at: datetime | None = None
    merged_into: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """One thing that happened to a referral; codes and internal ids, no identity."""

    at: datetime
    actor: str
    kind: str
    from_state: ReferralState | None
    to_state: ReferralState
    detail: dict[str, Any]


def list_referrals(
    session: Session,
    actor: Actor,
    *,
    states: Collection[ReferralState] = (),
    limit: int = 50,
    after: tuple[date, UUID] | None = None,
    now: datetime,
) -> Listed[ReferralLine]:
    """List the referrals this person may reach, the longest wait first.

    Parameters
    ----------
    states
        Keep these only; empty = all.
    after
        ``(waiting_since, id)`` of the last line of the page before.
    """
    order = (col(Referral.waiting_since), col(Referral.id))
    query = (
        select(Referral, Patient, consented())
        .join(Patient, col(Patient.id) == col(Referral.patient_id))
        .where(reachable(actor))
        .order_by(*order)
        .limit(limit + 1)
    )
    if states:
        query = query.where(col(Referral.state).in_(states))
    if after is not None:
        query = query.where(beyond(order, after))
    today = today_in(session, actor.territory_id, now)
    lines = [_line(referral, patient, agrees, today) for referral, patient, agrees in session.exec(query)]
    listed = Listed.cut(lines, limit)
    for line in listed.rows:
        trace(session, actor, "R", line.id, line.patient_id, now=now)
    return listed


def lines_of(
    session: Session, actor: Actor, referral_ids: Sequence[UUID], *, now: datetime
) -> list[ReferralLine]:
    """Read the lines of referrals, in the order given; those this person may not reach are left out."""
    query = (
        select(Referral, Patient, consented())
        .join(Patient, col(Patient.id) == col(Referral.patient_id))
        .with_hint(Referral, BY_ID, "sqlite")
        .where(reachable(actor), col(Referral.id).in_(referral_ids))
    )
    today = today_in(session, actor.territory_id, now)
    found = {
        referral.id: _line(referral, patient, agrees, today)
        for referral, patient, agrees in session.exec(query)
    }
    lines = [found[referral_id] for referral_id in referral_ids if referral_id in found]
    for line in lines:
        trace(session, actor, "R", line.id, line.patient_id, now=now)
    return lines


def get_referral(session: Session, actor: Actor, referral_id: UUID, *, now: datetime) -> ReferralFile:
    """Read one file.

    Raises
    ------
    NotFound
        When this person may not reach it, or there is none.
    """
    referral = find_referral(session, actor, referral_id)
    patient = session.get_one(Patient, referral.patient_id)
    consents = session.exec(
        select(Consent).where(col(Consent.referral_id) == referral.id).order_by(col(Consent.given_at))
    ).all()
    agrees = any(consent.withdrawn_at is None for consent in consents)
    today = today_in(session, actor.territory_id, now)
    trace(session, actor, "R", referral.id, patient.id, now=now)
    return ReferralFile(
        line=_line(referral, patient, agrees, today),
        identity=Identity(
            fictitious=patient.fictitious,
            **{part: getattr(patient, part) for part in _IDENTITY},
        ),
        needs=Needs(**{need: getattr(referral, need) for need in NEEDS}),
        wishes=_wishes(referral),
        consents=tuple(_consent(consent) for consent in consents),
        household_id=referral.household_id,
        owner_id=referral.owner_id,
        close_reason=referral.close_reason,
        created_at=referral.created_at,
        updated_at=referral.updated_at,
        pathway=referral.pathway,
        source=referral.source,
        answers=referral.answers,
        synthesis=referral.synthesis if actor.role is Role.COORDINATOR else "",
        synthesis_at=referral.synthesis_at,
        merged_into=referral.merged_into,
    )


def get_history(
    session: Session, actor: Actor, referral_id: UUID, *, now: datetime
) -> tuple[HistoryLine, ...]:
    """Read all that happened to a referral, oldest first.

    Raises
    ------
    NotFound
        When this person may not reach it, or there is none.
    """
    referral = find_referral(session, actor, referral_id)
    events = session.exec(
        select(ReferralEvent)
        .where(col(ReferralEvent.referral_id) == referral.id)
        .order_by(col(ReferralEvent.id))
    ).all()
    trace(session, actor, "R", referral.id, referral.patient_id, now=now)
    return tuple(
        HistoryLine(
            at=event.at,
            actor=event.actor,
            kind=event.kind,
            from_state=event.from_state,
            to_state=event.to_state,
            detail=event.detail,
        )
        for event in events
    )


def _line(referral: Referral, patient: Patient, agrees: bool, today: date) -> ReferralLine:
    return ReferralLine(
        id=referral.id,
        patient_id=patient.id,
        family_name=patient.family_name,
        given_name=patient.given_name,
        birth_date=patient.birth_date,
        insee=patient.insee,
        fictitious=patient.fictitious,
        state=referral.state,
        consent=agrees,
        waiting_since=referral.waiting_since,
        next_action_on=referral.next_action_on,
        next_owner=STANDINGS[referral.state].owner,
        late=referral.next_action_on is not None and referral.next_action_on < today,
    )


def _wishes(referral: Referral) -> Wishes:
    return Wishes(
        languages=tuple(referral.languages),
        prefers_gender=referral.prefers_gender,
        known_practitioner_id=referral.known_practitioner_id,
        max_km=referral.max_km,
        together=referral.together,
    )


def _consent(consent: Consent) -> ConsentShown:
    return ConsentShown(
        notice_version=consent.notice_version,
        how=consent.how,
        collected_by=consent.collected_by,
        given_at=consent.given_at,
        withdrawn_at=consent.withdrawn_at,
        collector_role=consent.collector_role,
        representative=consent.representative,
        told=tuple(consent.told),
    )
