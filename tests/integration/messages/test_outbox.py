"""Mails leave at least once, under one Message-ID, and are given up in the open."""

import smtplib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from uuid import UUID

import pytest

from scheduler.errors import NotFound, WrongState
from scheduler.messages import FileSink, SendFailed, SmtpSender, Undeliverable, enqueue, list_dead, send_again
from scheduler.messages.outbox import RETRY_AFTER, TAKEN_FOR, MailSettings, send_due
from scheduler.messages.senders import Envelope
from scheduler.messages.templates import Letter
from scheduler.store.engine import Store
from scheduler.store.tables import Message, MessageState
from tests import factories
from tests.factories import NOW

SETTINGS = MailSettings(sender="Relais <relais@exemple.test>", domain="exemple.test")
LETTER = Letter(kind="essai", subject="Objet : été", body="Bonjour,\n\nCeci est un essai.\n")


@dataclass
class Recorder:
    """A sender that fails as told, then sends."""

    failures: list[Exception] = field(default_factory=list)
    sent: list[Envelope] = field(default_factory=list)

    def send(self, envelope: Envelope) -> None:
        self.sent.append(envelope)
        if self.failures:
            raise self.failures.pop(0)


def written(store: Store, key: str = "k", at: datetime = NOW) -> tuple[UUID | None, int]:
    with store.write() as session:
        territory_id = factories.territory(session).id or 0
        message_id = enqueue(
            session, territory_id=territory_id, key=key, recipient="a@exemple.test", letter=LETTER, now=at
        )
        return message_id, territory_id


def state(store: Store, message_id: UUID) -> Message:
    with store.read() as session:
        return session.get_one(Message, message_id)


def test_a_mail_is_sent_once_and_the_same_thing_is_told_once(store: Store) -> None:
    message_id, _ = written(store)
    assert written(store)[0] is None
    sender = Recorder()
    assert [send_due(store, sender, SETTINGS, clock=lambda: NOW) for _ in range(2)] == [1, 0]
    (envelope,) = sender.sent
    assert envelope.message_id == f"<{message_id}@exemple.test>"
    assert state(store, message_id).sent_at == NOW


def test_a_crash_between_sending_and_marking_sends_again_under_the_same_id(store: Store) -> None:
    message_id, _ = written(store)
    sender = Recorder([KeyError("power cut")])
    with pytest.raises(KeyError):
        send_due(store, sender, SETTINGS, clock=lambda: NOW)
    assert send_due(store, sender, SETTINGS, clock=lambda: NOW) == 0  # taken: others leave it alone
    assert send_due(store, sender, SETTINGS, clock=lambda: NOW + TAKEN_FOR) == 1
    assert len({envelope.message_id for envelope in sender.sent}) == 1
    assert len(sender.sent) == 2
    assert state(store, message_id).state is MessageState.SENT


def test_failures_wait_longer_each_time_then_the_mail_is_given_up_and_may_be_sent_again(store: Store) -> None:
    message_id, territory_id = written(store)
    sender, now = Recorder([SendFailed("server_unreachable")] * (len(RETRY_AFTER) + 1)), NOW
    for rest in RETRY_AFTER:
        assert send_due(store, sender, SETTINGS, clock=lambda now=now: now) == 0
        kept = state(store, message_id)
        assert (kept.due_at - now, kept.last_failure) == (rest, "server_unreachable")
        now += rest
    send_due(store, sender, SETTINGS, clock=lambda: now)
    assert state(store, message_id).state is MessageState.DEAD
    who = factories.actor(territory_id=territory_id)
    with store.write() as session:
        assert [mail.id for mail in list_dead(session, who)] == [message_id]
        with pytest.raises(NotFound):
            send_again(session, factories.actor(territory_id=territory_id + 1), message_id, now=now)
        send_again(session, who, message_id, now=now)
        with pytest.raises(WrongState):
            send_again(session, who, message_id, now=now)
    assert send_due(store, sender, SETTINGS, clock=lambda: now) == 1


def test_what_is_refused_for_good_is_given_up_at_once_and_delays_no_other(store: Store) -> None:
    refused, _ = written(store, "a")
    fine, _ = written(store, "b", NOW + timedelta(seconds=1))
    sender = Recorder([Undeliverable("recipient_refused")])
    assert send_due(store, sender, SETTINGS, clock=lambda: NOW + timedelta(seconds=2)) == 1
    assert state(store, refused).state is MessageState.DEAD
    assert state(store, fine).state is MessageState.SENT


def test_a_mail_written_in_a_transaction_that_fails_does_not_exist(store: Store) -> None:
    def fails() -> None:
        with store.write() as session:
            territory_id = factories.territory(session).id or 0
            enqueue(session, territory_id=territory_id, key="k", recipient="a@b.c", letter=LETTER, now=NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert send_due(store, Recorder(), SETTINGS, clock=lambda: NOW) == 0


ENVELOPE = Envelope(
    message_id="<abc@exemple.test>",
    sender="Relais <relais@exemple.test>",
    recipient="a@exemple.test",
    subject="Objet : été",
    body="Bonjour,\n",
    at=NOW,
)


def test_the_file_sink_writes_one_file_per_mail(tmp_path: Path) -> None:
    sink = FileSink(tmp_path / "courriels")
    sink.send(ENVELOPE)
    sink.send(ENVELOPE)
    (path,) = (tmp_path / "courriels").iterdir()
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert (mail["Subject"], mail["Message-ID"], mail["To"]) == (
        "Objet : été",
        "<abc@exemple.test>",
        "a@exemple.test",
    )
    assert mail["Auto-Submitted"] == "auto-generated"
    assert path.stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_written_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "abc.eml").mkdir()
    with pytest.raises(SendFailed):
        FileSink(tmp_path).send(ENVELOPE)


@pytest.mark.parametrize(
    ("error", "kind", "reason"),
    [
        (smtplib.SMTPRecipientsRefused({"a@exemple.test": (550, b"no")}), Undeliverable, "recipient_refused"),
        (smtplib.SMTPRecipientsRefused({"a@exemple.test": (450, b"later")}), SendFailed, "recipient_refused"),
        (smtplib.SMTPDataError(554, b"no"), Undeliverable, "content_refused"),
        (smtplib.SMTPAuthenticationError(535, b"no"), SendFailed, "login_refused"),
        (smtplib.SMTPServerDisconnected("bye"), SendFailed, "server_refused"),
    ],
)
def test_what_a_server_says_decides(
    monkeypatch: pytest.MonkeyPatch, error: Exception, kind: type[SendFailed], reason: str
) -> None:
    class Server:
        def __init__(self, *args: object, **more: object) -> None: ...
        def __enter__(self) -> "Server":
            return self

        def __exit__(self, *args: object) -> None: ...
        def send_message(self, _: object) -> None:
            raise error

    monkeypatch.setattr(smtplib, "SMTP", Server)
    with pytest.raises(SendFailed) as caught:
        SmtpSender(host="mail.test", port=25, security="none").send(ENVELOPE)
    assert (type(caught.value), caught.value.reason) == (kind, reason)


def test_nobody_listening_is_a_failure() -> None:
    with pytest.raises(SendFailed) as caught:
        SmtpSender(host="127.0.0.1", port=1, security="starttls", timeout_s=2).send(ENVELOPE)
    assert caught.value.reason == "server_unreachable"
