"""What a cell may hold: each reader takes the text of a cell and gives a value, or says what it expected.

What an empty cell means is said by its column, not by the reader, which refuses it.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeVar

from scheduler.exchange.languages import ISO_639_1

Read = Callable[[str], object]
Value = TypeVar("Value")

_WHOLE = re.compile(r"[+-]?\d{1,18}(?:[.,]0+)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,18}(?:[.,]\d+)?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_ISO_DAY = re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})", re.ASCII)
_FRENCH_DAY = re.compile(r"(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{4})", re.ASCII)
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_YES = frozenset({"yes", "oui", "1", "true", "vrai", "x"})
_NO = frozenset({"no", "non", "0", "false", "faux"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Unexpected(ValueError):
    """The cell is not what its column asks; ``expected`` says in French what is."""

    def __init__(self, expected: str) -> None:
        self.expected = expected
        super().__init__(expected)


def fold(text: str) -> str:
    """Reduce a heading or a word to lower-case letters and digits, without accents, one space between."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return _NOT_WORD.sub(" ", "".join(c for c in plain if not unicodedata.combining(c))).strip()


def text(max_length: int = 200) -> Read:
    """Read any text on one line, up to ``max_length`` characters."""
    expected = f"un texte sur une ligne, de {max_length} caractères au plus"

    def read(cell: str) -> str:
        if len(cell) > max_length or _CONTROL.search(cell):
            raise Unexpected(expected)
        return cell

    return read


def yes_no(cell: str) -> bool:
    """Read a yes or a no."""
    word = fold(cell)
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise Unexpected("oui ou non (ou yes/no, 1/0, true/false, x/vide)")


def whole(low: int, high: int) -> Read:
    """Read a whole number in the closed range; ``3,0`` counts as 3."""
    expected = f"un nombre entier entre {low} et {high}"

    def read(cell: str) -> int:
        if not _WHOLE.fullmatch(cell):
            raise Unexpected(expected)
        value = int(re.split("[.,]", cell)[0])
        if not low <= value <= high:
            raise Unexpected(expected)
        return value

    return read


def number(low: float, high: float, unit: str) -> Read:
    """Read a number in the closed range, with a point or a comma before its decimals."""
    expected = f"un nombre de {unit} entre {low:g} et {high:g}"

    def read(cell: str) -> float:
        if not _NUMBER.fullmatch(cell):
            raise Unexpected(expected)
        value = float(cell.replace(",", "."))
        if not math.isfinite(value) or not low <= value <= high:
            raise Unexpected(expected)
        return value

    return read


def day(first: date, last: date) -> Read:
    """Read a day of the closed range, written ``AAAA-MM-JJ`` or ``JJ/MM/AAAA``."""
    expected = f"une date AAAA-MM-JJ ou JJ/MM/AAAA, entre le {first} et le {last}"

    def read(cell: str) -> date:
        value = _day(cell)
        if value is None or not first <= value <= last:
            raise Unexpected(expected)
        return value

    return read


def _day(cell: str) -> date | None:
    parts = _ISO_DAY.fullmatch(cell) or _FRENCH_DAY.fullmatch(cell)
    if parts is None:
        return None
    try:
        return date(int(parts["year"]), int(parts["month"]), int(parts["day"]))
    except ValueError:
        return None


def one_of(words: Mapping[str, Value], expected: str) -> Callable[[str], Value]:
    """Read one of some words, given folded, and give what it stands for."""

    def read(cell: str) -> Value:
        try:
            return words[fold(cell)]
        except KeyError:
            raise Unexpected(expected) from None

    return read


gender = one_of(
    {"f": "f", "femme": "f", "feminin": "f", "m": "m", "homme": "m", "h": "m", "masculin": "m"},
    "f (femme) ou m (homme)",
)


def languages(cell: str) -> frozenset[str]:
    """Read two-letter ISO 639-1 codes, separated by spaces or commas."""
    codes = frozenset(re.split(r"[\s,;/]+", cell.casefold().strip(" ,;/"))) - {""}
    if not codes <= ISO_639_1:
        raise Unexpected(
            "des codes de langue à deux lettres (ISO 639-1) séparés par une espace, ex. « fr ar »"
        )
    return codes
