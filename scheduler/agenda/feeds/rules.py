"""RRULE values into a checked rule: tolerant of spelling, strict about meaning and size (RFC 5545 §3.3.10).

A rule that asks for more than a calendar of slots can need is refused before it is expanded: more often
than daily, several seconds, long or dense lists. One that cannot be understood is refused too, because
a rule read wrongly offers hours that do not exist.
"""

import re
from dataclasses import dataclass
from enum import IntEnum

from scheduler.agenda.feeds.errors import ComponentRefused
from scheduler.agenda.feeds.moments import Written, written
from scheduler.agenda.feeds.reasons import Reason

_WEEKDAYS = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}
_MAX_LIST = 50
_MAX_TIMES_PER_DAY = 96
_MAX_INTERVAL = 10_000
_RANGES = {
    "BYMONTH": (1, 12),
    "BYWEEKNO": (-53, 53),
    "BYYEARDAY": (-366, 366),
    "BYMONTHDAY": (-31, 31),
    "BYHOUR": (0, 23),
    "BYMINUTE": (0, 59),
    "BYSECOND": (0, 60),
    "BYSETPOS": (-366, 366),
}
_KNOWN = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "RSCALE", "SKIP", *_RANGES})


class Frequency(IntEnum):
    """Length of the period a rule repeats by."""

    DAILY = 1
    WEEKLY = 2
    MONTHLY = 3
    YEARLY = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A recurrence rule; empty tuples where the rule says nothing.

    Parameters
    ----------
    by_day : tuple of (weekday, n)
        Monday is 0; ``n`` counts within the month or year, from the end if negative, 0 = every one.
    until : Written or None
        Last possible start, as written.
    week_start : int
        Monday is 0.
    """

    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until: Written | None = None
    by_month: tuple[int, ...] = ()
    by_week: tuple[int, ...] = ()
    by_year_day: tuple[int, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_day: tuple[tuple[int, int], ...] = ()
    by_hour: tuple[int, ...] = ()
    by_minute: tuple[int, ...] = ()
    by_second: tuple[int, ...] = ()
    by_position: tuple[int, ...] = ()
    week_start: int = 0


def read_rule(value: str) -> Rule:
    """Read an RRULE value.

    Raises
    ------
    ComponentRefused
        ``bad_rule``, ``rule_too_frequent`` or ``rule_too_dense``.
    """
    parts = _parts(value)
    rule = Rule(
        frequency=_frequency(parts.get("FREQ", "")),
        interval=_number(parts.get("INTERVAL", "1"), 1, _MAX_INTERVAL),
        count=_number(parts["COUNT"], 1, 10**12) if "COUNT" in parts else None,
        until=_until(parts["UNTIL"]) if "UNTIL" in parts else None,
        by_month=_numbers(parts, "BYMONTH"),
        by_week=_numbers(parts, "BYWEEKNO"),
        by_year_day=_numbers(parts, "BYYEARDAY"),
        by_month_day=_numbers(parts, "BYMONTHDAY"),
        by_day=_days(parts.get("BYDAY", "")),
        by_hour=_numbers(parts, "BYHOUR"),
        by_minute=_numbers(parts, "BYMINUTE"),
        by_second=_numbers(parts, "BYSECOND"),
        by_position=_numbers(parts, "BYSETPOS"),
        week_start=_weekday(parts.get("WKST", "MO")),
    )
    _check_density(rule)
    return rule


def _parts(value: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in re.sub(r"\s", "", value).upper().split(";"):
        if not part:
            continue
        name, equals, content = part.partition("=")
        if not equals or name in parts or (name not in _KNOWN and not name.startswith("X-")):
            raise ComponentRefused(Reason.BAD_RULE)
        parts[name] = content
    if parts.get("RSCALE", "GREGORIAN") != "GREGORIAN" or parts.get("SKIP", "OMIT") != "OMIT":
        raise ComponentRefused(Reason.BAD_RULE)
    return parts


def _frequency(name: str) -> Frequency:
    if name in {"SECONDLY", "MINUTELY", "HOURLY"}:
        raise ComponentRefused(Reason.RULE_TOO_FREQUENT)
    if name not in Frequency.__members__:
        raise ComponentRefused(Reason.BAD_RULE)
    return Frequency[name]


def _number(content: str, low: int, high: int) -> int:
    if re.fullmatch(r"[+-]?[0-9]{1,12}", content) is None or not low <= int(content) <= high:
        raise ComponentRefused(Reason.BAD_RULE)
    return int(content)


def _numbers(parts: dict[str, str], name: str) -> tuple[int, ...]:
    if name not in parts:
        return ()
    items = _items(parts[name])
    low, high = _RANGES[name]
    numbers = {_number(item, low, high) for item in items}
    if 0 in numbers and low < 0:
        raise ComponentRefused(Reason.BAD_RULE)
    return tuple(sorted(numbers))


def _items(content: str) -> list[str]:
    items = [item for item in content.split(",") if item]
    if len(items) > _MAX_LIST:
        raise ComponentRefused(Reason.RULE_TOO_DENSE)
    if not items:
        raise ComponentRefused(Reason.BAD_RULE)
    return items


def _days(content: str) -> tuple[tuple[int, int], ...]:
    if not content:
        return ()
    days = set()
    for item in _items(content):
        n = _number(item[:-2], -53, 53) if len(item) > 2 else 0
        days.add((_weekday(item[-2:]), n))
    return tuple(sorted(days))


def _weekday(name: str) -> int:
    if name not in _WEEKDAYS:
        raise ComponentRefused(Reason.BAD_RULE)
    return _WEEKDAYS[name]


def _until(content: str) -> Written:
    try:
        return written(content)
    except ComponentRefused as error:
        raise ComponentRefused(Reason.BAD_RULE) from error


def _check_density(rule: Rule) -> None:
    if len(rule.by_second) > 1 or rule.by_second == (60,):
        raise ComponentRefused(Reason.RULE_TOO_DENSE)
    if max(1, len(rule.by_hour)) * max(1, len(rule.by_minute)) > _MAX_TIMES_PER_DAY:
        raise ComponentRefused(Reason.RULE_TOO_DENSE)
