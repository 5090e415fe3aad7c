"""Days, hours, delays and distances as French people write them."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

NARROW = "\u202f"  # narrow no-break space, before ; ! ? : and inside numbers and hours
_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)

_SHORT_MONTHS = (
    *("janv.", "févr.", "mars", "avril", "mai", "juin"),
    *("juil.", "août", "sept.", "oct.", "nov.", "déc."),
)


def short_day(on: date) -> str:
    """Write a day with its year: ``21 novembre 2026``, ``1er mars 1951``."""
    return f"{_day_and_month(on)} {on.year}"


def short_month(on: date) -> str:
    """Write a month for a chart or a table: ``nov. 2026``."""
    return f"{_SHORT_MONTHS[on.month - 1]} {on.year}"


def long_day(on: date, today: date) -> str:
    """Write a day with its weekday, and its year when that is not this year: ``samedi 21 novembre``."""
    year = "" if on.year == today.year else f" {on.year}"
    return f"{_DAYS[on.weekday()]} {_day_and_month(on)}{year}"


def near_day(on: date, today: date) -> str:
    """Write a day as one says it on the telephone: ``aujourd’hui``, ``demain``, then the long form."""
    near = {0: "aujourd’hui", 1: "demain", -1: "hier"}
    return near.get((on - today).days) or long_day(on, today)


def hour(at: datetime, zone: str) -> str:
    """Write an hour of the day: ``9 h 30``, ``14 h``, with spaces that do not break."""
    local = at.astimezone(ZoneInfo(zone))
    minutes = f"{NARROW}{local.minute:02d}" if local.minute else ""
    return f"{local.hour}{NARROW}h{minutes}"


def moment(at: datetime, zone: str, today: date) -> str:
    """Write an instant: ``samedi 21 novembre, 9 h 30``."""
    return f"{long_day(at.astimezone(ZoneInfo(zone)).date(), today)}, {hour(at, zone)}"


def ago(at: datetime, now: datetime) -> str:
    """Write how long ago something happened, rounded down: ``il y a 3 min``, ``il y a 2 jours``."""
    minutes = int((now - at).total_seconds() // 60)
    if minutes < 1:
        return "à l’instant"
    if minutes < 60:
        return f"il y a {minutes}{NARROW}min"
    if minutes < 48 * 60:
        return f"il y a {minutes // 60}{NARROW}h"
    return f"il y a {minutes // (24 * 60)}{NARROW}jours"


def duration(seconds: float) -> str:
    """Write a duration, rounded to the minute: ``12 min``, ``1 h 05``."""
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes}{NARROW}min"
    rest = f"{NARROW}{minutes % 60:02d}" if minutes % 60 else ""
    return f"{minutes // 60}{NARROW}h{rest}"


def countdown(until: datetime, now: datetime) -> str:
    """Write what is left of some minutes: ``4 min 30 s``, ``45 s``; never less than nothing."""
    left = max(0, int((until - now).total_seconds()))
    minutes, seconds = divmod(left, 60)
    return f"{minutes}{NARROW}min {seconds:02d}{NARROW}s" if minutes else f"{seconds}{NARROW}s"


def waited(days: int) -> str:
    """Write a wait: ``moins d’un jour``, ``1 jour``, ``43 jours``."""
    if days < 1:
        return "moins d’un jour"
    return f"{days}{NARROW}jour" if days == 1 else f"{number(days)}{NARROW}jours"


def kilometres(km: float) -> str:
    """Write a distance: ``moins de 1 km``, ``4,2 km``, ``5 km``, ``14 km``."""
    if km < 1:
        return f"moins de 1{NARROW}km"
    text = f"{km:.1f}".replace(".", ",").removesuffix(",0") if km < 9.95 else f"{km:.0f}"
    return f"{text}{NARROW}km"


def number(value: int) -> str:
    """Write a whole number with thousands apart: ``12 345``."""
    return f"{value:,}".replace(",", NARROW)


def percent(share: float) -> str:
    """Write a small share with its decimals: ``0,02 %``; under a ten-thousandth, that it is less."""
    if 0 < share < 0.0001:
        return f"moins de 0,01{NARROW}%"
    return f"{100 * share:.2f}".rstrip("0").rstrip(".").replace(".", ",") + f"{NARROW}%"


def counted(value: int, one: str, many: str) -> str:
    """Write a number with its noun; French keeps the singular under two: ``0 créneau``."""
    return f"{number(value)} {one if abs(value) < 2 else many}"


def listed(words: Sequence[str]) -> str:
    """Write a list in a sentence: ``a, b et c``."""
    return " et ".join(([", ".join(words[:-1])] if len(words) > 1 else []) + list(words[-1:]))


def _day_and_month(on: date) -> str:
    return f"{'1er' if on.day == 1 else on.day} {_MONTHS[on.month - 1]}"
