"""Finding a slot and booking it; why one is not listed; the list for the day the network is down."""

from datetime import date, datetime, timedelta
from http import HTTPStatus
from itertools import groupby
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session

from api.reading import read_once_more
from api.schemas.common import Id
from api.web.agenda import show_agenda
from api.web.arrival import agenda_asked, note_arrival, whole_id
from api.web.errors import PageRoute
from api.web.finding import asked
from api.web.forms import Form
from api.web.guests import BookerHere, Guest, guest
from api.web.labels import phone
from api.web.notices import Notice, notice_of
from api.web.once import do_once, kept_key
from api.web.places import label, suggestions
from api.web.searched import CARERS, show_results, show_slots
from api.web.sent import FromForm, Sent
from scheduler.accounts.actor import Actor
from scheduler.agenda.booking import book, hold
from scheduler.agenda.errors import SlotNotSure
from scheduler.agenda.search import FoundSlot, search
from scheduler.agenda.slot_query import FARTHEST_KM, MOST_READ, SlotQuery
from scheduler.agenda.usual import practitioners_to_name
from scheduler.agenda.why import SENTENCES, why_of_practitioner
from scheduler.clock import local_day
from scheduler.errors import SlotNotOpen, SlotTaken
from scheduler.store.tables import Booking
from scheduler.territory.communes import communes

router = APIRouter(route_class=PageRoute, include_in_schema=False)

CarerHere = Annotated[Guest, Depends(guest(*CARERS))]
PRINTED_FOR = timedelta(hours=48)


@router.get("/creneaux", dependencies=[Depends(note_arrival)])
def look(guest: BookerHere) -> HTMLResponse:
    """Show the search form and what it finds once a place is given, or the agenda of one practitioner."""
    if (practitioner_id := agenda_asked(guest.request)) is not None:
        return show_agenda(guest, practitioner_id)
    typed = dict(guest.request.query_params)
    notice = notice_of(guest.request)
    return show_slots(guest, asked(typed, guest.insee), notice=notice, booking=typed.get("rdv", ""))


@router.get("/creneaux/resultats")
def look_while_typing(guest: BookerHere) -> HTMLResponse:
    """Give the results alone: the script of the page asks for them as somebody types."""
    return show_results(guest, asked(dict(guest.request.query_params), guest.insee))


@router.get("/creneaux/imprimer")
def to_print(guest: BookerHere) -> HTMLResponse:
    """List on paper what may be booked in the next 48 hours, by day and hour, with telephone numbers."""
    wanted = asked(dict(guest.request.query_params), guest.insee)
    place = wanted.place or communes().by_insee(guest.insee[0])
    query = SlotQuery(
        insee=place.insee,
        from_at=guest.now,
        to_at=guest.now + PRINTED_FOR,
        max_km=FARTHEST_KM,
        limit=MOST_READ,
    )
    with guest.here.store.read() as session:
        found = search(session, guest.actor, query, now=guest.now).rows
    return guest.page("slots_printed.html", days=_by_day(guest, found), place=label(place), phone=phone)


@router.get("/creneaux/pourquoi")
def why_not(guest: CarerHere) -> HTMLResponse:
    """Show every slot of one practitioner around the hours searched, each with why it is not listed."""
    typed = dict(guest.request.query_params)
    wanted, who = asked(typed, guest.insee), whole_id(typed.get("qui", ""))
    with guest.here.store.read() as session:
        told = (
            why_of_practitioner(
                session,
                guest.actor,
                who,
                wanted.query(guest.now, guest.zone),
                viewer=guest.actor.role,
                usual_practitioner_id=wanted.usual_id,
                now=guest.now,
            )
            if who is not None and wanted.place is not None
            else None
        )
        doctors = practitioners_to_name(session, guest.actor.territory_id)
    return guest.page(
        "slots_why.html",
        form=Form(values=wanted.typed() | {"qui": str(who or "")}),
        communes=suggestions(guest.insee),
        doctors=doctors,
        name=dict(doctors).get(who or 0, ""),
        told=None if told is None else [(one, [SENTENCES[why] for why in one.reasons]) for one in told],
        search=wanted.typed(),
        search_href=wanted.address(),
    )


@router.post("/creneaux/{slot_id}/reserver")
def take(slot_id: Annotated[Id, Path()], guest: BookerHere, sent: FromForm) -> Response:
    """Book one place; when it has just gone, say so and show the next ones."""
    return _taken(guest, slot_id, sent, how="reserver", use_case=book, notice="reserve")


@router.post("/creneaux/{slot_id}/retenir")
def keep(slot_id: Annotated[Id, Path()], guest: BookerHere, sent: FromForm) -> Response:
    """Hold one place for five minutes, the time to agree with the patient."""
    return _taken(guest, slot_id, sent, how="retenir", use_case=hold, notice="retenu")


class _UseCase(Protocol):
    def __call__(
        self, session: Session, actor: Actor, *, slot_id: int, by_phone: bool, now: datetime
    ) -> Booking: ...


def _taken(guest: Guest, slot_id: int, sent: Sent, *, how: str, use_case: _UseCase, notice: str) -> Response:
    looked_for, by_phone = asked(sent.values, guest.insee), sent.values.get("appele") == "oui"
    agenda = whole_id(sent.values.get("medecin", ""))
    key = f"{how}-{sent.values.get('key', '')}"
    try:
        read_once_more(guest.here, guest.actor, slot_id, key=kept_key(key), by_phone=by_phone)
        with guest.here.store.write() as session:
            kept = do_once(
                session,
                guest,
                key=key,
                route=f"POST /creneaux/{slot_id}/{how}",
                what=slot_id,
                effect=lambda: {
                    "id": str(
                        use_case(session, guest.actor, slot_id=slot_id, by_phone=by_phone, now=guest.now).id
                    )
                },
            )
    except (SlotTaken, SlotNotOpen, SlotNotSure) as refusal:
        if agenda is not None:
            gone = Notice(tone="danger", sentence=f"{refusal} Les créneaux libres sont ci-dessous.")
            return show_agenda(guest, agenda, notice=gone, status=HTTPStatus.CONFLICT)
        told = Notice(tone="danger", sentence=f"{refusal} Les créneaux suivants sont ci-dessous.")
        return show_slots(guest, looked_for, notice=told, status=HTTPStatus.CONFLICT)
    here = f"/rendez-vous/{kept['id']}?" if agenda is not None else f"/creneaux?rdv={kept['id']}&"
    return RedirectResponse(
        f"{here}fait={notice}&{looked_for.query_string()}", status_code=HTTPStatus.SEE_OTHER
    )


def _by_day(guest: Guest, slots: tuple[FoundSlot, ...]) -> list[tuple[date, list[FoundSlot]]]:
    by_day = groupby(slots, key=lambda slot: local_day(slot.start_at, guest.zone))
    return [(on, list(those)) for on, those in by_day]
