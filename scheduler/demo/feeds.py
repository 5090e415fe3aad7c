"""Registering the demo calendars as files handed over by the GPs, and what was read in them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor, system_actor
from scheduler.agenda.feeds.reasons import SENTENCES
from scheduler.agenda.poll import read_file
from scheduler.agenda.subscribe import register_feed
from scheduler.demo.calendars import DemoCalendar, demo_calendars
from scheduler.demo.values import DemoTerritory
from scheduler.errors import NotFound
from scheduler.rows import id_of
from scheduler.store.engine import Store
from scheduler.store.tables import (
    FeedReading,
    Modality,
    Practice,
    Practitioner,
    Slot,
    SlotState,
    Territory,
    Visibility,
)

_SOON = timedelta(hours=72)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarLine:
    """What one calendar gave.

    Parameters
    ----------
    num_open, num_soon : int
        Slots that can be booked, and those of them that start within 72 hours.
    left_out : tuple of (int, str)
        How many entries were ignored or refused, and why, most frequent first.
    """

    name: str
    num_open: int
    num_soon: int
    reading: FeedReading
    left_out: tuple[tuple[int, str], ...]


def read_demo_calendars(store: Store, demo: DemoTerritory, *, now: datetime) -> list[CalendarLine]:
    """Register and read the calendar of each publishing GP of the loaded demo."""
    with store.read() as session:
        actor = system_actor("demo", _territory_id(session, demo.slug))
    return [_read(store, actor, calendar, now) for calendar in demo_calendars(demo, demo.today)]


def _territory_id(session: Session, slug: str) -> int:
    territory_id = session.exec(select(Territory.id).where(col(Territory.slug) == slug)).first()
    if territory_id is None:
        raise NotFound("territory")
    return territory_id


def _read(store: Store, actor: Actor, calendar: DemoCalendar, now: datetime) -> CalendarLine:
    with store.write() as session:
        feed_id = _register(session, actor, calendar, now)
    reading = read_file(store, feed_id, calendar.body, now=now)
    with store.read() as session:
        return CalendarLine(
            name=calendar.name,
            num_open=_num_open(session, feed_id, now, None),
            num_soon=_num_open(session, feed_id, now, now + _SOON),
            reading=reading,
            left_out=tuple(
                (count, SENTENCES[reason])
                for reason, count in sorted(reading.ignored.items(), key=lambda item: -item[1])
            ),
        )


def _register(session: Session, actor: Actor, calendar: DemoCalendar, now: datetime) -> int:
    found = session.exec(
        select(Practitioner, Practice)
        .join(Practice, col(Practice.practitioner_id) == col(Practitioner.id))
        .where(col(Practitioner.rpps) == calendar.practitioner_id)
    ).one()
    practitioner, practice = found
    feed = register_feed(
        session,
        actor,
        practitioner_id=id_of(practitioner),
        practice_id=id_of(practice),
        name=calendar.name,
        address=None,
        mode=calendar.mode.value,
        zone=calendar.zone,
        slot_minutes=calendar.slot_minutes,
        modality=Modality(calendar.modality),
        visibility=Visibility(calendar.visibility),
        now=now,
    )
    return id_of(feed)


def _num_open(session: Session, feed_id: int, now: datetime, until: datetime | None) -> int:
    query = select(func.count()).where(
        col(Slot.feed_id) == feed_id, col(Slot.state) == SlotState.OPEN, col(Slot.start_at) > now
    )
    return session.exec(query if until is None else query.where(col(Slot.start_at) <= until)).one()
