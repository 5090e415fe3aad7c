"""Signalling a patient: the form, what is wrong with it, the receipt."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID, uuid4

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.web.errors import PageRoute
from api.web.forms import Form
from api.web.guests import Guest, SignallerHere
from api.web.once import do_once
from api.web.places import suggestions
from api.web.sent import FromForm
from api.web.signalling import understand
from scheduler.errors import InvalidInput
from scheduler.referrals.errors import AlreadySignalled
from scheduler.referrals.overview import practitioners_here
from scheduler.referrals.read import get_referral
from scheduler.referrals.signal import signal
from scheduler.referrals.values import Signal

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_FIELD_OF = {"insee": "commune", "languages": "language", "patient": "family_name"}


@router.get("/signaler")
def show(guest: SignallerHere, foyer: Annotated[UUID | None, Query()] = None) -> HTMLResponse:
    """Show an empty form, or one for somebody of the same household."""
    typed = {"collected_by": guest.visitor.name}
    if foyer is not None:
        typed["household_with"] = str(foyer)
    return _form(guest, Form(values=typed), key=uuid4().hex)


@router.post("/signaler")
def send(guest: SignallerHere, sent: FromForm) -> Response:
    """Receive a signal once, however often its button is pressed."""
    read = understand(sent.values, now=guest.now, today=guest.today, home=guest.insee)
    key = sent.values.get("key") or uuid4().hex
    if read.signal is None:
        return _form(guest, read.form, key=key, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        referral_id = _receive(guest, read.signal, key)
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


@router.get("/signaler/recu")
def received(guest: SignallerHere, dossier: UUID) -> HTMLResponse:
    """Show the receipt: the number, and what comes next."""
    with guest.here.store.write() as session:
        file = get_referral(session, guest.actor, dossier, now=guest.now)
    return guest.page(
        "signal_received.html",
        referral_id=dossier,
        short_id=str(dossier)[:8],
        next_action_on=file.line.next_action_on,
    )


def _receive(guest: Guest, given: Signal, key: str) -> str:
    with guest.here.store.write() as session:
        return do_once(
            session,
            guest,
            key=key,
            route="POST /signaler",
            what=given,
            effect=lambda: {"id": str(signal(session, guest.actor, given, now=guest.now).id)},
        )["id"]


def _form(guest: Guest, form: Form, *, key: str, status: int = HTTPStatus.OK) -> HTMLResponse:
    with guest.here.store.read() as session:
        practitioners = practitioners_here(session, guest.actor.territory_id)
    return guest.page(
        "signal.html",
        status=status,
        form=form,
        key=key,
        together_with=form.values.get("household_with", ""),
        practitioners=practitioners,
        communes=suggestions(guest.insee),
    )
