"""Mail, SMS, letters: written with what they tell of, sent at least once, given up visibly."""

from scheduler.messages.outbox import enqueue, list_dead, send_again, send_due
from scheduler.messages.patients import write_to_patient
from scheduler.messages.senders import (
    ByChannel,
    Envelope,
    FileSink,
    Sender,
    SendFailed,
    SmsFileSink,
    SmtpSender,
    Undeliverable,
    sender_of,
)

__all__ = [
    "ByChannel",
    "Envelope",
    "FileSink",
    "SendFailed",
    "Sender",
    "SmsFileSink",
    "SmtpSender",
    "Undeliverable",
    "enqueue",
    "list_dead",
    "send_again",
    "send_due",
    "sender_of",
    "write_to_patient",
]
