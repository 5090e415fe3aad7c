"""The agenda partagé: calendar feeds, the slots they open, the bookings that take them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from scheduler.store.tables.columns import Instant, choice


class Modality(StrEnum):
    """How the patient is seen: at the surgery, at home, by video (ANS codes)."""

    AMB = "AMB"
    HH = "HH"
    VR = "VR"


class Visibility(StrEnum):
    """Who may see a slot (ANS TRE_R314-TypeCreneau)."""

    PUBLIC = "PUBLIC"
    PRO = "PRO"
    SNP = "SNP"
    CPTS = "CPTS"


class FeedState(StrEnum):
    """Whether Relais polls a calendar."""

    PREVIEW = "preview"
    ACTIVE = "active"
    SUSPENDED = "suspended"


class SlotSource(StrEnum):
    """Where a slot comes from; none lives without its source."""

    FEED = "feed"
    ROTA = "rota"
    HAND = "hand"


class SlotState(StrEnum):
    """Whether a slot can be booked: open, closed by something busy, or gone from its source."""

    OPEN = "open"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class BookingState(StrEnum):
    """The life of one place of a slot; the allowed steps are in ``scheduler.agenda.life``."""

    HELD = "held"
    BOOKED = "booked"
    HONOURED = "honoured"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    MOVED = "moved"


class ConflictKind(StrEnum):
    """What the practitioner's calendar says against a time that was promised."""

    DELETED = "deleted"
    MOVED = "moved"
    BUSY = "busy"
    OVERLAP = "overlap"


class Resolution(StrEnum):
    """How a conflict ended: by a person, by the calendar itself, or because nobody is expected any more."""

    KEPT = "kept"
    MOVED = "moved"
    CANCELLED = "cancelled"
    AGREED = "agreed"
    LAPSED = "lapsed"


class Feed(SQLModel, table=True):
    """A practitioner's calendar: an address that is polled, or an uploaded file.

    The address is a secret (whoever holds it reads the calendar): never logged, shown by host only.
    """

    __table_args__ = (CheckConstraint("slot_minutes IS NULL OR slot_minutes > 0", name="feed_slot_minutes"),)

    id: int | None = Field(default=None, primary_key=True)
    practitioner_id: int = Field(foreign_key="practitioner.id", index=True)
    practice_id: int = Field(foreign_key="practice.id")
    name: str = Field(max_length=200)
    address: str | None = Field(default=None, max_length=2048)
    mode: str = Field(default="marked", max_length=20)
    zone: str = Field(default="Europe/Paris", max_length=60)
    slot_minutes: int | None = None
    modality: Modality = Field(default=Modality.AMB, sa_type=choice(Modality, "feed_modality"))
    visibility: Visibility = Field(default=Visibility.SNP, sa_type=choice(Visibility, "feed_visibility"))
    state: FeedState = Field(default=FeedState.ACTIVE, sa_type=choice(FeedState, "feed_state"))
    etag: str | None = Field(default=None, max_length=300)
    last_modified: str | None = Field(default=None, max_length=100)
    read_at: datetime | None = Field(default=None, sa_type=Instant)
    ok_at: datetime | None = Field(default=None, sa_type=Instant)
    due_at: datetime | None = Field(default=None, sa_type=Instant, index=True)
    num_failures: int = 0
    created_at: datetime = Field(sa_type=Instant)


class FeedBusy(SQLModel, table=True):
    """A busy stretch of a feed, as of its last good reading: it closes slots of any feed of the GP."""

    __tablename__ = "feed_busy"
    __table_args__ = (CheckConstraint("end_at > start_at", name="feed_busy_order"),)

    id: int | None = Field(default=None, primary_key=True)
    feed_id: int = Field(foreign_key="feed.id", index=True)
    start_at: datetime = Field(sa_type=Instant)
    end_at: datetime = Field(sa_type=Instant)


class FeedReading(SQLModel, table=True):
    """One attempt to read a feed and what came of it."""

    __tablename__ = "feed_reading"

    id: int | None = Field(default=None, primary_key=True)
    feed_id: int = Field(foreign_key="feed.id", index=True)
    at: datetime = Field(sa_type=Instant)
    outcome: str = Field(max_length=40)
    num_open: int = 0
    num_busy: int = 0
    num_ignored: int = 0
    num_refused: int = 0
    ignored: dict[str, int] = Field(default={}, sa_type=JSON)
    warnings: list[str] = Field(default=[], sa_type=JSON)


_REMOTE = "modality = 'VR' AND state = 'open'"


class Slot(SQLModel, table=True):
    """A stretch of time a practitioner opens to others.

    Two open slots of one practitioner never overlap; a slot has exactly one source. Places 1 to
    ``capacity`` are open to whoever may see the slot; the ``extra_places`` above it were granted one by
    one by the practitioner's side ("en sus"), and are never offered.
    """

    __table_args__ = (
        CheckConstraint("end_at > start_at", name="slot_order"),
        CheckConstraint("capacity >= 1", name="slot_capacity"),
        CheckConstraint(
            "(source = 'feed' AND feed_id IS NOT NULL AND created_by IS NULL)"
            " OR (source <> 'feed' AND feed_id IS NULL AND created_by IS NOT NULL)",
            name="slot_source_known",
        ),
        CheckConstraint("extra_places >= 0", name="slot_extra_places"),
        UniqueConstraint("feed_id", "key", name="slot_feed_key"),
        Index("slot_series_key", "series_id", "key", unique=True),
        Index("slot_by_start", "state", "start_at"),
        Index("slot_by_practitioner", "practitioner_id", "start_at"),
        Index(
            "slot_remote",
            "practitioner_id",
            "start_at",
            sqlite_where=text(_REMOTE),
            postgresql_where=text(_REMOTE),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    practitioner_id: int = Field(foreign_key="practitioner.id")
    practice_id: int = Field(foreign_key="practice.id")
    source: SlotSource = Field(sa_type=choice(SlotSource, "slot_source"))
    feed_id: int | None = Field(default=None, foreign_key="feed.id")
    created_by: UUID | None = Field(default=None, foreign_key="account.id")
    key: str = Field(max_length=200)
    start_at: datetime = Field(sa_type=Instant)
    end_at: datetime = Field(sa_type=Instant)
    modality: Modality = Field(sa_type=choice(Modality, "slot_modality"))
    visibility: Visibility = Field(sa_type=choice(Visibility, "slot_visibility"))
    capacity: int = 1
    state: SlotState = Field(sa_type=choice(SlotState, "slot_state"))
    closed_reason: str | None = Field(default=None, max_length=60)
    conflict: str | None = Field(default=None, max_length=60)
    seen_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)
    extra_places: int = 0
    series_id: int | None = Field(default=None, foreign_key="slot_series.id")
    first_shown_at: datetime | None = Field(default=None, sa_type=Instant)


TAKEN = "state IN ('held', 'booked', 'honoured', 'no_show')"
"""The states in which a booking takes a place, as the index of places says it."""


class Booking(SQLModel, table=True):
    """One place of a slot, held for some minutes or taken.

    A place is held or booked at most once, only places of the slot exist, no step is taken that
    ``scheduler.agenda.life`` does not know, and a hold that is over never becomes a booking: all of it is
    held by the database.
    """

    __table_args__ = (
        Index(
            "booking_one_per_place",
            "slot_id",
            "place",
            unique=True,
            sqlite_where=text(TAKEN),
            postgresql_where=text(TAKEN),
        ),
        Index(
            "booking_held",
            "held_until",
            sqlite_where=text("state = 'held'"),
            postgresql_where=text("state = 'held'"),
        ),
        Index("booking_moved_from", "moved_from", unique=True),
        CheckConstraint("place >= 1", name="booking_place"),
        CheckConstraint("(state = 'held') = (held_until IS NOT NULL)", name="booking_held_until"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    slot_id: int = Field(foreign_key="slot.id", index=True)
    place: int
    state: BookingState = Field(sa_type=choice(BookingState, "booking_state"))
    held_until: datetime | None = Field(default=None, sa_type=Instant)
    booked_by: str = Field(max_length=80)
    patient_id: UUID | None = Field(default=None, foreign_key="patient.id")
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)
    moved_from: UUID | None = Field(default=None, foreign_key="booking.id")


class BookingEvent(SQLModel, table=True):
    """One line of a booking's history; the database refuses to change or delete it."""

    __tablename__ = "booking_event"

    id: int | None = Field(default=None, primary_key=True)
    booking_id: UUID = Field(foreign_key="booking.id", index=True)
    at: datetime = Field(sa_type=Instant)
    actor: str = Field(max_length=80)
    from_state: BookingState | None = Field(default=None, sa_type=choice(BookingState, "booking_event_from"))
    to_state: BookingState = Field(sa_type=choice(BookingState, "booking_event_to"))
    detail: dict[str, Any] = Field(default={}, sa_type=JSON)


class SlotConflict(SQLModel, table=True):
    """A promised time that the practitioner's calendar no longer shows: work for a person, by a day.

    A slot has at most one open conflict; whoever settles it says how.
    """

    __tablename__ = "slot_conflict"
    __table_args__ = (
        CheckConstraint(
            "(resolved_at IS NULL) = (resolution IS NULL) AND (resolved_at IS NULL) = (resolved_by IS NULL)",
            name="slot_conflict_resolved",
        ),
        Index(
            "slot_conflict_one_open",
            "slot_id",
            unique=True,
            sqlite_where=text("resolved_at IS NULL"),
            postgresql_where=text("resolved_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    slot_id: int = Field(foreign_key="slot.id", index=True)
    kind: ConflictKind = Field(sa_type=choice(ConflictKind, "slot_conflict_kind"))
    raised_at: datetime = Field(sa_type=Instant)
    owner_id: UUID | None = Field(default=None, foreign_key="account.id")
    next_action_on: date
    resolved_at: datetime | None = Field(default=None, sa_type=Instant)
    resolution: Resolution | None = Field(
        default=None, sa_type=choice(Resolution, "slot_conflict_resolution")
    )
    resolved_by: str | None = Field(default=None, max_length=80)


class AgendaRules(SQLModel, table=True):
    """What a practitioner wants of those who book with them; without a row, the usual rules hold.

    Ages are in whole years, both included; they concern visits in person, not those by video.
    """

    __tablename__ = "agenda_rules"
    __table_args__ = (
        CheckConstraint("cancel_hours >= 0", name="agenda_rules_cancel_hours"),
        CheckConstraint("age_min IS NULL OR age_max IS NULL OR age_min <= age_max", name="agenda_rules_ages"),
    )

    practitioner_id: int = Field(foreign_key="practitioner.id", primary_key=True)
    cancel_hours: int = 0
    updated_at: datetime = Field(sa_type=Instant)
    age_min: int | None = None
    age_max: int | None = None


class SlotSeries(SQLModel, table=True):
    """A range of every week that a practitioner opens by hand, cut into slots.

    Days and hours are those of the territory's clock. ``weekdays`` holds ISO numbers, Monday is 1.
    """

    __tablename__ = "slot_series"
    __table_args__ = (
        CheckConstraint("slot_minutes > 0", name="slot_series_minutes"),
        CheckConstraint("capacity >= 1", name="slot_series_capacity"),
        CheckConstraint("end_minute > start_minute", name="slot_series_order"),
        CheckConstraint("start_minute >= 0 AND end_minute <= 1440", name="slot_series_day"),
        CheckConstraint("last_on IS NULL OR last_on >= first_on", name="slot_series_days"),
    )

    id: int | None = Field(default=None, primary_key=True)
    practitioner_id: int = Field(foreign_key="practitioner.id", index=True)
    practice_id: int = Field(foreign_key="practice.id")
    weekdays: list[int] = Field(sa_type=JSON)
    start_minute: int
    end_minute: int
    slot_minutes: int
    first_on: date
    last_on: date | None = None
    on_holidays: bool = False
    modality: Modality = Field(sa_type=choice(Modality, "slot_series_modality"))
    visibility: Visibility = Field(sa_type=choice(Visibility, "slot_series_visibility"))
    capacity: int = 1
    created_by: UUID = Field(foreign_key="account.id")
    created_at: datetime = Field(sa_type=Instant)


class SlotSeriesSkip(SQLModel, table=True):
    """One day on which a series opens nothing."""

    __tablename__ = "slot_series_skip"

    series_id: int = Field(foreign_key="slot_series.id", primary_key=True)
    skipped_on: date = Field(primary_key=True)


class Leave(SQLModel, table=True):
    """Whole days on which a practitioner sees nobody; closes slots of every source."""

    __table_args__ = (CheckConstraint("last_on >= first_on", name="leave_order"),)

    id: int | None = Field(default=None, primary_key=True)
    practitioner_id: int = Field(foreign_key="practitioner.id", index=True)
    first_on: date
    last_on: date
    created_by: str = Field(max_length=80)
    created_at: datetime = Field(sa_type=Instant)
