"""What a practitioner's agenda holds when a calendar has just been read, or a person changed it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from scheduler.agenda.arrange import Candidate, Closed, Shown, Stretch
from scheduler.agenda.feeds.slots import SlotDraft
from scheduler.agenda.feeds.values import Window
from scheduler.agenda.leaves import leave_stretches
from scheduler.agenda.life import TAKES_A_PLACE
from scheduler.rows import id_of
from scheduler.store.tables import Booking, Feed, FeedBusy, Slot, SlotState

_DERIVED = frozenset(word.value for word in Closed)
_KEY_KEPT = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One slot to decide about: as it stands in the store, as its calendar draws it now, or both.

    Parameters
    ----------
    row : Slot or None
        None for a slot the calendar shows for the first time.
    draft : SlotDraft or None
        What the calendar says now; None when it says nothing, or when another calendar is being read.
    bookings : tuple of Booking
        Those that take a place.
    """

    candidate: Candidate
    row: Slot | None
    draft: SlotDraft | None
    bookings: tuple[Booking, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The coming agenda of one practitioner.

    Parameters
    ----------
    items : tuple of Item
        Every slot that begins within the window, in any calendar.
    busy : tuple of (start, end)
        Busy hours of all calendars, as last read.
    taken : tuple of (start, end)
        Open or promised slots around the window, such as one under way: they stay as they are.
    """

    items: tuple[Item, ...]
    busy: tuple[Stretch, ...]
    taken: tuple[Stretch, ...]


def load_standing(
    session: Session,
    practitioner_id: int,
    feed: Feed | None,
    window: Window,
    drafts: Mapping[str, SlotDraft],
    *,
    now: datetime,
    lock: bool = True,
) -> Standing:
    """Load the slots that may change; none of them can be booked until the transaction ends.

    Parameters
    ----------
    feed
        The calendar that was read; None when it is a person who changed something.
    drafts
        What it shows, by key.
    lock
        False to look only, in a session that cannot write.
    """
    feed_id = None if feed is None else feed.id
    query = _query(practitioner_id, feed_id, window, drafts, now)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    rows = session.exec(query).all()
    bookings = _bookings(session, rows)
    movable = [row for row in rows if _is_movable(row, window, now)]
    others = [row for row in rows if not _is_movable(row, window, now)]
    known = {row.key for row in movable if _is_read(row, feed_id)}
    items = [_item(row, feed_id, drafts, bookings[id_of(row)], now) for row in movable]
    if feed_id is not None:
        items += [_new_item(feed_id, draft) for key, draft in drafts.items() if key not in known]
    for row in others:
        _leave_key(row, feed_id, drafts)
    return Standing(
        items=tuple(items),
        busy=(*_busy(session, practitioner_id, now), *leave_stretches(session, practitioner_id, now)),
        taken=tuple(
            (row.start_at, row.end_at)
            for row in others
            if row.state is SlotState.OPEN or _promised(bookings[id_of(row)], now)
        ),
    )


def _query(
    practitioner_id: int,
    feed_id: int | None,
    window: Window,
    drafts: Mapping[str, SlotDraft],
    now: datetime,
) -> SelectOfScalar[Slot]:
    """Ask for the slots that touch the window or the drafts, and those whose key a draft carries.

    Locked before their bookings are read: a booking being written is waited for, the next ones wait.
    """
    until = max([window.to_at, *(draft.end_at for draft in drafts.values())])
    same_key = (col(Slot.feed_id) == feed_id) & col(Slot.key).in_(list(drafts))
    return (
        select(Slot)
        .where(
            col(Slot.practitioner_id) == practitioner_id,
            or_((col(Slot.end_at) > now) & (col(Slot.start_at) < until), same_key),
        )
        .order_by(col(Slot.id))
    )


def _bookings(session: Session, rows: Sequence[Slot]) -> Mapping[int, list[Booking]]:
    by_slot: defaultdict[int, list[Booking]] = defaultdict(list)
    query = select(Booking).where(
        col(Booking.slot_id).in_([row.id for row in rows]), col(Booking.state).in_(TAKES_A_PLACE)
    )
    for booking in session.exec(query):
        by_slot[booking.slot_id].append(booking)
    return by_slot


def _busy(session: Session, practitioner_id: int, now: datetime) -> list[Stretch]:
    query = (
        select(FeedBusy.start_at, FeedBusy.end_at)
        .join(Feed, col(Feed.id) == col(FeedBusy.feed_id))
        .where(col(Feed.practitioner_id) == practitioner_id, col(FeedBusy.end_at) > now)
    )
    return [(start_at, end_at) for start_at, end_at in session.exec(query)]


def _is_movable(row: Slot, window: Window, now: datetime) -> bool:
    """Tell whether a reading decides on a slot; one that a person closed by hand stays closed."""
    follows = row.feed_id is not None or row.state is SlotState.OPEN or row.closed_reason in _DERIVED
    return follows and now < row.start_at < window.to_at


def _promised(bookings: Sequence[Booking], now: datetime) -> bool:
    """Tell whether somebody counts on the slot; a hold that is over counts for nobody."""
    return any(booking.held_until is None or booking.held_until > now for booking in bookings)


def _item(
    row: Slot,
    feed_id: int | None,
    drafts: Mapping[str, SlotDraft],
    bookings: Sequence[Booking],
    now: datetime,
) -> Item:
    booked = _promised(bookings, now)
    draft = drafts.get(row.key) if _is_read(row, feed_id) else None
    moved = draft is not None and (draft.start_at, draft.end_at) != (row.start_at, row.end_at)
    if not _is_read(row, feed_id):
        shown = _shown_before(row)
    elif draft is None:
        shown = Shown.GONE
    else:
        shown = Shown.MOVED if booked and moved else Shown.PRESENT
    follows = draft if draft is not None and shown is Shown.PRESENT else row
    candidate = Candidate(
        feed=row.feed_id or 0,
        key=row.key,
        start_at=follows.start_at,
        end_at=follows.end_at,
        booked=booked,
        shown=shown,
    )
    return Item(candidate=candidate, row=row, draft=draft, bookings=tuple(bookings))


def _is_read(row: Slot, feed_id: int | None) -> bool:
    """Tell whether a slot comes from the calendar being read."""
    return feed_id is not None and row.feed_id == feed_id


def _shown_before(row: Slot) -> Shown:
    """Tell what another calendar said of its slot when it was last read."""
    if row.state is SlotState.WITHDRAWN or row.closed_reason == Closed.DELETED:
        return Shown.GONE
    return Shown.MOVED if row.closed_reason == Closed.MOVED else Shown.PRESENT


def _new_item(feed_id: int, draft: SlotDraft) -> Item:
    candidate = Candidate(
        feed=feed_id,
        key=draft.key,
        start_at=draft.start_at,
        end_at=draft.end_at,
        booked=False,
        shown=Shown.PRESENT,
    )
    return Item(candidate=candidate, row=None, draft=draft)


def _leave_key(row: Slot, feed_id: int | None, drafts: Mapping[str, SlotDraft]) -> None:
    """Free the key of a past slot whose event was moved to a coming day: the past keeps its own row."""
    if _is_read(row, feed_id) and row.key in drafts:
        row.key = f"{row.key[:_KEY_KEPT]}#{row.start_at:%Y%m%dT%H%MZ}"
