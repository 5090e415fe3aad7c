from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from scheduler.agenda.feeds import read_calendar
from scheduler.agenda.feeds.fetched import FetchCode, Fetched, Outcome, Validators
from scheduler.jobs.due_feeds import read_due_feeds
from scheduler.store.engine import Store
from scheduler.store.tables import Feed, FeedReading, FeedState, Slot
from tests import factories
from tests.calendars import NINE, calendar, event
from tests.factories import NOW

BODY = calendar(event(NINE, NINE + timedelta(minutes=15)))


def clock() -> datetime:
    return NOW


def fetch(address: str, _: Validators | None = None) -> Fetched:
    if "crash" in address:
        raise ZeroDivisionError
    return Fetched(outcome=Outcome.FRESH, code=FetchCode.OK, host="agenda.test", body=BODY)


def feed(store: Store, path: str, due_in_min: int | None, **more: Any) -> int:
    with store.write() as session:
        due_at = None if due_in_min is None else NOW + timedelta(minutes=due_in_min)
        address = f"https://agenda.test/{path}"
        return factories.feed(session, **{"address": address, "due_at": due_at, **more}).id


def read_ids(store: Store) -> list[int]:
    with store.read() as session:
        return list(session.exec(select(FeedReading.feed_id).order_by(FeedReading.id)))


def test_what_is_due_is_read_the_longest_overdue_first(store: Store) -> None:
    now_due, overdue = feed(store, "a", 0), feed(store, "b", -30)
    feed(store, "c", 1)
    feed(store, "d", -5, state=FeedState.SUSPENDED)
    feed(store, "e", -5, address=None)
    feed(store, "f", None)
    assert read_due_feeds(store, clock=clock, fetch=fetch, read=read_calendar, hands=1) == 2
    assert read_ids(store) == [overdue, now_due]
    assert read_due_feeds(store, clock=clock, fetch=fetch, read=read_calendar) == 0


def test_a_fault_with_one_calendar_does_not_keep_the_others_from_being_read(store: Store) -> None:
    broken, fine = feed(store, "crash", -2), feed(store, "a", -1)
    with pytest.raises(ExceptionGroup) as raised:
        read_due_feeds(store, clock=clock, fetch=fetch, read=read_calendar)
    assert [type(fault) for fault in raised.value.exceptions] == [ZeroDivisionError]
    assert read_ids(store) == [fine]
    with store.read() as session:
        assert session.get_one(Feed, broken).due_at == NOW - timedelta(minutes=2)


def test_a_calendar_suspended_in_the_meantime_is_passed_over(store: Store) -> None:
    first, second = feed(store, "a", -2), feed(store, "b", -1)

    def suspends(address: str, validators: Validators | None = None) -> Fetched:
        with store.write() as session:
            session.get_one(Feed, second).state = FeedState.SUSPENDED
        return fetch(address, validators)

    assert read_due_feeds(store, clock=clock, fetch=suspends, read=read_calendar) == 1
    assert read_ids(store) == [first]


def test_one_bounded_process_reads_them_all_by_default(store: Store) -> None:
    feed(store, "a", -2)
    feed(store, "b", -1)
    assert read_due_feeds(store, clock=clock, fetch=fetch) == 2
    with store.read() as session:
        assert len(session.exec(select(Slot)).all()) == 2
