"""From the readings of one practitioner to slots: cut on a grid, closed where something is busy."""

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from scheduler.agenda.feeds.intervals import merged
from scheduler.agenda.feeds.reasons import SENTENCES, Reason
from scheduler.agenda.feeds.values import Entry, Reading, State

_MIN_OVERLAP = timedelta(minutes=1)


class DraftState(StrEnum):
    """Whether a slot read in a calendar may be offered."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotDraft:
    """A slot as the calendars have it; the store compares it with what it knows by ``key``.

    Parameters
    ----------
    key : str
        32 hexadecimal digits: same slot, same key, at every reading; unique among the drafts of a source.
    source : str
        ``FeedSettings.source`` of the calendar it comes from.
    uid, recurrence_id
        The entry it was cut from.
    start_at, end_at : datetime
        Aware UTC.
    state : DraftState
    reason : str
        Why it is open, or ``overlapped``.
    label : str or None
        Title of the event where it may be kept.
    capacity : int
        Places, ≥ 1.
    """

    key: str
    source: str
    uid: str
    recurrence_id: datetime | None
    start_at: datetime
    end_at: datetime
    state: DraftState
    reason: str
    label: str | None = None
    capacity: int = 1

    @property
    def sentence(self) -> str:
        """Say in plain French why it is open or closed."""
        return SENTENCES[self.reason]


def cut_slots(readings: Sequence[Reading]) -> tuple[SlotDraft, ...]:
    """Give the slots of one practitioner from all their calendars, sorted by start, end, key.

    A range longer than its slot length is cut from its start, the rest dropped. Slots that do not
    overlap their reading's window are left out. Two open entries at the same times in one calendar are
    one slot, with the larger capacity. A slot that busy time of any calendar covers for a minute or
    more is closed.

    Parameters
    ----------
    readings : sequence of Reading
        All calendars of one practitioner, ``busy`` ones included, each with its own ``source``.
    """
    busy = _Busy(entry for reading in readings for entry in reading.entries)
    drafts = [draft for reading in readings for draft in _drafts(reading, busy)]
    return tuple(sorted(drafts, key=lambda draft: (draft.start_at, draft.end_at, draft.key)))


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of an open entry: its times and its number on the entry's grid."""

    start_at: datetime
    end_at: datetime
    number: int
    entry: Entry


class _Busy:
    """The busy time of all calendars, to ask how much of a slot it covers."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._intervals = merged(
            (entry.start_at, entry.end_at)
            for entry in entries
            if entry.state is State.BUSY and entry.start_at is not None and entry.end_at is not None
        )
        self._ends = [end for _, end in self._intervals]

    def covers(self, start_at: datetime, end_at: datetime) -> bool:
        """Tell whether a minute or more of it is busy."""
        covered = timedelta(0)
        for place in range(bisect_left(self._ends, start_at), len(self._intervals)):
            busy_from, busy_to = self._intervals[place]
            if busy_from >= end_at:
                break
            covered += max(min(busy_to, end_at) - max(busy_from, start_at), timedelta(0))
        return covered >= _MIN_OVERLAP


def _drafts(reading: Reading, busy: _Busy) -> Iterator[SlotDraft]:
    by_times: dict[tuple[datetime, datetime], list[Piece]] = {}
    for entry in reading.entries:
        for piece in pieces_of(entry):
            if piece.start_at < reading.window.to_at and piece.end_at > reading.window.from_at:
                by_times.setdefault((piece.start_at, piece.end_at), []).append(piece)
    taken: set[str] = set()
    for (start_at, end_at), pieces in sorted(by_times.items()):
        key, piece = min(((_key(reading.source, piece), piece) for piece in pieces), key=_preference)
        if key in taken:
            key = _digest(key, start_at, end_at)
        taken.add(key)
        closed = busy.covers(start_at, end_at)
        yield SlotDraft(
            key=key,
            source=reading.source,
            uid=piece.entry.uid,
            recurrence_id=piece.entry.recurrence_id,
            start_at=start_at,
            end_at=end_at,
            state=DraftState.CLOSED if closed else DraftState.OPEN,
            reason=Reason.OVERLAPPED if closed else piece.entry.reason,
            label=piece.entry.label,
            capacity=max(piece.entry.capacity for piece in pieces),
        )


def _preference(keyed: tuple[str, Piece]) -> tuple[str, str, str]:
    """Order pieces at the same times in a way that does not depend on their order in the file."""
    key, piece = keyed
    return key, piece.entry.reason, piece.entry.label or ""


def pieces_of(entry: Entry) -> list[Piece]:
    """Cut an open entry on the grid that begins at its start."""
    if entry.state is not State.OPEN or entry.start_at is None or entry.end_at is None:
        return []
    length = timedelta(minutes=entry.slot_minutes) if entry.slot_minutes else entry.end_at - entry.start_at
    if entry.end_at - entry.start_at <= length:
        return [Piece(entry.start_at, entry.end_at, 0, entry)]
    starts = [entry.start_at + number * length for number in range((entry.end_at - entry.start_at) // length)]
    return [Piece(start, start + length, number, entry) for number, start in enumerate(starts)]


def _key(source: str, piece: Piece) -> str:
    """Give the key of a slot: its calendar, UID and original start, and its number on the grid.

    An occurrence that is moved keeps its key, since RECURRENCE-ID stays; a single event that is moved
    is another slot, so that a booking on it is seen to be orphaned.
    """
    return _digest(source, piece.entry.uid, piece.entry.recurrence_id or piece.entry.start_at, piece.number)


def _digest(*parts: str | int | datetime | None) -> str:
    written = [
        f"{part.astimezone(UTC):%Y%m%dT%H%M%SZ}" if isinstance(part, datetime) else str(part)
        for part in parts
    ]
    return hashlib.sha256("\x1f".join(written).encode("utf-8", "replace")).hexdigest()[:32]


def _written(part: str | int | datetime | None) -> str:
    return f"{part.astimezone(UTC):%Y%m%dT%H%M%SZ}" if isinstance(part, datetime) else str(part)
