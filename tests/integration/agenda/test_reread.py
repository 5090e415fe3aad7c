import threading
from datetime import timedelta

import pytest

from scheduler.agenda.errors import SlotNotSure
from scheduler.agenda.freshness import Limits
from scheduler.agenda.reread import Rereads, Source, check_sure, source_of
from scheduler.store.engine import Store
from tests import factories
from tests.factories import NOW

HOUR = timedelta(hours=1)


def test_the_polled_calendar_of_a_slot(store: Store) -> None:
    with store.write() as session:
        polled = factories.feed(session, address="https://agenda.test/a", ok_at=NOW - HOUR, read_at=NOW)
        silent = factories.feed(session, address="https://agenda.test/b", state="suspended")
        slots = [factories.slot(session, feed=feed) for feed in (polled, silent, factories.feed(session))]
        found = [source_of(session, slot.id) for slot in slots]
        assert found == [Source(feed_id=polled.id, ok_at=NOW - HOUR, read_at=NOW), None, None]
        assert source_of(session, 10**6) is None


def test_a_calendar_just_asked_is_not_asked_again() -> None:
    source = Source(feed_id=1, ok_at=NOW, read_at=NOW)
    assert not source.is_due(NOW + timedelta(seconds=59))
    assert source.is_due(NOW + timedelta(seconds=60))
    assert Source(feed_id=1, ok_at=None, read_at=None).is_due(NOW)


@pytest.mark.parametrize(("ok_at", "sure"), [(NOW - 2 * HOUR, False), (NOW - HOUR, True), (None, False)])
def test_what_was_not_seen_for_too_long_is_refused(ok_at, sure: bool) -> None:
    source = Source(feed_id=1, ok_at=ok_at, read_at=NOW)
    if sure:
        check_sure(source, Limits(), NOW)
    else:
        with pytest.raises(SlotNotSure):
            check_sure(source, Limits(), NOW)
    check_sure(None, Limits(), NOW)


def test_readings_of_one_calendar_are_one_and_the_wait_is_bounded() -> None:
    rereads, may_end, started = Rereads(), threading.Event(), []

    def read() -> None:
        started.append(1)
        may_end.wait(10)

    assert not rereads.within(1, read, 0.01)
    assert not rereads.within(1, read, 0.01)
    assert rereads.within(2, lambda: None, 5)
    may_end.set()
    assert rereads.within(1, read, 5)
    assert len(started) in {1, 2}  # the third may find the first just ended
    rereads.stop()


def test_a_fault_of_ours_is_no_answer() -> None:
    assert not Rereads().within(1, lambda: 1 / 0, 5)
