"""Ways out for a mail: a mail server, or a folder of files where there is none.

``smtplib`` of the standard library: mails leave from a job's thread, one after the other, where an
asynchronous client would bring nothing.
"""

import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Literal, Protocol

from matching.errors import RelaisError
from scheduler.settings import Settings

Security = Literal["starttls", "tls", "none"]


class SendFailed(RelaisError):
    """The mail did not leave this time; it is tried again. ``reason`` is a stable word."""

    code = "mail_not_sent"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__("Le courriel n'est pas parti. Il sera renvoyé.")


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
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = envelope.message_id.strip("<>").partition("@")[0]
        path = self.folder / f"{name}.eml"
        try:
            path.touch(mode=0o600)
            path.write_bytes(bytes(envelope.as_message()))
        except OSError as error:
            raise SendFailed("disk") from error


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
    """Give the way out that an operator chose: a mail server, or files in the data folder."""
    if not settings.mail_host:
        return FileSink(settings.data_dir / "courriels")
    return SmtpSender(
        host=settings.mail_host,
        port=settings.mail_port,
        security=settings.mail_security,
        user=settings.mail_user,
        password=settings.mail_password.get_secret_value(),
    )


def _refusal(code: int, reason: str) -> SendFailed:
    """Tell "not now" (4xx) from "never" (5xx), RFC 5321 §4.2.1."""
    return Undeliverable(reason) if code >= 500 else SendFailed(reason)
