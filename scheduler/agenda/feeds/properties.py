"""Content lines into the few properties that Relais looks at (RFC 5545 §3.1).

Every other line, notably DESCRIPTION and LOCATION, is skipped before its value is looked at.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

KEPT = frozenset(
    {
        "UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID",
        "SEQUENCE", "DTSTAMP", "STATUS",
        "TRANSP", "CLASS", "CATEGORIES", "SUMMARY", "ATTENDEE", "ORGANIZER", "FREEBUSY",
        "BUSYTYPE", "PRIORITY", "TZID", "TZOFFSETFROM", "TZOFFSETTO", "METHOD", "X-WR-TIMEZONE",
        "REFRESH-INTERVAL", "X-PUBLISHED-TTL", "X-MICROSOFT-CDO-BUSYSTATUS", "X-MICROSOFT-CDO-ALLDAYEVENT",
        "X-RELAIS-SLOT", "X-RELAIS-BOOKING", "X-RELAIS-CAPACITY", "X-RELAIS-SLOT-DURATION",
    }
)  # fmt: skip


class Property(NamedTuple):
    """Parameters as written (without the name) and value as written (still escaped)."""

    params: str
    value: str


Properties = Mapping[str, Sequence[str]]
"""Parameters and value of each line of a name, one after the other: flat, because a feed has so many."""


def read_properties(lines: Iterable[str]) -> dict[str, Sequence[str]]:
    """Give the properties of one component that Relais looks at, by upper-case name, in file order.

    A line that is not a property, such as the rest of a text broken by a raw newline, is skipped.
    """
    found: dict[str, Sequence[str]] = {}
    repeated: dict[str, list[str]] = {}
    for line in lines:
        head, _, value = line.partition(":")
        name, _, params = head.partition(";")
        if name not in KEPT:
            name = name.strip().upper()
            if name not in KEPT:
                continue
        if '"' in params:
            params, value = _split_quoted(line)
        if name not in found:
            found[name] = (params, value)
        elif name in repeated:
            repeated[name] += (params, value)
        else:
            found[name] = repeated[name] = [*found[name], params, value]
    return found


def first_of(properties: Properties, name: str) -> Property:
    """Give the first line of a name that is present."""
    found = properties[name]
    return Property(found[0], found[1])


def all_of(properties: Properties, name: str) -> list[Property]:
    """Give the lines of a name, perhaps none, in file order."""
    found = properties.get(name, ())
    return [Property(found[place], found[place + 1]) for place in range(0, len(found), 2)]


def _split_quoted(line: str) -> tuple[str, str]:
    """Separate parameters and value at the first colon outside quotes."""
    quoted = False
    start = line.index(";") + 1
    for place in range(start, len(line)):
        if line[place] == '"':
            quoted = not quoted
        elif line[place] == ":" and not quoted:
            return line[start:place], line[place + 1 :]
    return line[start:], ""


_PARAMETER = re.compile(r'([A-Za-z0-9-]+)\s*=\s*("[^"]*"|[^;]*)')


def parameters(params: str) -> dict[str, str]:
    """Give the parameters by upper-case name, quotes removed; for a list, as written."""
    return {name.upper(): value.strip().strip('"').strip() for name, value in _PARAMETER.findall(params)}


_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LIST_PART = re.compile(r"(?:[^\\,]|\\.)+", re.DOTALL)


def unescape(value: str) -> str:
    """Undo the escapes of a TEXT value (RFC 5545 §3.3.11)."""
    if "\\" not in value:
        return value
    return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], value)


def text(properties: Properties, name: str) -> str:
    """Give the first value of a property, unescaped and stripped; empty when absent."""
    found = properties.get(name)
    return unescape(found[1]).strip() if found else ""


def word(properties: Properties, name: str) -> str:
    """Give the first value of a property as an upper-case keyword; empty when absent."""
    found = properties.get(name)
    return found[1].strip().upper() if found else ""


def plain(value: str) -> str:
    """Give a text in upper case, without accents and with single blanks, to compare what people type."""
    if not value.isascii():
        value = "".join(c for c in unicodedata.normalize("NFKD", value) if not unicodedata.combining(c))
    return " ".join(value.upper().split())


def split_list(value: str) -> list[str]:
    """Split a list of TEXT values at the commas that are not escaped."""
    if "\\" not in value:
        return value.split(",")
    return [unescape(part) for part in _LIST_PART.findall(value)]
