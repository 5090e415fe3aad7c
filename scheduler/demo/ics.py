"""Writing iCalendar text line by line, as the tools of practitioners do it (RFC 5545 §3.1, §3.3)."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
IANA_ZONE = (
    "BEGIN:VTIMEZONE",
    "TZID:Europe/Paris",
    "X-LIC-LOCATION:Europe/Paris",
    "BEGIN:DAYLIGHT",
    "TZOFFSETFROM:+0100",
    "TZOFFSETTO:+0200",
    "TZNAME:CEST",
    "DTSTART:19700329T020000",
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
    "END:DAYLIGHT",
    "BEGIN:STANDARD",
    "TZOFFSETFROM:+0200",
    "TZOFFSETTO:+0100",
    "TZNAME:CET",
    "DTSTART:19701025T030000",
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
    "END:STANDARD",
    "END:VTIMEZONE",
)
_LINE_OCTETS = 75
_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry of a practitioner's agenda, before a tool writes it in its own way.

    Parameters
    ----------
    key : str
        Identity within the calendar; a changed occurrence has the key of its series.
    start, end : datetime
        Wall clock of the practice, naive on purpose; whole days run from midnight to midnight.
    rule : str
        RRULE value; empty for a single event.
    excluded : tuple of datetime
        Occurrences taken out of the series.
    replaces : datetime or None
        The occurrence of the series that this one stands for.
    shown_as : {"busy", "free", "away"}
        What Outlook calls "Show as".
    """

    key: str
    title: str
    start: datetime
    end: datetime
    rule: str = ""
    excluded: tuple[datetime, ...] = ()
    replaces: datetime | None = None
    cancelled: bool = False
    shown_as: Literal["busy", "free", "away"] = "busy"
    private: bool = False
    whole_day: bool = False
    categories: tuple[str, ...] = ()
    note: str = ""

    @property
    def transparency(self) -> str:
        """TRANSP value."""
        return "TRANSPARENT" if self.shown_as == "free" else "OPAQUE"


def written(lines: Iterable[str]) -> bytes:
    """Return the body: lines folded at 75 octets without cutting a character, ends CRLF, UTF-8."""
    return "".join(f"{_folded(line)}\r\n" for line in lines).encode()


def text(value: str) -> str:
    """Return a TEXT value with its special characters escaped."""
    return value.translate(_ESCAPED)


def wall(moment: datetime) -> str:
    """Return a local date-time: ``20261123T083000``."""
    return moment.strftime("%Y%m%dT%H%M%S")


def utc(moment: datetime) -> str:
    """Return a wall clock of Paris in UTC: ``20261123T073000Z``."""
    return moment.replace(tzinfo=PARIS).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def day(moment: date) -> str:
    """Return a date: ``20261123``."""
    return moment.strftime("%Y%m%d")


def digest(*parts: str) -> str:
    """Return 64 hexadecimal digits that depend on `parts` only, to build UIDs of each tool's form."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def calendar(head: Sequence[str], zone: Sequence[str], blocks: Sequence[Sequence[str]]) -> bytes:
    """Return the body of a calendar: its heading lines, its zone, its components."""
    return written([*head, *zone, *(line for block in blocks for line in block), "END:VCALENDAR"])


def times(event: Event, zone: str) -> list[str]:
    """Return DTSTART and DTEND, with a zone parameter (``TZID=…``) or, for "UTC", in UTC."""
    if event.whole_day:
        return [f"DTSTART;VALUE=DATE:{day(event.start)}", f"DTEND;VALUE=DATE:{day(event.end)}"]
    if zone == "UTC":
        return [f"DTSTART:{utc(event.start)}", f"DTEND:{utc(event.end)}"]
    return [f"DTSTART;{zone}:{wall(event.start)}", f"DTEND;{zone}:{wall(event.end)}"]


def rule(event: Event) -> list[str]:
    """Return the RRULE, if any."""
    return [f"RRULE:{event.rule}"] if event.rule else []


def recurrence_id(event: Event, zone: str) -> list[str]:
    """Return the RECURRENCE-ID of a changed occurrence."""
    return [f"RECURRENCE-ID;{zone}:{wall(event.replaces)}"] if event.replaces else []


def status(event: Event) -> str:
    """Return the STATUS value."""
    return "CANCELLED" if event.cancelled else "CONFIRMED"


def created(event: Event) -> datetime:
    """Return when the event was noted down: before it takes place, and the same on each export."""
    return (event.replaces or event.start) - timedelta(days=9, hours=3)


def guid(*parts: str) -> str:
    """Return an upper-case GUID that depends on `parts` only."""
    digits = digest(*parts).upper()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:32]}"


def _folded(line: str) -> str:
    pieces, piece, octets = [], "", 0
    for character in line:
        size = len(character.encode())
        if octets + size > _LINE_OCTETS:
            pieces.append(piece)
            piece, octets = " ", 1
        piece += character
        octets += size
    return "\r\n".join([*pieces, piece])
