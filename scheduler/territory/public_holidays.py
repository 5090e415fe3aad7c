"""The public holidays of a commune: those of the code du travail, and those its département adds.

Alsace and Moselle keep Good Friday and 26 December (loi locale, code du travail L3134-13); each overseas
territory its day of the abolition of slavery (L3422-2) and others. The days come from the ``holidays``
package; what is ours is which rule holds where, by INSEE code.
"""

from collections.abc import Mapping
from datetime import date
from functools import cache

from holidays import country_holidays

_SUBDIVISIONS: Mapping[str, str] = {
    "57": "57",
    "67": "6AE",
    "68": "6AE",
    "971": "971",
    "972": "972",
    "973": "973",
    "974": "974",
    "976": "976",
    "975": "PM",
    "977": "BL",
    "978": "MF",
    "986": "WF",
    "987": "PF",
    "988": "NC",
}
"""Code of the package by the beginning of the INSEE code; anywhere else, metropolitan France."""


def is_public_holiday(insee: str, on: date) -> bool:
    """Tell whether a day is a public holiday in a commune."""
    return on in holidays_of(insee, on.year)


def holidays_of(insee: str, year: int) -> frozenset[date]:
    """Give the public holidays of a commune in one year."""
    return _days(_SUBDIVISIONS.get(insee[:3]) or _SUBDIVISIONS.get(insee[:2]), year)


@cache
def _days(subdivision: str | None, year: int) -> frozenset[date]:
    return frozenset(country_holidays("FR", subdiv=subdivision, years=year))
