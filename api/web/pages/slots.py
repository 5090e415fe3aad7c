"""Finding a slot and booking it."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Protocol
from uuid import uuid4

from fastapi import APIRouter, Depends, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session

from api.counting import keep_count
from api.reading import read_once_more
from api.schemas.common import Id
from api.web.agenda import show_agenda
from api.web.arrival import agenda_asked, note_arrival, whole_id
from api.web.errors import PageRoute
from api.web.finding import Asked, asked, labelled
from api.web.forms import Form
from api.web.guests import BookerHere, Guest
from api.web.notices import Notice
from api.web.once import do_once, kept_key
from api.web.places import label, suggestions
from api.web.sent import FromForm, Sent
from scheduler.accounts.actor import Actor
from scheduler.agenda.booking import book, hold
from scheduler.agenda.errors import SlotNotSure
from scheduler.agenda.find import find
from scheduler.errors import SlotNotOpen, SlotTaken
from scheduler.store.tables import Booking

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/creneaux", dependencies=[Depends(note_arrival)])
def look(guest: BookerHere) -> HTMLResponse:
    """Show the search form and what it finds once a place is given, or the agenda of one practitioner."""
    if (practitioner_id := agenda_asked(guest.request)) is not None:
        return show_agenda(guest, practitioner_id)
    return show_slots(guest, asked(dict(guest.request.query_params), guest.insee))


@router.post("/creneaux/{slot_id}/reserver")
def take(slot_id: Annotated[Id, Path()], guest: BookerHere, sent: FromForm) -> Response:
    """Book one place; when it has just gone, say so and show the next ones."""
    return _taken(guest, slot_id, sent, how="reserver", use_case=book, notice="reserve")


@router.post("/creneaux/{slot_id}/retenir")
def keep(slot_id: Annotated[Id, Path()], guest: BookerHere, sent: FromForm) -> Response:
    """Hold one place for five minutes, the time to agree with the patient."""
    return _taken(guest, slot_id, sent, how="retenir", use_case=hold, notice="retenu")


class _UseCase(Protocol):
    def __call__(self, session: Session, actor: Actor, *, slot_id: int, now: datetime) -> Booking: ...


def _taken(guest: Guest, slot_id: int, sent: Sent, *, how: str, use_case: _UseCase, notice: str) -> Response:
    looked_for = asked(sent.values, guest.insee)
    key = f"{how}-{sent.values.get('key', '')}"
    try:
        read_once_more(guest.here, guest.actor, slot_id, key=kept_key(key))
        with guest.here.store.write() as session:
            kept = do_once(
                session,
                guest,
                key=key,
                route=f"POST /creneaux/{slot_id}/{how}",
                what=slot_id,
                effect=lambda: {"id": str(use_case(session, guest.actor, slot_id=slot_id, now=guest.now).id)},
            )
    except (SlotTaken, SlotNotOpen, SlotNotSure) as refusal:
        if (agenda := whole_id(sent.values.get("medecin", ""))) is not None:
            gone = Notice(tone="danger", sentence=f"{refusal} Les créneaux libres sont ci-dessous.")
            return show_agenda(guest, agenda, notice=gone, status=HTTPStatus.CONFLICT)
        told = Notice(tone="danger", sentence=f"{refusal} Les créneaux suivants sont ci-dessous.")
        return show_slots(guest, looked_for, notice=told, status=HTTPStatus.CONFLICT)
    return RedirectResponse(
        f"/rendez-vous/{kept['id']}?fait={notice}&{looked_for.query_string()}",
        status_code=HTTPStatus.SEE_OTHER,
    )


def show_slots(
    guest: Guest, wanted: Asked, *, notice: Notice | None = None, status: int = HTTPStatus.OK
) -> HTMLResponse:
    """Show the form with a search in it, and its results."""
    form = Form(values=wanted.typed())
    if wanted.text and wanted.place is None:
        form = form.refused(
            "ou", "Aucune commune de ce nom. Vérifiez l'orthographe ou donnez le code postal."
        )
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    values: dict[str, object] = {"form": form, "notice": notice, "communes": suggestions(guest.insee)}
    if wanted.place is None:
        return guest.page("slots.html", status=status, place="", **values)
    with guest.here.store.read() as session:
        found = find(session, guest.actor, wanted.query(guest.now, guest.zone), now=guest.now)
    keep_count(guest.here, found.slots)
    return guest.page(
        "slots.html",
        status=status,
        place=label(wanted.place),
        others=[(label(other), wanted.address(ou=label(other))) for other in wanted.others],
        window_words=wanted.window_words(),
        radius_km=found.max_km,
        num_found=len(found.slots),
        cut=found.is_cut or any(group.num_more for group in found.groups),
        groups=labelled(found),
        wider=wanted.wider(),
        key=uuid4().hex,
        **values,
    )
