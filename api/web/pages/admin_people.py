"""The accounts of a territory: inviting, roles, a new password, closing."""

from collections.abc import Callable
from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session

from api.web import words
from api.web.errors import PageRoute
from api.web.forms import Form
from api.web.guests import AdminHere, Guest
from api.web.notices import notice_of
from api.web.sent import FromForm
from scheduler.accounts import managing
from scheduler.accounts.people import list_people
from scheduler.agenda.kept import kept_practices
from scheduler.errors import AlreadyExists, Conflict, InvalidInput
from scheduler.rows import id_of
from scheduler.store.tables import Role

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_PATH = "/administration/comptes"
_LABELS = {
    "email": "Adresse électronique",
    "name": "Nom",
    "role": "Rôle",
    "practitioner": "Médecin",
}
_FIELDS = {"adresse électronique": "email", "nom": "name", "médecin": "practitioner", "rôle": "role"}


@router.get(_PATH)
def show(guest: AdminHere) -> HTMLResponse:
    """Show the accounts and the form that invites somebody."""
    return _page(guest, Form(labels=_LABELS))


@router.post(_PATH)
def invite(guest: AdminHere, sent: FromForm) -> Response:
    """Invite somebody; what was typed stays when something has to be corrected."""
    form = Form(values=sent.values, labels=_LABELS)
    role, practitioner = sent.values.get("role", ""), sent.values.get("practitioner", "")
    if role not in set(Role):
        return _page(guest, form.refused("role", "Choisissez un rôle."), HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        with guest.here.store.write() as session:
            managing.invite(
                session,
                guest.actor,
                email=sent.values.get("email", ""),
                name=sent.values.get("name", ""),
                role=Role(role),
                practitioner_id=int(practitioner) if practitioner.isdecimal() else None,
                public_url=guest.here.settings.public_url,
                zone=guest.zone,
                now=guest.now,
            )
    except InvalidInput as refusal:
        named = form.refused(_FIELDS.get(refusal.field, ""), f"Attendu : {refusal.expected}.")
        return _page(guest, named, HTTPStatus.UNPROCESSABLE_ENTITY)
    except AlreadyExists:
        held = form.refused("email", "Cette personne a déjà ce rôle ici.")
        return _page(guest, held, HTTPStatus.CONFLICT)
    return _done("invite")


@router.post(_PATH + "/{account_id}/roles")
def change_roles(account_id: UUID, guest: AdminHere, sent: FromForm) -> Response:
    """Give somebody the roles that are ticked."""
    roles = frozenset(Role(role) for role in sent.all("roles") if role in set(Role))
    return _act(
        guest,
        "roles",
        lambda session: managing.change_roles(session, guest.actor, account_id, roles, now=guest.now),
    )


@router.post(_PATH + "/{account_id}/mot-de-passe")
def renew(account_id: UUID, guest: AdminHere, sent: FromForm) -> Response:
    """Mail somebody a link to choose a new password."""
    del sent
    return _act(
        guest,
        "lien",
        lambda session: managing.renew_access(
            session,
            guest.actor,
            account_id,
            public_url=guest.here.settings.public_url,
            zone=guest.zone,
            now=guest.now,
        ),
    )


@router.post(_PATH + "/{account_id}/desactiver")
def close(account_id: UUID, guest: AdminHere, sent: FromForm) -> Response:
    """Close an account."""
    del sent
    return _act(
        guest,
        "compte-ferme",
        lambda session: managing.close_account(session, guest.actor, account_id, now=guest.now),
    )


@router.post(_PATH + "/{account_id}/reactiver")
def reopen(account_id: UUID, guest: AdminHere, sent: FromForm) -> Response:
    """Open a closed account again."""
    del sent
    return _act(
        guest,
        "rouvert",
        lambda session: managing.reopen_account(session, guest.actor, account_id, now=guest.now),
    )


def _act(guest: Guest, done: str, effect: Callable[[Session], None]) -> Response:
    try:
        with guest.here.store.write() as session:
            effect(session)
    except InvalidInput as refusal:
        told = Form(labels=_LABELS).refused("", f"Attendu : {refusal.expected}.")
        return _page(guest, told, HTTPStatus.UNPROCESSABLE_ENTITY)
    except Conflict as refusal:
        return _page(guest, Form(labels=_LABELS).refused("", str(refusal)), HTTPStatus.CONFLICT)
    return _done(done)


def _done(what: str) -> RedirectResponse:
    return RedirectResponse(f"{_PATH}?fait={what}", status_code=HTTPStatus.SEE_OTHER)


def _page(guest: Guest, form: Form, status: int = HTTPStatus.OK) -> HTMLResponse:
    with guest.here.store.read() as session:
        people = list_people(session, guest.actor.territory_id)
        practitioners = {
            id_of(one): f"Dr {one.given_name} {one.family_name}"
            for _, one in kept_practices(session, guest.actor)
        }
    here = guest.actor.territory_id
    return guest.page(
        "admin_people.html",
        status=status,
        form=form,
        people=[
            (person, frozenset(role for territory_id, role in person.grants if territory_id == here))
            for person in people
        ],
        own_id=guest.actor.account_id,
        practitioners=practitioners,
        roles=list(words.ROLES.items()),
        notice=notice_of(guest.request),
    )
