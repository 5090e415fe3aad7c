"""The territory with its communes, and the structures of care and partners in it."""

from http import HTTPStatus
from typing import Any
from uuid import uuid4

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.listings import list_structures
from api.web.errors import PageRoute
from api.web.forms import Form
from api.web.guests import AdminHere, DirectoryKeeperHere, Guest
from api.web.labels import commune_name
from api.web.maps import Area, map_svg
from api.web.notices import notice_of
from api.web.once import do_once
from api.web.places import one_commune, suggestions
from api.web.sent import FromForm
from scheduler.directory import register_structure
from scheduler.errors import AlreadyExists, InvalidInput
from scheduler.territory.communes import communes
from scheduler.territory.registry import change_communes

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_TERRITORY = "/administration/territoire"
_STRUCTURES = "/administration/structures"
_MOST_STRUCTURES = 500
_KINDS = {
    "cabinet": "Cabinet",
    "msp": "Maison de santé (MSP)",
    "centre": "Centre de santé",
    "ehpad": "EHPAD",
    "hopital": "Hôpital ou clinique",
    "pharmacie": "Pharmacie",
    "dac": "Dispositif d’appui (DAC)",
    "cpam": "Assurance maladie",
    "autre": "Autre",
}
_STRUCTURE_LABELS = {"name": "Nom", "kind": "Sorte", "commune": "Commune", "finess": "Numéro FINESS"}


@router.get(_TERRITORY)
def territory(guest: AdminHere) -> HTMLResponse:
    """Show the territory on a map and its communes as a list."""
    return _territory(guest, Form(labels={"commune": "Commune"}))


@router.post(_TERRITORY + "/communes")
def add_commune(guest: AdminHere, sent: FromForm) -> Response:
    """Add a commune to the territory."""
    typed = sent.values.get("commune", "")
    form = Form(values=sent.values, labels={"commune": "Commune"})
    try:
        commune = one_commune(typed, guest.insee)
    except InvalidInput as refusal:
        told = form.refused("commune", f"Attendu : {refusal.expected}.")
        return _territory(guest, told, HTTPStatus.UNPROCESSABLE_ENTITY)
    return _cover(guest, {*guest.insee, commune.insee})


@router.post(_TERRITORY + "/communes/{insee}/retirer")
def remove_commune(insee: str, guest: AdminHere, sent: FromForm) -> Response:
    """Take a commune out of the territory; the last one stays."""
    del sent
    try:
        return _cover(guest, set(guest.insee) - {insee})
    except InvalidInput:
        told = Form(labels={"commune": "Commune"}).refused("", "Un territoire garde au moins une commune.")
        return _territory(guest, told, HTTPStatus.CONFLICT)


def _cover(guest: Guest, insee: set[str]) -> Response:
    with guest.here.store.write() as session:
        change_communes(session, guest.actor, insee, now=guest.now)
    return RedirectResponse(f"{_TERRITORY}?fait=territoire", status_code=HTTPStatus.SEE_OTHER)


def _territory(guest: Guest, form: Form, status: int = HTTPStatus.OK) -> HTMLResponse:
    covered = sorted((communes().by_insee(code) for code in guest.insee), key=lambda one: one.name)
    areas = [Area(insee=one.insee, value=one.population, told=f"{one.population}") for one in covered]
    return guest.page(
        "admin_territory.html",
        status=status,
        form=form,
        covered=covered,
        zone=guest.zone,
        num_inhabitants=sum(one.population for one in covered),
        drawing=map_svg(areas) if areas else None,
        communes=suggestions(guest.insee),
        notice=notice_of(guest.request),
    )


@router.get(_STRUCTURES)
def structures(guest: DirectoryKeeperHere) -> HTMLResponse:
    """Show the structures and the form that adds one."""
    return _structures(guest, Form(labels=_STRUCTURE_LABELS))


@router.post(_STRUCTURES)
def add_structure(guest: DirectoryKeeperHere, sent: FromForm) -> Response:
    """Register a place of care or a partner."""
    form = Form(values=sent.values, labels=_STRUCTURE_LABELS)
    kind = sent.values.get("kind", "")
    try:
        commune = one_commune(sent.values.get("commune", ""), guest.insee)
        given: dict[str, Any] = {
            "name": sent.values.get("name", ""),
            "insee": commune.insee,
            "kind": kind if kind in _KINDS else "autre",
            "finess": sent.values.get("finess", "").strip() or None,
        }
        with guest.here.store.write() as session:
            do_once(
                session,
                guest,
                key=sent.values.get("key", ""),
                route=f"POST {_STRUCTURES}",
                what=given,
                effect=lambda: {"id": str(register_structure(session, guest.actor, **given).id)},
            )
    except InvalidInput as refusal:
        field = refusal.field if refusal.field in _STRUCTURE_LABELS else "commune"
        told = form.refused(field, f"Attendu : {refusal.expected}.")
        return _structures(guest, told, HTTPStatus.UNPROCESSABLE_ENTITY)
    except AlreadyExists:
        told = form.refused("finess", "Une structure porte déjà ce numéro.")
        return _structures(guest, told, HTTPStatus.CONFLICT)
    return RedirectResponse(f"{_STRUCTURES}?fait=structure", status_code=HTTPStatus.SEE_OTHER)


def _structures(guest: Guest, form: Form, status: int = HTTPStatus.OK) -> HTMLResponse:
    with guest.here.store.read() as session:
        listed = list_structures(session, guest.actor, limit=_MOST_STRUCTURES, after=None)
    return guest.page(
        "admin_structures.html",
        status=status,
        form=form,
        structures=[(one, _KINDS.get(one.kind, one.kind), commune_name(one.insee)) for one in listed.rows],
        kinds=list(_KINDS.items()),
        key=uuid4().hex,
        communes=suggestions(guest.insee),
        notice=notice_of(guest.request),
    )
