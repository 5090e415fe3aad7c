"""Fields of a policy that know their range: declared beside the default, checked by the constructor.

A field also carries one French line on what it decides, for whoever reads the document.
"""

from collections.abc import Iterator
from dataclasses import Field, field, fields
from typing import Any

from matching.errors import InvalidPolicy


def ranged(default: Any, low: float, high: float, means: str = "") -> Any:
    """Declare numbers with their default and the closed range they must stay in."""
    return field(default=default, metadata={"low": low, "high": high, "means": means})


def one_of(default: str, others: tuple[str, ...], means: str = "") -> Any:
    """Declare a word and what else it may be."""
    return field(default=default, metadata={"words": (default, *others), "means": means})


def refuse_out_of_range(section: Any) -> None:
    """Check every field of a section against what it declares, its type against the default's.

    Raises
    ------
    InvalidPolicy
        With one sentence per bad field.
    """
    problems = list(_problems(section))
    if problems:
        raise InvalidPolicy(problems)


def range_in_french(declared: "Field[Any]") -> str:
    """Say what a field may hold."""
    if "words" in declared.metadata:
        return " ou ".join(f'"{word}"' for word in declared.metadata["words"])
    kind = "" if isinstance(declared.default, float) else "entier "
    return f"{kind}de {declared.metadata['low']:g} à {declared.metadata['high']:g}"


def _problems(section: Any) -> Iterator[str]:
    for declared in fields(section):
        value = getattr(section, declared.name)
        if "words" in declared.metadata:
            if value not in declared.metadata["words"]:
                yield f"{declared.name} : {range_in_french(declared)} est attendu"
        else:
            yield from _number_problems(declared, value)


def _number_problems(declared: "Field[Any]", value: object) -> Iterator[str]:
    default, low, high = declared.default, declared.metadata["low"], declared.metadata["high"]
    if isinstance(default, tuple) and not (isinstance(value, tuple) and len(value) == len(default)):
        yield f"{declared.name} : {len(default)} nombres sont attendus"
        return
    whole = not isinstance(default, float)
    numbers = value if isinstance(value, tuple) else (value,)
    if not all(_is_number(n, whole=whole) and low <= n <= high for n in numbers):
        kind = "un nombre entier" if whole else "un nombre"
        yield f"{declared.name} : {kind} entre {low:g} et {high:g} est attendu"


def _is_number(value: object, *, whole: bool) -> bool:
    """Tell whether ``value`` is a number of the wanted kind; True and False are not numbers here."""
    return isinstance(value, int if whole else int | float) and not isinstance(value, bool)
