"""Writing to patients: by the way they are reached, once for each state their request comes to.

What to write is read from the history, some minutes after it happened: when a request passed several states
meanwhile, only the last is told. A patient with neither mail nor mobile phone gets a letter, which the
coordination prints and posts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from scheduler.clock import Clock
from scheduler.messages.letters_to_patients import NOT_TOLD, STATE_TEXTS, state_letter
from scheduler.messages.outbox import enqueue
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
    Territory,
)

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
) -> Message | None:
    """Write to a patient by the way they are reached; None when the same thing was told before."""
    way = way_to(patient)
    return enqueue(
        session,
        territory_id=territory_id,
        key=key,
        recipient=way.recipient,
        letter=letter,
        now=now,
        channel=way.channel,
        patient_id=patient.id,
    )


def tell_patients(store: Store, *, clock: Clock) -> int:
    """Write to the patients whose request has come to another state; gives the number of messages."""
    with store.write() as session:
        events = _untold(session, clock() - TOLD_WITHIN)
        return sum(_tell(session, event, now=clock()) for event in events)


def _untold(session: Session, since: datetime) -> list[ReferralEvent]:
    """List the last change of state of each request, where it is one that is told and was not."""
    changes = (
        select(func.max(ReferralEvent.id))
        .where(
            col(ReferralEvent.at) > since,
            col(ReferralEvent.from_state).is_distinct_from(col(ReferralEvent.to_state)),
        )
        .group_by(col(ReferralEvent.referral_id))
    )
    query = select(ReferralEvent).where(
        col(ReferralEvent.id).in_(changes), col(ReferralEvent.to_state).in_(_TOLD)
    )
    found = list(session.exec(query.order_by(col(ReferralEvent.id))))
    told = _keys_among(session, [_key(event) for event in found])
    return [event for event in found if _key(event) not in told]


def _keys_among(session: Session, keys: Iterable[str]) -> set[str]:
    wanted = list(keys)
    known: set[str] = set()
    for start in range(0, len(wanted), 500):
        query = select(Message.key).where(col(Message.key).in_(wanted[start : start + 500]))
        known.update(session.exec(query))
    return known


def _tell(session: Session, event: ReferralEvent, *, now: datetime) -> bool:
    referral = session.get_one(Referral, event.referral_id)
    if referral.close_reason in NOT_TOLD or referral.state is not event.to_state:
        return False
    letter = letter_of(session, referral)
    patient = session.get_one(Patient, referral.patient_id)
    return (
        write_to_patient(
            session, patient, letter, territory_id=referral.territory_id, key=_key(event), now=now
        )
        is not None
    )


def letter_of(session: Session, referral: Referral) -> Letter:
    """Write where a request stands now."""
    territory = session.get_one(Territory, referral.territory_id)
    community = session.get(Community, referral.territory_id)
    return state_letter(
        referral.state, territory_name=territory.name, phone=community.phone if community else ""
    )


def _key(event: ReferralEvent) -> str:
    return f"state:{event.id}"
