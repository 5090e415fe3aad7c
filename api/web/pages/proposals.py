"""Deciding on proposals: one, all those on the screen, or none of it."""

from http import HTTPStatus
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.web.errors import PageRoute
from api.web.guests import CoordinatorHere, Guest
from api.web.sent import FromForm
from scheduler.errors import Conflict, InvalidInput, NotFound
from scheduler.referrals.decide import RejectReason, reject, validate
from scheduler.referrals.overview import pending_proposals

router = APIRouter(route_class=PageRoute, include_in_schema=False)

AT_ONCE = 500
"""Most proposals validated by one click: each is its own transaction."""


@router.get("/propositions/valider")
def ask_for_all(guest: CoordinatorHere) -> HTMLResponse:
    """Ask before everything is validated; exactly what is shown is what will be sent."""
    with guest.here.store.read() as session:
        pending = pending_proposals(session, guest.actor, limit=AT_ONCE)
    return guest.page(
        "validate_all.html",
        num_pending=len(pending.ids),
        practitioners=pending.by_practitioner,
        proposal_ids=pending.ids,
    )


@router.post("/propositions/valider")
def validate_all(guest: CoordinatorHere, sent: FromForm) -> Response:
    """Validate each of some proposals; one that no longer can be does not hold the others back."""
    num_done = num_refused = 0
    for proposal_id in _ids(sent.all("proposal_id")):
        try:
            _validate(guest, proposal_id)
        except (Conflict, NotFound):
            num_refused += 1
        else:
            num_done += 1
    return _back_to_list(fait="valides", n=str(num_done), refus=str(num_refused))


@router.post("/propositions/{proposal_id}/valider")
def validate_one(proposal_id: UUID, guest: CoordinatorHere, _sent: FromForm) -> Response:
    """Offer one patient to the practitioner."""
    _validate(guest, proposal_id)
    return _back_to_list(fait="valide")


@router.post("/propositions/{proposal_id}/ecarter")
def reject_one(proposal_id: UUID, guest: CoordinatorHere, sent: FromForm) -> Response:
    """Send one patient back to the waiting list, with a reason."""
    reason = sent.values.get("reason", "")
    if reason not in set(RejectReason):
        raise InvalidInput("motif", "un motif de la liste")
    with guest.here.store.write() as session:
        reject(session, guest.actor, proposal_id, reason=RejectReason(reason), now=guest.now)
    return _back_to_list(fait="ecarte")


def _validate(guest: Guest, proposal_id: UUID) -> None:
    with guest.here.store.write() as session:
        validate(
            session,
            guest.actor,
            proposal_id,
            now=guest.now,
            offer_days=guest.here.settings.offer_days,
        )


def _ids(texts: list[str]) -> list[UUID]:
    try:
        return [UUID(text) for text in dict.fromkeys(texts)][:AT_ONCE]
    except ValueError:
        raise InvalidInput("proposition", "le numéro d'une proposition") from None


def _back_to_list(**said: str) -> RedirectResponse:
    return RedirectResponse(
        "/file-active?" + urlencode({"etat": "proposed", **said}), status_code=HTTPStatus.SEE_OTHER
    )
