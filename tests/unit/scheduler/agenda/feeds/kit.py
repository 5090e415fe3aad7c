"""What the tests of feeds share: fixtures of ``tests/calendars``, reversed files, short forms of readings."""

import itertools
import re
from datetime import UTC, datetime
from pathlib import Path

from scheduler.agenda.feeds import FeedSettings, Reading, State, Window, read_calendar

CALENDARS = Path(__file__).parents[4] / "calendars"
YEAR = Window(from_at=datetime(2026, 1, 1, tzinfo=UTC), to_at=datetime(2026, 12, 31, tzinfo=UTC))


def load(name: str) -> bytes:
    """Give the bytes of a fixture."""
    return (CALENDARS / f"{name}.ics").read_bytes()


def components(body: bytes) -> list[bytes]:
    """Give the components of a calendar, events, zones and the like, as they stand in it."""
    starts = [match.start() for match in re.finditer(rb"(?im)^BEGIN:V(?!CALENDAR|ALARM)", body)]
    end = re.search(rb"(?im)^END:VCALENDAR", body)
    assert end is not None
    return [body[first:last] for first, last in itertools.pairwise([*starts, end.start()])]


def turned(body: bytes) -> bytes:
    """Give the same calendar with its components in reverse order."""
    parts = components(body)
    return body.replace(b"".join(parts), b"".join(reversed(parts))) if parts else body


def read(body: bytes, window: Window = YEAR, **settings: object) -> Reading:
    """Read a calendar for the whole of 2026 unless told otherwise."""
    return read_calendar(body, FeedSettings(**settings), window)


def calendar(*lines: str) -> bytes:
    """Write a calendar of these lines."""
    return "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", "")).encode()


def event(*lines: str, uid: str = "a", title: str = "SNP") -> str:
    """Write an event of these lines."""
    return "\r\n".join(("BEGIN:VEVENT", f"UID:{uid}", f"SUMMARY:{title}", *lines, "END:VEVENT"))


def opened(reading: Reading) -> list[str]:
    """Give the open entries as "06-08 07:00-07:30", in UTC."""
    return [times(entry) for entry in reading.entries if entry.state is State.OPEN]


def times(entry) -> str:
    """Give the times of an entry or a slot, in UTC; the end with its day only if it is another one."""
    same_day = entry.start_at.date() == entry.end_at.date()
    return f"{entry.start_at:%m-%d %H:%M}-" + format(entry.end_at, "%H:%M" if same_day else "%m-%d %H:%M")


def reasons(reading: Reading) -> dict[str, str]:
    """Give the reason of each entry that is not open, by UID; the last one if there are several."""
    return {entry.uid: str(entry.reason) for entry in reading.entries if entry.state is not State.OPEN}


def warned(reading: Reading) -> set[str]:
    """Give the codes of the warnings."""
    return {str(warning.code) for warning in reading.warnings}
