"""One booking as pages show it: what it is called, what may be done with it now, where that leads."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from api.web.dates import NARROW
from api.web.finding import Asked
from api.web.guests import Guest
from scheduler.agenda.bookings import BookingShown, get_booking
from scheduler.errors import NotFound
from scheduler.store.tables import BookingState, Role

_ATTENDED = frozenset({BookingState.BOOKED, BookingState.HONOURED, BookingState.NO_SHOW})
_TITLES = {
    BookingState.HELD: "Créneau retenu",
    BookingState.BOOKED: "Rendez-vous réservé",
    BookingState.EXPIRED: "La retenue est terminée",
    BookingState.CANCELLED: "Rendez-vous annulé",
    BookingState.MOVED: "Rendez-vous déplacé",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingCard:
    """A booking, with what this person may do.

    Parameters
    ----------
    is_late : bool
        The practitioner's limit for cancelling has passed.
    limit_words : str
        That limit, in words.
    then_href : str
        What to show when the hold is over.
    """

    booking: BookingShown
    title: str
    is_held: bool
    is_booked: bool
    is_late: bool
    may_confirm: bool
    may_cancel: bool
    may_attend: bool
    limit_words: str
    move_href: str
    then_href: str

    @property
    def short_id(self) -> str:
        """What one says on the telephone."""
        return str(self.booking.id)[:8]


def booking_card(guest: Guest, booking_id: UUID, wanted: Asked, *, on_screen: bool) -> BookingCard:
    """Read one booking for a page.

    Parameters
    ----------
    wanted
        The search it came from, to go back to.
    on_screen
        Whether it is shown above that search.

    Raises
    ------
    NotFound
        When it is not one this person may reach.
    """
    with guest.here.store.read() as session:
        booking = get_booking(session, guest.actor, booking_id, now=guest.now)
    is_booked, is_held = booking.state is BookingState.BOOKED, booking.state is BookingState.HELD
    is_late = is_booked and guest.now > booking.cancel_until
    may_attend = booking.is_own_agenda or guest.actor.role is Role.COORDINATOR
    here = f"{wanted.address()}&rdv={booking_id}" if on_screen else f"/rendez-vous/{booking_id}"
    return BookingCard(
        booking=booking,
        title=_TITLES.get(booking.state, "Rendez-vous"),
        is_held=is_held,
        is_booked=is_booked,
        is_late=is_late,
        may_confirm=is_held and booking.is_holder,
        may_cancel=(is_booked and (not is_late or booking.may_cancel_late)) or is_held,
        may_attend=may_attend and booking.state in _ATTENDED and booking.start_at <= guest.now,
        limit_words=_limit_words(booking.start_at - booking.cancel_until),
        move_href=wanted.address(deplace=str(booking_id)),
        then_href=here,
    )


def booking_on_screen(guest: Guest, text: str, wanted: Asked) -> BookingCard | None:
    """Read the booking that the address of a search names; None when it names none of this person's."""
    try:
        return booking_card(guest, UUID(text), wanted, on_screen=True) if text else None
    except (ValueError, NotFound):
        return None


def _limit_words(before: timedelta) -> str:
    hours = round(before / timedelta(hours=1))
    return "libre jusqu’à l’heure du rendez-vous" if hours <= 0 else f"libre jusqu’à {hours}{NARROW}h avant"
