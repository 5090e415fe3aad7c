"""Series and their exceptions into occurrences (RFC 5545 §3.8.4.4 and §3.8.5).

Everything is computed in the naive local time of the series' own zone; each occurrence becomes an
instant last. Exceptions are matched generously, because tools write them in several ways: as a day, as
an instant, as local digits, and as local digits that pretend to be UTC.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from scheduler.agenda.feeds.errors import ComponentRefused
from scheduler.agenda.feeds.events import Event
from scheduler.agenda.feeds.expansion import Budget, Stretch
from scheduler.agenda.feeds.local_zones import LocalZone
from scheduler.agenda.feeds.moments import DAY, ZERO, Length, end_of
from scheduler.agenda.feeds.properties import all_of
from scheduler.agenda.feeds.reasons import Reason
from scheduler.agenda.feeds.starts import local_times, starts_of
from scheduler.agenda.feeds.values import Limits, WarningLog, Window
from scheduler.agenda.feeds.zones import Zones

_MAX_SHIFT = timedelta(days=366)
_MIDNIGHT = time()


@dataclass(slots=True)
class Occurrence:
    """One occurrence; instants are aware in UTC, ``length`` is nominal (as on a day without clock change)."""

    event: Event
    start_at: datetime
    end_at: datetime
    length: timedelta
    recurrence_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reach:
    """What one reading expands with: the window, the zones, the bounds, the warnings."""

    first_at: datetime
    last_at: datetime
    zones: Zones
    limits: Limits
    budget: Budget
    log: WarningLog

    @classmethod
    def of(cls, window: Window, zones: Zones, limits: Limits, budget: Budget, log: WarningLog) -> "Reach":
        """Make it from a window."""
        return cls(window.from_at, window.to_at, zones, limits, budget, log)

    def keep(self, found: Iterable[Occurrence]) -> Iterator[Occurrence]:
        """Keep what overlaps the window; what has no length counts by its start, so that it is told."""
        for one in found:
            if one.start_at < self.last_at and (one.end_at > self.first_at or self.first_at <= one.start_at):
                yield one


def single(event: Event) -> Occurrence:
    """Give the occurrence of a component that neither repeats nor belongs to a series in the file."""
    recurrence = event.recurrence.at if event.recurrence else None
    return _occurrence(event, event.start.local, event.start.zone, event.length, recurrence)


def series(master: Event, overrides: list[Event], reach: Reach) -> tuple[list[Occurrence], set[int]]:
    """Give the occurrences of one series with its exceptions applied, not yet limited to the window.

    Parameters
    ----------
    master : Event
        The component without RECURRENCE-ID.
    overrides : list of Event
        Components of the same UID with one.
    reach : Reach

    Returns
    -------
    (list of Occurrence, set of int)
        The occurrences, and the ``id`` of the overrides that belong to this series; the others stand
        alone unless another series of the same UID claims them.

    Raises
    ------
    ComponentRefused
        When the series cannot be expanded.
    """
    zone = master.start.zone
    changes = _changes(master, overrides)
    stretch = _stretch(master, changes, reach)
    starts = starts_of(master, stretch, reach.zones, reach.budget, reach.log)
    excluded = _exclusions(master, reach.zones)
    by_day = {start.date(): start for start in sorted(starts, reverse=True)} if overrides else {}
    found: list[Occurrence] = []
    claimed = {id(change.event) for change in changes if change.original < stretch.first}
    for override in overrides:
        original = _original(override, master, starts, by_day)
        if original is None:
            if excluded.cover_any(override, master):
                claimed.add(id(override))
            continue
        claimed.add(id(override))
        if override.and_future:
            continue
        del starts[original]
        if not excluded.cover(original):
            start, length = override.start, override.length
            found.append(_occurrence(override, start.local, start.zone, length, zone.to_utc(original)))
    for original, length in starts.items():
        if not excluded.cover(original):
            found.append(_regular(master, original, length, changes))
    return found, claimed


@dataclass(slots=True)
class _Exclusions:
    """Local times and days that EXDATE takes out."""

    times: set[datetime] = field(default_factory=set)
    days: set[date] = field(default_factory=set)

    def cover(self, start: datetime) -> bool:
        return start in self.times or start.date() in self.days

    def cover_any(self, override: Event, master: Event) -> bool:
        return override.recurrence is not None and any(
            map(self.cover, local_times(override.recurrence, master))
        )


def _exclusions(master: Event, zones: Zones) -> _Exclusions:
    excluded = _Exclusions()
    for line in all_of(master.properties, "EXDATE"):
        for value in filter(None, map(str.strip, line.value.split(","))):
            moment = zones.moment_of(line.params, value)
            times = local_times(moment, master)
            if moment.is_date or master.is_all_day:
                excluded.days.update(at.date() for at in times)
            else:
                excluded.times.update(times)
    return excluded


@dataclass(frozen=True, slots=True)
class _Change:
    """A THISANDFUTURE override: occurrences from ``original`` on move by ``shift`` and become ``event``."""

    original: datetime
    shift: timedelta
    event: Event


def _changes(master: Event, overrides: list[Event]) -> list[_Change]:
    changes = []
    for override in overrides:
        if override.and_future and override.recurrence is not None:
            original = local_times(override.recurrence, master)[0]
            if override.recurrence.is_date and not master.is_all_day:
                original = datetime.combine(original.date(), master.start.local.time())
            shift = local_times(override.start, master)[0] - original
            if abs(shift) > _MAX_SHIFT:
                raise ComponentRefused(Reason.SERIES_TOO_LONG)
            changes.append(_Change(original, shift, override))
    return sorted(changes, key=lambda change: change.original)


def _stretch(master: Event, changes: list[_Change], reach: Reach) -> Stretch:
    """Give the local times whose occurrences may reach into the window, with a day for the offsets."""
    zone = master.start.zone
    longest = max([master.length.nominal, *(change.event.length.nominal for change in changes)])
    before = max([change.shift for change in changes], default=ZERO)
    after = max([-change.shift for change in changes], default=ZERO)
    return Stretch(
        first=zone.to_local(reach.first_at) - max(longest, DAY) - max(before, ZERO) - DAY,
        last=zone.to_local(reach.last_at) + max(after, ZERO) + DAY,
        max_starts=reach.limits.max_occurrences_per_series,
    )


def _original(
    override: Event, master: Event, starts: dict[datetime, Length], by_day: dict[date, datetime]
) -> datetime | None:
    """Give the occurrence that an override replaces; None when the series has none there.

    A RECURRENCE-ID that is a day, or a midnight at which nothing starts (Exchange), means the first
    occurrence of that day.
    """
    moment = override.recurrence
    if moment is None:
        return None
    times = local_times(moment, master)
    for at in times:
        if at in starts:
            return at
    if moment.is_date or times[0].time() == _MIDNIGHT:
        first = by_day.get(times[0].date())
        return first if first in starts else None
    return None


def _regular(master: Event, original: datetime, length: Length, changes: list[_Change]) -> Occurrence:
    for change in reversed(changes):
        if change.original <= original:
            start, recurrence = original + change.shift, master.start.zone.to_utc(original)
            return _occurrence(change.event, start, master.start.zone, change.event.length, recurrence)
    occurrence = _occurrence(master, original, master.start.zone, length, None)
    occurrence.recurrence_at = occurrence.start_at
    return occurrence


def _occurrence(
    event: Event, start: datetime, zone: LocalZone, length: Length, recurrence: datetime | None
) -> Occurrence:
    start_at = zone.to_utc(start)
    end_at = end_of(start, start_at, zone, length)
    return Occurrence(event, start_at, end_at, length.nominal, recurrence)
