from datetime import UTC, datetime, timedelta

import pytest

from scheduler.agenda.quarantine import Before, Suspicion, is_confirmed, is_suspect

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


def keys(*numbers: int) -> frozenset[str]:
    return frozenset(map(str, numbers))


@pytest.mark.parametrize(
    ("before", "num_busy_before", "now", "num_busy_now", "suspect"),
    [
        (keys(), 0, keys(), 0, False),
        (keys(), 0, keys(1, 2), 3, False),
        (keys(1), 0, keys(), 0, True),
        (keys(1), 0, keys(), 2, True),
        (keys(1), 0, keys(2), 0, False),  # an ordinary edit of a small calendar
        (keys(), 1, keys(), 0, True),
        (keys(1), 1, keys(1), 0, False),
        (keys(*range(10)), 0, keys(0, 1), 0, False),  # exactly 80 % gone
        (keys(*range(10)), 0, keys(0), 0, True),
        (keys(*range(10)), 0, keys(*range(20, 30)), 0, True),
        (keys(*range(5)), 0, keys(9), 0, True),
        (keys(*range(4)), 0, keys(9), 0, False),
        (keys(1), 10, keys(1), 1, True),
        (keys(1), 10, keys(1), 2, False),
        (keys(*range(4)), 10, keys(*range(4)), 30, False),
    ],
)
def test_what_is_suspect(
    before: frozenset[str], num_busy_before: int, now: frozenset[str], num_busy_now: int, suspect: bool
) -> None:
    assert is_suspect(Before(keys=before, num_busy=num_busy_before), now, num_busy_now) is suspect


@pytest.mark.parametrize(
    ("suspicion", "confirmed"),
    [
        (None, False),
        (Suspicion(fingerprint="a", at=NOW - timedelta(minutes=10)), True),
        (Suspicion(fingerprint="a", at=NOW - timedelta(minutes=9, seconds=59)), False),
        (Suspicion(fingerprint="b", at=NOW - timedelta(days=1)), False),
    ],
)
def test_the_same_content_ten_minutes_later_confirms(suspicion: Suspicion | None, confirmed: bool) -> None:
    assert is_confirmed("a", suspicion, NOW) is confirmed
