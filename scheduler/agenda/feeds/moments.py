"""Dates, times, durations and periods of iCalendar values, read tolerantly and computed exactly.

Local times are naive ``datetime`` beside their zone, and become UTC last: it is the only order in which
a series keeps its local hour and its exact length on the two days of the year when clocks change.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.agenda.feeds.errors import ComponentRefused
from scheduler.agenda.feeds.local_zones import LocalZone
from scheduler.agenda.feeds.reasons import Reason

DAY = timedelta(days=1)
ZERO = timedelta(0)
_MAX_DURATION = timedelta(days=3660)

_GENERAL = re.compile(
    r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?:[T ]([0-9]{2}):?([0-9]{2})(?::?([0-9]{2}))?(?:[.,][0-9]+)?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_DURATION = re.compile(
    r"([+-]?)P(?:([0-9]+)W)?(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)S)?)?"
)


@dataclass(slots=True)
class Written:
    """A DATE or DATE-TIME value as written: naive digits, and what the value itself says of its zone."""

    digits: datetime
    is_date: bool = False
    is_utc: bool = False


@dataclass(slots=True)
class Moment:
    """A local time with its zone; ``floating`` if the file gave no zone for it."""

    local: datetime
    zone: LocalZone
    is_date: bool = False
    floating: bool = False

    @property
    def at(self) -> datetime:
        """The instant, aware in UTC."""
        return self.zone.to_utc(self.local)


@dataclass(frozen=True, slots=True)
class Length:
    """How long each occurrence lasts.

    Exactly one way applies: ``wall``, the difference of the local times written for start and end;
    else ``num_days`` of the calendar followed by the ``exact`` time (RFC 5545 §3.3.6).
    """

    wall: timedelta | None = None
    num_days: int = 0
    exact: timedelta = ZERO

    @property
    def nominal(self) -> timedelta:
        """Give the length on a day when clocks do not change."""
        return self.wall if self.wall is not None else self.num_days * DAY + self.exact


def written(value: str) -> Written:
    """Read a DATE or DATE-TIME value.

    Raises
    ------
    ComponentRefused
        When it is neither.
    """
    try:
        if len(value) == 15 and value[8] == "T" and value[9:].isdigit():
            return Written(datetime.fromisoformat(value))
        if len(value) == 16 and value[8] == "T" and value[15] == "Z" and value[9:15].isdigit():
            return Written(datetime.fromisoformat(value[:15]), is_utc=True)
    except ValueError:
        pass  # 24:00, or a leap second: read below
    try:
        return _written_otherwise(value.strip().upper())
    except (ValueError, OverflowError) as error:
        raise ComponentRefused(Reason.BAD_DATE) from error


def _written_otherwise(value: str) -> Written:
    match = _GENERAL.fullmatch(value)
    if match is None:
        raise ComponentRefused(Reason.BAD_DATE)
    year, month, day, hour, minute, second, offset = match.groups()
    digits = datetime(int(year), int(month), int(day))  # noqa: DTZ001 — digits as written, zone apart
    if hour is None:
        return Written(digits, is_date=True)
    if int(hour) > 24 or int(minute) > 59 or int(second or 0) > 60:
        raise ComponentRefused(Reason.BAD_DATE)
    seconds = int(hour) * 3600 + int(minute) * 60 + min(int(second or 0), 59)
    digits += timedelta(seconds=seconds)  # 24:00 is the next midnight
    if offset in {None, "Z"}:
        return Written(digits, is_utc=offset == "Z")
    return Written(digits - read_offset(offset.replace(":", "")), is_utc=True)


def read_offset(value: str) -> timedelta:
    """Read a UTC-OFFSET value such as ``+0100`` or ``-001521``.

    Raises
    ------
    ComponentRefused
        When it is malformed or reaches 24 h.
    """
    match = re.fullmatch(r"([+-])([0-9]{2})([0-9]{2})([0-9]{2})?", value.strip())
    if match is None or int(match[2]) > 23 or int(match[3]) > 59:
        raise ComponentRefused(Reason.BAD_DATE)
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]), seconds=int(match[4] or 0))
    return -offset if match[1] == "-" else offset


def read_duration(value: str) -> Length:
    """Read a DURATION value; weeks and days are of the calendar, the rest is exact (RFC 5545 §3.3.6).

    Raises
    ------
    ComponentRefused
        When it is malformed or longer than ten years.
    """
    match = _DURATION.fullmatch(value.strip().upper())
    if match is None or not any(match.groups()[1:]) or max(map(len, filter(None, match.groups()))) > 9:
        raise ComponentRefused(Reason.BAD_DURATION)
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    num_days = 7 * weeks + days
    num_seconds = hours * 3600 + minutes * 60 + seconds
    if num_days * 86_400 + num_seconds > _MAX_DURATION.total_seconds():
        raise ComponentRefused(Reason.BAD_DURATION)
    sign = -1 if match[1] == "-" else 1
    return Length(num_days=sign * num_days, exact=timedelta(seconds=sign * num_seconds))


def end_of(start: datetime, start_at: datetime, zone: LocalZone, length: Length) -> datetime:
    """Give the end, aware in UTC, of an occurrence that starts at a local time.

    An end written as a local time keeps its local hour (a night of duty lasts 11 h when clocks go
    forward), unless the start itself is skipped or doubled: then the length is exact, since nothing
    else keeps the end after the start.
    """
    if length.wall is None:
        if not length.num_days:
            return start_at + length.exact
        return zone.to_utc(start + length.num_days * DAY) + length.exact
    end_at = start_at + length.wall
    as_written_at = zone.to_utc(start + length.wall)
    if as_written_at == end_at or zone.is_irregular(start):
        return end_at
    return as_written_at
