"""Slots opened by hand, weekly series with their exceptions, leave: on both engines."""

from datetime import date, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.agenda.booking import book
from scheduler.agenda.by_hand import (
    Opening,
    close_slot,
    end_leave,
    end_series,
    grow_all,
    list_series,
    open_series,
    open_slot,
    skip_day,
    take_leave,
)
from scheduler.agenda.errors import PeopleOnly, SlotInUse, SlotOverlap
from scheduler.agenda.leaves import list_leaves
from scheduler.agenda.search import search
from scheduler.agenda.slot_query import SlotQuery
from scheduler.agenda.weekly import Week
from scheduler.errors import InvalidInput, NotFound
from scheduler.store.engine import Store
from scheduler.store.tables import FeedBusy, Practice, Practitioner, Role, Slot, SlotConflict, SlotState
from tests import factories
from tests.factories import NOW

TEN = NOW + timedelta(hours=2)
QUARTER = timedelta(minutes=15)


def surgery(session: Session) -> tuple[Practice, Actor, Actor]:
    """A practice, its GP, and a person who regulates."""
    practice = factories.practice(session)
    here = session.get_one(Practitioner, practice.practitioner_id).territory_id
    person = factories.account(session, practitioner_id=practice.practitioner_id)
    return (
        practice,
        factories.actor_of(person, Role.GP, here),
        factories.actor(Role.REGULATOR, territory_id=here),
    )


def opened(session: Session, gp: Actor, practice: Practice, start_at: datetime = TEN, **more) -> Slot:
    return open_slot(
        session,
        gp,
        practice.practitioner_id,
        Opening(practice_id=practice.id, **more),
        start_at=start_at,
        end_at=start_at + QUARTER,
        now=NOW,
    )


def mondays(**more) -> Week:
    values = {
        "weekdays": frozenset({1}),
        "start_minute": 14 * 60,
        "end_minute": 15 * 60,
        "slot_minutes": 30,
        "first_on": NOW.date(),
    }
    return Week(**values | more)


def series(session: Session, gp: Actor, practice: Practice, now: datetime = NOW, **more):
    opening = Opening(practice_id=practice.id)
    return open_series(session, gp, practice.practitioner_id, opening, mondays(**more), now=now)


def days(session: Session, state: SlotState = SlotState.OPEN) -> list[str]:
    query = select(Slot).where(Slot.state == state).order_by(col(Slot.start_at))
    return [f"{slot.start_at:%m-%d %H:%M}" for slot in session.exec(query)]


def test_a_slot_by_hand_is_found_and_booked_as_often_as_it_has_places(store: Store) -> None:
    with store.write() as session:
        practice, gp, regulator = surgery(session)
        slot = opened(session, gp, practice, capacity=2)
        query = SlotQuery(insee="77445", from_at=NOW, to_at=NOW + timedelta(days=2))
        (found,) = search(session, regulator, query, now=NOW).rows
        assert (found.slot_id, found.free_places, found.to_confirm) == (slot.id, 2, False)
        assert [book(session, regulator, slot_id=slot.id, now=NOW).place for _ in range(2)] == [1, 2]


def test_what_stands_against_it_is_said_and_nothing_is_written(store: Store) -> None:
    with store.write() as session:
        practice, gp, _ = surgery(session)
        opened(session, gp, practice)
        feed = factories.feed(session, practice=practice, practitioner_id=practice.practitioner_id)
        noon = TEN + timedelta(hours=2)
        session.add(FeedBusy(feed_id=feed.id, start_at=noon, end_at=noon + QUARTER))
    for start_at, reason in ((TEN + QUARTER / 3, "overlap"), (noon, "busy")):
        with pytest.raises(SlotOverlap) as refused, store.write() as session:
            opened(session, gp, practice, start_at)
        assert refused.value.reason == reason
    with store.read() as session:
        assert len(session.exec(select(Slot)).all()) == 1


def test_only_the_agendas_own_people_and_only_what_makes_sense(store: Store) -> None:
    with store.write() as session:
        practice, gp, _ = surgery(session)
        other = factories.practice(session)
        machine = factories.actor(Role.COORDINATOR, territory_id=gp.territory_id, key="token:1")
        with pytest.raises(PeopleOnly):
            opened(session, machine, practice)
        with pytest.raises(NotFound):
            opened(session, gp, other)
        for start_at in (NOW, NOW + timedelta(days=367)):
            with pytest.raises(InvalidInput):
                opened(session, gp, practice, start_at)
        with pytest.raises(InvalidInput):
            opened(session, gp, practice, capacity=51)


def test_a_slot_by_hand_closes_by_hand_unless_somebody_is_expected(store: Store) -> None:
    with store.write() as session:
        practice, gp, regulator = surgery(session)
        slot = opened(session, gp, practice)
        assert close_slot(session, gp, slot.id, now=NOW).closed_reason == "by_hand"
        taken = opened(session, gp, practice, TEN + QUARTER)
        book(session, regulator, slot_id=taken.id, now=NOW)
        with pytest.raises(SlotInUse):
            close_slot(session, gp, taken.id, now=NOW)
        of_feed = factories.slot(session, practice=practice, start_at=TEN + timedelta(hours=3))
        with pytest.raises(NotFound):  # one of a calendar is closed there
            close_slot(session, gp, of_feed.id, now=NOW)


def test_every_monday_but_holidays_skips_and_what_stands_against_it(store: Store) -> None:
    with store.write() as session:
        practice, gp, _ = surgery(session)
        week = series(session, gp, practice, now=NOW + timedelta(days=0))
        mondays_open = ["11-23", "11-30", "12-07", "12-14", "12-21", "12-28"]
        assert days(session) == [f"{day} {hour}" for day in mondays_open for hour in ("13:00", "13:30")]
        skip_day(session, gp, week.id, date(2026, 12, 7), now=NOW)
        end_series(session, gp, week.id, date(2026, 12, 14), now=NOW)
        assert {day[:5] for day in days(session)} == {"11-23", "11-30", "12-14"}
        assert grow_all(session, now=NOW) == 0
        assert [one.id for one in list_series(session, gp, practice.practitioner_id)] == [week.id]


def test_a_series_grows_day_by_day_over_holidays(store: Store) -> None:
    with store.write() as session:
        practice, gp, _ = surgery(session)
        fridays = {"weekdays": frozenset({5})}
        series(session, gp, practice, **fridays)
        later = NOW + timedelta(days=7)
        assert grow_all(session, now=later) == 0  # Friday 1 January is a holiday, and Christmas was
        assert {day[:5] for day in days(session)} == {"11-27", "12-04", "12-11", "12-18"}
        assert grow_all(session, now=NOW + timedelta(days=14)) == 2
        assert days(session)[-1] == "01-08 13:30"
        series(session, gp, practice, start_minute=960, end_minute=1020, on_holidays=True, **fridays)
        assert "12-25 15:00" in days(session)


def test_leave_closes_every_slot_and_what_is_booked_becomes_somebodys_work(store: Store) -> None:
    with store.write() as session:
        practice, gp, regulator = surgery(session)
        of_feed = factories.slot(session, practice=practice, start_at=TEN + timedelta(days=1))
        free = opened(session, gp, practice, TEN + timedelta(days=1, hours=1))
        after = opened(session, gp, practice, TEN + timedelta(days=3))
        booking = book(session, regulator, slot_id=of_feed.id, now=NOW)
        leave, changed = take_leave(
            session,
            gp,
            practice.practitioner_id,
            first_on=date(2026, 11, 24),
            last_on=date(2026, 11, 25),
            now=NOW,
        )
        assert (changed.num_closed, changed.num_conflicts) == (2, 1)
        assert (free.state, free.closed_reason) == (SlotState.CLOSED, "busy")
        assert after.state is SlotState.OPEN
        assert session.exec(select(SlotConflict)).one().slot_id == booking.slot_id
        with pytest.raises(SlotOverlap), session.begin_nested():
            opened(session, gp, practice, TEN + timedelta(days=2))
        assert [one.id for one in list_leaves(session, gp, practice.practitioner_id, now=NOW)] == [leave.id]
        end_leave(session, gp, leave.id, now=NOW)
        assert (free.state, of_feed.state) == (SlotState.OPEN, SlotState.OPEN)
        assert session.exec(select(SlotConflict)).one().resolution == "agreed"


@pytest.mark.parametrize(
    ("first_on", "last_on"),
    [
        (date(2026, 11, 25), date(2026, 11, 24)),
        (date(2026, 11, 1), date(2026, 11, 22)),
        (date(2026, 11, 24), date(2028, 1, 1)),
    ],
)
def test_leave_that_makes_no_sense(sqlite_store: Store, first_on: date, last_on: date) -> None:
    with sqlite_store.write() as session:
        practice, gp, _ = surgery(session)
        with pytest.raises(InvalidInput):
            take_leave(session, gp, practice.practitioner_id, first_on=first_on, last_on=last_on, now=NOW)
