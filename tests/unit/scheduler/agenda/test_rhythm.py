from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduler.agenda.rhythm import due_after_failure, due_after_success, is_given_up, rest_at

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
TEN = timedelta(minutes=10)


@pytest.mark.parametrize(
    ("refresh_s", "rest_min"),
    [(None, 10), (60, 10), (900, 15), (3600, 60), (7 * 24 * 3600, 60)],
)
def test_a_producer_may_only_lengthen_the_rest_up_to_an_hour(refresh_s: int | None, rest_min: int) -> None:
    rest = timedelta(minutes=rest_min)
    due_at = due_after_success(1, NOW, every=TEN, refresh_s=refresh_s)
    assert rest <= due_at - NOW <= rest * 1.1


@pytest.mark.parametrize(
    ("num_failures", "retry_after_s", "rest_min"),
    [
        (1, None, 10),
        (2, None, 20),
        (4, None, 80),
        (7, None, 360),
        (1000, None, 360),
        (1, 1800, 30),
        (3, 60, 40),
    ],
)
def test_failures_double_the_wait_up_to_six_hours(
    num_failures: int, retry_after_s: int | None, rest_min: int
) -> None:
    rest = timedelta(minutes=rest_min)
    due_at = due_after_failure(1, NOW, every=TEN, num_failures=num_failures, retry_after_s=retry_after_s)
    assert rest <= due_at - NOW <= rest * 1.1


def test_calendars_do_not_fall_together() -> None:
    assert len({due_after_success(feed_id, NOW, every=TEN) for feed_id in range(50)}) == 50


@pytest.mark.parametrize(
    ("outcomes", "given_up"),
    [
        ([], False),
        (["gone"], True),
        (["ok", "gone"], False),
        (["not_found"], False),
        (["not_found", "login_required"], False),
        (["not_found", "login_required", "not_found"], True),
        (["not_found", "timeout", "not_found"], False),
        (["timeout"] * 3, False),
        (["server_error"] * 3, False),
        (["feed_is_page"] * 3, False),
        (["address_private"] * 3, True),
    ],
)
def test_when_a_calendar_is_given_up(outcomes: list[str], given_up: bool) -> None:
    assert is_given_up(outcomes) is given_up


@pytest.mark.parametrize(
    ("day", "hour", "minute", "rest_min"),
    [
        (24, 6, 59, 10),  # Tuesday, Paris: the opening is nearer than ten minutes
        (24, 6, 45, 15),  # not past the opening
        (24, 7, 0, 10),
        (24, 19, 59, 10),
        (24, 20, 0, 30),
        (24, 3, 0, 30),
        (28, 12, 0, 10),  # Saturday
        (29, 12, 0, 30),  # Sunday
    ],
)
def test_calendars_rest_longer_while_surgeries_are_closed(
    day: int, hour: int, minute: int, rest_min: int
) -> None:
    now = datetime(2026, 11, day, hour, minute, tzinfo=ZoneInfo("Europe/Paris"))
    assert rest_at(now, TEN, "Europe/Paris") == timedelta(minutes=rest_min)


def test_the_clock_of_the_feed_decides_when_surgeries_are_open() -> None:
    now = datetime(2026, 11, 24, 4, tzinfo=UTC)  # 8 o'clock in Saint-Denis, 5 in Paris
    assert rest_at(now, TEN, "Indian/Reunion") == TEN
    assert rest_at(now, TEN, "Europe/Paris") == 3 * TEN
    due_at = due_after_success(1, now, every=TEN, zone="Europe/Paris", refresh_s=3600)
    assert due_at - now >= timedelta(hours=1)


def test_a_long_period_is_never_shortened() -> None:
    night = datetime(2026, 11, 24, 2, tzinfo=UTC)
    assert rest_at(night, timedelta(minutes=60), "Europe/Paris") == timedelta(minutes=60)
