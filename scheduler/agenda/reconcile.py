"""Making the slots of a practitioner agree with what one of their calendars says now.

One transaction; reading the same thing twice changes no row at all. What was promised to a patient is
never deleted: when its calendar moves it, drops it or puts something busy on it, the booking stays and
the slot carries a ``conflict`` that becomes a person's work (``conflicts``).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlmodel import Session, col, select

from scheduler.agenda.arrange import Shown, Stretch, Verdict, arrange
from scheduler.agenda.conflicts import READER, agree, raise_conflict
from scheduler.agenda.feeds.slots import SlotDraft, cut_slots
from scheduler.agenda.feeds.values import Reading, State, Window
from scheduler.agenda.standing import Item, Standing, load_standing
from scheduler.rows import id_of
from scheduler.store.tables import (
    BookingEvent,
    ConflictKind,
    Feed,
    FeedBusy,
    Practitioner,
    Slot,
    SlotSource,
    SlotState,
)

log = structlog.get_logger()

HORIZON = timedelta(days=14)
"""How far ahead calendars are read. Unscheduled care is searched for today and the next days; two weeks
also cover the holidays GPs plan for, and keep each reading to some hundred slots."""

FARTHEST = timedelta(days=366)
"""How far ahead a change by hand is looked at: weekly series and leave reach beyond what calendars say."""

_PLACED = frozenset({"state", "start_at", "end_at"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What one calendar says of one window.

    Parameters
    ----------
    drafts : tuple of SlotDraft
        The slots it opens, each key once.
    busy : frozenset of (start, end)
        Aware UTC.
    """

    drafts: tuple[SlotDraft, ...]
    busy: frozenset[Stretch]
    window: Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What a reading changed among the coming slots of the practitioner, whatever their calendar.

    Parameters
    ----------
    num_opened, num_closed, num_withdrawn : int
        Slots that became so; new ones included.
    num_unchanged : int
        Slots left exactly as they were.
    num_conflicts : int
        Slots whose booking does not agree with the calendar, after this reading.
    """

    num_opened: int = 0
    num_closed: int = 0
    num_withdrawn: int = 0
    num_unchanged: int = 0
    num_conflicts: int = 0


def reading_window(now: datetime) -> Window:
    """Give the stretch that a reading at ``now`` covers."""
    return Window(from_at=now, to_at=now + HORIZON)


def content_of(reading: Reading) -> Content:
    """Give what a reading says of slots and busy hours; which slots are closed is decided in the store.

    There the busy hours of the practitioner's other calendars are known too.
    """
    busy = [entry for entry in reading.entries if entry.state is State.BUSY]
    return Content(
        drafts=cut_slots([reading]),
        busy=frozenset((entry.start_at, entry.end_at) for entry in busy if entry.start_at and entry.end_at),
        window=reading.window,
    )


def apply_content(session: Session, feed: Feed, content: Content, *, now: datetime) -> Reconciled:
    """Make slots and busy hours agree with one complete reading of a feed.

    Slots that have begun, or begin beyond the window, are left as they are. A reading that failed, or that
    is suspect (see ``quarantine``), never comes here.
    """
    _one_at_a_time(session, feed.practitioner_id)
    _replace_busy(session, feed, content.busy, now)
    drafts = {draft.key: draft for draft in content.drafts if draft.start_at > now}
    standing = load_standing(session, feed.practitioner_id, feed, content.window, drafts, now=now)
    return _settle(session, feed, standing, now)


def rearrange(session: Session, practitioner_id: int, *, now: datetime) -> Reconciled:
    """Decide anew on the coming slots of a practitioner after a person changed something by hand.

    A slot that was opened by hand, or closed by something that is over, opens if nothing stands against it;
    a promised one that must close becomes a conflict, exactly as when a calendar changes.
    """
    _one_at_a_time(session, practitioner_id)
    window = Window(from_at=now, to_at=now + FARTHEST)
    standing = load_standing(session, practitioner_id, None, window, {}, now=now)
    return _settle(session, None, standing, now)


def _one_at_a_time(session: Session, practitioner_id: int) -> None:
    """Let what changes one practitioner's agenda pass one after the other: each looks at all its slots."""
    who = select(Practitioner).where(col(Practitioner.id) == practitioner_id)
    session.exec(who.with_for_update(key_share=True)).one()


def _settle(session: Session, feed: Feed | None, standing: Standing, now: datetime) -> Reconciled:
    candidates = [item.candidate for item in standing.items]
    verdicts = arrange(candidates, busy=standing.busy, taken=standing.taken)
    changes = [_change(feed, item, verdicts[item.candidate]) for item in standing.items]
    _make_room(session, changes)
    for change in changes:
        if change.values:
            _make(session, feed, change, now)
    session.flush()
    entered = Counter(change.values.get("state") for change in changes)
    return Reconciled(
        num_opened=entered[SlotState.OPEN],
        num_closed=entered[SlotState.CLOSED],
        num_withdrawn=entered[SlotState.WITHDRAWN],
        num_unchanged=sum(not change.values for change in changes),
        num_conflicts=sum(change.verdict.conflict is not None for change in changes),
    )


@dataclass(frozen=True, slots=True)
class _Change:
    """What is to be written of one slot; ``values`` holds only what differs from its row."""

    item: Item
    verdict: Verdict
    values: Mapping[str, Any]


def _change(feed: Feed | None, item: Item, verdict: Verdict) -> _Change:
    wanted: dict[str, Any] = {
        "state": verdict.state,
        "closed_reason": verdict.closed_reason,
        "conflict": verdict.conflict,
    }
    if feed is not None and item.draft is not None and item.candidate.shown is Shown.PRESENT:
        wanted |= {
            "start_at": item.draft.start_at,
            "end_at": item.draft.end_at,
            "capacity": _capacity(item),
            "practice_id": feed.practice_id,
            "modality": feed.modality,
            "visibility": feed.visibility,
        }
    if item.row is not None:
        wanted = {name: value for name, value in wanted.items() if getattr(item.row, name) != value}
    return _Change(item, verdict, wanted)


def _capacity(item: Item) -> int:
    """Give what the calendar says, but keep every place that is taken; those en sus come on top."""
    if item.draft is None:
        raise ValueError("a slot without a draft keeps its capacity")
    extra = 0 if item.row is None else item.row.extra_places
    return max([item.draft.capacity, *(booking.place - extra for booking in item.bookings)])


def _replace_busy(session: Session, feed: Feed, busy: frozenset[Stretch], now: datetime) -> None:
    """Write the difference only: busy hours that stay keep their rows."""
    coming = {stretch for stretch in busy if stretch[1] > now}
    for row in session.exec(select(FeedBusy).where(col(FeedBusy.feed_id) == feed.id)):
        if (row.start_at, row.end_at) in coming:
            coming.remove((row.start_at, row.end_at))
        else:
            session.delete(row)
    session.add_all(
        FeedBusy(feed_id=id_of(feed), start_at=start_at, end_at=end_at) for start_at, end_at in sorted(coming)
    )
    session.flush()


def _make_room(session: Session, changes: Sequence[_Change]) -> None:
    """Close what will close or move before anything opens: the database refuses even a passing overlap."""
    for change in changes:
        row = change.item.row
        if row is not None and row.state is SlotState.OPEN and change.values.keys() & _PLACED:
            row.state = SlotState.CLOSED
            session.add(row)
    session.flush()


def _make(session: Session, feed: Feed | None, change: _Change, now: datetime) -> None:
    row = change.item.row
    if row is None:
        if feed is None:
            raise ValueError("only a calendar shows slots that are not stored yet")
        session.add(_new_slot(feed, change, now))
        return
    for name, value in change.values.items():
        setattr(row, name, value)
    row.state = change.verdict.state  # it may have been closed to make room
    row.seen_at = row.updated_at = now
    session.add(row)
    if "conflict" in change.values:
        _note_conflict(session, row, change, now)


def _new_slot(feed: Feed, change: _Change, now: datetime) -> Slot:
    return Slot(
        practitioner_id=feed.practitioner_id,
        source=SlotSource.FEED,
        feed_id=feed.id,
        key=change.item.candidate.key,
        seen_at=now,
        updated_at=now,
        **change.values,
    )


def _note_conflict(session: Session, row: Slot, change: _Change, now: datetime) -> None:
    """Give it to a person, say it in the log and in the history of every booking concerned."""
    conflict = change.verdict.conflict
    if conflict is None:
        agree(session, row, now)
        return
    raise_conflict(session, row, ConflictKind(conflict), change.item.bookings, now)
    log.warning("slot_conflict", slot_id=row.id, conflict=conflict, num_bookings=len(change.item.bookings))
    session.add_all(
        BookingEvent(
            booking_id=booking.id,
            at=now,
            actor=READER,
            from_state=booking.state,
            to_state=booking.state,
            detail={"conflict": conflict},
        )
        for booking in change.item.bookings
    )
