"""What a feed that we give out says now: no patient, no motive, the same bytes until something changes."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, func, or_, select

from scheduler.agenda.freshness import trusted
from scheduler.agenda.life import TAKEN_FOR_GOOD
from scheduler.agenda.places import num_taken
from scheduler.agenda.publish.ics import Line, instant, text, write_calendar
from scheduler.store.tables import (
    Booking,
    BookingEvent,
    BookingState,
    Feed,
    Practice,
    Practitioner,
    PublishedFeed,
    PublishedKind,
    Slot,
    SlotState,
)
from scheduler.territory.communes import communes

PAST = timedelta(days=30)
"""How long what is over, or cancelled, is still shown."""
AHEAD = timedelta(days=180)
REFRESH = "PT15M"

_GIVEN_UP = (BookingState.CANCELLED, BookingState.MOVED)
_NAMES = {
    PublishedKind.BOOKINGS: "Relais – rendez-vous",
    PublishedKind.OPEN_SLOTS: "Relais – créneaux libres",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where this service stands.

    Parameters
    ----------
    public_url : str
        As people reach it, without a slash at the end.
    domain : str
        Host part of our UIDs: by it our own events are recognised when they come back.
    zone : str
        IANA name, as a hint for agendas that show the name of a zone.
    """

    public_url: str
    domain: str
    zone: str = "Europe/Paris"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedBody:
    """The calendar and what tells it from another one.

    Parameters
    ----------
    etag : str
        SHA-256 of ``body``, in hexadecimal.
    changed_at : datetime
        When this content was first given out, aware UTC.
    """

    body: bytes
    etag: str
    changed_at: datetime


def read_published(
    session: Session, feed: PublishedFeed, *, token: str, site: Site, now: datetime
) -> PublishedBody:
    """Write the calendar behind an address; a read session is enough.

    ``changed_at`` is the instant that ``feed`` remembers when the content is still the one it remembers,
    else ``now``: the caller then writes both down (``remember``).
    """
    events = (
        _bookings(session, feed, now) if feed.kind is PublishedKind.BOOKINGS else _slots(session, feed, now)
    )
    body = write_calendar(_head(feed.kind, token, site), (tuple(event(site)) for event in events))
    etag = hashlib.sha256(body).hexdigest()
    known = feed.etag == etag and feed.changed_at is not None
    return PublishedBody(
        body=body, etag=etag, changed_at=feed.changed_at if known and feed.changed_at else now
    )


def remember(session: Session, feed_id: int, seen: PublishedBody) -> None:
    """Keep which content was given out, and since when; nothing is written when it is known."""
    feed = session.get_one(PublishedFeed, feed_id)
    if feed.etag != seen.etag:
        feed.etag, feed.changed_at = seen.etag, seen.changed_at
        session.add(feed)
        session.flush()


def _head(kind: PublishedKind, token: str, site: Site) -> list[Line]:
    name = text(_NAMES[kind])
    return [
        ("VERSION", "2.0"),
        ("PRODID", "-//Relais//Reservations 1//FR"),
        ("CALSCALE", "GREGORIAN"),
        ("METHOD", "PUBLISH"),
        ("NAME", name),
        ("X-WR-CALNAME", name),
        ("X-WR-TIMEZONE", site.zone),
        ("REFRESH-INTERVAL;VALUE=DURATION", REFRESH),
        ("X-PUBLISHED-TTL", REFRESH),
        ("COLOR", "teal"),
        ("SOURCE;VALUE=URI", f"{site.public_url}/ical/{token}.ics"),
    ]


@dataclass(frozen=True, slots=True)
class _BookedEvent:
    """One booking as agendas see it."""

    row: Any

    def __call__(self, site: Site) -> Iterator[Line]:
        row = self.row
        gone = row.state in _GIVEN_UP
        status = "CANCELLED" if gone else "TENTATIVE" if row.state is BookingState.HELD else "CONFIRMED"
        changed = instant(row.updated_at)
        yield "UID", f"{row.id}@{site.domain}"
        yield "DTSTAMP", changed
        yield "LAST-MODIFIED", changed
        yield "SEQUENCE", str(row.num_steps)
        yield "DTSTART", instant(row.start_at)
        yield "DTEND", instant(row.end_at)
        yield "SUMMARY", text("RDV SNP (Relais)")
        yield "STATUS", status
        yield "TRANSP", "TRANSPARENT" if gone else "OPAQUE"
        yield "X-MICROSOFT-CDO-BUSYSTATUS", "FREE" if gone else "BUSY"
        yield "CLASS", "PRIVATE"
        yield "CATEGORIES", "RELAIS-RDV"
        yield "X-RELAIS-BOOKING", "1"
        yield "RELATED-TO", f"slot-{row.slot_id}@{site.domain}"
        yield "URL", f"{site.public_url}/rendez-vous/{row.id}"


@dataclass(frozen=True, slots=True)
class _OpenEvent:
    """One slot with a free place as agendas see it; Relais itself reads it as a slot."""

    row: Any

    def __call__(self, site: Site) -> Iterator[Line]:
        row = self.row
        commune = communes().by_insee(row.insee).name
        yield "UID", f"slot-{row.id}@{site.domain}"
        yield "DTSTAMP", instant(row.updated_at)
        yield "LAST-MODIFIED", instant(row.updated_at)
        yield "DTSTART", instant(row.start_at)
        yield "DTEND", instant(row.end_at)
        yield "SUMMARY", text(f"SNP – Dr {row.given_name} {row.family_name}, {commune}")
        yield "LOCATION", text(", ".join(filter(None, (row.address, commune))))
        yield "STATUS", "CONFIRMED"
        yield "TRANSP", "TRANSPARENT"
        yield "X-MICROSOFT-CDO-BUSYSTATUS", "FREE"
        yield "CLASS", "PUBLIC"
        yield "CATEGORIES", "SNP"
        yield "X-RELAIS-CAPACITY", str(row.capacity - row.num_taken)
        yield "X-RELAIS-MODALITY", row.modality.value
        yield "X-RELAIS-VISIBILITY", row.visibility.value


def _bookings(session: Session, feed: PublishedFeed, now: datetime) -> list[_BookedEvent]:
    """List the bookings of a practitioner; the window moves by whole days so that bodies stay the same."""
    first, last = _window(now)
    lasting = or_(
        col(Booking.state).in_(TAKEN_FOR_GOOD),
        (col(Booking.state) == BookingState.HELD) & (col(Booking.held_until) > now),
        col(Booking.state).in_(_GIVEN_UP) & (col(Booking.updated_at) >= first),
    )
    query = (
        select(  # type: ignore[call-overload]  # SQLModel counts four columns
            Booking.id,
            Booking.slot_id,
            Booking.state,
            Booking.updated_at,
            Slot.start_at,
            Slot.end_at,
            _num_steps().label("num_steps"),
        )
        .join(Slot, col(Slot.id) == col(Booking.slot_id))
        .where(
            col(Slot.practitioner_id) == feed.practitioner_id,
            col(Slot.start_at) >= first,
            col(Slot.start_at) < last,
            lasting,
        )
        .order_by(col(Slot.start_at), col(Booking.id))
    )
    return [_BookedEvent(row) for row in session.exec(query)]


def _num_steps() -> Any:
    """Count the changes of a booking since it was made: each step of its history that changed its state."""
    changed = col(BookingEvent.from_state).is_not(None) & (BookingEvent.from_state != BookingEvent.to_state)
    return (
        select(func.count())
        .where(col(BookingEvent.booking_id) == col(Booking.id), changed)
        .correlate(Booking)
        .scalar_subquery()
    )


def _slots(session: Session, feed: PublishedFeed, now: datetime) -> list[_OpenEvent]:
    """List the slots of a territory that can be booked, until 180 days ahead."""
    _, last = _window(now)
    taken = num_taken(now)
    query = (
        select(  # type: ignore[call-overload]  # SQLModel counts four columns
            Slot.id,
            Slot.start_at,
            Slot.end_at,
            Slot.modality,
            Slot.visibility,
            Slot.capacity,
            Slot.updated_at,
            Practitioner.given_name,
            Practitioner.family_name,
            Practice.insee,
            Practice.address,
            taken.label("num_taken"),
        )
        .join(Practitioner, col(Practitioner.id) == col(Slot.practitioner_id))
        .join(Practice, col(Practice.id) == col(Slot.practice_id))
        .join(Feed, col(Feed.id) == col(Slot.feed_id), isouter=True)
        .where(
            col(Practitioner.territory_id) == feed.territory_id,
            col(Slot.state) == SlotState.OPEN,
            col(Slot.start_at) > now,
            col(Slot.start_at) < last,
            trusted(session, now),
            taken < Slot.capacity,
        )
        .order_by(col(Slot.start_at), col(Slot.id))
    )
    return [_OpenEvent(row) for row in session.exec(query)]


def _window(now: datetime) -> tuple[datetime, datetime]:
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - PAST, today + AHEAD
