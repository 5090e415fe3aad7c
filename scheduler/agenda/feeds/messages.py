"""What the reader process is asked and what it answers: lengths and JSON, never pickled objects."""

import json
import struct
from dataclasses import asdict
from datetime import UTC, datetime
from typing import IO, Any

from scheduler.agenda.feeds.values import (
    Entry,
    FeedSettings,
    Limits,
    Mode,
    Reading,
    ReadWarning,
    State,
    Window,
)

_LENGTH = struct.Struct(">Q")


def send(stream: IO[bytes], message: bytes) -> None:
    """Write one message preceded by its length, and flush."""
    stream.write(_LENGTH.pack(len(message)))
    stream.write(message)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """Read one message; None when the stream ended before it was complete."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    message = stream.read(length)
    return message if len(message) == length else None


def write_request(settings: FeedSettings, window: Window, limits: Limits) -> bytes:
    """Write what is to be read, without the body, which is a message of its own."""
    content = {
        "settings": {**asdict(settings), "categories": sorted(settings.categories)},
        "window": [window.from_at.isoformat(), window.to_at.isoformat()],
        "limits": asdict(limits),
    }
    return json.dumps(content).encode()


def read_request(message: bytes) -> tuple[FeedSettings, Window, Limits]:
    """Read what ``write_request`` wrote."""
    content = json.loads(message)
    settings = content["settings"]
    settings["mode"] = Mode(settings["mode"])
    settings["categories"] = frozenset(settings["categories"])
    from_at, to_at = map(datetime.fromisoformat, content["window"])
    return FeedSettings(**settings), Window(from_at=from_at, to_at=to_at), Limits(**content["limits"])


def write_reading(reading: Reading) -> bytes:
    """Write a reading, without the window and settings that the asker knows."""
    content = {
        "entries": [_entry_row(entry) for entry in reading.entries],
        "warnings": [[one.code, one.detail, one.num, one.uid] for one in reading.warnings],
        "refresh_s": reading.refresh_s,
    }
    return json.dumps(content).encode()


def read_reading(content: dict[str, Any], settings: FeedSettings, window: Window) -> Reading:
    """Make the reading of what ``write_reading`` wrote."""
    return Reading(
        entries=tuple(_entry(row) for row in content["entries"]),
        warnings=tuple(
            ReadWarning(code=code, detail=detail, num=num, uid=uid)
            for code, detail, num, uid in content["warnings"]
        ),
        window=window,
        source=settings.source,
        zone=settings.zone,
        refresh_s=content["refresh_s"],
    )


def _entry_row(entry: Entry) -> list[str | int | None]:
    return [
        str(entry.state),
        str(entry.reason),
        _stamp(entry.start_at),
        _stamp(entry.end_at),
        entry.uid,
        _stamp(entry.recurrence_id),
        entry.label,
        entry.capacity,
        entry.slot_minutes,
    ]


def _entry(row: list[Any]) -> Entry:
    state, reason, start, end, uid, recurrence, label, capacity, slot_minutes = row
    return Entry(
        state=State(state),
        reason=reason,
        start_at=_instant(start),
        end_at=_instant(end),
        uid=uid,
        recurrence_id=_instant(recurrence),
        label=label,
        capacity=capacity,
        slot_minutes=slot_minutes,
    )


def _stamp(at: datetime | None) -> int | None:
    """Give whole seconds: iCalendar knows nothing finer."""
    return None if at is None else int(at.timestamp())


def _instant(stamp: int | None) -> datetime | None:
    return None if stamp is None else datetime.fromtimestamp(stamp, UTC)
