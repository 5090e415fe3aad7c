"""Whose a booking is: the one place where that is decided."""

from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.agenda.places import lock_slots
from scheduler.errors import NotFound
from scheduler.rows import id_of
from scheduler.store.tables import Booking, Practitioner, Referral, Role, Slot

_REACHES_ALL = frozenset({Role.COORDINATOR, Role.REGULATOR})


def may_reach(actor: Actor, booking: Booking, practitioner_id: int) -> bool:
    """Tell whether an actor of the territory may see and cancel a booking with a practitioner."""
    return booking.booked_by == actor.key or is_staff(actor, practitioner_id)


def is_staff(actor: Actor, practitioner_id: int) -> bool:
    """Tell whether an actor of the territory answers for a practitioner's agenda.

    The practitioner, their secretary, the coordination and the regulation do.
    """
    return is_own(actor, practitioner_id) or actor.role in _REACHES_ALL


def is_own(actor: Actor, practitioner_id: int) -> bool:
    """Tell whether an actor is the practitioner, or works for them."""
    return actor.practitioner_id is not None and actor.practitioner_id == practitioner_id


def reachable(actor: Actor) -> ColumnElement[bool]:
    """Say in SQL, on ``Booking`` joined to ``Slot``, what ``may_reach`` says of one booking."""
    if actor.role in _REACHES_ALL:
        return col(Booking.id).is_not(None)
    booked = col(Booking.booked_by) == actor.key
    if actor.practitioner_id is None:
        return booked
    return or_(booked, col(Slot.practitioner_id) == actor.practitioner_id)


def lock_booking(
    session: Session, actor: Actor, booking_id: UUID, *, and_slot: int | None = None
) -> tuple[Booking, Slot]:
    """Load a booking the actor may reach, and keep it and its slot from changing.

    Slots are locked before bookings, here as in ``places``: nobody waits for each other.

    Parameters
    ----------
    and_slot
        Another slot to lock, where the booking is to go.

    Raises
    ------
    NotFound
        When it is not one this person may reach.
    """
    query = (
        select(Booking, Slot)
        .join(Slot, col(Slot.id) == col(Booking.slot_id))
        .join(Practitioner, col(Practitioner.id) == col(Slot.practitioner_id))
        .where(col(Booking.id) == booking_id, col(Practitioner.territory_id) == actor.territory_id)
    )
    row = session.exec(query).first()
    if row is None or not may_reach(actor, row[0], row[1].practitioner_id):
        raise NotFound("booking")
    slot_id = id_of(row[1])
    lock_slots(session, {slot_id} if and_slot is None else {slot_id, and_slot})
    locked = query.with_for_update(of=Booking).execution_options(populate_existing=True)
    booking, slot = session.exec(locked).one()
    return booking, slot


def check_patient(session: Session, actor: Actor, patient_id: UUID | None) -> None:
    """Refuse a patient who is unknown in this territory; unknown and elsewhere look the same.

    Raises
    ------
    NotFound
        When no referral of the territory is theirs.
    """
    if patient_id is None:
        return
    known = select(Referral.id).where(
        col(Referral.patient_id) == patient_id, col(Referral.territory_id) == actor.territory_id
    )
    if session.exec(known).first() is None:
        raise NotFound("patient")
