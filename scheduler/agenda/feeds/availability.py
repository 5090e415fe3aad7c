"""Components that state free time themselves: VAVAILABILITY (RFC 7953) and VFREEBUSY (RFC 5545 §3.6.4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from scheduler.agenda.feeds.classify import Classifier
from scheduler.agenda.feeds.entries import EntryBook
from scheduler.agenda.feeds.errors import ComponentRefused
from scheduler.agenda.feeds.events import identify
from scheduler.agenda.feeds.groups import add_group, group_by_uid, read_events
from scheduler.agenda.feeds.intervals import Interval, without
from scheduler.agenda.feeds.moments import DAY, ZERO, end_of, read_duration
from scheduler.agenda.feeds.properties import Properties, all_of, first_of, parameters, read_properties, word
from scheduler.agenda.feeds.reasons import Reason, Warned
from scheduler.agenda.feeds.series import Reach
from scheduler.agenda.feeds.splitting import RawComponent
from scheduler.agenda.feeds.values import Entry, FeedSettings, Mode, State
from scheduler.agenda.feeds.verdict import Verdict


@dataclass(frozen=True, slots=True)
class _Availability:
    """One VAVAILABILITY within the window: the time it speaks for, what of it is available."""

    uid: str
    rank: int
    domain: Interval
    available: tuple[Interval, ...]


def add_availability(
    raws: Sequence[RawComponent],
    settings: FeedSettings,
    reach: Reach,
    classifier: Classifier,
    book: EntryBook,
) -> None:
    """Add the entries of all VAVAILABILITY components of a calendar.

    Each is busy outside its AVAILABLE parts, except where one of higher priority speaks (1 is the
    highest, 0 or none the lowest); between two of the same priority the busy one wins.
    """
    read: list[_Availability] = []
    for raw in raws:
        try:
            one = _read(raw, settings, reach, classifier, book)
        except ComponentRefused as refusal:
            book.refuse(identify(raw, settings.source), refusal.reason)
        except (ValueError, OverflowError):  # a value out of Python's range: dates, mostly
            book.refuse(identify(raw, settings.source), Reason.UNREADABLE)
        else:
            read += one
    _add_busy(read, book)


def _add_busy(read: list[_Availability], book: EntryBook) -> None:
    for one in read:
        higher = [other.domain for other in read if other.rank < one.rank]
        for start, end in without([one.domain], [*one.available, *higher]):
            book.add(_entry(State.BUSY, Reason.OUTSIDE_AVAILABILITY, (start, end), one.uid))


def _read(
    raw: RawComponent, settings: FeedSettings, reach: Reach, classifier: Classifier, book: EntryBook
) -> list[_Availability]:
    """Add the AVAILABLE parts of one component and give its time; nothing if it is outside the window."""
    if not raw.closed:
        raise ComponentRefused(Reason.UNCLOSED)
    properties = read_properties(raw.lines)
    first, last = _domain(properties, reach)
    if first >= last:
        return []
    within = replace(reach, first_at=first, last_at=last)
    parts = [part for part in raw.children if part.name == "AVAILABLE"]
    events = read_events(parts, reach, settings.source, book)
    if word(properties, "CLASS") not in {"", "PUBLIC"}:
        for event in events:
            event.verdict = Verdict(State.BUSY, Reason.PRIVATE)
    entries = [
        entry for group in group_by_uid(events) for entry in add_group(group, within, classifier, book)
    ]
    return [
        _Availability(
            uid=identify(raw, settings.source),
            rank=_rank(properties),
            domain=(first, last),
            available=tuple(_interval(entry) for entry in entries if _is_available(entry)),
        )
    ]


def _domain(properties: Properties, reach: Reach) -> Interval:
    """Give the time a VAVAILABILITY speaks for, within the window; unbounded where it says nothing."""
    first, last = reach.first_at, reach.last_at
    if "DTSTART" not in properties:
        return first, last
    start = reach.zones.moment(first_of(properties, "DTSTART"))
    start_at = start.at
    if "DTEND" in properties:
        last = min(last, reach.zones.moment(first_of(properties, "DTEND")).at)
    elif "DURATION" in properties:
        length = read_duration(first_of(properties, "DURATION").value)
        last = min(last, end_of(start.local, start_at, start.zone, length))
    return max(first, start_at), last


def _rank(properties: Properties) -> int:
    value = word(properties, "PRIORITY")
    return int(value) if value in set("123456789") else 10


def _is_available(entry: Entry) -> bool:
    return entry.state is State.OPEN or entry.reason == Reason.AVAILABLE_IN_BUSY_CALENDAR


def _interval(entry: Entry) -> Interval:
    if entry.start_at is None or entry.end_at is None:
        raise ComponentRefused(Reason.NO_START)
    return entry.start_at, entry.end_at


def add_free_busy(
    raws: Iterable[RawComponent], settings: FeedSettings, reach: Reach, *, is_cancelled: bool, book: EntryBook
) -> None:
    """Add the periods of all VFREEBUSY components; a kind that is not FREE is busy."""
    for raw in raws:
        uid = identify(raw, settings.source)
        try:
            for state, reason, period in _periods(raw, settings, reach):
                if is_cancelled:
                    state, reason = State.IGNORED, Reason.CANCELLED  # noqa: PLW2901 — same period
                if period[0] < reach.last_at and period[1] > reach.first_at:
                    book.add(_entry(state, reason, period, uid, settings))
        except ComponentRefused as refusal:
            book.refuse(uid, refusal.reason)
        except (ValueError, OverflowError):  # a value out of Python's range: dates, mostly
            book.refuse(uid, Reason.UNREADABLE)


def _periods(raw: RawComponent, settings: FeedSettings, reach: Reach) -> list[tuple[State, Reason, Interval]]:
    if not raw.closed:
        raise ComponentRefused(Reason.UNCLOSED)
    found = []
    for line in all_of(read_properties(raw.lines), "FREEBUSY"):
        is_free = parameters(line.params).get("FBTYPE", "BUSY").upper() == "FREE"
        for value in filter(None, map(str.strip, line.value.split(","))):
            first, slash, rest = value.partition("/")
            if not slash:
                raise ComponentRefused(Reason.BAD_DURATION)
            start = reach.zones.moment_of(line.params, first)
            start_at = start.at
            if rest.strip().upper().startswith(("P", "+P", "-P")):
                end_at = end_of(start.local, start_at, start.zone, read_duration(rest))
            else:
                end_at = reach.zones.moment_of(line.params, rest).at
            state, reason = _judge_period(start_at, end_at, settings, is_free=is_free)
            if reason is Reason.ENDS_BEFORE_START:
                reach.log.add(Warned.NOT_POSITIVE)
            found.append((state, reason, (start_at, end_at)))
    return found


def _judge_period(
    start: datetime, end: datetime, settings: FeedSettings, *, is_free: bool
) -> tuple[State, Reason]:
    if end - start <= ZERO:
        return State.IGNORED, Reason.ENDS_BEFORE_START
    if not is_free:
        return State.BUSY, Reason.BUSY_PERIOD
    if end - start > DAY:
        return State.IGNORED, Reason.LONGER_THAN_A_DAY
    if settings.mode is Mode.BUSY:
        return State.IGNORED, Reason.AVAILABLE_IN_BUSY_CALENDAR
    return State.OPEN, Reason.FREE_PERIOD


def _entry(
    state: State, reason: Reason, period: Interval, uid: str, settings: FeedSettings | None = None
) -> Entry:
    return Entry(
        state=state,
        reason=reason,
        start_at=period[0],
        end_at=period[1],
        uid=uid,
        slot_minutes=settings.slot_minutes if settings and state is State.OPEN else None,
    )
