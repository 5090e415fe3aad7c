from datetime import UTC, date, datetime, timedelta

import pytest

from scheduler.clock import local_day, utc_now


def test_now_is_aware_and_in_utc() -> None:
    assert utc_now().utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("at", "zone", "day"),
    [
        (datetime(2026, 7, 1, 21, 59, tzinfo=UTC), "Europe/Paris", date(2026, 7, 1)),
        (datetime(2026, 7, 1, 22, 0, tzinfo=UTC), "Europe/Paris", date(2026, 7, 2)),
        (datetime(2026, 12, 31, 22, 59, tzinfo=UTC), "Europe/Paris", date(2026, 12, 31)),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), "Europe/Paris", date(2027, 1, 1)),
        (datetime(2026, 7, 1, 20, 0, tzinfo=UTC), "Indian/Reunion", date(2026, 7, 2)),
    ],
)
def test_the_day_is_the_one_people_there_see(at: datetime, zone: str, day: date) -> None:
    assert local_day(at, zone) == day
