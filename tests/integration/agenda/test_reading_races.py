"""What happens between the look of a reading at the agenda and its writing, on both engines."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from scheduler.agenda import reconcile
from scheduler.agenda.booking import book
from scheduler.agenda.feeds import FeedSettings, read_calendar
from scheduler.agenda.reconcile import apply_content, content_of, reading_window
from scheduler.errors import SlotNotOpen
from scheduler.store.engine import Store
from scheduler.store.tables import Booking, Feed, Practitioner, Role, Slot, SlotState
from tests import factories
from tests.calendars import NINE, calendar, event
from tests.factories import NOW

WAIT_S = 0.5


def read(session: Session, feed: Feed, *starts_min: int) -> None:
    events = [
        event(NINE + timedelta(minutes=start), NINE + timedelta(minutes=start + 15)) for start in starts_min
    ]
    settings = FeedSettings(source=f"feed:{feed.id}")
    reading = read_calendar(calendar(*events), settings, reading_window(NOW))
    apply_content(session, feed, content_of(reading), now=NOW)


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], Future[Any]]:
    """Start something in another thread once the next reading has looked, before it writes."""
    decide, pool = reconcile.arrange, ThreadPoolExecutor(1)

    def start(act: Callable[[], Any]) -> Future[Any]:
        ended: Future[Any] = Future()
        first = threading.Event()

        def arrange(*args: Any, **more: Any) -> Any:
            if not first.is_set():
                first.set()
                running = pool.submit(act)
                running.add_done_callback(lambda _: ended.set_result(running))
                threading.Event().wait(WAIT_S)  # long enough for it to come through, if nothing holds it
            return decide(*args, **more)

        monkeypatch.setattr(reconcile, "arrange", arrange)
        return ended

    return start


def test_a_slot_cannot_be_booked_while_a_reading_is_about_to_drop_it(
    store: Store, meanwhile: Callable[[Callable[[], Any]], Future[Any]]
) -> None:
    with store.write() as session:
        feed = factories.feed(session)
        read(session, feed, 0, 60)
        slot = session.exec(select(Slot).order_by(Slot.start_at)).first()
        here = session.get_one(Practitioner, feed.practitioner_id).territory_id
    who = factories.actor(Role.REGULATOR, territory_id=here)

    def booking() -> Booking:
        with store.write() as session:
            return book(session, who, slot_id=slot.id, now=NOW)

    ended = meanwhile(booking)
    with store.write() as session:
        read(session, feed, 60)
    with pytest.raises(SlotNotOpen):
        ended.result(timeout=15).result()
    with store.read() as session:
        assert session.get_one(Slot, slot.id).state is SlotState.WITHDRAWN
        assert session.exec(select(Booking)).all() == []


def test_two_calendars_of_one_gp_read_at_once_never_open_the_same_hour(
    store: Store, meanwhile: Callable[[Callable[[], Any]], Future[Any]]
) -> None:
    """A3: slots of two calendars that overlap are never both open."""
    with store.write() as session:
        first = factories.feed(session)
        second = factories.feed(session, practitioner_id=first.practitioner_id, practice_id=first.practice_id)

    def other_reading() -> None:
        with store.write() as session:
            read(session, second, 5)

    ended = meanwhile(other_reading)
    with store.write() as session:
        read(session, first, 0)
    ended.result(timeout=15).result()
    with store.read() as session:
        slots = session.exec(select(Slot).order_by(Slot.feed_id)).all()
        assert [(slot.feed_id, slot.state, slot.closed_reason) for slot in slots] == [
            (first.id, SlotState.OPEN, None),
            (second.id, SlotState.CLOSED, "overlap"),
        ]
