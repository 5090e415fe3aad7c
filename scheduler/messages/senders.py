"""Ways out for a message: a mail server, or a folder of files where there is none; an SMS is a file too.

To send SMS for real, write a ``Sender`` for the operator's service and give it to ``ByChannel``.

``smtplib`` of the standard library: mails leave from a job's thread, one after the other, where an
asynchronous client would bring nothing.
"""

import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Literal, Protocol

from matching.errors import RelaisError
from scheduler.settings import Settings
from scheduler.store.tables import MessageChannel

Security = Literal["starttls", "tls", "none"]


class SendFailed(RelaisError):
    """The mail did not leave this time; it is tried again. ``reason`` is a stable word."""

    code = "mail_not_sent"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__("Le message n'est pas parti. Il sera renvoyé.")


class Undeliverable(SendFailed):
    """The server refuses it for good: trying again changes nothing."""

    code = "mail_undeliverable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One mail, ready to leave.

    Parameters
    ----------
    message_id : str
        With its angle brackets; the same at every attempt, so that a second copy can be told.
    at : datetime
        When it was written, aware.
    """

    message_id: str
    sender: str
    recipient: str
    subject: str
    body: str
    at: datetime
    channel: MessageChannel = MessageChannel.MAIL

    def as_message(self) -> EmailMessage:
        """Write it as a mail (RFC 5322), marked as sent by a machine (RFC 3834)."""
        mail = EmailMessage(policy=SMTP)
        mail["Message-ID"] = self.message_id
        mail["Date"] = format_datetime(self.at)
        mail["From"] = self.sender
        mail["To"] = self.recipient
        mail["Subject"] = self.subject
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(self.body)
        return mail


class Sender(Protocol):
    """Whoever takes a mail out of the house."""

    def send(self, envelope: Envelope) -> None:
        """Send it, or raise ``SendFailed``; ``Undeliverable`` when trying again is of no use."""
        ...


@dataclass(frozen=True, slots=True)
class FileSink:
    """Puts each mail in a folder as a file, one per Message-ID: nothing leaves the machine."""

    folder: Path

    def send(self, envelope: Envelope) -> None:
        """Write the file; a second time replaces it."""
        name = envelope.message_id.strip("<>").partition("@")[0]
        _write(self.folder / f"{name}.eml", bytes(envelope.as_message()))


@dataclass(frozen=True, slots=True)
class SmsFileSink:
    """Puts each SMS in a folder as a text file, number first: nothing leaves the machine."""

    folder: Path

    def send(self, envelope: Envelope) -> None:
        """Write the file; a second time replaces it."""
        name = envelope.message_id.strip("<>").partition("@")[0]
        _write(self.folder / f"{name}.txt", f"{envelope.recipient}\n{envelope.body}\n".encode())


@dataclass(frozen=True, slots=True)
class ByChannel:
    """Hands each message to the way out of its channel."""

    senders: Mapping[MessageChannel, Sender]

    def send(self, envelope: Envelope) -> None:
        """Send it by its channel; one without a way out is given up, for a person to see."""
        sender = self.senders.get(envelope.channel)
        if sender is None:
            raise Undeliverable("no_way_out")
        sender.send(envelope)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSender:
    """Hands each mail to a mail server.

    Parameters
    ----------
    security : {"starttls", "tls", "none"}
        How the connection is encrypted; "none" for a server on this machine.
    timeout_s : float
        For each operation.
    """

    host: str
    port: int
    security: Security = "starttls"
    user: str = ""
    password: str = ""
    timeout_s: float = 15.0

    def send(self, envelope: Envelope) -> None:
        """Send it; a server's "never" (5xx) for this recipient or content is final."""
        try:
            with self._connection() as server:
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(envelope.as_message())
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise (Undeliverable if min(codes, default=0) >= 500 else SendFailed)(
                "recipient_refused"
            ) from None
        except smtplib.SMTPDataError as error:
            raise (Undeliverable if error.smtp_code >= 500 else SendFailed)("content_refused") from None
        except smtplib.SMTPAuthenticationError:
            raise SendFailed("login_refused") from None
        except smtplib.SMTPException:
            raise SendFailed("server_refused") from None
        except OSError:
            raise SendFailed("server_unreachable") from None

    def _connection(self) -> smtplib.SMTP:
        if self.security == "tls":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout_s, context=context)
        server = smtplib.SMTP(self.host, self.port, timeout=self.timeout_s)
        if self.security == "starttls":
            try:
                server.starttls(context=ssl.create_default_context())
            except BaseException:
                server.close()
                raise
        return server


def sender_of(settings: Settings) -> Sender:
    """Give the ways out that an operator chose; SMS are files until one is written for their service."""
    sms = SmsFileSink(settings.data_dir / "sms")
    return ByChannel({MessageChannel.MAIL: _mail_sender(settings), MessageChannel.SMS: sms})


def _mail_sender(settings: Settings) -> Sender:
    if not settings.mail_host:
        return FileSink(settings.data_dir / "courriels")
    return SmtpSender(
        host=settings.mail_host,
        port=settings.mail_port,
        security=settings.mail_security,
        user=settings.mail_user,
        password=settings.mail_password.get_secret_value(),
    )


def _write(path: Path, content: bytes) -> None:
    """Write a file for this user's eyes only, in a folder that is made if need be."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(content)
    except OSError as error:
        raise SendFailed("disk") from error


def _refusal(code: int, reason: str) -> SendFailed:
    """Tell "not now" (4xx) from "never" (5xx), RFC 5321 §4.2.1."""
    return Undeliverable(reason) if code >= 500 else SendFailed(reason)
