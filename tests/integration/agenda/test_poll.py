from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from scheduler.agenda.feeds import FeedSettings, Reading, Window, read_calendar
from scheduler.agenda.feeds.fetched import FetchCode, Fetched, Outcome, Validators
from scheduler.agenda.poll import PollSettings, read_feed, read_file
from scheduler.agenda.readings import last_readings, outcome_of
from scheduler.errors import NotFound, WrongState
from scheduler.store.engine import Store
from scheduler.store.tables import Feed, FeedBusy, FeedReading, FeedState, Slot, SlotState
from tests import factories
from tests.calendars import NINE, calendar, event
from tests.factories import NOW

ADDRESS = "https://agenda.test/secret.ics"
TEN = timedelta(minutes=10)


def opening(hour: int) -> str:
    return event(NINE + timedelta(hours=hour), NINE + timedelta(hours=hour, minutes=15))


def fresh(body: bytes, **validators: str) -> Fetched:
    return Fetched(
        outcome=Outcome.FRESH,
        code=FetchCode.OK,
        host="agenda.test",
        body=body,
        validators=Validators(**validators),
    )


def failed(code: FetchCode, outcome: Outcome = Outcome.FAILED, **more: Any) -> Fetched:
    return Fetched(outcome=outcome, code=code, host="agenda.test", **more)


NOTHING_NEW = Fetched(outcome=Outcome.UNCHANGED, code=FetchCode.OK, host="agenda.test", status=304)


@dataclass
class Host:
    """A server that answers what it is told, and remembers what it was asked."""

    answer: Fetched
    asked: list[tuple[str, Validators | None]] = field(default_factory=list)

    def __call__(self, address: str, validators: Validators | None = None) -> Fetched:
        self.asked.append((address, validators))
        return self.answer


def a_feed(store: Store, **values: Any) -> int:
    with store.write() as session:
        return factories.feed(session, **{"address": ADDRESS, "due_at": NOW, **values}).id


def poll(store: Store, feed_id: int, answer: Fetched | bytes, now: datetime = NOW) -> FeedReading:
    host = Host(fresh(answer) if isinstance(answer, bytes) else answer)
    return read_feed(store, feed_id, now=now, fetch=host, read=read_calendar)


def feed_of(store: Store, feed_id: int) -> Feed:
    with store.read() as session:
        return session.get_one(Feed, feed_id)


def open_hours(store: Store) -> list[int]:
    with store.read() as session:
        slots = session.exec(select(Slot).where(Slot.state == SlotState.OPEN).order_by(Slot.start_at))
        return [int((slot.start_at - NINE) / timedelta(hours=1)) for slot in slots]


def test_a_reading_opens_slots_and_dates_the_calendar(store: Store) -> None:
    feed_id = a_feed(store)
    busy = event(NINE, NINE + timedelta(hours=1), title="Visite")
    cancelled = event(NINE, NINE + timedelta(hours=1), uid="annulé", more=("STATUS:CANCELLED",))
    host = Host(fresh(calendar(opening(1), opening(2), busy, cancelled), etag='"1"', last_modified="hier"))
    reading = read_feed(store, feed_id, now=NOW, fetch=host, read=read_calendar)
    assert host.asked == [(ADDRESS, None)]
    assert (reading.outcome, reading.num_open, reading.num_busy, reading.num_ignored) == ("ok", 2, 1, 1)
    assert reading.ignored == {"cancelled": 1}
    feed = feed_of(store, feed_id)
    assert (feed.read_at, feed.ok_at, feed.num_failures) == (NOW, NOW, 0)
    assert (feed.etag, feed.last_modified) == ('"1"', "hier")
    assert feed.due_at is not None
    assert TEN <= feed.due_at - NOW <= TEN * 1.1
    assert open_hours(store) == [1, 2]


def test_it_is_read_in_a_bounded_process_by_default(store: Store) -> None:
    feed_id = a_feed(store)
    assert read_feed(store, feed_id, now=NOW, fetch=Host(fresh(calendar(opening(1))))).outcome == "ok"
    assert open_hours(store) == [1]


def test_nothing_new_renews_the_freshness_and_a_day_later_everything_is_asked_again(store: Store) -> None:
    feed_id = a_feed(store)
    read_feed(
        store, feed_id, now=NOW, fetch=Host(fresh(calendar(opening(48)), etag='"1"')), read=read_calendar
    )
    host = Host(NOTHING_NEW)
    for hours in (1, 23, 24):
        now = NOW + timedelta(hours=hours)
        assert read_feed(store, feed_id, now=now, fetch=host, read=read_calendar).outcome == "unchanged"
    assert [validators for _, validators in host.asked] == [
        Validators(etag='"1"'),
        Validators(etag='"1"'),
        None,
    ]
    assert feed_of(store, feed_id).ok_at == NOW + timedelta(hours=24)
    assert open_hours(store) == [48]


GOOD = calendar(opening(1), opening(2), opening(3))
NOT_A_CALENDAR: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "feed_empty"),
    "page": (b"<!DOCTYPE html><html><body>Connectez-vous</body></html>", "feed_is_page"),
    "truncated": (GOOD[: len(GOOD) // 2], "feed_truncated"),
    "text": (b"Bonjour", "feed_not_calendar"),
}


@pytest.mark.parametrize("name", sorted(NOT_A_CALENDAR))
def test_what_is_not_a_complete_calendar_wipes_nothing(store: Store, name: str) -> None:
    body, code = NOT_A_CALENDAR[name]
    feed_id = a_feed(store)
    poll(store, feed_id, GOOD)
    for number in (1, 2, 3, 4):
        reading = poll(store, feed_id, body, NOW + number * TEN)
        assert outcome_of(reading) == code
    feed = feed_of(store, feed_id)
    assert (feed.ok_at, feed.read_at, feed.num_failures) == (NOW, NOW + 4 * TEN, 4)
    assert feed.state is FeedState.ACTIVE
    assert open_hours(store) == [1, 2, 3]


@pytest.mark.parametrize("code", [FetchCode.TIMEOUT, FetchCode.SERVER_ERROR, FetchCode.HOST_UNKNOWN])
def test_a_server_in_trouble_is_asked_less_and_less_often(store: Store, code: FetchCode) -> None:
    feed_id = a_feed(store)
    poll(store, feed_id, GOOD)
    for number in (1, 2, 3):
        now = NOW + timedelta(hours=number)
        assert poll(store, feed_id, failed(code), now).outcome == code
        feed = feed_of(store, feed_id)
        assert feed.due_at is not None
        assert feed.due_at - now >= TEN * 2 ** (number - 1)
    assert feed.state is FeedState.ACTIVE
    assert open_hours(store) == [1, 2, 3]
    poll(store, feed_id, GOOD, NOW + timedelta(hours=4))
    assert feed_of(store, feed_id).num_failures == 0


def test_a_server_that_asks_to_wait_is_heard(store: Store) -> None:
    feed_id = a_feed(store)
    poll(store, feed_id, failed(FetchCode.TOO_MANY_REQUESTS, retry_after_s=7200))
    due_at = feed_of(store, feed_id).due_at
    assert due_at is not None
    assert due_at - NOW >= timedelta(hours=2)


@pytest.mark.parametrize(("code", "num_polls"), [(FetchCode.GONE, 1), (FetchCode.NOT_FOUND, 3)])
def test_a_calendar_that_is_no_more_is_suspended_and_its_slots_are_hidden_not_wiped(
    store: Store, code: FetchCode, num_polls: int
) -> None:
    feed_id = a_feed(store)
    poll(store, feed_id, GOOD)
    for number in range(1, num_polls + 1):
        assert feed_of(store, feed_id).state is FeedState.ACTIVE
        poll(store, feed_id, failed(code), NOW + number * TEN)
    feed = feed_of(store, feed_id)
    assert (feed.state, feed.due_at) == (FeedState.SUSPENDED, None)
    assert open_hours(store) == [1, 2, 3]  # search and booking look at the state of the feed
    with pytest.raises(WrongState):
        poll(store, feed_id, GOOD)


def test_a_calendar_suddenly_empty_is_believed_the_second_time(store: Store) -> None:
    feed_id = a_feed(store)
    poll(store, feed_id, GOOD)
    outcomes = []
    for minutes in (10, 15, 20):
        reading = poll(store, feed_id, calendar(), NOW + timedelta(minutes=minutes))
        outcomes.append(outcome_of(reading))
        feed = feed_of(store, feed_id)
        if outcomes[-1] == "suspect":
            assert (feed.ok_at, feed.read_at) == (NOW, NOW + timedelta(minutes=minutes))
            assert open_hours(store) == [1, 2, 3]
    assert outcomes == ["suspect", "suspect", "ok"]
    assert open_hours(store) == []


def test_another_content_in_between_starts_the_suspicion_again(store: Store) -> None:
    feed_id = a_feed(store)
    poll(store, feed_id, GOOD)
    steps = [(10, calendar()), (30, GOOD), (50, calendar()), (65, calendar())]
    outcomes = [
        outcome_of(poll(store, feed_id, body, NOW + timedelta(minutes=minutes))) for minutes, body in steps
    ]
    assert outcomes == ["suspect", "ok", "suspect", "ok"]


def test_an_empty_private_calendar_does_not_open_slots_at_once(store: Store) -> None:
    feed_id = a_feed(store, mode="busy")
    poll(store, feed_id, calendar(event(NINE, NINE + timedelta(hours=8), title="Congés")))
    assert outcome_of(poll(store, feed_id, calendar(), NOW + TEN)) == "suspect"
    with store.read() as session:
        assert len(session.exec(select(FeedBusy)).all()) == 1


def test_an_ordinary_edit_is_applied_at_once(store: Store) -> None:
    feed_id = a_feed(store)
    poll(store, feed_id, GOOD)
    assert poll(store, feed_id, calendar(opening(7)), NOW + TEN).outcome == "ok"
    assert open_hours(store) == [7]


def test_hours_that_simply_passed_are_not_a_loss(store: Store) -> None:
    feed_id = a_feed(store)
    poll(store, feed_id, GOOD)
    assert poll(store, feed_id, GOOD, NINE + timedelta(hours=9)).outcome == "ok"


def test_a_reading_that_was_overtaken_is_not_applied(store: Store) -> None:
    """Two processes poll the same calendar: the one that asked first answers last."""
    feed_id = a_feed(store)

    def slow(body: bytes, settings: FeedSettings, window: Window) -> Reading:
        poll(store, feed_id, calendar(opening(9)), NOW + timedelta(seconds=5))
        return read_calendar(body, settings, window)

    reading = read_feed(store, feed_id, now=NOW, fetch=Host(fresh(GOOD)), read=slow)
    assert reading.outcome == "overtaken"
    assert open_hours(store) == [9]
    assert feed_of(store, feed_id).read_at == NOW + timedelta(seconds=5)


@pytest.mark.parametrize("answer", [NOTHING_NEW, failed(FetchCode.GONE), fresh(GOOD)])
def test_a_calendar_suspended_meanwhile_stays_suspended(store: Store, answer: Fetched) -> None:
    feed_id = a_feed(store)

    def fetch(*_: object) -> Fetched:
        with store.write() as session:
            session.get_one(Feed, feed_id).state = FeedState.SUSPENDED
        return answer

    assert read_feed(store, feed_id, now=NOW, fetch=fetch, read=read_calendar).outcome == "overtaken"
    assert open_hours(store) == []


def test_a_file_is_read_and_never_due(store: Store) -> None:
    feed_id = a_feed(store, address=None, due_at=None)
    assert read_file(store, feed_id, GOOD, now=NOW, read=read_calendar).outcome == "ok"
    assert feed_of(store, feed_id).due_at is None
    assert open_hours(store) == [1, 2, 3]
    with pytest.raises(WrongState):
        poll(store, feed_id, GOOD)


def test_a_file_that_holds_nothing_any_more_needs_a_confirmation(store: Store) -> None:
    feed_id = a_feed(store, address=None, due_at=None)
    read_file(store, feed_id, GOOD, now=NOW, read=read_calendar)
    reading = read_file(store, feed_id, calendar(), now=NOW + TEN / 2, read=read_calendar)
    assert (outcome_of(reading), feed_of(store, feed_id).due_at) == ("suspect", None)
    read_file(store, feed_id, calendar(), now=NOW + TEN / 2, read=read_calendar, confirmed=True)
    assert open_hours(store) == []


def test_a_file_that_is_no_calendar_says_so(store: Store) -> None:
    feed_id = a_feed(store, address=None, due_at=None)
    assert (
        read_file(store, feed_id, b"PK\x03\x04", now=NOW, read=read_calendar).outcome == "feed_not_calendar"
    )
    feed = feed_of(store, feed_id)
    assert (feed.num_failures, feed.due_at, feed.state) == (1, None, FeedState.ACTIVE)


def test_our_own_bookings_that_come_back_close_nothing(store: Store) -> None:
    feed_id = a_feed(store)
    body = calendar(
        opening(1),
        event(NINE + timedelta(hours=1), NINE + timedelta(hours=2), title="RDV", uid="7@relais.test"),
    )
    settings = PollSettings(own_domain="relais.test")
    reading = read_feed(
        store, feed_id, now=NOW, fetch=Host(fresh(body)), read=read_calendar, settings=settings
    )
    assert reading.ignored == {"own_booking": 1}
    assert open_hours(store) == [1]


def test_readings_are_kept_for_a_month(store: Store) -> None:
    feed_id = a_feed(store)
    for days in (0, 1, 31):
        poll(store, feed_id, GOOD, NOW + timedelta(days=days))
    with store.read() as session:
        kept = session.exec(select(FeedReading).order_by(FeedReading.at)).all()
        assert [row.at for row in kept] == [NOW + timedelta(days=1), NOW + timedelta(days=31)]
        assert last_readings(session, [feed_id, 10**6]) == {feed_id: kept[-1]}


@pytest.mark.parametrize("state", [FeedState.SUSPENDED, FeedState.PREVIEW])
def test_a_calendar_that_is_not_active_is_not_read(store: Store, state: FeedState) -> None:
    with pytest.raises(WrongState):
        poll(store, a_feed(store, state=state), GOOD)
    with pytest.raises(NotFound):
        poll(store, 10**6, GOOD)


def test_a_fault_of_ours_writes_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    feed_id = a_feed(store)
    monkeypatch.setattr("scheduler.agenda.poll.note_answered", crash)
    with pytest.raises(ZeroDivisionError):
        poll(store, feed_id, GOOD)
    assert open_hours(store) == []
    with store.read() as session:
        assert session.exec(select(FeedReading)).all() == []
        assert session.get_one(Feed, feed_id).read_at is None


def test_no_transaction_is_open_while_the_network_and_the_reader_work(store: Store) -> None:
    feed_id = a_feed(store)

    def write_something() -> None:
        with store.write() as session:
            session.get_one(Feed, feed_id).name = "écrit pendant ce temps"

    def fetch(*_: object) -> Fetched:
        write_something()
        return fresh(GOOD)

    def read(body: bytes, settings: FeedSettings, window: Window) -> Reading:
        write_something()
        return read_calendar(body, settings, window)

    assert read_feed(store, feed_id, now=NOW, fetch=fetch, read=read).outcome == "ok"
