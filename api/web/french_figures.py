"""Figures in a French sentence, written as English people write them: counts, distances, days, delays.

Reads what ``api.web.dates`` and ``matching.french`` write; anything else is no figure.
"""

import re
from collections.abc import Callable
from datetime import date

from api.web import dates_en

_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)
_ENGLISH_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_UNITS = {
    "jour": "day",
    "jours": "days",
    "an": "year",
    "ans": "years",
    "mois": "months",
    "semaines": "weeks",
    "heures": "hours",
    "j": "d",
}
_KEPT = ("km", "min", "h", "s", "%", "€")

_NUMBER = re.compile(r"[-−+]?\d{1,3}(?: \d{3})+|[-−+]?\d+(?:,\d+)?")
_AMOUNT = re.compile(rf"(?P<number>{_NUMBER.pattern}) (?P<unit>{'|'.join((*_UNITS, *_KEPT))})")
_DAY = re.compile(
    rf"(?:(?P<weekday>{'|'.join(_DAYS)}) )?(?P<day>1er|\d{{1,2}}) (?P<month>{'|'.join(_MONTHS)})"
    r"(?: (?P<year>\d{4}))?(?:(?:,| à) (?P<hour>\d{1,2}) h(?: (?P<minute>\d\d))?)?"
)
_MONTH = re.compile(rf"(?P<month>{'|'.join(_MONTHS)}) (?P<year>\d{{4}})")
_NUMERIC_DAY = re.compile(r"\d{1,2}/\d{1,2}/\d{4}|\d{4}-\d\d(?:-\d\d)?")


def figure(text: str) -> str | None:
    """Give the English of a figure; ``None`` when the text, with plain spaces, is none."""
    for shape, told in _SHAPES:
        if found := shape.fullmatch(text):
            return told(found)
    return None


def _number(text: str) -> str:
    whole, _, decimals = text.replace(" ", "").partition(",")
    sign = whole[:1] if whole[:1] in "-−+" else ""
    digits = f"{int(whole.removeprefix(sign)):,}" if " " in text else whole.removeprefix(sign)
    return f"{sign}{digits}.{decimals}" if decimals else sign + digits


def _amount(found: re.Match[str]) -> str:
    unit = found["unit"]
    space = "" if unit == "%" else "\u00a0"
    return f"{_number(found['number'])}{space}{_UNITS.get(unit, unit)}"


def _day(found: re.Match[str]) -> str:
    number = 1 if found["day"] == "1er" else int(found["day"])
    month = dates_en.long_day(date(2000, _MONTHS.index(found["month"]) + 1, 1), date(2000, 1, 1)).split()[2]
    weekday = f"{_ENGLISH_DAYS[_DAYS.index(found['weekday'])]} " if found["weekday"] else ""
    year = f" {found['year']}" if found["year"] else ""
    hour = f", {int(found['hour']):02d}:{found['minute'] or '00'}" if found["hour"] else ""
    return f"{weekday}{number} {month}{year}{hour}"


def _month(found: re.Match[str]) -> str:
    return dates_en.short_day(date(int(found["year"]), _MONTHS.index(found["month"]) + 1, 1))[2:]


_SHAPES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (_NUMBER, lambda found: _number(found[0])),
    (_AMOUNT, _amount),
    (_DAY, _day),
    (_MONTH, _month),
    (_NUMERIC_DAY, lambda found: found[0]),
)
