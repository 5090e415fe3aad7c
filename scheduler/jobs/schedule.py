"""When a job runs: every so often, or once a day at a local hour. Its ticks are the same in every process.

A tick is the instant a run is due. It depends on the schedule and the time only, never on when a process
started, so that "has this tick been done?" can be asked of the database by whoever runs the jobs.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

PERIODS_BEFORE_LATE = 3

_CLOCKS_CHANGE = range(1, 4)  # local hours that some day of the year lacks or has twice (UTC+0 to UTC+2)


@dataclass(frozen=True, slots=True)
class Every:
    """A run every so often. One that was missed is not made up for: the next one sees to the rest."""

    period: timedelta

    def last_tick(self, now: datetime, zone: str) -> datetime:  # noqa: ARG002 — as ``Daily``
        """Give the last instant, ``now`` at the latest, a run was due."""
        num_periods = (now - _EPOCH) // self.period
        return _EPOCH + num_periods * self.period

    def trigger(self, zone: str) -> BaseTrigger:
        """Give what starts it in a running scheduler."""
        return IntervalTrigger(seconds=self.period.total_seconds(), timezone=ZoneInfo(zone))

    @property
    def late_after(self) -> timedelta:
        """How long after its last success it counts as late."""
        return PERIODS_BEFORE_LATE * self.period


@dataclass(frozen=True, slots=True)
class Daily:
    """A run each day at a local hour. A missed one is made up for as soon as any process runs the jobs.

    Raises
    ------
    ValueError
        For an hour between 1 and 4, which the days of the clock changes lack or have twice.
    """

    at: time

    def __post_init__(self) -> None:
        """Refuse hours that some days do not have."""
        if self.at.hour in _CLOCKS_CHANGE:
            raise ValueError("between 1 and 4 o'clock clocks change: choose another hour")

    def last_tick(self, now: datetime, zone: str) -> datetime:
        """Give the last instant, ``now`` at the latest, a run was due."""
        today = now.astimezone(ZoneInfo(zone)).date()
        for on in (today, today - timedelta(days=1)):
            tick = datetime.combine(on, self.at, ZoneInfo(zone)).astimezone(UTC)
            if tick <= now:
                break
        return tick

    def trigger(self, zone: str) -> BaseTrigger:
        """Give what starts it in a running scheduler."""
        return CronTrigger(
            hour=self.at.hour, minute=self.at.minute, second=self.at.second, timezone=ZoneInfo(zone)
        )

    @property
    def late_after(self) -> timedelta:
        """How long after its last success it counts as late: a day and two hours to do it."""
        return timedelta(hours=26)


When = Every | Daily
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
