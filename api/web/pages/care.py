"""Care requests and the health of one calendar: what mails point to, and the list of what lacks a slot."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.schemas.common import Id
from api.web.errors import PageRoute
from api.web.guests import CalendarKeeperHere, Guest, guest
from api.web.labels import commune_name
from api.web.notices import Notice
from api.web.once import do_once
from api.web.sent import FromForm
from scheduler.agenda.alerts import trouble_of
from scheduler.agenda.health import health_of
from scheduler.agenda.readings import OK, UNCHANGED, outcome_of
from scheduler.care.errors import OfferOver
from scheduler.care.listing import RequestLine, read_request, worklist
from scheduler.care.refill import accept_offer, decline_offer
from scheduler.errors import NotFound, SlotNotOpen, SlotTaken
from scheduler.store.tables import FeedReading, Role

router = APIRouter(route_class=PageRoute, include_in_schema=False)

CareKeeperHere = Annotated[Guest, Depends(guest(Role.REGULATOR, Role.GP, Role.SECRETARY, Role.COORDINATOR))]
_LINES = 100
_SHOWN_READINGS = 30

URGENCIES = {1: "4 heures", 2: "dans la journée", 3: "48 heures"}
STANDINGS = {
    "without": ("Sans créneau", "warn"),
    "kept": ("Créneau gardé", "brand"),
    "booked": ("Rendez-vous pris", "ok"),
    "missed": ("Échéance passée", "danger"),
    "cancelled": ("Abandonnée", ""),
}
REASONS = {
    "deadline_passed": "Échéance trop proche : rappelez ce patient maintenant.",
    "no_slot_in_time": "Aucun créneau libre avant l’échéance : demandez-en un aux médecins.",
    "out_of_reach": "Les créneaux libres à temps sont trop loin, ou le médecin habituel est d’abord attendu.",
    "other_modality": "Les créneaux libres à temps sont d’une autre modalité : proposez-la au patient.",
    "full": "Les créneaux possibles sont gardés pour des demandes plus pressantes.",
}
EVENTS = {
    "received": "Demande reçue.",
    "planned": "Un créneau lui est gardé.",
    "replanned": "Un meilleur créneau lui est gardé.",
    "unplanned": "Le créneau gardé n’est plus possible : recherche en cours.",
    "announced": "Rendez-vous pris sur le créneau gardé.",
    "not_announced": "Le créneau gardé venait d’être pris : recherche en cours.",
    "offered": "Un créneau libéré est proposé.",
    "accepted": "Créneau accepté : rendez-vous pris.",
    "declined": "Créneau refusé.",
    "offer_ended": "Pas de réponse à la proposition.",
    "booked": "Rendez-vous pris.",
    "booking_lost": "Rendez-vous annulé : la demande attend de nouveau, ancienneté conservée.",
    "booking_moved": "Rendez-vous déplacé.",
    "promised": "Un créneau a été promis au patient.",
    "extended": "Échéance repoussée.",
    "missed": "Échéance passée sans créneau.",
    "taken_over": "Quelqu’un d’autre s’en occupe.",
    "cancelled": "Demande abandonnée.",
}


@router.get("/demandes")
def show(guest: CareKeeperHere) -> HTMLResponse:
    """List the requests without a slot, the nearest deadline first."""
    with guest.here.store.read() as session:
        listed = worklist(session, guest.actor, limit=_LINES, after=None)
    return guest.page(
        "care_requests.html",
        lines=[_line(line) for line in listed.rows],
        more=listed.more,
        urgencies=URGENCIES,
    )


@router.get("/demandes/{request_id}")
def read(request_id: Annotated[UUID, Path()], guest: CareKeeperHere) -> HTMLResponse:
    """Show one request, its history, and the slots offered to it now."""
    return _request(guest, request_id)


@router.post("/demandes/offres/{offer_id}/{answer}")
def answer_offer(
    offer_id: Annotated[UUID, Path()],
    answer: Annotated[str, Path(pattern="^(accepter|refuser)$")],
    guest: CareKeeperHere,
    sent: FromForm,
) -> Response:
    """Accept or decline a freed slot; the first to accept has it."""
    act = accept_offer if answer == "accepter" else decline_offer
    try:
        with guest.here.store.write() as session:
            kept = do_once(
                session,
                guest,
                key=sent.values.get("key", ""),
                route=f"POST /demandes/offres/{offer_id}/{answer}",
                what=offer_id,
                effect=lambda: {"id": str(act(session, guest.actor, offer_id, now=guest.now).id)},
            )
    except (OfferOver, SlotTaken, SlotNotOpen) as refusal:
        notice = Notice(tone="danger", sentence=str(refusal))
        back = _id_of(sent.values.get("request_id", ""))
        return _request(guest, back, notice=notice, status=HTTPStatus.CONFLICT)
    return RedirectResponse(f"/demandes/{kept['id']}", status_code=HTTPStatus.SEE_OTHER)


@router.get("/agendas/{feed_id}")
def health(feed_id: Annotated[Id, Path()], guest: CalendarKeeperHere) -> HTMLResponse:
    """Show how one calendar does, reading by reading."""
    with guest.here.store.read() as session:
        told = health_of(session, guest.actor, feed_id, now=guest.now)
    return guest.page(
        "feed_health.html",
        feed=told.feed,
        trouble=told.trouble,
        alerted_at=told.alert.raised_at if told.alert else None,
        share=None if told.share_good is None else round(100 * told.share_good),
        hidden_at=told.hidden_at,
        readings=[(reading, _outcome(reading)) for reading in told.readings[:_SHOWN_READINGS]],
    )


def _request(
    guest: Guest, request_id: UUID, *, notice: Notice | None = None, status: int = HTTPStatus.OK
) -> HTMLResponse:
    with guest.here.store.write() as session:
        shown = read_request(session, guest.actor, request_id, now=guest.now)
    line = RequestLine(request=shown.request, standing=shown.standing)
    return guest.page(
        "care_request.html",
        status=status,
        notice=notice,
        key=uuid4().hex,
        offers=shown.offers,
        history=[(event.at, EVENTS.get(event.kind, "Demande mise à jour.")) for event in shown.history],
        urgencies=URGENCIES,
        **_line(line),
    )


def _id_of(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("care_request") from None


def _line(line: RequestLine) -> dict[str, object]:
    badge, tone = STANDINGS[line.standing]
    return {
        "request": line.request,
        "commune": commune_name(line.request.insee),
        "badge": badge,
        "tone": tone,
        "why": REASONS.get(line.request.reason or "", ""),
    }


def _outcome(reading: FeedReading) -> str:
    outcome = outcome_of(reading)
    return "Lu" if outcome == OK else "Rien de nouveau" if outcome == UNCHANGED else trouble_of(outcome)
