"""Letters for those who have neither mail nor mobile phone: printed together, then marked as posted."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import literal
from sqlmodel import Session, col, func, select

from scheduler.accounts.actor import Actor
from scheduler.audit import record
from scheduler.errors import NotFound
from scheduler.messages.outbox import list_dead
from scheduler.messages.patients import letter_of
from scheduler.messages.templates import Letter
from scheduler.referrals.scope import find_referral
from scheduler.store.tables import Message, MessageChannel, MessageState, Patient, Referral

MOST_AT_ONCE = 50
"""Letters printed together; the rest comes once these are marked as posted."""

_PURPOSE = "letters"
_WAITING = col(Message.state) == literal(MessageState.WAITING.value, literal_execute=True)
_AMONG_WAITING = ("INDEXED BY message_due", "sqlite")
"""Few, among all messages there ever were: SQLite would read those of a territory, 100,000 after a year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A letter as it is printed: to whom, where, and what it says.

    Parameters
    ----------
    address : str
        "" where the file has none: somebody has to call.
    """

    message_id: UUID | None
    name: str
    address: str
    insee: str
    letter: Letter
    written_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailroom:
    """What a person has to do about messages: letters to print, and those given up."""

    num_letters: int
    num_waiting: int
    dead: tuple[Message, ...]


def mailroom(session: Session, actor: Actor) -> Mailroom:
    """Count the letters to print and what is on its way, and list what was given up."""
    counted = (
        select(Message.channel, func.count())
        .where(col(Message.territory_id) == actor.territory_id, _WAITING)
        .with_hint(Message, *_AMONG_WAITING)
        .group_by(col(Message.channel))
    )
    numbers = dict(session.exec(counted).all())
    num_letters = numbers.pop(MessageChannel.LETTER, 0)
    return Mailroom(
        num_letters=num_letters,
        num_waiting=sum(numbers.values()),
        dead=list_dead(session, actor),
    )


def letters_to_print(session: Session, actor: Actor, *, now: datetime) -> list[Posted]:
    """Give the letters to print, the oldest first; each reading of an address is audited."""
    query = (
        select(Message, Patient)
        .join(Patient, col(Patient.id) == col(Message.patient_id))
        .where(
            col(Message.territory_id) == actor.territory_id,
            col(Message.channel) == MessageChannel.LETTER,
            _WAITING,
        )
        .with_hint(Message, *_AMONG_WAITING)
        .order_by(col(Message.created_at), col(Message.id))
        .limit(MOST_AT_ONCE)
    )
    return [
        _posted(session, actor, patient, _letter(row), row, now=now) for row, patient in session.exec(query)
    ]


def letter_for(session: Session, actor: Actor, referral_id: UUID, *, now: datetime) -> Posted:
    """Give the letter that says where one request stands, to be printed on demand.

    Raises
    ------
    NotFound
        When this person may not reach it.
    """
    referral: Referral = find_referral(session, actor, referral_id)
    patient = session.get_one(Patient, referral.patient_id)
    return _posted(session, actor, patient, letter_of(session, referral), None, now=now)


def mark_posted(session: Session, actor: Actor, message_ids: Collection[UUID], *, now: datetime) -> int:
    """Note that printed letters were posted; those that were already are left. Gives their number.

    Raises
    ------
    NotFound
        When one is no letter of this territory.
    """
    query = select(Message).where(col(Message.id).in_(message_ids)).with_for_update()
    rows = session.exec(query).all()
    ours = [
        row for row in rows if row.territory_id == actor.territory_id and row.channel is MessageChannel.LETTER
    ]
    if len(ours) < len(set(message_ids)):
        raise NotFound("message")
    waiting = [row for row in ours if row.state is MessageState.WAITING]
    for row in waiting:
        row.state, row.sent_at = MessageState.SENT, now
        session.add(row)
    session.flush()
    return len(waiting)


def _posted(
    session: Session, actor: Actor, patient: Patient, letter: Letter, row: Message | None, *, now: datetime
) -> Posted:
    record(
        session,
        actor,
        action="R",
        object_kind="patient",
        object_id=str(patient.id),
        patient_id=patient.id,
        purpose=_PURPOSE,
        now=now,
    )
    return Posted(
        message_id=row.id if row else None,
        name=f"{patient.given_name} {patient.family_name}",
        address=patient.address,
        insee=patient.insee,
        letter=letter,
        written_at=row.created_at if row else now,
    )


def _letter(row: Message) -> Letter:
    return Letter(kind=row.kind, subject=row.subject, body=row.body)
