from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, SQLModel, select

from scheduler.agenda.feeds.reading import read_calendar
from scheduler.agenda.feeds.values import FeedSettings, Mode
from scheduler.agenda.reconcile import Reconciled, apply_content, content_of, reading_window
from scheduler.store.engine import Store
from scheduler.store.tables import (
    Booking,
    BookingEvent,
    BookingState,
    Feed,
    FeedBusy,
    Modality,
    Slot,
    SlotState,
    Visibility,
)
from tests import factories
from tests.calendars import NINE, calendar, event
from tests.factories import NOW

LATER = NOW + timedelta(minutes=10)


def minutes(number: int) -> datetime:
    return NINE + timedelta(minutes=number)


def opening(start: int, end: int, **more: Any) -> str:
    return event(minutes(start), minutes(end), **more)


def busy(start: int, end: int) -> str:
    return event(minutes(start), minutes(end), title="Domicile")


def read(
    session: Session, feed: Feed, *events: str, now: datetime = NOW, mode: Mode = Mode.MARKED, cut: int = 15
) -> Reconciled:
    settings = FeedSettings(mode=mode, source=f"feed:{feed.id}", slot_minutes=cut)
    reading = read_calendar(calendar(*events), settings, reading_window(now))
    return apply_content(session, feed, content_of(reading), now=now)


def slots(session: Session, feed: Feed | None = None) -> list[Slot]:
    query = select(Slot).order_by(Slot.start_at, Slot.feed_id).execution_options(populate_existing=True)
    return list(session.exec(query if feed is None else query.where(Slot.feed_id == feed.id)))


def states(session: Session, feed: Feed | None = None) -> list[tuple[int, str, str | None]]:
    return [
        (int((slot.start_at - NINE) / timedelta(minutes=1)), slot.state.value, slot.closed_reason)
        for slot in slots(session, feed)
    ]


def everything(session: Session) -> dict[str, list[dict[str, Any]]]:
    """Every row of the agenda, to the byte."""
    tables: tuple[type[SQLModel], ...] = (Slot, FeedBusy, Booking, BookingEvent, Feed)
    fresh = {"populate_existing": True}
    return {
        table.__name__: [
            row.model_dump()
            for row in session.exec(select(table).order_by(table.id), execution_options=fresh)
        ]
        for table in tables
    }


def test_a_range_becomes_slots_with_what_the_feed_says(store: Store) -> None:
    with store.write() as session:
        feed = factories.feed(session, modality=Modality.VR, visibility=Visibility.PRO)
        result = read(session, feed, opening(0, 40))
        made = slots(session)
    assert result == Reconciled(num_opened=2)
    assert [(slot.start_at, slot.end_at) for slot in made] == [
        (minutes(0), minutes(15)),
        (minutes(15), minutes(30)),
    ]
    assert {(slot.modality, slot.visibility, slot.practice_id) for slot in made} == {
        (Modality.VR, Visibility.PRO, feed.practice_id)
    }


def test_reading_the_same_twice_changes_no_row(store: Store) -> None:
    events = [opening(0, 60), opening(45, 60, title="SNP bis"), busy(20, 30), opening(300, 315)]
    with store.write() as session:
        feed = factories.feed(session)
        read(session, feed, *events)
        factories.booking(session, slot=slots(session)[0])
        read(session, feed, *events, opening(600, 615))
        before = everything(session)
    with store.write() as session:
        again = read(session, session.get_one(Feed, feed.id), *events, opening(600, 615), now=LATER)
        assert everything(session) == before
    assert (again.num_opened, again.num_closed, again.num_withdrawn) == (0, 0, 0)
    assert again.num_unchanged == len(before["Slot"])


def test_the_order_of_events_does_not_matter(store: Store) -> None:
    events = [opening(0, 30), opening(10, 25, title="SNP bis"), busy(15, 20)]
    with store.write() as session:
        one, other = factories.feed(session), factories.feed(session)
        read(session, one, *events)
        read(session, other, *reversed(events))
        assert states(session, one) == states(session, other)


def test_busy_closes_and_its_end_opens_again(store: Store) -> None:
    with store.write() as session:
        feed = factories.feed(session)
        read(session, feed, opening(0, 30))
        assert read(session, feed, opening(0, 30), busy(20, 40)).num_closed == 1
        assert states(session) == [(0, "open", None), (15, "closed", "busy")]
        assert read(session, feed, opening(0, 30)).num_opened == 1
        assert states(session) == [(0, "open", None), (15, "open", None)]


def test_busy_of_one_calendar_closes_the_slots_of_another_of_the_same_gp_only(store: Store) -> None:
    with store.write() as session:
        feed = factories.feed(session)
        private = factories.feed(session, practitioner_id=feed.practitioner_id, practice_id=feed.practice_id)
        colleague = factories.feed(session)
        read(session, feed, opening(0, 15))
        read(session, colleague, opening(0, 15))
        assert read(session, private, busy(0, 5), mode=Mode.BUSY).num_closed == 1
        assert states(session, feed) == [(0, "closed", "busy")]
        assert states(session, colleague) == [(0, "open", None)]
        read(session, feed, opening(0, 15))
        assert states(session, feed) == [(0, "closed", "busy")]
        assert read(session, private, mode=Mode.BUSY).num_opened == 1
        assert states(session, feed) == [(0, "open", None)]


def test_of_two_calendars_that_open_the_same_hour_the_first_registered_stays(store: Store) -> None:
    with store.write() as session:
        first = factories.feed(session)
        second = factories.feed(session, practitioner_id=first.practitioner_id, practice_id=first.practice_id)
        read(session, second, opening(0, 15))
        read(session, first, opening(5, 20))
        assert states(session, first) == [(5, "open", None)]
        assert states(session, second) == [(0, "closed", "overlap")]
        read(session, first)
        assert states(session, second) == [(0, "open", None)]
        assert states(session, first) == [(5, "withdrawn", None)]


def test_slots_that_change_places_pass_without_an_overlap(store: Store) -> None:
    """A occupies B's old hour and B another one: in between, the database never sees both."""

    def week(first: int, second: int) -> list[str]:
        rule = event(minutes(0), minutes(15), uid="série", more=("RRULE:FREQ=DAILY;COUNT=2",))
        return [
            rule,
            event(minutes(first), minutes(first + 15), uid="série", more=("RECURRENCE-ID:20261124T080000Z",)),
            event(
                minutes(second), minutes(second + 15), uid="série", more=("RECURRENCE-ID:20261125T080000Z",)
            ),
        ]

    with store.write() as session:
        feed = factories.feed(session)
        read(session, feed, *week(0, 15))
        ids = {slot.id: slot.start_at for slot in slots(session)}
        assert read(session, feed, *week(15, 0)).num_unchanged == 0
        assert {slot.id: slot.start_at for slot in slots(session)} == dict(
            zip(ids, reversed(ids.values()), strict=True)
        )
        assert [slot.state for slot in slots(session)] == [SlotState.OPEN] * 2


def test_a_slot_that_disappears_is_withdrawn_and_comes_back(store: Store) -> None:
    with store.write() as session:
        feed = factories.feed(session)
        read(session, feed, opening(0, 15), opening(60, 75))
        before = [slot.id for slot in slots(session)]
        assert read(session, feed, opening(60, 75), now=LATER).num_withdrawn == 1
        assert slots(session)[0].updated_at == LATER
        assert slots(session)[1].updated_at == NOW
        read(session, feed, opening(0, 15), opening(60, 75))
        assert [slot.id for slot in slots(session)] == before
        assert states(session) == [(0, "open", None), (60, "open", None)]


Change = Callable[[Session, Feed], Reconciled]


def moved(session: Session, feed: Feed) -> Reconciled:
    return read(
        session, feed, event(minutes(20), minutes(35), uid="série", more=("RECURRENCE-ID:20261124T080000Z",))
    )


CHANGES: dict[str, tuple[Change, str]] = {
    "deleted": (lambda session, feed: read(session, feed, opening(600, 615)), "deleted"),
    "moved": (moved, "moved"),
    "busy": (
        lambda session, feed: read(
            session,
            feed,
            event(minutes(0), minutes(15), uid="série", more=("RECURRENCE-ID:20261124T080000Z",)),
            busy(0, 60),
        ),
        "busy",
    ),
}


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_a_booking_stays_and_the_conflict_is_said(store: Store, name: str) -> None:
    change, conflict = CHANGES[name]
    original = event(minutes(0), minutes(15), uid="série", more=("RECURRENCE-ID:20261124T080000Z",))
    with store.write() as session:
        feed = factories.feed(session)
        read(session, feed, original)
        booking = factories.booking(session, slot=slots(session)[0])
        result = change(session, feed)
        kept = next(slot for slot in slots(session) if slot.id == booking.slot_id)
        assert (kept.state, kept.conflict, kept.start_at) == (SlotState.CLOSED, conflict, minutes(0))
        assert session.get_one(Booking, booking.id).state is BookingState.BOOKED
        assert result.num_conflicts == 1
        line = session.exec(select(BookingEvent)).one()
        assert (line.booking_id, line.detail) == (booking.id, {"conflict": conflict})

        before = everything(session)
        assert change(session, feed).num_conflicts == 1  # said again, written once
        assert everything(session) == before

        assert read(session, feed, original).num_conflicts == 0
        assert slots(session)[0].conflict is None
        assert slots(session)[0].state is SlotState.OPEN


def test_once_its_booking_is_cancelled_a_slot_follows_its_calendar(store: Store) -> None:
    with store.write() as session:
        feed = factories.feed(session)
        read(session, feed, opening(0, 15))
        booking = factories.booking(session, slot=slots(session)[0])
        read(session, feed, opening(600, 615))
        booking.state = BookingState.CANCELLED
        session.add(booking)
        session.flush()
        read(session, feed, opening(600, 615))
        assert states(session) == [(0, "withdrawn", None), (600, "open", None)]
        assert slots(session)[0].conflict is None


def test_a_hold_that_is_over_promises_nothing(store: Store) -> None:
    with store.write() as session:
        feed = factories.feed(session)
        read(session, feed, opening(0, 15), opening(60, 75))
        for slot, until in zip(slots(session), (NOW, NOW + timedelta(minutes=5)), strict=True):
            factories.booking(session, slot=slot, state=BookingState.HELD, held_until=until)
        assert read(session, feed, opening(600, 615)).num_conflicts == 1
        assert [slot.state for slot in slots(session)][:2] == [SlotState.WITHDRAWN, SlotState.CLOSED]


def test_the_place_of_a_booking_keeps_the_capacity_up(store: Store) -> None:
    with store.write() as session:
        feed = factories.feed(session)
        read(session, feed, opening(0, 15, more=("X-RELAIS-CAPACITY:3",)))
        assert slots(session)[0].capacity == 3
        factories.booking(session, slot=slots(session)[0], place=2)
        read(session, feed, opening(0, 15))
        assert slots(session)[0].capacity == 2


def test_past_slots_and_one_under_way_stay_as_they_are(store: Store) -> None:
    during = minutes(20)
    with store.write() as session:
        feed = factories.feed(session)
        read(session, feed, opening(0, 15), opening(15, 30), opening(30, 45))
        before = everything(session)["Slot"][:2]
        read(session, feed, opening(25, 40, title="SNP bis"), now=during)
        assert everything(session)["Slot"][:2] == before
        # the slot under way still occupies the GP: nothing opens on its last five minutes
        assert states(session)[2:] == [(25, "closed", "overlap"), (30, "withdrawn", None)]


def test_an_occurrence_moved_from_the_past_to_a_coming_day_leaves_the_past_alone(store: Store) -> None:
    number = "RECURRENCE-ID:20261124T080000Z"
    with store.write() as session:
        feed = factories.feed(session)
        read(session, feed, event(minutes(0), minutes(15), uid="série", more=(number,)))
        first = slots(session)[0].id
        read(session, feed, event(minutes(600), minutes(615), uid="série", more=(number,)), now=minutes(60))
        past, coming = slots(session)
        assert (past.id, past.start_at, past.state) == (first, minutes(0), SlotState.OPEN)
        assert (coming.start_at, coming.state) == (minutes(600), SlotState.OPEN)


def test_a_new_setting_of_the_feed_reaches_its_slots(store: Store) -> None:
    with store.write() as session:
        feed = factories.feed(session)
        read(session, feed, opening(0, 15))
        feed.visibility = Visibility.PUBLIC
        session.add(feed)
        read(session, feed, opening(0, 15))
        assert slots(session)[0].visibility is Visibility.PUBLIC


def test_busy_hours_that_stay_keep_their_rows(store: Store) -> None:
    with store.write() as session:
        feed = factories.feed(session)
        read(session, feed, busy(0, 15), busy(30, 45))
        kept = {row.start_at: row.id for row in session.exec(select(FeedBusy))}
        read(session, feed, busy(30, 45), busy(60, 75))
        now = {row.start_at: row.id for row in session.exec(select(FeedBusy))}
        assert set(now) == {minutes(30), minutes(60)}
        assert now[minutes(30)] == kept[minutes(30)]


def test_slots_opened_by_hand_block_and_can_be_closed_by_busy_hours(store: Store) -> None:
    with store.write() as session:
        feed = factories.feed(session)
        account = factories.account(session)
        by_hand = {"source": "hand", "created_by": account.id, "practitioner_id": feed.practitioner_id}
        first = factories.slot(session, **by_hand, practice_id=feed.practice_id, start_at=minutes(0))
        factories.slot(
            session, **by_hand, practice_id=feed.practice_id, start_at=minutes(60), state="closed",
            closed_reason="by_hand",
        )  # fmt: skip
        read(session, feed, opening(5, 20), opening(60, 75))
        assert states(session, feed) == [(5, "closed", "overlap"), (60, "open", None)]
        read(session, feed, opening(5, 20), opening(60, 75), busy(0, 4))
        assert session.get_one(Slot, first.id).closed_reason == "busy"
        assert states(session, feed) == [(5, "open", None), (60, "open", None)]
        read(session, feed, opening(5, 20))
        by_hand_states = [slot.closed_reason for slot in slots(session) if slot.feed_id is None]
        assert by_hand_states == [None, "by_hand"]
