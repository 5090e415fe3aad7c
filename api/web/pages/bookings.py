"""One booking: where and when, and giving it back."""

from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.web.errors import PageRoute
from api.web.finding import asked
from api.web.guests import BookerHere
from api.web.labels import phone
from api.web.notices import notice_of
from api.web.sent import FromForm
from scheduler.agenda.booking import cancel
from scheduler.agenda.own_agenda import get_booking
from scheduler.errors import WrongState
from scheduler.store.tables import BookingState

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/rendez-vous/{booking_id}")
def show(booking_id: UUID, guest: BookerHere) -> HTMLResponse:
    """Show a booking to whoever made it, to its practitioner, to the regulation and the coordination."""
    with guest.here.store.read() as session:
        booking = get_booking(session, guest.actor, booking_id)
    search = asked(guest.request.query_params, guest.insee)
    is_booked = booking.state is BookingState.BOOKED
    return guest.page(
        "booking.html",
        booking=booking,
        short_id=str(booking.id)[:8],
        is_booked=is_booked,
        may_cancel=is_booked and booking.start_at > guest.now,
        phone_words=phone(booking.phone),
        search_href=search.address(),
        search=search.typed(),
        notice=notice_of(guest.request),
    )


@router.post("/rendez-vous/{booking_id}/annuler")
def give_back(booking_id: UUID, guest: BookerHere, sent: FromForm) -> Response:
    """Cancel a booking; pressed twice, it stays cancelled."""
    try:
        with guest.here.store.write() as session:
            cancel(session, guest.actor, booking_id=booking_id, now=guest.now)
    except WrongState as refusal:
        if refusal.state != BookingState.CANCELLED.value:
            raise
    search = asked(sent.values, guest.insee).query_string()
    return RedirectResponse(
        f"/rendez-vous/{booking_id}?fait=annule&{search}", status_code=HTTPStatus.SEE_OTHER
    )
