"""Bookings: read by those they concern; confirmed, given back, moved, honoured by them."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status
from fastapi.responses import JSONResponse

from api.dependencies import Booker, CalendarKeeper, Once, OnceIfKeyed
from api.paging import Paged, instant, page
from api.reading import read_once_more
from api.schemas.bookings import BookIn, BookingOut, BookingRef, CancelIn, MoveIn, booking_out
from api.schemas.common import Instant, Page
from api.services import Here
from scheduler.agenda.booking import confirm
from scheduler.agenda.bookings import BookingLine, get_booking, list_bookings
from scheduler.agenda.ending import cancel, honour, miss, move
from scheduler.agenda.history import was_by_phone

router = APIRouter(prefix="/api/v1/bookings", tags=["agenda partagé"])

USUALLY_SINCE = timedelta(days=1)


@router.get("")
def list_all(
    actor: Booker,
    here: Here,
    paging: Paged,
    since: Annotated[Instant | None, Query(description="Par défaut : 24 h avant maintenant")] = None,
) -> Page[BookingOut]:
    """List the bookings that concern this person, the earliest first, the cancelled ones too."""
    now = here.clock()
    with here.store.write() as session:
        listed = list_bookings(
            session,
            actor,
            since_at=since or now - USUALLY_SINCE,
            limit=paging.limit,
            after=paging.after_as(instant, UUID),
            now=now,
        )
    return page(listed, key=_key, show=booking_out)


@router.post("/{booking_id}/confirm", response_model=BookingRef)
def confirm_hold(booking_id: UUID, given: BookIn, actor: Booker, once: Once, here: Here) -> JSONResponse:
    """Make a booking of a hold, before its end."""
    now = here.clock()

    def confirmed() -> BookingRef:
        booking = confirm(
            session,
            actor,
            booking_id=booking_id,
            patient_id=given.patient_id,
            by_phone=given.by_phone,
            now=now,
        )
        return BookingRef.of(booking)

    with here.store.read() as session:
        slot_id = get_booking(session, actor, booking_id, now=now).slot_id
        by_phone = given.by_phone or was_by_phone(session, booking_id)
    read_once_more(here, actor, slot_id, key=once.key, by_phone=by_phone)
    with here.store.write() as session:
        return once.answer(session, actor, now=now, effect=confirmed, status=status.HTTP_200_OK)


@router.post("/{booking_id}/cancel", response_model=BookingRef)
def cancel_booking(
    booking_id: UUID, actor: Booker, here: Here, once: OnceIfKeyed, given: CancelIn | None = None
) -> JSONResponse:
    """Give a place back, held or booked; it can be booked again at once."""
    reason = None if given is None else given.reason
    now = here.clock()

    def cancelled() -> BookingRef:
        return BookingRef.of(cancel(session, actor, booking_id=booking_id, reason=reason, now=now))

    with here.store.write() as session:
        return once.answer(session, actor, now=now, effect=cancelled, status=status.HTTP_200_OK)


@router.post("/{booking_id}/move", status_code=status.HTTP_201_CREATED, response_model=BookingRef)
def move_booking(booking_id: UUID, given: MoveIn, actor: Booker, once: Once, here: Here) -> JSONResponse:
    """Book another slot for the same patient and give the first one back: both, or neither."""
    now = here.clock()

    def moved() -> BookingRef:
        booking = move(
            session,
            actor,
            booking_id=booking_id,
            to_slot_id=given.slot_id,
            reason=given.reason,
            by_phone=given.by_phone,
            now=now,
        )
        return BookingRef.of(booking)

    read_once_more(here, actor, given.slot_id, key=once.key, by_phone=given.by_phone)
    with here.store.write() as session:
        return once.answer(session, actor, now=now, effect=moved)


@router.post("/{booking_id}/honour", response_model=BookingRef)
def patient_came(booking_id: UUID, actor: CalendarKeeper, once: OnceIfKeyed, here: Here) -> JSONResponse:
    """Note that the patient came; also sets a wrong "no show" right."""
    now = here.clock()

    def noted() -> BookingRef:
        return BookingRef.of(honour(session, actor, booking_id=booking_id, now=now))

    with here.store.write() as session:
        return once.answer(session, actor, now=now, effect=noted, status=status.HTTP_200_OK)


@router.post("/{booking_id}/miss", response_model=BookingRef)
def patient_did_not_come(
    booking_id: UUID, actor: CalendarKeeper, once: OnceIfKeyed, here: Here
) -> JSONResponse:
    """Note that the patient did not come."""
    now = here.clock()

    def noted() -> BookingRef:
        return BookingRef.of(miss(session, actor, booking_id=booking_id, now=now))

    with here.store.write() as session:
        return once.answer(session, actor, now=now, effect=noted, status=status.HTTP_200_OK)


def _key(line: BookingLine) -> tuple[str, str]:
    return line.slot.start_at.isoformat(), str(line.booking.id)
