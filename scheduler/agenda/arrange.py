"""Which slots of one practitioner can be open together: a pure decision over a stretch of agenda.

All that is known of the practitioner is looked at together, whichever calendar it comes from: a busy hour
of one closes the slots of another, and nobody is in two places at a time.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from scheduler.store.tables import SlotState

LEAST_OVERLAP = timedelta(minutes=1)
"""A busy event that touches a slot for less is an imprecise entry, not an obstacle."""

Stretch = tuple[datetime, datetime]


class Closed(StrEnum):
    """Why a slot that its calendar shows cannot be booked; also the word of a conflict."""

    BUSY = "busy"
    OVERLAP = "overlap"
    DELETED = "deleted"
    MOVED = "moved"


class Shown(StrEnum):
    """What the slot's own calendar says of it now."""

    PRESENT = "present"
    MOVED = "moved"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One slot as it stands.

    Parameters
    ----------
    feed : int
        Its calendar, or 0 for a slot opened by hand; of two that overlap, the later calendar gives way.
    key : str
        What identifies it in that calendar.
    booked : bool
        Somebody holds or has booked a place: then its times are promised, whatever its calendar says.
    """

    feed: int
    key: str
    start_at: datetime
    end_at: datetime
    booked: bool
    shown: Shown


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a slot; ``conflict`` is set when a promised time no longer holds."""

    state: SlotState
    closed_reason: str | None = None
    conflict: str | None = None


class Union:
    """A set of stretches of time, kept sorted and apart: those that touch become one."""

    def __init__(self, stretches: Iterable[Stretch] = ()) -> None:
        self._starts: list[datetime] = []
        self._ends: list[datetime] = []
        for start_at, end_at in stretches:
            self.add(start_at, end_at)

    def add(self, start_at: datetime, end_at: datetime) -> None:
        """Add one stretch."""
        first = bisect_left(self._ends, start_at)
        beyond = bisect_right(self._starts, end_at)
        if first < beyond:
            start_at = min(start_at, self._starts[first])
            end_at = max(end_at, self._ends[beyond - 1])
        self._starts[first:beyond] = [start_at]
        self._ends[first:beyond] = [end_at]

    def overlap(self, start_at: datetime, end_at: datetime) -> timedelta:
        """Give how much of a stretch is covered, in all."""
        covered = timedelta(0)
        place = bisect_right(self._ends, start_at)
        while place < len(self._starts) and self._starts[place] < end_at:
            covered += min(self._ends[place], end_at) - max(self._starts[place], start_at)
            place += 1
        return covered


def arrange(
    candidates: Iterable[Candidate], *, busy: Iterable[Stretch], taken: Iterable[Stretch] = ()
) -> Mapping[Candidate, Verdict]:
    """Decide on every slot.

    A promised slot always comes before one that is only offered; among equals, the calendar registered
    first, then the earlier slot. No two slots that come out open overlap, and none overlaps ``taken``.

    Parameters
    ----------
    busy
        Busy hours of the practitioner, of all their calendars.
    taken
        Stretches of open or promised slots about which nothing is decided here, such as one under way.
    """
    obstacles, occupied = Union(busy), Union(taken)
    verdicts = {}
    for each in sorted(candidates, key=_precedence):
        verdict = _verdict(each, _why_closed(each, obstacles, occupied))
        verdicts[each] = verdict
        if each.booked or verdict.state is SlotState.OPEN:
            occupied.add(each.start_at, each.end_at)
    return verdicts


def _precedence(each: Candidate) -> tuple[bool, int, datetime, str]:
    return (not each.booked, each.feed, each.start_at, each.key)


def _why_closed(each: Candidate, busy: Union, occupied: Union) -> Closed | None:
    if each.shown is Shown.GONE:
        return Closed.DELETED
    if each.shown is Shown.MOVED:
        return Closed.MOVED
    if busy.overlap(each.start_at, each.end_at) >= LEAST_OVERLAP:
        return Closed.BUSY
    if occupied.overlap(each.start_at, each.end_at):
        return Closed.OVERLAP
    return None


def _verdict(each: Candidate, why: Closed | None) -> Verdict:
    if why is None:
        return Verdict(SlotState.OPEN)
    if each.booked:
        return Verdict(SlotState.CLOSED, why.value, conflict=why.value)
    if why is Closed.DELETED:
        return Verdict(SlotState.WITHDRAWN)
    return Verdict(SlotState.CLOSED, why.value)
