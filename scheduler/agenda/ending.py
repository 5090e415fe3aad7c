"""What ends a booking: given back, moved to another slot, honoured, or nobody came."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.agenda.conflicts import lapse
from scheduler.agenda.errors import CancelTooLate, HoldOver, NotYetBegun, ReasonNeeded
from scheduler.agenda.history import BY_PHONE, begin, keeper_of_holds, take
from scheduler.agenda.life import MOVES, Step, state_at, step
from scheduler.agenda.places import free_places, lock_bookable, lock_slots, take_place
from scheduler.agenda.reach import is_staff, lock_booking
from scheduler.agenda.rules import cancel_hours_of
from scheduler.errors import InvalidInput, NotFound
from scheduler.store.tables import Booking, BookingState, Practitioner, Role, Slot

MOST_AT_ONCE = 500


class CancelReason(StrEnum):
    """Why a booking is given back past the limit: a word of a list, never a text about a patient."""

    BETTER = "better"
    SEEN_ELSEWHERE = "seen_elsewhere"
    UNREACHABLE = "unreachable"
    PRACTITIONER_AWAY = "practitioner_away"
    MISTAKE = "mistake"


def cancel(
    session: Session, actor: Actor, *, booking_id: UUID, reason: CancelReason | None = None, now: datetime
) -> Booking:
    """Give a place back; the slot can be booked again at once if it is still open.

    Whoever booked may, up to the practitioner's limit; the practitioner concerned, their secretary, the
    regulation and the coordination may at any time, past the limit with a reason.

    Raises
    ------
    NotFound
        When the booking is not one this person may cancel.
    WrongState
        When it was cancelled already, or the visit took place.
    HoldOver
        When it was a hold, and is over.
    CancelTooLate, ReasonNeeded
        Past the limit: for whoever is not staff, and for staff without a reason.
    """
    booking, slot = lock_booking(session, actor, booking_id)
    if state_at(booking.state, booking.held_until, now) is BookingState.EXPIRED:
        raise HoldOver
    step(booking.state, Step.CANCEL)
    detail = _checked_limit(session, actor, booking, slot, reason, now)
    take(session, actor, booking, Step.CANCEL, now, detail=detail)
    lapse(session, slot, actor.key, now)
    session.flush()
    return booking


def move(
    session: Session,
    actor: Actor,
    *,
    booking_id: UUID,
    to_slot_id: int,
    reason: CancelReason | None = None,
    by_phone: bool = False,
    now: datetime,
) -> Booking:
    """Book another slot for the same patient and give the first one back, both or neither.

    Parameters
    ----------
    by_phone
        The surgery of the other slot said on the telephone that it is free.

    Returns
    -------
    The new booking; it stays with whoever made the first.

    Raises
    ------
    NotFound
        When the booking is not theirs to move, or the slot not theirs to see.
    InvalidInput
        When it is the same slot.
    SlotNotOpen, SlotTaken
        When the other slot cannot be had: the first booking stays as it is.
    WrongState, CancelTooLate, ReasonNeeded
        As ``cancel``.
    """
    booking, slot = lock_booking(session, actor, booking_id, and_slot=to_slot_id)
    if booking.slot_id == to_slot_id:
        raise InvalidInput("slot_id", "un autre créneau que celui du rendez-vous")
    step(booking.state, Step.MOVE)
    detail = _checked_limit(session, actor, booking, slot, reason, now)
    target = lock_bookable(session, actor, to_slot_id, now)
    moved = Booking(
        slot_id=to_slot_id,
        place=1,
        state=BookingState.BOOKED,
        booked_by=booking.booked_by,
        patient_id=booking.patient_id,
        moved_from=booking.id,
        created_at=now,
        updated_at=now,
    )
    take_place(session, moved, free_places(session, actor, target, now))
    said = {BY_PHONE: True} if by_phone else {}
    begin(session, actor, moved, now, detail=said | {"moved_from": str(booking.id)})
    take(session, actor, booking, Step.MOVE, now, detail=detail | {"moved_to": str(moved.id)})
    lapse(session, slot, actor.key, now)
    session.flush()
    return moved


def honour(session: Session, actor: Actor, *, booking_id: UUID, now: datetime) -> Booking:
    """Note that the patient came.

    Raises
    ------
    NotFound
        When the booking is not one this person answers for.
    NotYetBegun
        Before its hour.
    WrongState
        When it was cancelled, moved, or noted so already.
    """
    return _attend(session, actor, booking_id, Step.HONOUR, now)


def miss(session: Session, actor: Actor, *, booking_id: UUID, now: datetime) -> Booking:
    """Note that the patient did not come; raises as ``honour``."""
    return _attend(session, actor, booking_id, Step.MISS, now)


def limit_to_cancel(session: Session, slot: Slot) -> datetime:
    """Give until when anybody who may reach a booking may cancel or move it, by the practitioner's rule."""
    return slot.start_at - timedelta(hours=cancel_hours_of(session, slot.practitioner_id))


def expire_holds(session: Session, *, now: datetime, most: int = MOST_AT_ONCE) -> int:
    """End the holds nobody confirmed, so that the tables say what the clock says; gives their number.

    Nothing waits for it: a hold that is over counts for nobody from its very instant.
    """
    overdue = (
        select(Booking.slot_id)
        .where(col(Booking.state) == BookingState.HELD, col(Booking.held_until) <= now)
        .order_by(col(Booking.held_until))
        .limit(most)
    )
    slot_ids = set(session.exec(overdue))
    lock_slots(session, slot_ids)
    query = (
        select(Booking, Slot, Practitioner.territory_id)
        .join(Slot, col(Slot.id) == col(Booking.slot_id))
        .join(Practitioner, col(Practitioner.id) == col(Slot.practitioner_id))
        .where(
            col(Booking.slot_id).in_(slot_ids),
            col(Booking.state) == BookingState.HELD,
            col(Booking.held_until) <= now,
        )
        .execution_options(populate_existing=True)
    )
    ended = session.exec(query).all()
    for booking, slot, territory_id in ended:
        keeper = keeper_of_holds(territory_id)
        take(session, keeper, booking, Step.EXPIRE, now)
        lapse(session, slot, keeper.key, now)
    session.flush()
    return len(ended)


def _attend(session: Session, actor: Actor, booking_id: UUID, taken: Step, now: datetime) -> Booking:
    booking, slot = lock_booking(session, actor, booking_id)
    if not is_staff(actor, slot.practitioner_id) or actor.role is Role.REGULATOR:
        raise NotFound("booking")
    if slot.start_at > now and booking.state in MOVES[taken].starts:
        raise NotYetBegun
    take(session, actor, booking, taken, now)
    lapse(session, slot, actor.key, now)  # whatever the calendar said, the visit is behind
    session.flush()
    return booking


def _checked_limit(
    session: Session, actor: Actor, booking: Booking, slot: Slot, reason: CancelReason | None, now: datetime
) -> dict[str, Any]:
    """Refuse what comes too late; give what the history keeps."""
    limit_at = limit_to_cancel(session, slot)
    if booking.state is BookingState.BOOKED and now > limit_at:
        if not is_staff(actor, slot.practitioner_id):
            raise CancelTooLate(limit_at)
        if reason is None:
            raise ReasonNeeded
    return {} if reason is None else {"reason": reason.value}
