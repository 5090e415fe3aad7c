"""A list that stays true: each open request is confirmed again now and then, by message or by telephone.

A request that nobody confirmed for ``CONFIRM_EVERY`` is due. The patient is written to by the way they are
reached; without news after ``ANSWER_WITHIN`` the request stands in the call list, where a person notes what
the call gave. After ``MOST_CALLS`` calls in vain the patient counts as unreachable, and a person decides: a
search that rests is never deleted, and keeps its seniority.

Lines of history: ``confirm_asked`` (channel), ``contacted`` (outcome).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor, system_actor
from scheduler.clock import Clock
from scheduler.errors import WrongState
from scheduler.messages.letters_of_signals import still_searching
from scheduler.messages.patients import write_to_patient
from scheduler.messages.templates import Letter
from scheduler.referrals.ending import SuspendReason, close, suspend
from scheduler.referrals.history import note, today_in
from scheduler.referrals.scope import find_referral, reachable
from scheduler.referrals.trace import trace
from scheduler.store.engine import Store
from scheduler.store.tables import (
    CloseReason,
    Community,
    ContactPreference,
    Patient,
    Referral,
    ReferralState,
    Territory,
)

CONFIRM_EVERY = timedelta(days=90)
"""A request older than this, or confirmed longer ago, is asked about: what is not asked rots."""

ANSWER_WITHIN = timedelta(days=14)
"""How long a message may stay without an answer before somebody calls."""

MOST_CALLS = 3
"""Calls in vain, on different days, after which a person decides."""

CONFIRM_ASKED = "confirm_asked"
CONTACTED = "contacted"

_CONFIRMED = frozenset({ReferralState.RECEIVED, ReferralState.QUALIFIED, ReferralState.WAITING})
"""States in which a request can grow old: later somebody is in touch with the patient anyway."""


class ContactOutcome(StrEnum):
    """What a call gave."""

    STILL_SEEKING = "still_seeking"
    FOUND = "found"
    MOVED = "moved"
    DIED = "died"
    NO_LONGER_WANTED = "no_longer_wanted"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"


_CLOSES = {
    ContactOutcome.FOUND: CloseReason.FOUND_ALONE,
    ContactOutcome.MOVED: CloseReason.MOVED,
    ContactOutcome.DIED: CloseReason.DIED,
    ContactOutcome.NO_LONGER_WANTED: CloseReason.CONSENT_WITHDRAWN,
}
_IN_VAIN = frozenset({ContactOutcome.NO_ANSWER, ContactOutcome.WRONG_NUMBER})


@dataclass(frozen=True, slots=True, kw_only=True)
class ToCall:
    """Somebody to be called, with what a caller needs and nothing about health.

    Parameters
    ----------
    contact_name : str
        The relative to ask for, "" when it is the patient.
    num_calls : int
        Calls in vain so far.
    """

    referral_id: UUID
    family_name: str
    given_name: str
    birth_date: date | None
    phone: str
    address: str
    insee: str
    contact_preference: ContactPreference | None
    contact_name: str
    state: ReferralState
    waiting_since: date
    last_confirmed_on: date | None
    due_on: date | None
    unreachable_since: date | None
    num_calls: int


def ask_to_confirm(store: Store, *, clock: Clock) -> int:
    """Ask those whose request has grown old whether it still holds; gives how many were asked.

    Idempotent: a message has a key of its own for each date it is asked on.
    """
    now = clock()
    with store.read() as session:
        territory_ids = session.exec(select(Territory.id).order_by(col(Territory.id))).all()
    return sum(_ask_in(store, territory_id, now) for territory_id in territory_ids if territory_id)


def call_list(session: Session, actor: Actor, *, now: datetime, limit: int = 100) -> list[ToCall]:
    """List who is to be called, the longest without news first; each file shown is traced."""
    today = today_in(session, actor.territory_id, now)
    query = (
        select(Referral, Patient)
        .join(Patient, col(Patient.id) == col(Referral.patient_id))
        .where(reachable(actor), col(Referral.state).in_(_CONFIRMED), _to_call(today))
        .order_by(col(Referral.reconfirm_due_on), col(Referral.waiting_since), col(Referral.id))
        .limit(limit)
    )
    found = []
    for referral, patient in session.exec(query):
        trace(session, actor, "R", referral.id, patient.id, now=now)
        found.append(_line(referral, patient))
    return found


def note_contact(
    session: Session, actor: Actor, referral_id: UUID, outcome: ContactOutcome, *, now: datetime
) -> Referral:
    """Note what a call, or an answer to a message, gave.

    Still seeking: confirmed today, reachable again. Found, moved, died, no longer wanted: the request is
    closed. In vain: counted; after ``MOST_CALLS`` on different days the patient counts as unreachable.

    Raises
    ------
    NotFound
        When this person may not reach the referral.
    WrongState
        When the request is over.
    """
    referral = find_referral(session, actor, referral_id, lock=True)
    if referral.state in {ReferralState.CLOSED, ReferralState.DECLARED}:
        raise WrongState("referral", referral.state.value, CONTACTED)
    today = today_in(session, referral.territory_id, now)
    note(session, actor, referral, CONTACTED, now=now, outcome=outcome.value)
    if outcome in _CLOSES:
        session.flush()
        return close(session, actor, referral_id, reason=_CLOSES[outcome], now=now)
    if outcome in _IN_VAIN:
        _count_in_vain(referral, outcome, today)
    else:
        confirm(referral, today)
    referral.updated_at = now
    session.add(referral)
    session.flush()
    trace(session, actor, "U", referral.id, referral.patient_id, now=now)
    return referral


def let_rest(session: Session, actor: Actor, referral_id: UUID, *, now: datetime) -> Referral:
    """Let the search of somebody unreachable rest: nothing is deleted, and the seniority runs on.

    Raises
    ------
    NotFound
        When this person may not reach the referral.
    WrongState
        When the search rests already, or is over.
    """
    return suspend(session, actor, referral_id, reason=SuspendReason.UNREACHABLE, now=now)


def confirm(referral: Referral, on: date) -> None:
    """Write that a request still holds on a day, and when to ask again."""
    referral.last_confirmed_on = on
    referral.reconfirm_due_on = None
    referral.unreachable_since = None
    referral.num_failed_contacts = 0


def is_due(referral: Referral, created_on: date, today: date) -> bool:
    """Tell whether a request has grown old: nobody confirmed it for long, and nobody is being asked."""
    if referral.state not in _CONFIRMED or referral.reconfirm_due_on is not None:
        return False
    return today - (referral.last_confirmed_on or created_on) >= CONFIRM_EVERY


def _ask_in(store: Store, territory_id: int, now: datetime) -> int:
    actor = system_actor("reconfirm", territory_id)
    with store.write() as session:
        today = today_in(session, territory_id, now)
        query = (
            select(Referral, Patient)
            .join(Patient, col(Patient.id) == col(Referral.patient_id))
            .where(
                col(Referral.territory_id) == territory_id,
                col(Referral.state).in_(_CONFIRMED),
                col(Referral.reconfirm_due_on).is_(None),
                col(Referral.created_at) <= now - CONFIRM_EVERY + timedelta(days=1),
            )
            .order_by(col(Referral.id))
            .with_for_update(of=Referral, key_share=True)
        )
        rows = session.exec(query).all()
        due = [row for row in rows if is_due(row[0], row[0].created_at.date(), today)]
        letter = _letter(session, territory_id)
        for referral, patient in due:
            key = f"confirm:{referral.id}:{today.isoformat()}"
            channel = write_to_patient(session, patient, letter, territory_id=territory_id, key=key, now=now)
            referral.reconfirm_due_on = today + ANSWER_WITHIN
            session.add(referral)
            note(session, actor, referral, CONFIRM_ASKED, now=now, channel=channel.value)
        return len(due)


def _count_in_vain(referral: Referral, outcome: ContactOutcome, today: date) -> None:
    """Count a call in vain, one a day; the next one is due in two days."""
    if referral.reconfirm_due_on is None or referral.reconfirm_due_on <= today:
        referral.num_failed_contacts += 1
    referral.reconfirm_due_on = today + timedelta(days=2)
    if outcome is ContactOutcome.WRONG_NUMBER or referral.num_failed_contacts >= MOST_CALLS:
        referral.unreachable_since = referral.unreachable_since or today


def _to_call(today: date) -> ColumnElement[bool]:
    return or_(
        col(Referral.reconfirm_due_on) <= today,
        col(Referral.unreachable_since).is_not(None) & col(Referral.reconfirm_due_on).is_not(None),
    )


def _letter(session: Session, territory_id: int) -> Letter:
    territory = session.get_one(Territory, territory_id)
    community = session.get(Community, territory_id)
    return still_searching(territory_name=territory.name, phone=community.phone if community else "")


def _line(referral: Referral, patient: Patient) -> ToCall:
    return ToCall(
        referral_id=referral.id,
        family_name=patient.family_name,
        given_name=patient.given_name,
        birth_date=patient.birth_date,
        phone=patient.phone,
        address=patient.address,
        insee=patient.insee,
        contact_preference=patient.contact_preference,
        contact_name=patient.contact_name,
        state=referral.state,
        waiting_since=referral.waiting_since,
        last_confirmed_on=referral.last_confirmed_on,
        due_on=referral.reconfirm_due_on,
        unreachable_since=referral.unreachable_since,
        num_calls=referral.num_failed_contacts,
    )
