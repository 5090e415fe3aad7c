"""Care requests: kept when no slot suits, followed until somebody is seen; the list of what lacks a slot."""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.reading import read_once_more
from api.web.care_words import ABANDONED_BECAUSE, EVENTS, REASONS, STANDINGS, URGENCIES
from api.web.errors import PageRoute
from api.web.finding import Asked, asked
from api.web.forms import Form
from api.web.guests import Guest, guest
from api.web.labels import commune_name
from api.web.notices import Notice, notice_of
from api.web.once import do_once, kept_key
from api.web.places import label, suggestions
from api.web.searched import CARERS, NO_AGE, NO_COMMUNE
from api.web.sent import FromForm, Sent
from matching.errors import RelaisError
from scheduler.agenda.errors import SlotNotSure
from scheduler.agenda.usual import practitioners_to_name
from scheduler.care.circles import Circle
from scheduler.care.errors import OfferOver
from scheduler.care.instance import circle_of
from scheduler.care.listing import RequestLine, open_requests, read_request, worklist
from scheduler.care.refill import accept_offer, decline_offer, slot_of_offer
from scheduler.care.requests import (
    DEADLINES,
    CancelledBecause,
    Given,
    answer_by,
    cancel_request,
    create_request,
    extend,
    promise,
    take_over,
)
from scheduler.care.rules import rules_of
from scheduler.errors import InvalidInput, NotFound, SlotNotOpen, SlotTaken, WrongState
from scheduler.store.tables import CareState, Modality

router = APIRouter(route_class=PageRoute, include_in_schema=False)

CareKeeperHere = Annotated[Guest, Depends(guest(*CARERS))]
_LINES = 100
_OPEN = frozenset({CareState.WAITING, CareState.MISSED})
_FORM_LABELS = {"ou": "Où ?", "age": "Âge", "comment": "Comment ?"}


@router.get("/demandes")
def show(guest: CareKeeperHere) -> HTMLResponse:
    """List the requests without a slot, the nearest deadline first; or all that are open."""
    whole = guest.request.query_params.get("toutes") == "oui"
    listing = open_requests if whole else worklist
    with guest.here.store.read() as session:
        listed = listing(session, guest.actor, limit=_LINES, after=None)
    return guest.page(
        "care_requests.html",
        lines=[_line(line) for line in listed.rows],
        more=listed.more,
        whole=whole,
        urgencies=URGENCIES,
    )


@router.get("/demandes/nouvelle")
def blank(guest: CareKeeperHere) -> HTMLResponse:
    """Show the form of a new request, with what a search has carried over."""
    wanted = asked(dict(guest.request.query_params), guest.insee)
    return _form(guest, Form(values=wanted.typed(), labels=_FORM_LABELS))


@router.post("/demandes")
def create(guest: CareKeeperHere, sent: FromForm) -> Response:
    """Keep a request that finds no slot at once; pressed twice, it is one request."""
    wanted = asked(sent.values, guest.insee)
    form = Form(values={**sent.values, **wanted.typed()}, labels=_FORM_LABELS)
    if wanted.place is None:
        form = form.refused("ou", NO_COMMUNE)
    if wanted.is_wrong_age:
        form = form.refused("age", NO_AGE)
    if form.errors:
        return _form(guest, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    given = _given(wanted, sent)
    try:
        with guest.here.store.write() as session:
            kept = do_once(
                session,
                guest,
                key=sent.values.get("key", ""),
                route="POST /demandes",
                what=given,
                effect=lambda: {"id": str(create_request(session, guest.actor, given, now=guest.now).id)},
            )
    except (InvalidInput, NotFound) as refusal:
        form = form.refused("habituel" if isinstance(refusal, NotFound) else "", str(refusal))
        return _form(guest, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return _to(kept["id"], "demande")


@router.get("/demandes/{request_id}")
def read(request_id: Annotated[UUID, Path()], guest: CareKeeperHere) -> HTMLResponse:
    """Show one request, its timers, its history, and the slots offered to it now."""
    return _request(guest, request_id, notice=notice_of(guest.request))


@router.post("/demandes/{request_id}/{step}")
def act(
    request_id: Annotated[UUID, Path()],
    step: Annotated[str, Path(pattern="^(promettre|prendre|prolonger|abandonner)$")],
    guest: CareKeeperHere,
    sent: FromForm,
) -> Response:
    """Take one step of a request; pressed twice, it is taken once."""
    actor, now = guest.actor, guest.now
    try:
        with guest.here.store.write() as session:
            steps = {
                "promettre": lambda: promise(session, actor, request_id, now=now),
                "prendre": lambda: take_over(session, actor, request_id, now=now),
                "prolonger": lambda: extend(
                    session, actor, request_id, deadline_at=now + _longer(sent), now=now
                ),
                "abandonner": lambda: cancel_request(
                    session, actor, request_id, reason=_because(sent), now=now
                ),
            }
            do_once(
                session,
                guest,
                key=f"{step}-{sent.values.get('key', '')}",
                route=f"POST /demandes/{request_id}/{step}",
                what=(sent.values.get("delai", ""), sent.values.get("motif", "")),
                effect=lambda: {"id": str(steps[step]().id)},
            )
    except (WrongState, InvalidInput) as refusal:
        return _refused(guest, request_id, refusal)
    return _to(str(request_id), step)


@router.post("/demandes/offres/{offer_id}/{answer}")
def answer_offer(
    offer_id: Annotated[UUID, Path()],
    answer: Annotated[str, Path(pattern="^(accepter|refuser)$")],
    guest: CareKeeperHere,
    sent: FromForm,
) -> Response:
    """Accept or decline a freed slot; the first to accept has it."""
    use_case = accept_offer if answer == "accepter" else decline_offer
    key = sent.values.get("key", "")
    try:
        if answer == "accepter":
            with guest.here.store.read() as session:
                slot_id = slot_of_offer(session, guest.actor, offer_id)
            read_once_more(guest.here, guest.actor, slot_id, key=kept_key(key))
        with guest.here.store.write() as session:
            kept = do_once(
                session,
                guest,
                key=key,
                route=f"POST /demandes/offres/{offer_id}/{answer}",
                what=offer_id,
                effect=lambda: {"id": str(use_case(session, guest.actor, offer_id, now=guest.now).id)},
            )
    except (OfferOver, SlotTaken, SlotNotOpen, SlotNotSure) as refusal:
        return _refused(guest, _id_of(sent.values.get("request_id", "")), refusal)
    return RedirectResponse(f"/demandes/{kept['id']}", status_code=HTTPStatus.SEE_OTHER)


def _given(wanted: Asked, sent: Sent) -> Given:
    if wanted.place is None:
        raise InvalidInput("ou", "une commune")
    chosen = [how for how in sent.all("modalites") if how in set(Modality)]
    usual = [wanted.modality] if wanted.modality else [Modality.AMB]
    return Given(
        insee=wanted.place.insee,
        urgency=wanted.urgency,
        modalities=tuple(Modality(how) for how in chosen) or tuple(usual),
        usual_practitioner_id=wanted.usual_id,
        promised=sent.values.get("promis") == "oui",
        age=wanted.age,
    )


def _form(guest: Guest, form: Form, *, status: int = HTTPStatus.OK) -> HTMLResponse:
    with guest.here.store.read() as session:
        doctors = practitioners_to_name(session, guest.actor.territory_id)
    return guest.page(
        "care_new.html",
        status=status,
        form=form,
        doctors=doctors,
        communes=suggestions(guest.insee),
        key=uuid4().hex,
    )


def _refused(guest: Guest, request_id: UUID, refusal: RelaisError) -> HTMLResponse:
    told = Notice(tone="danger", sentence=str(refusal))
    return _request(guest, request_id, notice=told, status=HTTPStatus.CONFLICT)


def _request(
    guest: Guest, request_id: UUID, *, notice: Notice | None = None, status: int = HTTPStatus.OK
) -> HTMLResponse:
    with guest.here.store.write() as session:
        shown = read_request(session, guest.actor, request_id, now=guest.now)
        rules = rules_of(session, guest.actor.territory_id)
        circle = circle_of(rules, shown.request, guest.now)
        doctors = dict(practitioners_to_name(session, guest.actor.territory_id))
    line = RequestLine(request=shown.request, standing=shown.standing)
    request = shown.request
    is_open = request.state in _OPEN
    return guest.page(
        "care_request.html",
        status=status,
        notice=notice,
        key=uuid4().hex,
        offers=shown.offers,
        history=[(event.at, EVENTS.get(event.kind, "Demande mise à jour.")) for event in shown.history],
        urgencies=URGENCIES,
        is_open=is_open,
        is_waiting=request.state is CareState.WAITING,
        answer_by=answer_by(request, rules) if line.standing == "kept" and not request.promised else None,
        announce_lead_min=rules.announce_lead_min,
        is_own=request.owner_id is not None and request.owner_id == guest.actor.account_id,
        usual=doctors.get(request.usual_practitioner_id or 0, ""),
        circle_words=_circle_words(circle) if is_open else "",
        circle_until=circle.until if request.state is CareState.WAITING else None,
        because=ABANDONED_BECAUSE,
        search_href=_search_again(guest, line),
        **_line(line),
    )


def _circle_words(circle: Circle) -> str:
    if circle.usual_only:
        return "Le médecin habituel est sollicité d’abord."
    if circle.until is not None:
        return "Les médecins les plus proches sont sollicités."
    return "Tous les médecins à portée sont sollicités."


def _search_again(guest: Guest, line: RequestLine) -> str:
    """Give the address of a search for what a request asks for."""
    request = line.request
    delay = {1: "4h", 2: "jour"}.get(request.urgency, "48h")
    one = request.modalities[0] if len(request.modalities) == 1 else ""
    usual, age = request.usual_practitioner_id, request.age
    typed = {
        "ou": request.insee,
        "quand": delay,
        "comment": one,
        "habituel": str(usual or ""),
        "age": "" if age is None else str(age),
    }
    wanted = asked(typed | {"ou": commune_name(request.insee)}, guest.insee)
    return wanted.address(ou=label(wanted.place) if wanted.place else "")


def _longer(sent: Sent) -> timedelta:
    """Read how much longer the patient agrees to wait, as an urgency."""
    given = sent.values.get("delai", "")
    if given not in {"1", "2", "3"}:
        raise InvalidInput("delai", "l'un des délais de la liste")
    return DEADLINES[int(given) - 1]


def _because(sent: Sent) -> CancelledBecause:
    given = sent.values.get("motif", "")
    if given not in set(CancelledBecause):
        raise InvalidInput("motif", "un motif de la liste")
    return CancelledBecause(given)


def _to(request_id: str, done: str) -> RedirectResponse:
    return RedirectResponse(f"/demandes/{request_id}?fait={done}", status_code=HTTPStatus.SEE_OTHER)


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
