"""Occurrences into the entries of a reading, with the verdict of their component."""

from datetime import UTC, datetime

from scheduler.agenda.feeds.classify import judge_times
from scheduler.agenda.feeds.errors import FeedTooManyEvents
from scheduler.agenda.feeds.reasons import Reason, Warned
from scheduler.agenda.feeds.series import Occurrence
from scheduler.agenda.feeds.values import Entry, State, WarningLog
from scheduler.agenda.feeds.verdict import Verdict


class EntryBook:
    """The entries of one reading, bounded in number.

    Raises
    ------
    FeedTooManyEvents
        By every method that adds, over ``max_entries``.
    """

    def __init__(self, max_entries: int, log: WarningLog) -> None:
        self.entries: list[Entry] = []
        self._max_entries = max_entries
        self._log = log

    def add(self, entry: Entry) -> None:
        """Add one entry."""
        if len(self.entries) >= self._max_entries:
            raise FeedTooManyEvents
        self.entries.append(entry)

    def refuse(self, uid: str, reason: str) -> None:
        """Add a component that could not be read."""
        self._log.add(Warned.REFUSED_ENTRIES, uid=uid)
        self.add(Entry(state=State.REFUSED, reason=reason, start_at=None, end_at=None, uid=uid))

    def judge(self, one: Occurrence, verdict: Verdict) -> Entry:
        """Add one occurrence and give what became of it."""
        state, reason = judge_times(verdict, one.event, one.length, one.end_at > one.start_at)
        if reason in {Reason.NO_DURATION, Reason.ENDS_BEFORE_START}:
            self._log.add(Warned.NOT_POSITIVE, uid=one.event.uid)
        entry = _entry(one, verdict, state, reason)
        self.add(entry)
        return entry

    def in_order(self) -> tuple[Entry, ...]:
        """Give the entries sorted by start, end, uid; those without times last."""
        return tuple(sorted(self.entries, key=_order))


def _entry(one: Occurrence, verdict: Verdict, state: State, reason: Reason) -> Entry:
    is_open = state is State.OPEN
    return Entry(
        state=state,
        reason=reason,
        start_at=one.start_at,
        end_at=one.end_at,
        uid=one.event.uid,
        recurrence_id=one.recurrence_at,
        label=verdict.label if is_open else None,
        capacity=verdict.capacity if is_open else 1,
        slot_minutes=verdict.slot_minutes if is_open else None,
    )


_NEVER = datetime.max.replace(tzinfo=UTC)


def _order(entry: Entry) -> tuple[datetime, datetime, str, datetime, str, str, int, int]:
    return (
        entry.start_at or _NEVER,
        entry.end_at or _NEVER,
        entry.uid,
        entry.recurrence_id or _NEVER,
        entry.reason,
        entry.label or "",
        entry.capacity,
        entry.slot_minutes or 0,
    )
