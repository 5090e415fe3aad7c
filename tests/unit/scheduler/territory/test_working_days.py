"""Working days: weekends, the public holidays of the place, and the hour kept when the clocks change."""

from datetime import UTC, date, datetime

import pytest

from scheduler.territory.working_days import is_working_day, same_hour_after, working_days_after

SENART, STRASBOURG = "77445", "67482"


@pytest.mark.parametrize(
    ("on", "num", "insee", "expected"),
    [
        (date(2026, 11, 23), 1, SENART, date(2026, 11, 24)),
        (date(2026, 11, 27), 1, SENART, date(2026, 11, 30)),
        (date(2026, 11, 28), 1, SENART, date(2026, 11, 30)),
        (date(2026, 12, 24), 1, SENART, date(2026, 12, 28)),
        (date(2027, 3, 25), 1, SENART, date(2027, 3, 26)),
        (date(2027, 3, 25), 1, STRASBOURG, date(2027, 3, 30)),  # Good Friday, then Easter Monday
        (date(2026, 12, 31), 2, None, date(2027, 1, 4)),  # holidays not known
        (date(2026, 12, 31), 2, SENART, date(2027, 1, 5)),
        (date(2026, 11, 28), 0, SENART, date(2026, 11, 28)),
    ],
)
def test_a_deadline_in_working_days(on: date, num: int, insee: str | None, expected: date) -> None:
    assert working_days_after(on, num, insee) == expected
    assert num == 0 or is_working_day(expected, insee)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2026, 10, 23, 7, 30, tzinfo=UTC), datetime(2026, 10, 26, 8, 30, tzinfo=UTC)),
        (datetime(2027, 3, 26, 8, 30, tzinfo=UTC), datetime(2027, 3, 30, 7, 30, tzinfo=UTC)),
    ],
)
def test_half_past_nine_stays_half_past_nine_over_a_clock_change(at: datetime, expected: datetime) -> None:
    assert same_hour_after(at, 1, "Europe/Paris", SENART) == expected
