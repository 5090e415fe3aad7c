"""Taking a place of a slot, exactly once, and giving it back.

The database decides: one active booking per place, places within the capacity, and only while the slot is
open. What is checked here first only serves to give the reason.
"""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import and_, func, or_
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.agenda.audience import visible_to
from scheduler.agenda.freshness import trusted
from scheduler.audit import record
from scheduler.errors import NotFound, SlotNotOpen, SlotTaken, WrongState
from scheduler.store.tables import (
    Booking,
    BookingEvent,
    BookingState,
    Feed,
    Practitioner,
    Referral,
    Role,
    Slot,
    SlotState,
)
from scheduler.store.violations import broken_invariant

PURPOSE = "unscheduled_care"
"""Why a patient is named with a booking, as the audit trail keeps it."""

TAKES_A_PLACE = (BookingState.HELD, BookingState.BOOKED, BookingState.HONOURED, BookingState.NO_SHOW)
TAKEN_FOR_GOOD = (BookingState.BOOKED, BookingState.HONOURED, BookingState.NO_SHOW)
_ACTIVE = (BookingState.HELD, BookingState.BOOKED)
_REACHES_ALL = frozenset({Role.COORDINATOR, Role.REGULATOR})


def book(
    session: Session, actor: Actor, *, slot_id: int, patient_id: UUID | None = None, now: datetime
) -> Booking:
    """Take one place of a slot.

    Raises
    ------
    NotFound
        When the slot, or the patient, is not one this person may see.
    SlotNotOpen
        When the slot is closed, withdrawn or stale, or has begun.
    SlotTaken
        When every place is taken.
    """
    slot = _bookable(session, actor, slot_id, now)
    if patient_id is not None:
        _check_patient(session, actor, patient_id)
    _expire_holds(session, actor, slot_id, now)
    booking = _take_place(session, slot, _new_booking(actor, slot_id, patient_id, now))
    _note(session, actor, booking, None, now)
    _trace(session, actor, "C", booking, now)
    session.flush()
    return booking


def cancel(session: Session, actor: Actor, *, booking_id: UUID, now: datetime) -> Booking:
    """Give a place back; the slot can be booked again at once if it is still open.

    Whoever booked may cancel, and the practitioner concerned, their secretary, the regulation and the
    coordination.

    Raises
    ------
    NotFound
        When the booking is not one this person may cancel.
    WrongState
        When it was cancelled already, or the visit took place.
    """
    booking = _cancellable(session, actor, booking_id)
    if booking.state not in _ACTIVE:
        raise WrongState("booking", booking.state.value, "cancel")
    _end(session, actor, booking, BookingState.CANCELLED, now)
    _trace(session, actor, "U", booking, now)
    session.flush()
    return booking


def num_taken(now: datetime) -> Any:
    """Count the places of a slot that somebody has; a hold that is over takes none."""
    held = and_(col(Booking.state) == BookingState.HELD, col(Booking.held_until) > now)
    return (
        select(func.count())
        .where(col(Booking.slot_id) == col(Slot.id), or_(col(Booking.state).in_(TAKEN_FOR_GOOD), held))
        .correlate(Slot)
        .scalar_subquery()
    )


def _bookable(session: Session, actor: Actor, slot_id: int, now: datetime) -> Slot:
    """Load a slot and keep it from changing: a reading of the calendar waits, or has been seen."""
    query = (
        select(Slot, trusted(now))
        .join(Practitioner, col(Practitioner.id) == col(Slot.practitioner_id))
        .join(Feed, col(Feed.id) == col(Slot.feed_id), isouter=True)
        .where(
            col(Slot.id) == slot_id,
            col(Practitioner.territory_id) == actor.territory_id,
            col(Slot.visibility).in_(visible_to(actor.role)),
        )
        .with_for_update(of=Slot, key_share=True)
    )
    if (row := session.exec(query).first()) is None:
        raise NotFound("slot")
    slot, is_trusted = row
    if slot.state is not SlotState.OPEN:
        raise SlotNotOpen(slot.state.value)
    if slot.start_at <= now:
        raise SlotNotOpen("begun")
    if not is_trusted:
        raise SlotNotOpen("stale")
    return slot


def _check_patient(session: Session, actor: Actor, patient_id: UUID) -> None:
    """Refuse a patient who is unknown in this territory; both cases look the same."""
    known = select(Referral.id).where(
        col(Referral.patient_id) == patient_id, col(Referral.territory_id) == actor.territory_id
    )
    if session.exec(known).first() is None:
        raise NotFound("patient")


def _new_booking(actor: Actor, slot_id: int, patient_id: UUID | None, now: datetime) -> Booking:
    return Booking(
        slot_id=slot_id,
        place=1,
        state=BookingState.BOOKED,
        booked_by=actor.key,
        patient_id=patient_id,
        created_at=now,
        updated_at=now,
    )


def _take_place(session: Session, slot: Slot, booking: Booking) -> Booking:
    """Write the booking on the first free place that the database grants."""
    for place in _free_places(session, slot):
        booking.place = place
        try:
            with session.begin_nested():
                session.add(booking)
        except IntegrityError as error:
            refusal = broken_invariant(error)
            if refusal == "booking_slot_open":
                raise SlotNotOpen(SlotState.CLOSED.value) from None
            if refusal != "booking_one_per_place":
                raise
        else:
            return booking
    raise SlotTaken


def _free_places(session: Session, slot: Slot) -> list[int]:
    """List the places nobody has, smallest first; somebody may still be quicker."""
    taken = set(
        session.exec(
            select(Booking.place).where(
                col(Booking.slot_id) == slot.id, col(Booking.state).in_(TAKES_A_PLACE)
            )
        )
    )
    return [place for place in range(1, slot.capacity + 1) if place not in taken]


def _expire_holds(session: Session, actor: Actor, slot_id: int, now: datetime) -> None:
    """Free the places held too long: a hold ends at its instant, not when some job comes by."""
    overdue = (
        select(Booking)
        .where(
            col(Booking.slot_id) == slot_id,
            col(Booking.state) == BookingState.HELD,
            col(Booking.held_until) <= now,
        )
        .order_by(col(Booking.place))
    )
    for booking in session.exec(overdue):
        _end(session, actor, booking, BookingState.EXPIRED, now)
    session.flush()


def _cancellable(session: Session, actor: Actor, booking_id: UUID) -> Booking:
    query = (
        select(Booking, Slot.practitioner_id)
        .join(Slot, col(Slot.id) == col(Booking.slot_id))
        .join(Practitioner, col(Practitioner.id) == col(Slot.practitioner_id))
        .where(col(Booking.id) == booking_id, col(Practitioner.territory_id) == actor.territory_id)
        .with_for_update(of=Booking)
    )
    row = session.exec(query).first()
    if row is None or not may_reach(actor, *row):
        raise NotFound("booking")
    return row[0]


def may_reach(actor: Actor, booking: Booking, practitioner_id: int) -> bool:
    """Tell whether an actor of the territory may see and cancel a booking with a practitioner."""
    theirs = actor.practitioner_id is not None and actor.practitioner_id == practitioner_id
    return booking.booked_by == actor.key or theirs or actor.role in _REACHES_ALL


def _end(session: Session, actor: Actor, booking: Booking, state: BookingState, now: datetime) -> None:
    before = booking.state
    booking.state = state
    booking.held_until = None
    booking.updated_at = now
    session.add(booking)
    _note(session, actor, booking, before, now)


def _note(
    session: Session, actor: Actor, booking: Booking, before: BookingState | None, now: datetime
) -> None:
    session.add(
        BookingEvent(
            booking_id=booking.id, at=now, actor=actor.key, from_state=before, to_state=booking.state
        )
    )


def _trace(
    session: Session, actor: Actor, action: Literal["C", "R", "U"], booking: Booking, now: datetime
) -> None:
    """Note the access to the patient's file; a booking without a patient touches nobody's."""
    if booking.patient_id is None:
        return
    record(
        session,
        actor,
        action=action,
        object_kind="booking",
        object_id=str(booking.id),
        patient_id=booking.patient_id,
        purpose=PURPOSE,
        now=now,
    )
