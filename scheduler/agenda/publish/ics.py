"""Writing iCalendar: the few lines that every agenda reads alike, the same bytes until something changes.

Our own lines rather than the ``icalendar`` package, whose output depends on its version: agendas that
subscribe, and our ETag, want the same bytes for the same content.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

Line = tuple[str, str]
"""A property, with its parameters, and its value as it is to be written (RFC 5545 §3.1)."""

_LONGEST = 75  # octets of a line without its end
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def write_calendar(head: Iterable[Line], events: Iterable[Iterable[Line]]) -> bytes:
    """Write one VCALENDAR: UTF-8 without byte-order mark, CRLF, lines folded at 75 octets."""
    lines: list[Line] = [("BEGIN", "VCALENDAR"), *head]
    for event in events:
        lines += [("BEGIN", "VEVENT"), *event, ("END", "VEVENT")]
    lines.append(("END", "VCALENDAR"))
    return b"".join(fold(f"{name}:{value}") for name, value in lines)


def fold(line: str) -> bytes:
    """Write one content line, cut where it is longer than 75 octets, never within a character."""
    octets = line.encode()
    if len(octets) <= _LONGEST:
        return octets + b"\r\n"
    return b"\r\n ".join(_pieces(octets)) + b"\r\n"


def _pieces(octets: bytes) -> Iterator[bytes]:
    start, room = 0, _LONGEST
    while start < len(octets):
        end = min(start + room, len(octets))
        while end < len(octets) and octets[end] & 0xC0 == 0x80:  # inside a character of several octets
            end -= 1
        yield octets[start:end]
        start, room = end, _LONGEST - 1  # the blank that begins a folded line counts


def text(value: str) -> str:
    """Escape a text value (RFC 5545 §3.3.11); other control characters are left out."""
    plain = _CONTROL.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
    escapes: Mapping[str, str] = {"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"}
    return "".join(escapes.get(character, character) for character in plain)


def instant(at: datetime) -> str:
    """Write an instant in UTC (RFC 5545 §3.3.5, form 2): a single event needs no time zone."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
