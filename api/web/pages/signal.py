"""Signalling a patient: the form, its drafts, what is wrong with it, the receipt."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID, uuid4

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from sqlmodel import Session

from api.web.errors import PageRoute
from api.web.forms import Form
from api.web.guests import Guest, RequesterHere
from api.web.labels import age, commune_name, full_name
from api.web.notices import notice_of
from api.web.once import do_once
from api.web.places import suggestions
from api.web.sent import FromForm, Sent
from api.web.signalling import understand
from api.web.words import SOURCES, STATES
from scheduler.errors import InvalidInput, NotFound
from scheduler.referrals.drafts import drop_draft, find_draft, save_draft
from scheduler.referrals.duplicates import suspects
from scheduler.referrals.errors import AlreadySignalled
from scheduler.referrals.overview import practitioners_here
from scheduler.referrals.pathways import Pathway, pathway_in_force, pathways_open_to
from scheduler.referrals.pathways.kept import GP
from scheduler.referrals.read import get_referral
from scheduler.referrals.signal import signal
from scheduler.referrals.values import Signal
from scheduler.store.tables import Role, SignalSource

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_FIELD_OF = {"insee": "commune", "languages": "language", "patient": "family_name"}
_NOT_DRAFTED = frozenset({"key", "brouillon", "distinct", "filiere"})


@router.get("/signaler")
def show(
    guest: RequesterHere,
    foyer: Annotated[UUID | None, Query()] = None,
    brouillon: Annotated[UUID | None, Query()] = None,
    filiere: Annotated[str, Query(max_length=40)] = "",
) -> HTMLResponse:
    """Show an empty form, a draft, or a form for somebody of the same household."""
    typed = {"collected_by": guest.visitor.name, "filiere": filiere, "source": _first_source(guest).value}
    if brouillon is not None:
        with guest.here.store.read() as session:
            draft = find_draft(session, guest.actor, brouillon)
        typed |= draft.typed | {"brouillon": str(brouillon), "filiere": draft.pathway}
    if foyer is not None:
        typed["household_with"] = str(foyer)
    return _form(guest, Form(values=typed), key=uuid4().hex)


@router.post("/signaler")
def send(guest: RequesterHere, sent: FromForm) -> Response:
    """Receive a signal once, however often its button is pressed."""
    with guest.here.store.read() as session:
        pathway = pathway_in_force(session, guest.actor.territory_id, _pathway_of(sent))
    read = understand(sent.values, now=guest.now, today=guest.today, home=guest.insee, pathway=pathway)
    key = sent.values.get("key") or uuid4().hex
    if read.signal is None:
        return _form(guest, read.form, key=key, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        if sent.values.get("distinct") != "oui" and (alike := _own_alike(guest, read.signal)):
            return _form(guest, read.form, key=key, status=HTTPStatus.CONFLICT, alike=alike)
        referral_id = _receive(guest, read.signal, key, _draft_of(sent))
    except AlreadySignalled as refusal:
        form = read.form.refused("family_name", str(refusal))
        return _form(guest, form, key=uuid4().hex, status=HTTPStatus.CONFLICT)
    except InvalidInput as refusal:
        field = _FIELD_OF.get(refusal.field, refusal.field)
        form = read.form.refused(field, f"Attendu : {refusal.expected}.")
        return _form(guest, form, key=uuid4().hex, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return RedirectResponse(
        "/signaler/recu?" + urlencode({"dossier": referral_id}), status_code=HTTPStatus.SEE_OTHER
    )


@router.post("/signaler/brouillon")
def keep(guest: RequesterHere, sent: FromForm) -> Response:
    """Keep what was typed so far; the script asks for it while one types, the button without it."""
    typed = {name: value for name, value in sent.values.items() if name not in _NOT_DRAFTED}
    with guest.here.store.write() as session:
        draft = save_draft(
            session,
            guest.actor,
            typed,
            pathway=_pathway_of(sent),
            draft_id=_draft_of(sent),
            now=guest.now,
        )
        draft_id = str(draft.id)
    if guest.request.headers.get("accept") == "text/plain":
        return PlainTextResponse(draft_id, headers={"Cache-Control": "no-store"})
    where = urlencode({"brouillon": draft_id, "fait": "brouillon"})
    return RedirectResponse(f"/signaler?{where}", status_code=HTTPStatus.SEE_OTHER)


@router.post("/signaler/brouillon/{draft_id}/supprimer")
def drop(draft_id: UUID, guest: RequesterHere, _sent: FromForm) -> Response:
    """Erase a draft."""
    with guest.here.store.write() as session:
        drop_draft(session, guest.actor, draft_id)
    return RedirectResponse("/mes-signalements?fait=brouillon-efface", status_code=HTTPStatus.SEE_OTHER)


@router.get("/signaler/recu")
def received(guest: RequesterHere, dossier: UUID) -> HTMLResponse:
    """Show the receipt: the number, and what comes next."""
    with guest.here.store.write() as session:
        file = get_referral(session, guest.actor, dossier, now=guest.now)
        pathway = pathway_in_force(session, guest.actor.territory_id, file.pathway)
    return guest.page(
        "signal_received.html",
        referral_id=dossier,
        short_id=str(dossier)[:8],
        signalled_at=file.created_at,
        next_action_on=file.line.next_action_on,
        pathway=pathway,
    )


def _receive(guest: Guest, given: Signal, key: str, draft_id: UUID | None) -> str:
    with guest.here.store.write() as session:
        return do_once(
            session,
            guest,
            key=key,
            route="POST /signaler",
            what=given,
            effect=lambda: {"id": _signalled(session, guest, given, draft_id)},
        )["id"]


def _signalled(session: Session, guest: Guest, given: Signal, draft_id: UUID | None) -> str:
    referral = signal(session, guest.actor, given, now=guest.now)
    if draft_id is not None:
        drop_draft(session, guest.actor, draft_id)
    return str(referral.id)


def _own_alike(guest: Guest, given: Signal) -> list[tuple[UUID, str, str]]:
    """Show the files this person may reach that resemble the patient: they know whether it is one."""
    shown = []
    with guest.here.store.write() as session:
        for each in suspects(session, guest.actor, given.identity, pathway=given.pathway):
            if not each.may_reach or each.is_twin:
                continue
            line = get_referral(session, guest.actor, each.referral_id, now=guest.now).line
            facts = [age(line.birth_date, guest.today), commune_name(line.insee), STATES[line.state].name]
            name = full_name(line.family_name, line.given_name)
            shown.append((each.referral_id, name, ", ".join(filter(None, facts))))
    return shown


def _form(
    guest: Guest,
    form: Form,
    *,
    key: str,
    status: int = HTTPStatus.OK,
    alike: list[tuple[UUID, str, str]] | None = None,
) -> HTMLResponse:
    with guest.here.store.read() as session:
        pathways = pathways_open_to(session, guest.actor)
        pathway = _known(pathways, form.values.get("filiere") or next(iter(pathways), GP))
        practitioners = practitioners_here(session, guest.actor.territory_id, pathway.profession)
    return guest.page(
        "signal.html",
        status=status,
        form=form,
        key=key,
        pathway=pathway,
        pathways=pathways.values(),
        consent_notice=pathway.notice,
        together_with=form.values.get("household_with", ""),
        practitioners=practitioners,
        communes=suggestions(guest.insee),
        alike=alike or [],
        draft=form.values.get("brouillon", ""),
        source_choices=[
            (source.value, SOURCES[source])
            for source in pathway.requesters
            if source is not SignalSource.IMPORT and (source is SignalSource.GP) == _is_surgery(guest)
        ],
        notice=notice_of(guest.request),
    )


def _is_surgery(guest: Guest) -> bool:
    return guest.actor.role in {Role.GP, Role.SECRETARY}


def _first_source(guest: Guest) -> SignalSource:
    return SignalSource.GP if _is_surgery(guest) else SignalSource.PROFESSIONAL


def _known(pathways: dict[str, Pathway], code: str) -> Pathway:
    if code not in pathways:
        raise NotFound("pathway")
    return pathways[code]


def _pathway_of(sent: Sent) -> str:
    return sent.values.get("filiere") or GP


def _draft_of(sent: Sent) -> UUID | None:
    try:
        return UUID(sent.values.get("brouillon", ""))
    except ValueError:
        return None
