"""Numbers, dates and lists as a French sentence says them."""

from collections.abc import Sequence
from datetime import date

_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
_SECONDS_PER_MINUTE = 60


def day(on: date) -> str:
    """Return ``3 mars 2026``; the first of a month is ``1er``."""
    number = "1er" if on.day == 1 else str(on.day)
    return f"{number} {_MONTHS[on.month - 1]} {on.year}"


def month(on: date) -> str:
    """Return ``mars 2026``."""
    return f"{_MONTHS[on.month - 1]} {on.year}"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Return ``1 place``, ``2 places``: French keeps the singular below two, zero included."""
    return f"{number} {noun if abs(number) < 2 else plural or noun + 's'}"


def days(number: int) -> str:
    """Return how long somebody waits; nothing yet is ``aujourd'hui``."""
    return "aujourd'hui" if number == 0 else count(number, "jour")


def minutes(duration_s: int) -> str:
    """Return a duration rounded to the minute."""
    return f"{(duration_s + _SECONDS_PER_MINUTE // 2) // _SECONDS_PER_MINUTE} min"


def km(distance_m: float) -> str:
    """Return a distance in kilometres, one decimal, none when it is zero."""
    return decimal(distance_m / 1000) + " km"


def decimal(number: float) -> str:
    """Return a number with one decimal at most and a French comma."""
    return f"{number:.1f}".replace(".", ",").removesuffix(",0")


def percent(share: float) -> str:
    """Return a share as ``42 %``."""
    return f"{100 * share:.0f} %"


def listed(words: Sequence[str]) -> str:
    """Return ``a, b et c``."""
    *first, last = words
    return f"{', '.join(first)} et {last}" if first else last


def per_tier(counts: Sequence[int]) -> str:
    """Return ``2 de priorité 1 et 1 de priorité 3`` for counts of tiers 1, 2, 3."""
    return listed([f"{number} de priorité {tier}" for tier, number in enumerate(counts, 1) if number])
