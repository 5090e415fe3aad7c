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


Properties = Mapping[str, Sequence[Property]]


def read_properties(lines: Iterable[str]) -> dict[str, list[Property]]:
    """Give the properties of one component that Relais looks at, by upper-case name, in file order.

    A line that is not a property, such as the rest of a text broken by a raw newline, is skipped.
    """
    found: dict[str, list[Property]] = {}
    for line in lines:
        head, _, value = line.partition(":")
        name, _, params = head.partition(";")
        if name not in KEPT:
            name = name.strip().upper()
            if name not in KEPT:
                continue
        if '"' in params:
            params, value = _split_quoted(line)
        if name in found:
            found[name].append(Property(params, value))
        else:
            found[name] = [Property(params, value)]
    return found


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
    lines = properties.get(name)
    return unescape(lines[0].value).strip() if lines else ""


def word(properties: Properties, name: str) -> str:
    """Give the first value of a property as an upper-case keyword; empty when absent."""
    lines = properties.get(name)
    return lines[0].value.strip().upper() if lines else ""


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
