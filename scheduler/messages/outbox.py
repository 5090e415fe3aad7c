"""The messages to be sent, in the database: written once for each thing to tell, sent at least once.

A mail or an SMS is taken (its next date pushed back), sent outside any transaction, then marked. A crash
between the sending and the mark sends it a second time under the same Message-ID; none is lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog
from sqlalchemy import Row, bindparam
from sqlalchemy import select as columns
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col, select, update

from scheduler.accounts.actor import Actor
from scheduler.clock import Clock
from scheduler.errors import NotFound, WrongState
from scheduler.messages.letters_to_gps import LINKS_THAT_ACT
from scheduler.messages.senders import Envelope, Sender, SendFailed, Undeliverable
from scheduler.messages.templates import Letter
from scheduler.store.engine import Store
from scheduler.store.tables import Message, MessageChannel, MessageState

log = structlog.get_logger()

RETRY_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720))
"""Rest after each failure; after the last one the mail is given up: some 17 hours in all."""

TAKEN_FOR = timedelta(minutes=5)
"""For how long a mail that is being sent is left alone by other processes."""

MOST_AT_ONCE = 100

_TABLE = SQLModel.metadata.tables[str(Message.__tablename__)]
_SQLITE_ADD = sqlite.insert(_TABLE).on_conflict_do_nothing(index_elements=["key"]).returning(_TABLE.c.id)
_POSTGRESQL_ADD = (
    postgresql.insert(_TABLE).on_conflict_do_nothing(index_elements=["key"]).returning(_TABLE.c.id)
)
_DUE = (
    columns(_TABLE)
    .where(
        _TABLE.c.state == MessageState.WAITING,
        _TABLE.c.due_at <= bindparam("now"),
        _TABLE.c.channel != MessageChannel.LETTER,  # a person prints and posts those
    )
    .order_by(_TABLE.c.due_at, _TABLE.c.id)
    .limit(MOST_AT_ONCE)
    .with_for_update(skip_locked=True)
)
_TAKE = (
    update(_TABLE)
    .where(_TABLE.c.id.in_(bindparam("taken", expanding=True)))
    .values(num_attempts=_TABLE.c.num_attempts + 1, due_at=bindparam("until"))
)
_MARK = update(_TABLE).where(_TABLE.c.id == bindparam("message_id"))


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """How our mails are marked: who they come from, and the domain of their Message-ID."""

    sender: str
    domain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToTell:
    """One thing to tell somebody.

    Parameters
    ----------
    key
        What the message is about, and to whom, in one text: ``feed:12:2026-11-22T08:00:00Z:<account>``.
    patient_id
        The patient it goes to, if it does: needed for a letter, whose address is read when it is printed.
    """

    key: str
    recipient: str
    letter: Letter
    channel: MessageChannel = MessageChannel.MAIL
    patient_id: UUID | None = None


def enqueue(
    session: Session,
    *,
    territory_id: int,
    key: str,
    recipient: str,
    letter: Letter,
    now: datetime,
    channel: MessageChannel = MessageChannel.MAIL,
    patient_id: UUID | None = None,
) -> UUID | None:
    """Write a message to be sent, in the caller's transaction; None when the same thing was told before.

    The parameters are those of ``ToTell``.
    """
    told = ToTell(key=key, recipient=recipient, letter=letter, channel=channel, patient_id=patient_id)
    return next(iter(enqueue_all(session, [told], territory_id=territory_id, now=now)), None)


def enqueue_all(session: Session, told: Sequence[ToTell], *, territory_id: int, now: datetime) -> list[UUID]:
    """Write messages to be sent, in the caller's transaction; gives the ids of those not told before."""
    if not told:
        return []
    rows = [_row(each, territory_id, now) for each in told]
    session.flush()  # the patients they go to may be new
    insert = {"sqlite": _SQLITE_ADD, "postgresql": _POSTGRESQL_ADD}[session.get_bind().dialect.name]
    return list(session.execute(insert, rows).scalars())


def send_due(store: Store, sender: Sender, settings: MailSettings, *, clock: Clock) -> int:
    """Send the mails that are due, each outside any transaction; gives how many left."""
    num_sent = 0
    for row in _take(store, clock()):
        failure = _sent(sender, _envelope(row, settings))
        become = _after(row, failure, clock())
        with store.writing() as connection:
            connection.execute(_MARK, {"message_id": row.id, **become})
        num_sent += failure is None
    return num_sent


def list_dead(session: Session, actor: Actor) -> tuple[Message, ...]:
    """List the messages of the territory that were given up, the newest first, a hundred at most."""
    query = select(Message).where(
        col(Message.territory_id) == actor.territory_id, col(Message.state) == MessageState.DEAD
    )
    return tuple(session.exec(query.order_by(col(Message.created_at).desc(), col(Message.id)).limit(100)))


def send_again(session: Session, actor: Actor, message_id: UUID, *, now: datetime) -> Message:
    """Try a message that was given up once more, from the start.

    Raises
    ------
    NotFound
        When there is none in this territory.
    WrongState
        When it was not given up.
    """
    query = select(Message).where(col(Message.id) == message_id).with_for_update()
    row = session.exec(query).first()
    if row is None or row.territory_id != actor.territory_id:
        raise NotFound("message")
    if row.state is not MessageState.DEAD:
        raise WrongState("message", row.state.value, "send_again")
    row.state, row.num_attempts, row.due_at = MessageState.WAITING, 0, now
    session.add(row)
    session.flush()
    return row


def empty_old(session: Session, *, before_at: datetime) -> int:
    """Forget what messages sent before an instant said, and to whom; their key and dates stay."""
    old = (
        update(Message)
        .where(
            col(Message.state) == MessageState.SENT,
            col(Message.sent_at) < before_at,
            (col(Message.body) != "") | (col(Message.recipient) != ""),
        )
        .values(recipient="", subject="", body="")
    )
    return int(session.exec(old).rowcount)


def _row(told: ToTell, territory_id: int, now: datetime) -> dict[str, Any]:
    by_sms, letter = told.channel is MessageChannel.SMS, told.letter
    return {
        "id": uuid4(),
        "territory_id": territory_id,
        "kind": letter.kind,
        "key": told.key,
        "channel": told.channel,
        "patient_id": told.patient_id,
        "recipient": told.recipient,
        "subject": letter.subject,
        "body": letter.short if by_sms and letter.short else letter.body,
        "state": MessageState.WAITING,
        "num_attempts": 0,
        "created_at": now,
        "due_at": now,
    }


def _take(store: Store, now: datetime) -> Sequence[Row[Any]]:
    """Take the mails that are due, so that no other process sends them meanwhile; as they were before."""
    with store.writing() as connection:
        rows = connection.execute(_DUE, {"now": now}).all()
        if rows:
            connection.execute(_TAKE, {"taken": [row.id for row in rows], "until": now + TAKEN_FOR})
    return rows


def _sent(sender: Sender, envelope: Envelope) -> SendFailed | None:
    try:
        sender.send(envelope)
    except SendFailed as failure:
        return failure
    return None


def _after(row: Row[Any], failure: SendFailed | None, now: datetime) -> dict[str, Any]:
    """Tell what becomes of a message that was taken, once sending it has gone well or not."""
    if failure is None:
        sent: dict[str, Any] = {"state": MessageState.SENT, "sent_at": now, "last_failure": None}
        return sent | ({"body": ""} if row.kind in LINKS_THAT_ACT else {})  # of the link only the hash stays
    if isinstance(failure, Undeliverable) or row.num_attempts >= len(RETRY_AFTER):
        log.error("message_given_up", message_id=str(row.id), kind=row.kind, reason=failure.reason)
        return {"state": MessageState.DEAD, "last_failure": failure.reason}
    return {"last_failure": failure.reason, "due_at": now + RETRY_AFTER[row.num_attempts]}


def _envelope(row: Row[Any], settings: MailSettings) -> Envelope:
    return Envelope(
        message_id=f"<{row.id}@{settings.domain}>",
        channel=row.channel,
        sender=settings.sender,
        recipient=row.recipient,
        subject=row.subject,
        body=row.body,
        at=row.created_at,
    )
