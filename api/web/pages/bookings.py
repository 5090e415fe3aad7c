"""One booking: where and when; confirming a hold, giving a place back."""

from collections.abc import Mapping
from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.reading import read_once_more
from api.web.errors import PageRoute
from api.web.finding import asked
from api.web.guests import BookerHere, Guest
from api.web.labels import phone
from api.web.notices import Notice, notice_of
from api.web.sent import FromForm, Sent
from matching.errors import RelaisError
from scheduler.agenda.booking import confirm
from scheduler.agenda.bookings import get_booking
from scheduler.agenda.ending import CancelReason, cancel
from scheduler.agenda.errors import CancelTooLate, HoldOver, ReasonNeeded, SlotNotSure
from scheduler.errors import SlotNotOpen, WrongState
from scheduler.store.tables import BookingState

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/rendez-vous/{booking_id}")
def show(booking_id: UUID, guest: BookerHere) -> HTMLResponse:
    """Show a booking to whoever made it, to its practitioner, to the regulation and the coordination."""
    return _page(guest, booking_id, guest.request.query_params, notice=notice_of(guest.request))


@router.post("/rendez-vous/{booking_id}/confirmer")
def make_sure(booking_id: UUID, guest: BookerHere, sent: FromForm) -> Response:
    """Make a booking of a hold; pressed twice, it stays booked."""
    with guest.here.store.read() as session:
        slot_id = get_booking(session, guest.actor, booking_id, now=guest.now).slot_id
    try:
        read_once_more(guest.here, guest.actor, slot_id)
        with guest.here.store.write() as session:
            confirm(session, guest.actor, booking_id=booking_id, now=guest.now)
    except WrongState as refusal:
        if refusal.state != BookingState.BOOKED.value:
            raise
    except (HoldOver, SlotNotOpen, SlotNotSure) as refusal:
        return _refused(guest, booking_id, sent, refusal)
    return _back(guest, booking_id, sent, "reserve")


@router.post("/rendez-vous/{booking_id}/annuler")
def give_back(booking_id: UUID, guest: BookerHere, sent: FromForm) -> Response:
    """Give a place back, held or booked; pressed twice, it stays given back."""
    try:
        with guest.here.store.write() as session:
            reason = _reason(sent)
            cancel(session, guest.actor, booking_id=booking_id, reason=reason, now=guest.now)
    except WrongState as refusal:
        if refusal.state != BookingState.CANCELLED.value:
            raise
    except (HoldOver, CancelTooLate, ReasonNeeded) as refusal:
        return _refused(guest, booking_id, sent, refusal)
    return _back(guest, booking_id, sent, "annule")


def _page(
    guest: Guest,
    booking_id: UUID,
    search: Mapping[str, str],
    *,
    notice: Notice | None,
    status: int = HTTPStatus.OK,
) -> HTMLResponse:
    with guest.here.store.read() as session:
        booking = get_booking(session, guest.actor, booking_id, now=guest.now)
    wanted = asked(search, guest.insee)
    is_booked, is_held = booking.state is BookingState.BOOKED, booking.state is BookingState.HELD
    is_late = is_booked and guest.now > booking.cancel_until
    return guest.page(
        "booking.html",
        status=status,
        booking=booking,
        short_id=str(booking.id)[:8],
        is_booked=is_booked,
        is_held=is_held,
        may_confirm=is_held and booking.is_holder,
        may_cancel=(is_booked and (not is_late or booking.may_cancel_late)) or is_held,
        is_late=is_late,
        phone_words=phone(booking.phone),
        search_href=wanted.address(),
        search=wanted.typed(),
        notice=notice,
    )


def _refused(guest: Guest, booking_id: UUID, sent: Sent, refusal: RelaisError) -> HTMLResponse:
    told = Notice(tone="danger", sentence=str(refusal))
    return _page(guest, booking_id, sent.values, notice=told, status=HTTPStatus.CONFLICT)


def _back(guest: Guest, booking_id: UUID, sent: Sent, done: str) -> RedirectResponse:
    search = asked(sent.values, guest.insee).query_string()
    return RedirectResponse(
        f"/rendez-vous/{booking_id}?fait={done}&{search}", status_code=HTTPStatus.SEE_OTHER
    )


def _reason(sent: Sent) -> CancelReason | None:
    given = sent.values.get("motif", "")
    return CancelReason(given) if given in set(CancelReason) else None
