"""The page of a search for slots, and its results alone for the script that shows them as one types."""

from http import HTTPStatus
from typing import Any
from uuid import uuid4

from fastapi.responses import HTMLResponse

from api.counting import keep_count
from api.web.booked import BookingCard, booking_on_screen
from api.web.finding import Asked, labelled
from api.web.forms import Form
from api.web.guests import Guest
from api.web.labels import phone
from api.web.notices import Notice
from api.web.places import label, suggestions
from scheduler.agenda.find import find
from scheduler.agenda.usual import practitioners_to_name
from scheduler.store.tables import Role

CARERS = frozenset({Role.REGULATOR, Role.GP, Role.SECRETARY, Role.COORDINATOR})
"""Who may keep a care request, and ask why a slot is not shown."""

NO_COMMUNE = "Aucune commune de ce nom. Vérifiez l'orthographe ou donnez le code postal."
NO_AGE = "Attendu : un âge comme 7 ans ou 8 mois."


def show_slots(
    guest: Guest,
    wanted: Asked,
    *,
    notice: Notice | None = None,
    status: int = HTTPStatus.OK,
    booking: str = "",
) -> HTMLResponse:
    """Show the form with a search in it, its results, and above them the booking that is being made.

    Parameters
    ----------
    booking
        Id of that booking; "" for none.
    """
    form = Form(values=wanted.typed(), labels={"ou": "Où ?", "age": "Âge"})
    if wanted.text and wanted.place is None:
        form, status = form.refused("ou", NO_COMMUNE), HTTPStatus.UNPROCESSABLE_ENTITY
    if wanted.is_wrong_age:
        form, status = form.refused("age", NO_AGE), HTTPStatus.UNPROCESSABLE_ENTITY
    moved = booking_on_screen(guest, str(wanted.moving or ""), wanted)
    with guest.here.store.read() as session:
        doctors = practitioners_to_name(session, guest.actor.territory_id)
    return guest.page(
        "slots.html",
        status=status,
        form=form,
        notice=notice,
        communes=suggestions(guest.insee),
        doctors=doctors,
        shown=booking_on_screen(guest, booking, wanted),
        moved=moved,
        stay_href=wanted.address(deplace="") + (f"&rdv={wanted.moving}" if moved else ""),
        **results(guest, wanted, moved),
    )


def show_results(guest: Guest, wanted: Asked) -> HTMLResponse:
    """Give the results of a search alone, as a piece of its page."""
    moved = booking_on_screen(guest, str(wanted.moving or ""), wanted)
    return guest.page("slots_results.html", **results(guest, wanted, moved))


def results(guest: Guest, wanted: Asked, moved: BookingCard | None) -> dict[str, Any]:
    """Look for slots, and give what the list of them shows."""
    common: dict[str, Any] = {"search": wanted.typed(), "key": uuid4().hex, "phone": phone}
    if wanted.place is None or wanted.is_wrong_age:
        return {"place": "", **common}
    with guest.here.store.read() as session:
        found = find(
            session,
            guest.actor,
            wanted.query(guest.now, guest.zone),
            usual_practitioner_id=wanted.usual_id,
            now=guest.now,
        )
    keep_count(guest.here, found.slots)
    carer = guest.actor.role in CARERS
    return {
        "place": label(wanted.place),
        "others": [(label(other), wanted.address(ou=label(other))) for other in wanted.others],
        "window_words": wanted.window_words(),
        "radius_km": found.max_km,
        "num_found": len(found.slots),
        "cut": found.is_cut,
        "groups": labelled(found),
        "wider": wanted.wider(),
        "may_request": carer and moved is None,
        "may_ask_why": carer,
        "why_href": f"/creneaux/pourquoi?{wanted.query_string()}",
        "move_is_late": moved is not None and moved.is_late,
        **common,
    }
