"""Time zones defined by the calendar itself (VTIMEZONE, RFC 5545 §3.6.5), evaluated for one reading only.

Nothing is kept between readings: two calendars may give the same name to different zones.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from scheduler.agenda.feeds.errors import ComponentRefused
from scheduler.agenda.feeds.expansion import Budget, Stretch, expand
from scheduler.agenda.feeds.moments import read_offset, written
from scheduler.agenda.feeds.properties import Properties, all_of, first_of, read_properties
from scheduler.agenda.feeds.reasons import Reason
from scheduler.agenda.feeds.rules import read_rule
from scheduler.agenda.feeds.splitting import RawComponent
from scheduler.agenda.feeds.values import Window

_MARGIN = timedelta(days=800)


@dataclass(frozen=True, slots=True, order=True)
class _Change:
    """One change of offset: its instant, naive in UTC, and the offsets on both sides."""

    instant: datetime
    before: timedelta
    after: timedelta


class FileZone(tzinfo):
    """A zone made of changes; a skipped hour takes the offset before, a doubled one is the first.

    Parameters
    ----------
    name : str
        The file's name for it.
    changes : list of _Change
        In order, at least one; the offset before the first holds for all earlier times.
    """

    def __init__(self, name: str, changes: list[_Change]) -> None:
        self._name = name
        self._offsets = [changes[0].before, *(change.after for change in changes)]
        self._instants = [change.instant for change in changes]
        self._early = [change.instant + min(change.before, change.after) for change in changes]
        self._late = [change.instant + max(change.before, change.after) for change in changes]

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        """Give the offset of a local time."""
        if dt is None:
            return None
        bounds = self._early if dt.fold else self._late
        return self._offsets[bisect_right(bounds, dt.replace(tzinfo=None, fold=0))]

    def fromutc(self, dt: datetime) -> datetime:
        """Give the local time of an instant (``dt`` has the digits of UTC and this zone)."""
        offset = self._offsets[bisect_right(self._instants, dt.replace(tzinfo=None))]
        return dt + offset

    def dst(self, dt: datetime | None) -> timedelta | None:  # noqa: ARG002 — tzinfo's signature
        """Give None: the file does not say which part of an offset is summer time."""
        return None

    def tzname(self, dt: datetime | None) -> str:  # noqa: ARG002 — tzinfo's signature
        """Give the file's name for the zone."""
        return self._name


def read_file_zone(component: RawComponent, name: str, window: Window, budget: Budget) -> FileZone:
    """Evaluate a VTIMEZONE around a window.

    Raises
    ------
    ComponentRefused
        When any part of it is malformed: half a definition is worse than none.
    """
    if not component.closed:
        raise ComponentRefused(Reason.UNCLOSED)
    changes: set[_Change] = set()
    for part in component.children:
        if part.name in {"STANDARD", "DAYLIGHT"}:
            changes.update(_changes(read_properties(part.lines), window, budget))
    if not changes:
        raise ComponentRefused(Reason.BAD_DATE)
    return FileZone(name, sorted(changes))


def _changes(part: Properties, window: Window, budget: Budget) -> list[_Change]:
    """Give the changes of one STANDARD or DAYLIGHT part up to a margin after the window."""
    if "DTSTART" not in part or "TZOFFSETFROM" not in part or "TZOFFSETTO" not in part:
        raise ComponentRefused(Reason.BAD_DATE)
    before = read_offset(first_of(part, "TZOFFSETFROM").value)
    after = read_offset(first_of(part, "TZOFFSETTO").value)
    start = written(first_of(part, "DTSTART").value).digits
    onsets = {start}
    for rdate in all_of(part, "RDATE"):
        onsets.update(written(value.partition("/")[0]).digits for value in rdate.value.split(","))
    for rule in all_of(part, "RRULE"):
        onsets.update(_onsets(rule.value, start, before, window, budget))
    return [_Change(_safe(onset) - before, before, after) for onset in onsets]


def _safe(onset: datetime) -> datetime:
    """Keep "since ever" (year 1) off the edge of datetime's range, where no offset can be applied."""
    return onset.replace(year=2) if onset.year < 2 else onset


def _onsets(value: str, start: datetime, before: timedelta, window: Window, budget: Budget) -> list[datetime]:
    rule = read_rule(value)
    until = None
    if rule.until is not None:
        until = rule.until.digits
        if rule.until.is_utc and 1 < until.year < 9999:
            until += before
        if rule.until.is_date:
            until = until.replace(hour=23, minute=59, second=59)
    first = window.from_at.astimezone(UTC).replace(tzinfo=None) - _MARGIN
    # a rule that has ended must still tell its last change, however long ago
    stretch = Stretch(
        first=start if rule.until is not None or rule.count is not None else max(start, first),
        last=window.to_at.astimezone(UTC).replace(tzinfo=None) + _MARGIN,
        max_starts=10_000,
    )
    return expand(rule, start, until, stretch, budget)
