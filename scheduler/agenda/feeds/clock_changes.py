"""When clocks change next in a zone, and what it is in words."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockChange:
    """A change of the offset of local time.

    Parameters
    ----------
    at : datetime
        Instant of the change, aware UTC.
    before, after : timedelta
        Offset of local time from UTC on both sides.
    """

    at: datetime
    before: timedelta
    after: timedelta

    @property
    def shift_min(self) -> int:
        """Minutes by which clocks move, positive in spring."""
        return (self.after - self.before) // _MINUTE


def next_clock_change(zone: tzinfo, after_at: datetime, num_days: int = 400) -> ClockChange | None:
    """Give the first change after an instant within ``num_days`` days; None where clocks never change."""
    low = after_at.astimezone(UTC)
    before = offset_at(zone, low)
    for _ in range(num_days):
        high = low + timedelta(days=1)
        if offset_at(zone, high) != before:
            while high - low > _MINUTE:
                middle = low + (high - low) / 2
                low, high = (low, middle) if offset_at(zone, middle) != before else (middle, high)
            at = high.replace(second=0, microsecond=0)
            return ClockChange(at=at, before=before, after=offset_at(zone, high))
        low = high
    return None


def offset_at(zone: tzinfo, at: datetime) -> timedelta:
    """Give the offset of a zone's local time from UTC at an instant."""
    return at.astimezone(zone).utcoffset() or timedelta(0)


def french_day(day: datetime) -> str:
    """Give a day as people write it: "25 octobre 2026", "1er mars 2026"."""
    number = "1er" if day.day == 1 else str(day.day)
    return f"{number} {_MONTHS[day.month - 1]} {day.year}"
