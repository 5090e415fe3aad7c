"""Refusing at once what is plainly refused: a slot that is full, before anything careful is done.

When one slot is wanted by many at the same second, all but one of them are told no. This tells them so by
one light statement, prepared once, instead of the four of a booking: measured, 0.4 ms of processor time
instead of 3 for each, on the single writer's place of SQLite. It never says yes: whoever passes is booked,
or refused, by the use case and the database.
"""

from datetime import datetime

from sqlalchemy import and_, bindparam, func, or_
from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.agenda.audience import visible_to
from scheduler.agenda.booking import TAKES_A_PLACE
from scheduler.errors import SlotTaken
from scheduler.store.tables import (
    Booking,
    BookingState,
    IdempotencyRecord,
    Practitioner,
    Slot,
    SlotState,
)

_FOR_GOOD = tuple(state for state in TAKES_A_PLACE if state is not BookingState.HELD)

_num_taken = (
    select(func.count())
    .where(
        col(Booking.slot_id) == bindparam("slot_id"),
        or_(
            col(Booking.state).in_(_FOR_GOOD),
            and_(col(Booking.state) == BookingState.HELD, col(Booking.held_until) > bindparam("now")),
        ),
    )
    .scalar_subquery()
)
_answered_before = (
    select(IdempotencyRecord.key)
    .where(col(IdempotencyRecord.actor) == bindparam("actor"), col(IdempotencyRecord.key) == bindparam("key"))
    .exists()
)
_FULL = (
    select(Slot.id)
    .join(Practitioner, col(Practitioner.id) == col(Slot.practitioner_id))
    .where(
        col(Slot.id) == bindparam("slot_id"),
        col(Slot.state) == SlotState.OPEN,
        col(Slot.start_at) > bindparam("now"),
        col(Slot.visibility).in_(bindparam("visible", expanding=True)),
        col(Practitioner.territory_id) == bindparam("territory_id"),
        col(Slot.capacity) <= _num_taken,
        ~_answered_before,
    )
)


def refuse_if_full(session: Session, actor: Actor, slot_id: int, *, key: str, now: datetime) -> None:
    """Refuse a booking of a slot that the actor may see and whose every place is taken.

    Parameters
    ----------
    key
        Of the request: one that was answered before is answered the same again, so it passes.

    Raises
    ------
    SlotTaken
        When ``book`` would say so too.
    """
    asked = {
        "slot_id": slot_id,
        "now": now,
        "visible": sorted(visible_to(actor.role)),
        "territory_id": actor.territory_id,
        "actor": actor.key,
        "key": key,
    }
    if session.connection().execute(_FULL, asked).first() is not None:
        raise SlotTaken
