"""A7: a calendar that deletes, moves or covers a promised time becomes a person's work, never silently."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.agenda.booking import book, confirm, hold
from scheduler.agenda.ending import cancel, expire_holds
from scheduler.agenda.feeds.reading import read_calendar
from scheduler.agenda.feeds.values import FeedSettings
from scheduler.agenda.life import HELD_FOR
from scheduler.agenda.reconcile import apply_content, content_of, reading_window
from scheduler.agenda.settling import Settle, list_conflicts, settle
from scheduler.errors import InvalidInput, NotFound, SlotNotOpen, SlotTaken, WrongState
from scheduler.store.engine import Store
from scheduler.store.tables import (
    Booking,
    BookingEvent,
    BookingState,
    ConflictKind,
    Feed,
    Practitioner,
    Resolution,
    Role,
    Slot,
    SlotConflict,
)
from tests import factories
from tests.calendars import NINE, calendar, event
from tests.factories import NOW

UID = "un@agenda.test"
LATER = NOW + timedelta(minutes=10)


def opening(start: int = 0, **more: Any) -> str:
    """One occurrence of a series, at nine or moved by some minutes: it stays the same slot."""
    start_at = NINE + timedelta(minutes=start)
    more.setdefault("more", ("RECURRENCE-ID:20261124T080000Z",))
    return event(start_at, start_at + timedelta(minutes=15), uid=UID, **more)


def busy() -> str:
    return event(NINE, NINE + timedelta(minutes=15), title="Domicile")


def read(session: Session, feed: Feed, *events: str, now=LATER) -> None:
    reading = read_calendar(
        calendar(*events), FeedSettings(source=f"feed:{feed.id}", slot_minutes=15), reading_window(now)
    )
    apply_content(session, feed, content_of(reading), now=now)


def published(session: Session) -> tuple[Feed, Slot, Actor]:
    """A calendar with one slot, and a person who regulates."""
    feed = factories.feed(session)
    read(session, feed, opening(), now=NOW)
    slot = session.exec(select(Slot)).one()
    territory_id = session.get_one(Practitioner, feed.practitioner_id).territory_id
    grant = factories.grant(session, role=Role.REGULATOR, territory_id=territory_id)
    return (
        feed,
        slot,
        factories.actor(Role.REGULATOR, territory_id=territory_id, key=f"account:{grant.account_id}"),
    )


def conflicts(session: Session) -> list[SlotConflict]:
    fresh = select(SlotConflict).order_by(col(SlotConflict.id)).execution_options(populate_existing=True)
    return list(session.exec(fresh))


@pytest.mark.parametrize(
    ("now_says", "kind"),
    [
        ((), ConflictKind.DELETED),
        ((opening(60),), ConflictKind.MOVED),
        ((opening(), busy()), ConflictKind.BUSY),
    ],
)
@pytest.mark.parametrize("use_case", [book, hold])
def test_what_the_calendar_says_against_a_promise_is_given_to_who_made_it(
    store: Store, now_says: tuple[str, ...], kind: ConflictKind, use_case: Any
) -> None:
    with store.write() as session:
        feed, slot, who = published(session)
        booking = use_case(session, who, slot_id=slot.id, now=LATER - timedelta(minutes=1))
        read(session, feed, *now_says)
        (conflict,) = conflicts(session)
        assert (conflict.kind, conflict.slot_id, conflict.resolution) == (kind, slot.id, None)
        assert f"account:{conflict.owner_id}" == who.key
        assert conflict.next_action_on == date(2026, 11, 24)  # the day of the slot
        steps = select(BookingEvent).where(BookingEvent.booking_id == booking.id).order_by(BookingEvent.id)
        assert session.exec(steps).all()[-1].detail == {"conflict": kind.value}
        read(session, feed, *now_says, now=LATER + timedelta(minutes=1))
        assert len(conflicts(session)) == 1  # said once


def test_a_machines_booking_is_the_coordinations_to_settle(store: Store) -> None:
    with store.write() as session:
        feed, slot, who = published(session)
        for active in (False, True):
            account = factories.account(session, active=active)
            factories.grant(session, account=account, territory_id=who.territory_id)
        machine = factories.actor(Role.REGULATOR, territory_id=who.territory_id, key=f"token:{uuid4()}")
        book(session, machine, slot_id=slot.id, now=NOW)
        read(session, feed)
        assert conflicts(session)[0].owner_id == account.id


def test_a_calendar_that_agrees_again_ends_it(store: Store) -> None:
    with store.write() as session:
        feed, slot, who = published(session)
        book(session, who, slot_id=slot.id, now=NOW)
        read(session, feed)
        read(session, feed, opening(), now=LATER + timedelta(minutes=10))
        (conflict,) = conflicts(session)
        assert (conflict.resolution, conflict.resolved_by) == (Resolution.AGREED, "system:feeds")


def test_kept_is_kept_until_the_calendar_says_something_else(store: Store) -> None:
    with store.write() as session:
        feed, slot, who = published(session)
        booking = book(session, who, slot_id=slot.id, now=NOW)
        read(session, feed)
        (line,) = list_conflicts(session, who, limit=9).rows
        settle(session, who, conflict_id=line.conflict.id, how=Settle.KEEP, now=LATER)
        assert list_conflicts(session, who, limit=9).rows == ()
        read(session, feed, now=LATER + timedelta(minutes=10))
        assert list_conflicts(session, who, limit=9).rows == ()
        assert booking.state is BookingState.BOOKED
        read(session, feed, opening(60), now=LATER + timedelta(minutes=20))
        assert [line.conflict.kind for line in list_conflicts(session, who, limit=9).rows] == ["moved"]
        with pytest.raises(WrongState):
            settle(session, who, conflict_id=line.conflict.id, how=Settle.CANCEL, now=LATER)


def test_moved_goes_to_the_new_time_whole_or_not_at_all(store: Store) -> None:
    with store.write() as session:
        feed, slot, who = published(session)
        booking = book(session, who, slot_id=slot.id, now=NOW)
        read(session, feed)
        target = factories.slot(session, feed=feed, start_at=NOW + timedelta(hours=5))
        conflict_id = conflicts(session)[0].id
    for to_slot_id, refusal in ((None, InvalidInput), (slot.id, InvalidInput), (10**6, NotFound)):
        with pytest.raises(refusal), store.write() as session:
            settle(session, who, conflict_id=conflict_id, how=Settle.MOVE, to_slot_id=to_slot_id, now=LATER)
    with store.write() as session:
        assert conflicts(session)[0].resolution is None
        settle(session, who, conflict_id=conflict_id, how=Settle.MOVE, to_slot_id=target.id, now=LATER)
    with store.read() as session:
        assert session.get_one(Booking, booking.id).state is BookingState.MOVED
        moved = session.exec(select(Booking).where(Booking.moved_from == booking.id)).one()
        assert (moved.slot_id, moved.state) == (target.id, BookingState.BOOKED)
        assert conflicts(session)[0].resolution is Resolution.MOVED
        assert session.get_one(Slot, slot.id).conflict is None


def test_no_room_for_everybody_changes_nothing(store: Store) -> None:
    with store.write() as session:
        feed, slot, who = published(session)
        slot.capacity = 2
        bookings = [book(session, who, slot_id=slot.id, now=NOW).id for _ in range(2)]
        read(session, feed)
        target = factories.slot(session, feed=feed, start_at=NOW + timedelta(hours=5))
        conflict_id = conflicts(session)[0].id
    with pytest.raises(SlotTaken), store.write() as session:
        settle(session, who, conflict_id=conflict_id, how=Settle.MOVE, to_slot_id=target.id, now=LATER)
    with store.read() as session:
        states = [session.get_one(Booking, booking_id).state for booking_id in bookings]
        assert states == [BookingState.BOOKED] * 2
        assert conflicts(session)[0].resolution is None


def test_cancelled_cancels_everybody(store: Store) -> None:
    with store.write() as session:
        feed, slot, who = published(session)
        booking = book(session, who, slot_id=slot.id, now=NOW)
        read(session, feed)
        settle(session, who, conflict_id=conflicts(session)[0].id, how=Settle.CANCEL, now=LATER)
        assert booking.state is BookingState.CANCELLED
        assert conflicts(session)[0].resolution is Resolution.CANCELLED


def test_it_lapses_with_the_last_booking(store: Store) -> None:
    with store.write() as session:
        feed, slot, who = published(session)
        slot.capacity = 2
        first = book(session, who, slot_id=slot.id, now=NOW)
        hold(session, who, slot_id=slot.id, now=LATER - timedelta(minutes=1))
        read(session, feed)
        cancel(session, who, booking_id=first.id, now=LATER)
        assert conflicts(session)[0].resolution is None
        expire_holds(session, now=LATER + HELD_FOR)
        assert conflicts(session)[0].resolution is Resolution.LAPSED


def test_a_hold_is_not_confirmed_on_a_slot_its_calendar_took_back(store: Store) -> None:
    with store.write() as session:
        feed, slot, who = published(session)
        held = hold(session, who, slot_id=slot.id, now=LATER - timedelta(minutes=1))
        read(session, feed)
        with pytest.raises(SlotNotOpen):
            confirm(session, who, booking_id=held.id, now=LATER)


def test_who_may_see_and_settle(store: Store) -> None:
    with store.write() as session:
        feed, slot, who = published(session)
        book(session, who, slot_id=slot.id, now=NOW)
        read(session, feed)
        conflict_id = conflicts(session)[0].id
        here = who.territory_id
        people = {
            "booker": who,
            "gp": factories.actor(
                Role.GP, territory_id=here, key="account:5", practitioner_id=feed.practitioner_id
            ),
            "coordination": factories.actor(territory_id=here),
            "other gp": factories.actor(
                Role.GP,
                territory_id=here,
                key="account:6",
                practitioner_id=factories.practitioner(session, territory_id=here).id,
            ),
            "signaller": factories.actor(Role.SIGNALLER, territory_id=here, key="account:7"),
            "elsewhere": factories.actor(territory_id=factories.territory(session).id),
        }
        seen = {name for name, person in people.items() if list_conflicts(session, person, limit=9).rows}
        assert seen == {"booker", "gp", "coordination"}
        for name in set(people) - seen:
            with pytest.raises(NotFound):
                settle(session, people[name], conflict_id=conflict_id, how=Settle.KEEP, now=LATER)


def test_an_extra_place_does_not_become_an_ordinary_one(store: Store) -> None:
    with store.write() as session:
        feed, slot, who = published(session)
        book(session, who, slot_id=slot.id, now=NOW)
        slot.extra_places = 1
        session.flush()
        factories.booking(session, slot=slot, place=2)
        read(session, feed, opening())
        assert (slot.capacity, slot.extra_places) == (1, 1)
