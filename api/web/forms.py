"""What was typed into a form, what is wrong with it, and how French people write dates and numbers."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NoReturn, TypeVar

from scheduler.errors import InvalidInput

Value = TypeVar("Value")

_DAY = re.compile(r"(?P<day>\d{1,2})(?P<mark>[/.\- ])(?P<month>\d{1,2})(?P=mark)(?P<year>\d{4})")
_DIGITS = re.compile(r"(?P<day>\d\d)(?P<month>\d\d)(?P<year>\d{4})")
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form as its page shows it.

    Parameters
    ----------
    values
        What was typed, by field; shown again as it was.
    errors
        French sentence by field; "" is the form as a whole.
    labels
        What the fields are called, in the order of the page; the summary of errors follows it.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    def refused(self, name: str, sentence: str) -> "Form":
        """Give the same form with one more error."""
        return replace(self, errors={**self.errors, name: sentence})

    @property
    def summary(self) -> list[tuple[str, str, str]]:
        """Field, label and sentence of each error, in the order of the page."""
        order = list(self.labels)
        names = sorted(self.errors, key=lambda name: order.index(name) if name in order else -1)
        return [(name, self.labels.get(name, ""), self.errors[name]) for name in names]


class Problems:
    """Collects what is wrong with the fields of one form, so that all of it is said at once."""

    def __init__(self) -> None:
        self.by_field: dict[str, str] = {}

    def add(self, name: str, sentence: str) -> None:
        """Note a problem; the first one of a field is the one that is told."""
        self.by_field.setdefault(name, sentence)

    def attempt(self, name: str, read: Callable[[], Value], fallback: Value) -> Value:
        """Give what ``read`` returns; where it refuses, note why under ``name`` and give ``fallback``."""
        try:
            return read()
        except InvalidInput as refusal:
            self.add(name, f"Attendu : {refusal.expected}.")
            return fallback


def read_day(text: str) -> date | None:
    """Read a day as French people type it: 7/3/1951, 07.03.1951, 07031951, or 1951-03-07; "" gives None.

    Raises
    ------
    InvalidInput
        When it is not a day of the calendar.
    """
    typed = " ".join(text.split())
    if not typed:
        return None
    found = _ISO.fullmatch(typed) or _DAY.fullmatch(typed) or _DIGITS.fullmatch(typed)
    try:
        return date(int(found["year"]), int(found["month"]), int(found["day"])) if found else _no_day()
    except ValueError:
        return _no_day()


def _no_day() -> NoReturn:
    raise InvalidInput("date", "une date comme 07/03/1951")


def read_count(text: str, *, most: int) -> int | None:
    """Read a whole number from 0 to ``most``; "" gives None."""
    typed = text.strip()
    if not typed:
        return None
    if not (typed.isascii() and typed.isdigit() and len(typed) < 6 and int(typed) <= most):
        raise InvalidInput("number", f"un nombre de 0 à {most}")
    return int(typed)


def read_km(text: str) -> float | None:
    """Read a distance in kilometres with a comma or a point; "" gives None."""
    typed = text.strip().lower().removesuffix("km").strip().replace(",", ".")
    if not typed:
        return None
    if not re.fullmatch(r"\d{1,3}(\.\d{1,2})?", typed):
        raise InvalidInput("km", "une distance en kilomètres, comme 10 ou 7,5")
    return float(typed)


def read_answer(text: str) -> bool | None:
    """Read the answer to a yes/no question; anything but "oui" and "non" is no answer."""
    return {"oui": True, "non": False}.get(text)
