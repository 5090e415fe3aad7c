"""Unscheduled care: who must be seen before when, slots kept and offered; feeds given out; mail."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, Index, Text, text
from sqlmodel import Field, SQLModel

from scheduler.store.tables.columns import Instant, choice


class PublishedKind(StrEnum):
    """What a feed that others subscribe to shows."""

    BOOKINGS = "bookings"
    OPEN_SLOTS = "open_slots"


class CareState(StrEnum):
    """Where a care request stands; the steps are in ``scheduler.care.life``."""

    WAITING = "waiting"
    BOOKED = "booked"
    CANCELLED = "cancelled"
    MISSED = "missed"


class CareOfferState(StrEnum):
    """What became of a freed slot that was offered to a waiting request."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    LOST = "lost"


class RoundState(StrEnum):
    """Where a round of filling stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class MessageChannel(StrEnum):
    """By what way a message goes; a letter is printed and posted by a person."""

    MAIL = "mail"
    SMS = "sms"
    LETTER = "letter"


class MessageState(StrEnum):
    """Where a message stands; a dead one was given up and needs a person."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"


class PublishedFeed(SQLModel, table=True):
    """An address of ours that other agendas subscribe to: of its secret, only the hash is kept.

    ``etag`` and ``changed_at`` are those of the content last given out, so that "nothing new" can be said.
    """

    __tablename__ = "published_feed"
    __table_args__ = (
        CheckConstraint(
            "(kind = 'bookings') = (practitioner_id IS NOT NULL)", name="published_feed_practitioner"
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    territory_id: int = Field(foreign_key="territory.id", index=True)
    practitioner_id: int | None = Field(default=None, foreign_key="practitioner.id", index=True)
    kind: PublishedKind = Field(sa_type=choice(PublishedKind, "published_feed_kind"))
    token_hash: str = Field(max_length=64, unique=True)
    created_by: str = Field(max_length=80)
    created_at: datetime = Field(sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)
    etag: str | None = Field(default=None, max_length=64)
    changed_at: datetime | None = Field(default=None, sa_type=Instant)


class FeedAlert(SQLModel, table=True):
    """A calendar that has been silent or broken for an hour, told once until it is read again."""

    __tablename__ = "feed_alert"
    __table_args__ = (
        Index(
            "feed_alert_one_open",
            "feed_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    feed_id: int = Field(foreign_key="feed.id", index=True)
    outcome: str = Field(max_length=40)
    raised_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


class Message(SQLModel, table=True):
    """A message to be sent, written with what it tells of: sent at least once, under one Message-ID.

    ``key`` says what it is about: the same thing is told once. Never any health data, nor the name of a
    patient: where a letter goes is read from the patient's file when it is printed.
    """

    __table_args__ = (
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="message_sent_at"),
        CheckConstraint("channel <> 'letter' OR patient_id IS NOT NULL", name="message_letter"),
        Index(
            "message_due",
            "due_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    territory_id: int = Field(foreign_key="territory.id", index=True)
    kind: str = Field(max_length=40)
    key: str = Field(max_length=200, unique=True)
    channel: MessageChannel = Field(
        default=MessageChannel.MAIL, sa_type=choice(MessageChannel, "message_channel")
    )
    patient_id: UUID | None = Field(default=None, foreign_key="patient.id", index=True)
    recipient: str = Field(max_length=200)
    subject: str = Field(max_length=200)
    body: str = Field(sa_type=Text)
    state: MessageState = Field(default=MessageState.WAITING, sa_type=choice(MessageState, "message_state"))
    num_attempts: int = 0
    last_failure: str | None = Field(default=None, max_length=80)
    created_at: datetime = Field(sa_type=Instant)
    due_at: datetime = Field(sa_type=Instant)
    sent_at: datetime | None = Field(default=None, sa_type=Instant)


class CareRules(SQLModel, table=True):
    """What a CPTS has decided about unscheduled care; without a row, the usual rules hold."""

    __tablename__ = "care_rules"

    territory_id: int = Field(foreign_key="territory.id", primary_key=True)
    document: dict[str, Any] = Field(sa_type=JSON)
    updated_by: str = Field(max_length=80)
    updated_at: datetime = Field(sa_type=Instant)


class CareRequest(SQLModel, table=True):
    """Somebody must be seen before a deadline and has no slot yet, or has got one.

    ``planned_slot_id`` is internal: the slot kept by the last round of filling, told to nobody, movable.
    ``reason`` says in a stable word why the last round found none.
    """

    __tablename__ = "care_request"
    __table_args__ = (
        CheckConstraint("urgency BETWEEN 1 AND 3", name="care_request_urgency"),
        CheckConstraint("age BETWEEN 0 AND 130", name="care_request_age"),
        CheckConstraint("deadline_at > received_at", name="care_request_deadline"),
        CheckConstraint("latitude BETWEEN -90 AND 90", name="care_request_latitude"),
        CheckConstraint("longitude BETWEEN -180 AND 180", name="care_request_longitude"),
        CheckConstraint("(state = 'booked') = (booking_id IS NOT NULL)", name="care_request_booked"),
        CheckConstraint("planned_slot_id IS NULL OR state = 'waiting'", name="care_request_planned"),
        Index("care_request_worklist", "territory_id", "state", "deadline_at"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    territory_id: int = Field(foreign_key="territory.id")
    patient_id: UUID | None = Field(default=None, foreign_key="patient.id")
    insee: str = Field(max_length=5)
    latitude: float
    longitude: float
    urgency: int
    modalities: list[str] = Field(sa_type=JSON)
    usual_practitioner_id: int | None = Field(default=None, foreign_key="practitioner.id")
    received_at: datetime = Field(sa_type=Instant)
    deadline_at: datetime = Field(sa_type=Instant)
    state: CareState = Field(sa_type=choice(CareState, "care_request_state"))
    promised: bool = False
    planned_slot_id: int | None = Field(default=None, foreign_key="slot.id", index=True)
    booking_id: UUID | None = Field(default=None, foreign_key="booking.id", unique=True)
    reason: str | None = Field(default=None, max_length=40)
    owner_id: UUID | None = Field(default=None, foreign_key="account.id")
    next_action_at: datetime | None = Field(default=None, sa_type=Instant)
    created_by: str = Field(max_length=80)
    updated_at: datetime = Field(sa_type=Instant)
    age: int | None = None


class CareEvent(SQLModel, table=True):
    """One line of a care request's history; the database refuses to change or delete it."""

    __tablename__ = "care_event"

    id: int | None = Field(default=None, primary_key=True)
    request_id: UUID = Field(foreign_key="care_request.id", index=True)
    at: datetime = Field(sa_type=Instant)
    actor: str = Field(max_length=80)
    kind: str = Field(max_length=40)
    from_state: CareState | None = Field(default=None, sa_type=choice(CareState, "care_event_from"))
    to_state: CareState = Field(sa_type=choice(CareState, "care_event_to"))
    slot_id: int | None = Field(default=None, foreign_key="slot.id")
    detail: dict[str, Any] = Field(default={}, sa_type=JSON)


class CareOffer(SQLModel, table=True):
    """A freed slot offered to a waiting request for some minutes; the place itself stays free for all."""

    __tablename__ = "care_offer"
    __table_args__ = (
        CheckConstraint("(state = 'open') = (answered_at IS NULL)", name="care_offer_answered"),
        Index(
            "care_offer_one_open",
            "slot_id",
            "request_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    request_id: UUID = Field(foreign_key="care_request.id", index=True)
    slot_id: int = Field(foreign_key="slot.id")
    state: CareOfferState = Field(sa_type=choice(CareOfferState, "care_offer_state"))
    sent_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    answered_at: datetime | None = Field(default=None, sa_type=Instant)


class FillRound(SQLModel, table=True):
    """One round of filling on one territory; at most one is under way, which the database holds."""

    __tablename__ = "fill_round"
    __table_args__ = (
        Index(
            "fill_round_one_running",
            "territory_id",
            unique=True,
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    territory_id: int = Field(foreign_key="territory.id", index=True)
    state: RoundState = Field(sa_type=choice(RoundState, "fill_round_state"))
    started_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    status: str | None = Field(default=None, max_length=20)
    num_requests: int = 0
    num_slots: int = 0
    num_planned: int = 0
    num_changed: int = 0
    num_announced: int = 0
    failure: str | None = Field(default=None, max_length=80)
