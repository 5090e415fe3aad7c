"""Days, hours, delays and distances in English, for the pages in English: same names as ``dates``."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

_SPACE = "\u00a0"
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def short_day(on: date) -> str:
    """Write a day with its year: ``21 November 2026``."""
    return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"


def short_month(on: date) -> str:
    """Write a month for a chart or a table: ``Nov 2026``."""
    return f"{_MONTHS[on.month - 1][:3]} {on.year}"


def long_day(on: date, today: date) -> str:
    """Write a day with its weekday, and its year when that is not this year."""
    year = "" if on.year == today.year else f" {on.year}"
    return f"{_DAYS[on.weekday()]} {on.day} {_MONTHS[on.month - 1]}{year}"


def near_day(on: date, today: date) -> str:
    """Write a day as one says it on the telephone: ``today``, ``tomorrow``, then the long form."""
    near = {0: "today", 1: "tomorrow", -1: "yesterday"}
    return near.get((on - today).days) or long_day(on, today)


def hour(at: datetime, zone: str) -> str:
    """Write an hour of the day: ``09:30``, ``14:00``."""
    return f"{at.astimezone(ZoneInfo(zone)):%H:%M}"


def moment(at: datetime, zone: str, today: date) -> str:
    """Write an instant: ``Saturday 21 November, 09:30``."""
    return f"{long_day(at.astimezone(ZoneInfo(zone)).date(), today)}, {hour(at, zone)}"


def ago(at: datetime, now: datetime) -> str:
    """Write how long ago something happened, rounded down."""
    minutes = int((now - at).total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes}{_SPACE}min ago"
    if minutes < 48 * 60:
        return f"{minutes // 60}{_SPACE}h ago"
    return f"{minutes // (24 * 60)}{_SPACE}days ago"


def duration(seconds: float) -> str:
    """Write a duration, rounded to the minute: ``12 min``, ``1 h 05``."""
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes}{_SPACE}min"
    rest = f"{_SPACE}{minutes % 60:02d}" if minutes % 60 else ""
    return f"{minutes // 60}{_SPACE}h{rest}"


def countdown(until: datetime, now: datetime) -> str:
    """Write what is left of some minutes; never less than nothing."""
    left = max(0, int((until - now).total_seconds()))
    minutes, seconds = divmod(left, 60)
    return f"{minutes}{_SPACE}min {seconds:02d}{_SPACE}s" if minutes else f"{seconds}{_SPACE}s"


def waited(days: int) -> str:
    """Write a wait: ``less than a day``, ``1 day``, ``43 days``."""
    if days < 1:
        return "less than a day"
    return f"{days}{_SPACE}day" if days == 1 else f"{number(days)}{_SPACE}days"


def kilometres(km: float) -> str:
    """Write a distance: ``less than 1 km``, ``4.2 km``, ``14 km``."""
    if km < 1:
        return f"less than 1{_SPACE}km"
    text = f"{km:.1f}".removesuffix(".0") if km < 9.95 else f"{km:.0f}"
    return f"{text}{_SPACE}km"


def number(value: int) -> str:
    """Write a whole number with thousands apart: ``12,345``."""
    return f"{value:,}"


def percent(share: float) -> str:
    """Write a small share with its decimals; under a ten-thousandth, that it is less."""
    if 0 < share < 0.0001:
        return "less than 0.01%"
    return f"{100 * share:.2f}".rstrip("0").rstrip(".") + "%"


def counted(value: int, one: str, many: str) -> str:
    """Write a number with its noun; English has the singular for one alone."""
    return f"{number(value)} {one if abs(value) == 1 else many}"


def listed(words: Sequence[str]) -> str:
    """Write a list in a sentence: ``a, b and c``."""
    return " and ".join(([", ".join(words[:-1])] if len(words) > 1 else []) + list(words[-1:]))
