"""Settling a conflict between a promised time and a calendar: the worklist, and three ways out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.agenda.conflicts import expected_bookings
from scheduler.agenda.ending import CancelReason, cancel, move
from scheduler.agenda.places import lock_slots
from scheduler.agenda.reach import is_staff, may_reach, reachable
from scheduler.errors import InvalidInput, NotFound, WrongState
from scheduler.listing import Listed, beyond
from scheduler.rows import id_of
from scheduler.store.tables import Booking, BookingState, Practitioner, Resolution, Slot, SlotConflict


class Settle(StrEnum):
    """What a person decides of a conflict."""

    KEEP = "keep"
    MOVE = "move"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictLine:
    """A conflict with the slot it is about."""

    conflict: SlotConflict
    slot: Slot
    practitioner: Practitioner


def list_conflicts(
    session: Session, actor: Actor, *, limit: int, after: tuple[datetime, int] | None = None
) -> Listed[ConflictLine]:
    """List the open conflicts this person may settle, the slot that comes first before the others.

    The coordination and the regulation see all; the practitioner and their secretary, those of their
    agenda; anybody else, those of what they booked.
    """
    order = (col(Slot.start_at), col(SlotConflict.id))
    booked = select(Booking.slot_id).join(Slot, col(Slot.id) == col(Booking.slot_id)).where(reachable(actor))
    theirs = _query(actor).where(
        col(SlotConflict.resolved_at).is_(None), col(SlotConflict.slot_id).in_(booked)
    )
    if after is not None:
        theirs = theirs.where(beyond(order, after))
    listed = Listed.cut(session.exec(theirs.order_by(*order).limit(limit + 1)).all(), limit)
    lines = [
        ConflictLine(conflict=conflict, slot=slot, practitioner=who) for conflict, slot, who in listed.rows
    ]
    return Listed(tuple(lines), listed.more)


def settle(
    session: Session,
    actor: Actor,
    *,
    conflict_id: int,
    how: Settle,
    to_slot_id: int | None = None,
    now: datetime,
) -> SlotConflict:
    """Settle a conflict: the time is kept, the patients go to another slot, or their bookings are cancelled.

    Keeping it means that somebody has made sure with the surgery: the calendar may go on saying otherwise,
    and only raises a new conflict when it says something else.

    Raises
    ------
    NotFound
        When there is none that this person may settle: staff, or who made every booking of it.
    WrongState
        When it is settled already.
    InvalidInput
        When it is to be moved, and the slot is missing or the same.
    SlotNotOpen, SlotTaken
        When the other slot cannot take everybody; nothing is changed.
    """
    row = session.exec(_query(actor).where(col(SlotConflict.id) == conflict_id)).first()
    if row is None:
        raise NotFound("slot_conflict")
    slot_id = id_of(row[1])
    lock_slots(session, {slot_id} if to_slot_id is None else {slot_id, to_slot_id})
    conflict = session.get_one(SlotConflict, conflict_id, populate_existing=True)
    expected = expected_bookings(session, slot_id, now)
    if not _may_settle(actor, row[1], expected):
        raise NotFound("slot_conflict")
    if conflict.resolution is not None:
        raise WrongState("slot_conflict", conflict.resolution.value, how.value)
    conflict.resolution, conflict.resolved_at, conflict.resolved_by = _ENDS[how], now, actor.key
    session.add(conflict)
    session.flush()
    if how is Settle.MOVE:
        _move_all(session, actor, expected, to_slot_id, now)
    if how is not Settle.KEEP:
        _cancel_all(session, actor, expected, now)
    return conflict


_ENDS = {
    Settle.KEEP: Resolution.KEPT,
    Settle.MOVE: Resolution.MOVED,
    Settle.CANCEL: Resolution.CANCELLED,
}


def _query(actor: Actor) -> Any:
    return (
        select(SlotConflict, Slot, Practitioner)
        .join(Slot, col(Slot.id) == col(SlotConflict.slot_id))
        .join(Practitioner, col(Practitioner.id) == col(Slot.practitioner_id))
        .where(col(Practitioner.territory_id) == actor.territory_id)
    )


def _may_settle(actor: Actor, slot: Slot, expected: Sequence[Booking]) -> bool:
    if is_staff(actor, slot.practitioner_id):
        return True
    return bool(expected) and all(may_reach(actor, booking, slot.practitioner_id) for booking in expected)


def _move_all(
    session: Session, actor: Actor, expected: Sequence[Booking], to_slot_id: int | None, now: datetime
) -> None:
    if to_slot_id is None:
        raise InvalidInput("slot_id", "le créneau où déplacer le rendez-vous")
    for booking in expected:
        if booking.state is BookingState.BOOKED:
            move(
                session,
                actor,
                booking_id=booking.id,
                to_slot_id=to_slot_id,
                reason=CancelReason.PRACTITIONER_AWAY,
                now=now,
            )


def _cancel_all(session: Session, actor: Actor, expected: Sequence[Booking], now: datetime) -> None:
    """Give back what has not been moved; a hold on a slot that closed can only end."""
    for booking in expected:
        if booking.state is not BookingState.MOVED:
            cancel(session, actor, booking_id=booking.id, reason=CancelReason.PRACTITIONER_AWAY, now=now)
