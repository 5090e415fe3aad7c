"""Taking one place of a slot, exactly once.

The database decides: one active booking per place, places within those of the slot, and only while the
slot is open. What is checked here first only serves to give the reason: those who want the same slot pass
one after the other, so that what was found free still is.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, or_
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.agenda.audience import visible_to
from scheduler.agenda.freshness import limits_of, read_after
from scheduler.agenda.history import keeper_of_holds, take
from scheduler.agenda.life import TAKEN_FOR_GOOD, TAKES_A_PLACE, Step
from scheduler.errors import NotFound, SlotNotOpen, SlotTaken
from scheduler.store.tables import Booking, BookingState, Feed, Practitioner, Slot, SlotState
from scheduler.store.tables.columns import Instant
from scheduler.store.violations import broken_invariant


def num_taken(now: datetime) -> Any:
    """Count the ordinary places of a slot that somebody has; a hold that is over takes none.

    Places granted en sus lie above the capacity and are not counted: they never were on offer.
    """
    return (
        select(func.count())
        .where(col(Booking.slot_id) == col(Slot.id), takes_a_place(now))
        .correlate(Slot)
        .scalar_subquery()
    )


def takes_a_place(now: datetime) -> ColumnElement[bool]:
    """Say in SQL, on ``Booking`` and its ``Slot``, that a booking has one of the ordinary places."""
    held = and_(col(Booking.state) == BookingState.HELD, col(Booking.held_until) > now)
    return and_(col(Booking.place) <= col(Slot.capacity), or_(col(Booking.state).in_(TAKEN_FOR_GOOD), held))


def lock_bookable(session: Session, actor: Actor, slot_id: int, now: datetime) -> Slot:
    """Load a slot that the actor may book, and keep it from changing until the transaction ends.

    A reading of its calendar waits, or has been seen; those who want the same slot pass one by one.

    Raises
    ------
    NotFound
        When the slot is not one this person may see.
    SlotNotOpen
        When the slot is closed, withdrawn or stale, or has begun.
    """
    asked = {
        "slot_id": slot_id,
        "territory_id": actor.territory_id,
        "visible": sorted(visible_to(actor.role)),
        "read_after": now - limits_of(session).hidden_after,
    }
    if (row := session.execute(_BOOKABLE, asked).first()) is None:
        raise NotFound("slot")
    slot: Slot = row[0]
    check_open(slot, now)
    if not row.is_trusted:
        raise SlotNotOpen("stale")
    return slot


def check_open(slot: Slot, now: datetime) -> None:
    """Refuse a slot that is closed or has begun."""
    if slot.state is not SlotState.OPEN:
        raise SlotNotOpen(slot.state.value)
    if slot.start_at <= now:
        raise SlotNotOpen("begun")


def lock_slots(session: Session, slot_ids: Iterable[int]) -> None:
    """Keep slots from changing; always in the order of their ids, so that no two wait for each other."""
    in_order = select(Slot.id).where(col(Slot.id).in_(sorted(slot_ids))).order_by(col(Slot.id))
    session.exec(in_order.with_for_update(key_share=True)).all()


def free_places(session: Session, actor: Actor, slot: Slot, now: datetime) -> list[int]:
    """List the ordinary places nobody has, smallest first, once the holds that are over have ended.

    The slot is locked: until the transaction ends nobody else takes one of them.
    """
    session.flush()
    rows = session.connection().execute(_TAKEN, {"slot_id": slot.id}).all()
    over = {row.id for row in rows if row.held_until is not None and row.held_until <= now}
    for booking_id in over:
        booking = session.get_one(Booking, booking_id, populate_existing=True)
        take(session, keeper_of_holds(actor.territory_id), booking, Step.EXPIRE, now)
    taken = {row.place for row in rows if row.id not in over}
    return [place for place in range(1, slot.capacity + 1) if place not in taken]


def take_place(session: Session, booking: Booking, places: Sequence[int]) -> Booking:
    """Write a booking on the first of some free places of a locked slot.

    Raises
    ------
    SlotTaken
        When there is none, or the database does not grant it.
    SlotNotOpen
        When the database says that the slot is closed.
    """
    if not places:
        raise SlotTaken
    booking.place = places[0]
    session.add(booking)
    try:
        session.flush()
    except IntegrityError as error:
        refusal = broken_invariant(error)
        if refusal == "booking_slot_open":
            raise SlotNotOpen(SlotState.CLOSED.value) from None
        if refusal == "booking_one_per_place":
            raise SlotTaken from None
        raise
    return booking


# Prepared once: each booking asks both.
_BOOKABLE = (
    select(Slot, read_after(bindparam("read_after", type_=Instant)).label("is_trusted"))
    .join(Practitioner, col(Practitioner.id) == col(Slot.practitioner_id))
    .join(Feed, col(Feed.id) == col(Slot.feed_id), isouter=True)
    .where(
        col(Slot.id) == bindparam("slot_id"),
        col(Practitioner.territory_id) == bindparam("territory_id"),
        col(Slot.visibility).in_(bindparam("visible", expanding=True)),
    )
    .with_for_update(of=Slot, key_share=True)
)
_TAKEN = select(col(Booking.id), col(Booking.place), col(Booking.held_until)).where(
    col(Booking.slot_id) == bindparam("slot_id"), col(Booking.state).in_(TAKES_A_PLACE)
)
