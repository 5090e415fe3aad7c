"""Writing to patients: by the way they are reached, once for each state their request comes to.

What to write is read from the history, some minutes after it happened: when a request passed several states
meanwhile, only the last is told. A patient with neither mail nor mobile phone gets a letter, which the
coordination prints and posts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any

from sqlalchemy import Select, String, bindparam, cast, exists, literal, or_
from sqlalchemy import select as columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from scheduler.clock import Clock
from scheduler.messages.letters_to_patients import NOT_TOLD, STATE_TEXTS, state_letter
from scheduler.messages.outbox import ToTell, enqueue, enqueue_all
from scheduler.messages.templates import Letter
from scheduler.store.engine import Store
from scheduler.store.tables import (
    Community,
    ContactPreference,
    Message,
    MessageChannel,
    Patient,
    Referral,
    ReferralEvent,
    ReferralState,
    Territory,
)

_KEY = "state:"
"""What the keys of these messages begin with; the id of a line of history follows."""

TOLD_WITHIN = timedelta(days=2)
"""What happened longer ago is not told any more: after a long stop, nobody gets last month's news."""

_MOBILE = (
    *("+336", "+337", "+262692", "+262693", "+262639"),
    *("+590690", "+590691", "+594694", "+596696", "+596697"),
)
_TOLD = tuple(state for state, told in STATE_TEXTS.items() if told.by_itself)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a patient is written to; ``recipient`` is "" for a letter."""

    channel: MessageChannel
    recipient: str = ""


def way_to(patient: Patient) -> Way:
    """Choose how to write to a patient: as they wish where that is possible, else mail, SMS, letter.

    A relative's telephone is for calls only: what is written goes to the patient's own address.
    """
    mail = Way(channel=MessageChannel.MAIL, recipient=patient.email) if patient.email else None
    sms = None
    if patient.phone.startswith(_MOBILE) and patient.contact_preference is not ContactPreference.RELATIVE:
        sms = Way(channel=MessageChannel.SMS, recipient=patient.phone)
    letter = Way(channel=MessageChannel.LETTER)
    if patient.contact_preference is ContactPreference.LETTER:
        return letter
    first, second = (sms, mail) if patient.contact_preference is ContactPreference.SMS else (mail, sms)
    return first or second or letter


def write_to_patient(
    session: Session, patient: Patient, letter: Letter, *, territory_id: int, key: str, now: datetime
) -> MessageChannel:
    """Write to a patient, once the same thing; gives the way they are reached."""
    way = way_to(patient)
    enqueue(
        session,
        territory_id=territory_id,
        key=key,
        recipient=way.recipient,
        letter=letter,
        now=now,
        channel=way.channel,
        patient_id=patient.id,
    )
    return way.channel


def tell_patients(store: Store, *, clock: Clock) -> int:
    """Write to the patients whose request has come to another state; gives the number of messages."""
    now, num_told = clock(), 0
    with store.write() as session:
        untold = _untold(session, now - TOLD_WITHIN)
        for territory_id in sorted({each.territory_id for each in untold}):
            wording = _wording(session, territory_id)
            told = [_news(each, wording) for each in untold if each.territory_id == territory_id]
            num_told += len(enqueue_all(session, told, territory_id=territory_id, now=now))
    return num_told


@dataclass(frozen=True, slots=True, kw_only=True)
class _Untold:
    """A patient whose request has come to a state they were not told of."""

    territory_id: int
    state: ReferralState
    key: str
    patient: Patient


def _untold(session: Session, since: datetime) -> list[_Untold]:
    """List the last change of state of each request, where it is one that is told and was not."""
    return [
        _Untold(territory_id=territory_id, state=state, key=key, patient=patient)
        for territory_id, state, key, patient in session.execute(_untold_ones(), {"since": since})
    ]


@cache
def _untold_ones() -> Select[Any]:
    later = aliased(ReferralEvent)
    changed_again = exists().where(
        col(later.referral_id) == col(ReferralEvent.referral_id),
        col(later.id) > col(ReferralEvent.id),
        col(later.from_state).is_distinct_from(col(later.to_state)),
    )
    key = literal(_KEY).concat(cast(col(ReferralEvent.id), String))
    asked: list[Any] = [Referral.territory_id, Referral.state, key, Patient]
    return (
        columns(*asked)
        .with_hint(ReferralEvent, "INDEXED BY referral_event_by_at", "sqlite")  # else it reads all of them
        .join(ReferralEvent, col(ReferralEvent.referral_id) == col(Referral.id))
        .join(Patient, col(Patient.id) == col(Referral.patient_id))
        .where(
            col(ReferralEvent.at) > bindparam("since"),
            col(ReferralEvent.from_state).is_distinct_from(col(ReferralEvent.to_state)),
            ~changed_again,
            col(ReferralEvent.to_state).in_(_TOLD),
            col(ReferralEvent.to_state) == col(Referral.state),
            or_(col(Referral.close_reason).is_(None), col(Referral.close_reason).not_in(NOT_TOLD)),
            ~exists().where(col(Message.key) == key),
        )
        .order_by(col(ReferralEvent.id))
    )


def _news(untold: _Untold, wording: Callable[[ReferralState], Letter]) -> ToTell:
    way = way_to(untold.patient)
    return ToTell(
        key=untold.key,
        recipient=way.recipient,
        letter=wording(untold.state),
        channel=way.channel,
        patient_id=untold.patient.id,
    )


def letter_of(session: Session, referral: Referral) -> Letter:
    """Write where a request stands now."""
    return _wording(session, referral.territory_id)(referral.state)


def _wording(session: Session, territory_id: int) -> Callable[[ReferralState], Letter]:
    """Give what writes where a request of a territory stands."""
    territory = session.get_one(Territory, territory_id)
    community = session.get(Community, territory_id)
    phone = community.phone if community else ""
    return partial(state_letter, territory_name=territory.name, phone=phone)
