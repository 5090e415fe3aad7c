"""Ticks depend on the schedule and the time only: every process sees the same ones."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.jobs.schedule import Daily, Every

PARIS = "Europe/Paris"
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(INSTANTS, st.sampled_from([timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)]))
def test_the_last_tick_of_an_interval_is_at_most_one_period_ago(now: datetime, period: timedelta) -> None:
    tick = Every(period).last_tick(now, PARIS)
    assert timedelta() <= now - tick < period
    assert Every(period).last_tick(tick, PARIS) == tick


@given(INSTANTS, st.sampled_from([0, 4, 5, 23]))
def test_the_last_tick_of_a_day_is_at_its_local_hour_over_both_clock_changes(
    now: datetime, hour: int
) -> None:
    daily = Daily(time(hour, 30))
    tick = daily.last_tick(now, PARIS)
    assert timedelta() <= now - tick < timedelta(hours=25)
    assert daily.last_tick(tick, PARIS) == tick
    assert daily.last_tick(tick - timedelta(microseconds=1), PARIS) < tick


@pytest.mark.parametrize(("on", "hour_utc"), [((3, 28), 3), ((3, 29), 2), ((10, 24), 2), ((10, 25), 3)])
def test_the_hour_of_a_daily_job_follows_the_clocks_of_people(on: tuple[int, int], hour_utc: int) -> None:
    evening = datetime(2026, *on, 20, tzinfo=UTC)
    assert Daily(time(4, 30)).last_tick(evening, PARIS) == datetime(2026, *on, hour_utc, 30, tzinfo=UTC)


@pytest.mark.parametrize("hour", [1, 2, 3])
def test_an_hour_that_some_days_lack_is_refused(hour: int) -> None:
    with pytest.raises(ValueError, match="clocks change"):
        Daily(time(hour))


def test_late_is_three_periods_or_a_day_and_two_hours() -> None:
    assert Every(timedelta(minutes=5)).late_after == timedelta(minutes=15)
    assert Daily(time(5)).late_after == timedelta(hours=26)
