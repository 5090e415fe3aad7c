"""A real mail server receives every message once; a process killed after sending makes one more copy."""

import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from sqlmodel import col, select

from scheduler.messages import ByChannel, SmtpSender, enqueue
from scheduler.messages.outbox import TAKEN_FOR, MailSettings, send_due
from scheduler.messages.templates import Letter
from scheduler.store.engine import Store
from scheduler.store.tables import Message, MessageChannel, MessageState
from tests import factories
from tests.factories import NOW

ROOT = Path(__file__).parents[3]
SETTINGS = MailSettings(sender="Relais <relais@exemple.test>", domain="exemple.test")
LETTER = Letter(kind="essai", subject="Objet : été", body="Bonjour,\n\nCeci est un essai.\n")
NUM_MAILS = 30


class Mailbox:
    """Keeps what the server receives."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802 — the name aiosmtpd calls
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"

    @property
    def ids(self) -> Counter[str]:
        return Counter(mail["Message-ID"] for mail in self.mails)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def port(mailbox: Mailbox) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=number)
    controller.start()
    yield number
    controller.stop()


def write(store: Store, num: int) -> None:
    with store.write() as session:
        territory_id = factories.territory(session).id or 0
        for number in range(num):
            enqueue(
                session,
                territory_id=territory_id,
                key=f"k{number}",
                recipient=f"p{number}@exemple.test",
                letter=LETTER,
                now=NOW,
            )


def sender(port: int) -> ByChannel:
    return ByChannel({MessageChannel.MAIL: SmtpSender(host="127.0.0.1", port=port, security="none")})


def states(store: Store) -> list[MessageState]:
    with store.read() as session:
        return [row.state for row in session.exec(select(Message).order_by(col(Message.key)))]


def test_a_real_server_receives_every_message_once_however_many_send(
    store: Store, mailbox: Mailbox, port: int
) -> None:
    write(store, NUM_MAILS)
    threads = [
        threading.Thread(target=send_due, args=(store, sender(port), SETTINGS), kwargs={"clock": lambda: NOW})
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert set(mailbox.ids.values()) == {1}
    assert len(mailbox.mails) == NUM_MAILS
    assert {mail["To"] for mail in mailbox.mails} == {f"p{n}@exemple.test" for n in range(NUM_MAILS)}
    assert {mail["Subject"] for mail in mailbox.mails} == {"Objet : été"}
    assert set(states(store)) == {MessageState.SENT}


_DIES_BEFORE_MARKING = """
import os, signal, sys
from datetime import datetime
from scheduler.messages import SmtpSender, outbox
from scheduler.store.engine import Store

class Dying(SmtpSender):
    def send(self, envelope):
        SmtpSender.send(self, envelope)
        os.kill(os.getpid(), signal.SIGKILL)

url, port, now = sys.argv[1:]
settings = outbox.MailSettings(sender="Relais <relais@exemple.test>", domain="exemple.test")
sender = Dying(host="127.0.0.1", port=int(port), security="none")
outbox.send_due(Store.open(url), sender, settings, clock=lambda: datetime.fromisoformat(now))
"""


def test_a_process_killed_between_sending_and_marking_makes_one_more_copy_under_the_same_id(
    store: Store, store_url: str, mailbox: Mailbox, port: int
) -> None:
    """Reliability test I5: at most one duplicate, under the same Message-ID."""
    write(store, 3)
    child = subprocess.run(
        [sys.executable, "-c", _DIES_BEFORE_MARKING, store_url, str(port), NOW.isoformat()],
        cwd=ROOT,
        timeout=60,
        check=False,
        capture_output=True,
    )
    assert child.returncode == -9, child.stderr
    assert len(mailbox.mails) == 1
    assert send_due(store, sender(port), SETTINGS, clock=lambda: NOW) == 0  # all three were taken
    assert send_due(store, sender(port), SETTINGS, clock=lambda: NOW + TAKEN_FOR) == 3
    assert sorted(mailbox.ids.values()) == [1, 1, 2]
    assert set(states(store)) == {MessageState.SENT}
