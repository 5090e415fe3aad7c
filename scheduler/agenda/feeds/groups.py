"""Components that share a UID: which revision counts, which overrides belong to which series."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from scheduler.agenda.feeds.classify import Classifier
from scheduler.agenda.feeds.entries import EntryBook
from scheduler.agenda.feeds.errors import ComponentRefused
from scheduler.agenda.feeds.events import Event, identify, read_event
from scheduler.agenda.feeds.reasons import Reason
from scheduler.agenda.feeds.series import Occurrence, Reach, series, single
from scheduler.agenda.feeds.splitting import RawComponent
from scheduler.agenda.feeds.values import Entry, State
from scheduler.agenda.feeds.verdict import Verdict


@dataclass(slots=True)
class Group:
    """Components of one UID: ``masters`` without RECURRENCE-ID, ``overrides`` with, ``outdated`` either."""

    masters: list[Event] = field(default_factory=list)
    overrides: list[Event] = field(default_factory=list)
    outdated: list[Event] = field(default_factory=list)


def read_events(raws: Iterable[RawComponent], reach: Reach, source: str, book: EntryBook) -> list[Event]:
    """Read components one by one; one that cannot be read becomes a refused entry and costs no other."""
    events = []
    for raw in raws:
        try:
            events.append(read_event(raw, reach.zones, source, reach.log))
            raw.lines.clear()  # the texts that were not kept need not wait for the end of the feed
        except ComponentRefused as refusal:
            book.refuse(identify(raw, source), refusal.reason)
        except (ValueError, OverflowError):  # a value out of Python's range: dates, mostly
            book.refuse(identify(raw, source), Reason.UNREADABLE)
    return events


def group_by_uid(events: Iterable[Event]) -> Iterator[Group]:
    """Yield components grouped by UID, outdated revisions set apart.

    Of several components with different SEQUENCE the highest counts; with the same one all count, since
    some tools give all their events one UID. Of several overrides of one occurrence the last counts.
    """
    by_uid: dict[str, list[Event]] = {}
    for event in events:
        by_uid.setdefault(event.uid, []).append(event)
    for members in by_uid.values():
        group = Group(
            [one for one in members if not one.recurrence], [one for one in members if one.recurrence]
        )
        if len(group.masters) > 1:
            latest = max(event.sequence for event in group.masters)
            group.outdated += [event for event in group.masters if event.sequence < latest]
            group.masters = [event for event in group.masters if event.sequence == latest]
        if len(group.overrides) > 1:
            _keep_latest_overrides(group)
        yield group


def _keep_latest_overrides(group: Group) -> None:
    latest: dict[tuple[datetime, bool], Event] = {}
    for event in sorted(group.overrides, key=_revision):
        if event.recurrence is not None:
            key = (event.recurrence.at, event.recurrence.is_date)
            if key in latest:
                group.outdated.append(latest[key])
            latest[key] = event
    group.overrides = list(latest.values())


def _revision(event: Event) -> tuple[int, str, datetime, str]:
    """Order revisions; the content decides between equals, so that their order in the file does not."""
    return event.sequence, event.stamp, event.start.local, repr(event.properties)


def add_group(group: Group, reach: Reach, classifier: Classifier, book: EntryBook) -> list[Entry]:
    """Add to the book, and give, the entries of one group."""
    if group.overrides and group.masters:
        reasons = {classifier.verdict_of(event).reason for event in group.masters}
        if reasons == {Reason.CANCELLED}:
            for override in group.overrides:
                override.verdict = Verdict(State.IGNORED, Reason.CANCELLED)
    for event in group.outdated:
        event.verdict = Verdict(State.IGNORED, Reason.SUPERSEDED)
    found = reach.keep([*_occurrences(group, reach, book)])
    return [book.judge(one, classifier.verdict_of(one.event)) for one in found]


def _occurrences(group: Group, reach: Reach, book: EntryBook) -> Iterator[Occurrence]:
    claimed: set[int] = set()
    for master in group.masters:
        if master.repeats or group.overrides:
            found, mine = _series(master, group.overrides, reach, book)
            claimed |= mine
            yield from found
        else:
            yield from _single(master, book)
    for event in (*group.overrides, *group.outdated):
        if id(event) not in claimed:
            yield from _single(event, book)


def _series(
    master: Event, overrides: list[Event], reach: Reach, book: EntryBook
) -> tuple[list[Occurrence], set[int]]:
    try:
        return series(master, overrides, reach)
    except ComponentRefused as refusal:
        book.refuse(master.uid, refusal.reason)
    except (ValueError, OverflowError):  # times out of Python's range
        book.refuse(master.uid, Reason.UNREADABLE)
    return [], set()


def _single(event: Event, book: EntryBook) -> list[Occurrence]:
    try:
        return [single(event)]
    except (ValueError, OverflowError):  # times out of Python's range
        book.refuse(event.uid, Reason.UNREADABLE)
    return []
