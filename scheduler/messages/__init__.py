"""Mail: written in the transaction of what it tells of, sent at least once, given up visibly."""

from scheduler.messages.outbox import enqueue, list_dead, send_again, send_due
from scheduler.messages.senders import (
    Envelope,
    FileSink,
    Sender,
    SendFailed,
    SmtpSender,
    Undeliverable,
    sender_of,
)

__all__ = [
    "Envelope",
    "FileSink",
    "SendFailed",
    "Sender",
    "SmtpSender",
    "Undeliverable",
    "enqueue",
    "list_dead",
    "send_again",
    "send_due",
    "sender_of",
]
