"""One booking: where and when; confirmed, given back, moved, honoured or missed."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from uuid import UUID, uuid4

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session

from api.reading import read_once_more
from api.web.arrival import whole_id
from api.web.booked import booking_card
from api.web.errors import PageRoute
from api.web.finding import Asked, asked
from api.web.guests import BookerHere, CalendarKeeperHere, Guest
from api.web.labels import phone
from api.web.notices import Notice, notice_of
from api.web.once import do_once, kept_key
from api.web.searched import show_slots
from api.web.sent import FromForm, Sent
from matching.errors import RelaisError
from scheduler.agenda.booking import confirm
from scheduler.agenda.bookings import get_booking
from scheduler.agenda.ending import CancelReason, cancel, honour, miss, move
from scheduler.agenda.errors import CancelTooLate, HoldOver, NotYetBegun, ReasonNeeded, SlotNotSure
from scheduler.agenda.history import was_by_phone
from scheduler.errors import InvalidInput, SlotNotOpen, SlotTaken, WrongState
from scheduler.store.tables import Booking, BookingState

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_REFUSALS = (HoldOver, SlotNotOpen, SlotNotSure, CancelTooLate, ReasonNeeded, NotYetBegun)


@router.get("/rendez-vous/{booking_id}")
def show(booking_id: UUID, guest: BookerHere) -> HTMLResponse:
    """Show a booking to whoever made it, to its practitioner, to the regulation and the coordination."""
    return _page(guest, booking_id, guest.request.query_params, notice=notice_of(guest.request))


@router.post("/rendez-vous/{booking_id}/confirmer")
def make_sure(booking_id: UUID, guest: BookerHere, sent: FromForm) -> Response:
    """Make a booking of a hold; pressed twice, it stays booked."""
    with guest.here.store.read() as session:
        slot_id = get_booking(session, guest.actor, booking_id, now=guest.now).slot_id
        by_phone = was_by_phone(session, booking_id)
    step = _Step(guest, booking_id, sent, "confirmer", "reserve", BookingState.BOOKED)
    return step.taken(
        lambda session: confirm(session, guest.actor, booking_id=booking_id, now=guest.now),
        before=lambda: read_once_more(guest.here, guest.actor, slot_id, key=step.key, by_phone=by_phone),
    )


@router.post("/rendez-vous/{booking_id}/annuler")
def give_back(booking_id: UUID, guest: BookerHere, sent: FromForm) -> Response:
    """Give a place back, held or booked; pressed twice, it stays given back."""
    reason = _reason(sent)
    step = _Step(guest, booking_id, sent, "annuler", "annule", BookingState.CANCELLED)
    return step.taken(
        lambda session: cancel(session, guest.actor, booking_id=booking_id, reason=reason, now=guest.now)
    )


@router.post("/rendez-vous/{booking_id}/venu")
def came(booking_id: UUID, guest: CalendarKeeperHere, sent: FromForm) -> Response:
    """Note that the patient came."""
    step = _Step(guest, booking_id, sent, "venu", "venu", BookingState.HONOURED)
    return step.taken(lambda session: honour(session, guest.actor, booking_id=booking_id, now=guest.now))


@router.post("/rendez-vous/{booking_id}/absent")
def did_not_come(booking_id: UUID, guest: CalendarKeeperHere, sent: FromForm) -> Response:
    """Note that the patient did not come."""
    step = _Step(guest, booking_id, sent, "absent", "absent", BookingState.NO_SHOW)
    return step.taken(lambda session: miss(session, guest.actor, booking_id=booking_id, now=guest.now))


@router.post("/rendez-vous/{booking_id}/deplacer")
def elsewhere(booking_id: UUID, guest: BookerHere, sent: FromForm) -> Response:
    """Book another slot for the same patient and give the first one back; both, or neither."""
    wanted, slot_id = asked(sent.values, guest.insee), whole_id(sent.values.get("slot_id", ""))
    if slot_id is None:
        raise InvalidInput("slot_id", "un créneau de la liste")
    by_phone = sent.values.get("appele") == "oui"
    key = f"deplacer-{sent.values.get('key', '')}"
    try:
        read_once_more(guest.here, guest.actor, slot_id, key=kept_key(key), by_phone=by_phone)
        with guest.here.store.write() as session:
            kept = do_once(
                session,
                guest,
                key=key,
                route=f"POST /rendez-vous/{booking_id}/deplacer",
                what=(slot_id, sent.values.get("motif", "")),
                effect=lambda: {
                    "id": str(
                        move(
                            session,
                            guest.actor,
                            booking_id=booking_id,
                            to_slot_id=slot_id,
                            reason=_reason(sent),
                            by_phone=by_phone,
                            now=guest.now,
                        ).id
                    )
                },
            )
    except (SlotTaken, SlotNotOpen, SlotNotSure, CancelTooLate, ReasonNeeded, InvalidInput) as refusal:
        told = Notice(tone="danger", sentence=f"{refusal} Le rendez-vous reste comme il était.")
        return show_slots(guest, wanted, notice=told, status=HTTPStatus.CONFLICT)
    return RedirectResponse(
        f"{wanted.address(deplace='')}&rdv={kept['id']}&fait=deplace", status_code=HTTPStatus.SEE_OTHER
    )


class _Step:
    """One button of a booking: pressed once, its page says what it did."""

    def __init__(
        self, guest: Guest, booking_id: UUID, sent: Sent, word: str, done: str, state: BookingState
    ) -> None:
        self.guest, self.booking_id, self.sent = guest, booking_id, sent
        self.word, self.done, self.state = word, done, state
        self.form_key = f"{word}-{sent.values.get('key', '')}"
        self.key = kept_key(self.form_key)

    def taken(self, act: Callable[[Session], Booking], before: Callable[[], None] = lambda: None) -> Response:
        try:
            before()
            with self.guest.here.store.write() as session:
                do_once(
                    session,
                    self.guest,
                    key=self.form_key,
                    route=f"POST /rendez-vous/{self.booking_id}/{self.word}",
                    what=(self.booking_id, self.sent.values.get("motif", "")),
                    effect=lambda: {"id": str(act(session).id)},
                )
        except WrongState as refusal:
            if refusal.state != self.state.value:
                raise
        except _REFUSALS as refusal:
            return _refused(self.guest, self.booking_id, self.sent, refusal)
        return _back(self.guest, self.booking_id, self.sent, self.done)


def _page(
    guest: Guest,
    booking_id: UUID,
    search: Mapping[str, str],
    *,
    notice: Notice | None,
    status: int = HTTPStatus.OK,
) -> HTMLResponse:
    wanted = asked(search, guest.insee)
    shown = booking_card(guest, booking_id, wanted, on_screen=False)
    return guest.page(
        "booking.html",
        status=status,
        shown=shown,
        search_href=wanted.address(),
        search=wanted.typed(),
        notice=notice,
        key=uuid4().hex,
        phone=phone,
    )


def _refused(guest: Guest, booking_id: UUID, sent: Sent, refusal: RelaisError) -> HTMLResponse:
    told = Notice(tone="danger", sentence=str(refusal))
    if _on_screen(sent):
        wanted = asked(sent.values, guest.insee)
        return show_slots(guest, wanted, notice=told, status=HTTPStatus.CONFLICT, booking=str(booking_id))
    return _page(guest, booking_id, sent.values, notice=told, status=HTTPStatus.CONFLICT)


def _back(guest: Guest, booking_id: UUID, sent: Sent, done: str) -> RedirectResponse:
    wanted: Asked = asked(sent.values, guest.insee)
    if _on_screen(sent):
        address = f"{wanted.address()}&rdv={booking_id}&fait={done}"
    else:
        address = f"/rendez-vous/{booking_id}?fait={done}&{wanted.query_string()}"
    return RedirectResponse(address, status_code=HTTPStatus.SEE_OTHER)


def _on_screen(sent: Sent) -> bool:
    return sent.values.get("ecran") == "creneaux"


def _reason(sent: Sent) -> CancelReason | None:
    given = sent.values.get("motif", "")
    return CancelReason(given) if given in set(CancelReason) else None
