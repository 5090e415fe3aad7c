"""The CPTS as the national SAS platform knows it: its number, its telephone, GPs shared with neighbours."""

from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.listings import list_practitioners
from api.web.errors import PageRoute
from api.web.forms import Form
from api.web.guests import AdminHere, Guest
from api.web.notices import notice_of
from api.web.sent import FromForm
from scheduler.errors import AlreadyExists, InvalidInput
from scheduler.sas.communities import name_community, read_community, share_with, stop_sharing

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_PAGE = "/administration/plateforme"
_LABELS = {
    "finess": "Numéro FINESS de la CPTS",
    "phone": "Téléphone",
    "medecin": "Médecin",
    "cpts": "CPTS voisine",
}
_MOST_PRACTITIONERS = 2_000


@router.get(_PAGE)
def community(guest: AdminHere) -> HTMLResponse:
    """Show the number and who shares slots with a neighbour."""
    with guest.here.store.read() as session:
        known = read_community(session, guest.actor)
    return _page(guest, Form(values={"finess": known.finess, "phone": known.phone}, labels=_LABELS))


@router.post(_PAGE)
def keep_number(guest: AdminHere, sent: FromForm) -> Response:
    """Keep the number and the telephone."""
    form = Form(values=sent.values, labels=_LABELS)
    finess, phone = (sent.values.get(name, "") for name in ("finess", "phone"))
    try:
        with guest.here.store.write() as session:
            doubtful = name_community(session, guest.actor, finess=finess, phone=phone, now=guest.now)
    except InvalidInput as refusal:
        field = "phone" if refusal.field == "phone" else "finess"
        return _page(guest, form.refused(field, f"Attendu : {refusal.expected}."), _WRONG)
    except AlreadyExists:
        return _page(guest, form.refused("finess", "Une autre CPTS porte déjà ce numéro."), _WRONG)
    return _done("plateforme-douteux" if doubtful else "plateforme")


@router.post(_PAGE + "/partages")
def share(guest: AdminHere, sent: FromForm) -> Response:
    """Show a GP's slots under a neighbour's number too."""
    chosen = {name: sent.values.get(name, "") for name in ("medecin", "cpts")}
    form = Form(values=sent.values, labels=_LABELS)
    for name, text in chosen.items():
        if not text.isdecimal():
            return _page(guest, form.refused(name, "Choisissez dans la liste."), _WRONG)
    try:
        with guest.here.store.write() as session:
            share_with(session, guest.actor, int(chosen["medecin"]), int(chosen["cpts"]), now=guest.now)
    except InvalidInput as refusal:
        return _page(guest, form.refused("cpts", f"Attendu : {refusal.expected}."), _WRONG)
    return _done("plateforme-partage")


@router.post(_PAGE + "/partages/{practitioner_id}/{territory_id}/arreter")
def stop(practitioner_id: int, territory_id: int, guest: AdminHere, sent: FromForm) -> Response:
    """Show a GP's slots under a neighbour's number no longer."""
    del sent
    with guest.here.store.write() as session:
        stop_sharing(session, guest.actor, practitioner_id, territory_id, now=guest.now)
    return _done("plateforme-arret")


_WRONG = HTTPStatus.UNPROCESSABLE_ENTITY


def _done(notice: str) -> RedirectResponse:
    return RedirectResponse(f"{_PAGE}?fait={notice}", status_code=HTTPStatus.SEE_OTHER)


def _page(guest: Guest, form: Form, status: int = HTTPStatus.OK) -> HTMLResponse:
    with guest.here.store.read() as session:
        known = read_community(session, guest.actor)
        listed = list_practitioners(session, guest.actor, limit=_MOST_PRACTITIONERS, after=None)
    by_name = sorted(listed.rows, key=lambda one: (one.family_name, one.given_name))
    return guest.page(
        "admin_community.html",
        status=status,
        form=form,
        known=known,
        practitioners=[(one.id, f"{one.family_name} {one.given_name}") for one in by_name],
        notice=notice_of(guest.request),
    )
