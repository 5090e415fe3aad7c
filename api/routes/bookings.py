"""Bookings: read by those they concern, cancelled by them."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.dependencies import Booker
from api.listings import BookingLine, list_bookings
from api.paging import Paged, instant, page
from api.schemas.agenda import BookingOut, BookingRef, booking_out
from api.schemas.common import Instant, Page
from api.services import Here
from scheduler.agenda.booking import cancel

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


@router.post("/{booking_id}/cancel")
def cancel_booking(booking_id: UUID, actor: Booker, here: Here) -> BookingRef:
    """Give a place back; it can be booked again at once."""
    with here.store.write() as session:
        booking = cancel(session, actor, booking_id=booking_id, now=here.clock())
        return BookingRef.of(booking)


def _key(line: BookingLine) -> tuple[str, str]:
    return line.slot.start_at.isoformat(), str(line.booking.id)
