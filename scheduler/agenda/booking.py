"""Holding and booking a place of a slot; what ends a booking is in ``ending``, the steps in ``life``."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.agenda.errors import HoldOver, PlacesLeft
from scheduler.agenda.history import BY_PHONE, begin, take
from scheduler.agenda.life import HELD_FOR, TAKES_A_PLACE, Step, state_at, step
from scheduler.agenda.places import check_open, free_places, lock_bookable, take_place
from scheduler.agenda.reach import check_patient, is_own, lock_booking
from scheduler.errors import NotFound
from scheduler.store.tables import Booking, BookingState, Practitioner, Slot


def book(
    session: Session,
    actor: Actor,
    *,
    slot_id: int,
    patient_id: UUID | None = None,
    by_phone: bool = False,
    now: datetime,
) -> Booking:
    """Take one place of a slot.

    Parameters
    ----------
    by_phone
        The surgery said on the telephone that the slot is free; the history keeps that this was said.

    Raises
    ------
    NotFound
        When the slot, or the patient, is not one this person may see.
    SlotNotOpen
        When the slot is closed, withdrawn or stale, or has begun.
    SlotTaken
        When every place is taken.
    """
    slot = lock_bookable(session, actor, slot_id, now)
    check_patient(session, actor, patient_id)
    booking = _new(actor, slot_id, patient_id, now)
    take_place(session, booking, free_places(session, actor, slot, now))
    return _begun(session, actor, booking, now, by_phone=by_phone)


def hold(
    session: Session,
    actor: Actor,
    *,
    slot_id: int,
    patient_id: UUID | None = None,
    by_phone: bool = False,
    now: datetime,
) -> Booking:
    """Keep one place of a slot for five minutes, so that it can be agreed with the patient.

    Nobody else gets the place until then, or until it is given back; ``confirm`` makes it a booking.
    ``by_phone`` is as for ``book``.

    Raises
    ------
    NotFound, SlotNotOpen, SlotTaken
        As ``book``.
    """
    slot = lock_bookable(session, actor, slot_id, now)
    check_patient(session, actor, patient_id)
    booking = _new(actor, slot_id, patient_id, now)
    booking.state, booking.held_until = BookingState.HELD, now + HELD_FOR
    take_place(session, booking, free_places(session, actor, slot, now))
    return _begun(session, actor, booking, now, by_phone=by_phone)


def confirm(
    session: Session,
    actor: Actor,
    *,
    booking_id: UUID,
    patient_id: UUID | None = None,
    by_phone: bool = False,
    now: datetime,
) -> Booking:
    """Make a booking of a hold; only whoever holds may.

    Parameters
    ----------
    patient_id
        For whom, when the hold did not say.
    by_phone
        As for ``book``.

    Raises
    ------
    NotFound
        When it is not a hold of this person's, or the patient is not of the territory.
    HoldOver
        When its five minutes are over, whether or not anybody has cleaned up.
    SlotNotOpen
        When the practitioner's calendar has closed the slot since, or it has begun.
    WrongState
        When it was confirmed or given back already.
    """
    booking, slot = lock_booking(session, actor, booking_id)
    if booking.booked_by != actor.key:
        raise NotFound("booking")
    check_patient(session, actor, patient_id)
    if state_at(booking.state, booking.held_until, now) is BookingState.EXPIRED:
        raise HoldOver
    step(booking.state, Step.CONFIRM)
    check_open(slot, now)
    if patient_id is not None:
        booking.patient_id = patient_id
    take(session, actor, booking, Step.CONFIRM, now, detail={BY_PHONE: True} if by_phone else None)
    session.flush()
    return booking


def book_extra(
    session: Session, actor: Actor, *, slot_id: int, patient_id: UUID | None = None, now: datetime
) -> Booking:
    """Grant one place en sus of a full slot, and book it at once: it is never open to anybody else.

    Only the practitioner and their secretary may: it is their time.

    Raises
    ------
    NotFound
        When the slot is not theirs, or the patient not of the territory.
    SlotNotOpen
        When it is closed, or has begun.
    PlacesLeft
        When an ordinary place is free.
    """
    slot = _own_slot(session, actor, slot_id)
    check_open(slot, now)
    check_patient(session, actor, patient_id)
    if free_places(session, actor, slot, now):
        raise PlacesLeft
    place = _first_extra_place(session, slot)
    if place > slot.capacity + slot.extra_places:
        slot.extra_places = place - slot.capacity
        slot.updated_at = now
        session.add(slot)
        session.flush()
    booking = _new(actor, slot_id, patient_id, now)
    take_place(session, booking, [place])
    return _begun(session, actor, booking, now, extra=True)


def _new(actor: Actor, slot_id: int, patient_id: UUID | None, now: datetime) -> Booking:
    return Booking(
        slot_id=slot_id,
        place=1,
        state=BookingState.BOOKED,
        booked_by=actor.key,
        patient_id=patient_id,
        created_at=now,
        updated_at=now,
    )


def _begun(
    session: Session,
    actor: Actor,
    booking: Booking,
    now: datetime,
    *,
    extra: bool = False,
    by_phone: bool = False,
) -> Booking:
    said = {"extra": extra, BY_PHONE: by_phone}
    begin(session, actor, booking, now, detail={word: True for word, holds in said.items() if holds})
    session.flush()
    return booking


def _own_slot(session: Session, actor: Actor, slot_id: int) -> Slot:
    query = (
        select(Slot)
        .join(Practitioner, col(Practitioner.id) == col(Slot.practitioner_id))
        .where(col(Slot.id) == slot_id, col(Practitioner.territory_id) == actor.territory_id)
        .with_for_update(of=Slot, key_share=True)
    )
    slot = session.exec(query).first()
    if slot is None or not is_own(actor, slot.practitioner_id):
        raise NotFound("slot")
    return slot


def _first_extra_place(session: Session, slot: Slot) -> int:
    query = select(Booking.place).where(
        col(Booking.slot_id) == slot.id,
        col(Booking.place) > slot.capacity,
        col(Booking.state).in_(TAKES_A_PLACE),
    )
    taken = set(session.exec(query))
    return next(
        place for place in range(slot.capacity + 1, slot.capacity + len(taken) + 2) if place not in taken
    )
