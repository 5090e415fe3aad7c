"""Deciding on proposals: one, those that were ticked, all of them; another GP; a validation taken back."""

from http import HTTPStatus
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.web.errors import PageRoute
from api.web.forms import Form
from api.web.guests import CoordinatorHere, Guest
from api.web.pages.proposal_table import row_of
from api.web.sent import FromForm, Sent
from scheduler.errors import InvalidInput
from scheduler.referrals.by_person import ChosenBecause
from scheduler.referrals.decide import RejectReason, override, reject, validate, validate_batch
from scheduler.referrals.errors import NoPlaceLeft
from scheduler.referrals.overview import pending_proposals, practitioners_here
from scheduler.referrals.pending import pending_one
from scheduler.referrals.undo import undo_validation

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
    batch = validate_batch(
        guest.here.store,
        guest.actor,
        _ids(sent.all("proposal_id")),
        now=guest.now,
        offer_days=guest.here.settings.offer_days,
    )
    return _back_to_table(fait="valides", n=str(batch.num_offered), refus=str(batch.num_refused))


@router.post("/propositions/reprendre")
def take_back(guest: CoordinatorHere, sent: FromForm) -> Response:
    """Take back what was just validated, as long as nobody has been told."""
    with guest.here.store.write() as session:
        undo_validation(session, guest.actor, _id(sent.values.get("group", "")), now=guest.now)
    return _back_to_table(fait="reprise")


@router.get("/propositions/{proposal_id}")
def show(proposal_id: UUID, guest: CoordinatorHere) -> HTMLResponse:
    """Show one proposal, with all that can be done about it; one that is decided is no longer there."""
    return _one(guest, proposal_id, Form())


@router.post("/propositions/{proposal_id}/confier")
def give_to_another(proposal_id: UUID, guest: CoordinatorHere, sent: FromForm) -> Response:
    """Offer the patient to another GP, for a coded reason."""
    form, practitioner_id, because = _read_choice(sent)
    if practitioner_id is None or because is None:
        return _one(guest, proposal_id, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        with guest.here.store.write() as session:
            override(
                session,
                guest.actor,
                proposal_id,
                practitioner_id=practitioner_id,
                because=because,
                now=guest.now,
                offer_days=guest.here.settings.offer_days,
            )
    except NoPlaceLeft:
        refused = form.refused("practitioner_id", "Ce médecin n’a plus de place ou ne prend personne.")
        return _one(guest, proposal_id, refused, status=HTTPStatus.CONFLICT)
    return _back_to_table(fait="confie")


@router.post("/propositions/{proposal_id}/valider")
def validate_one(proposal_id: UUID, guest: CoordinatorHere, _sent: FromForm) -> Response:
    """Offer one patient to the practitioner."""
    with guest.here.store.write() as session:
        validate(session, guest.actor, proposal_id, now=guest.now, offer_days=guest.here.settings.offer_days)
    return _back_to_table(fait="valide")


@router.post("/propositions/{proposal_id}/ecarter")
def reject_one(proposal_id: UUID, guest: CoordinatorHere, sent: FromForm) -> Response:
    """Send one patient back to the waiting list, with a reason."""
    reason = sent.values.get("reason", "")
    if reason not in set(RejectReason):
        raise InvalidInput("motif", "un motif de la liste")
    with guest.here.store.write() as session:
        reject(session, guest.actor, proposal_id, reason=RejectReason(reason), now=guest.now)
    return _back_to_table(fait="ecarte")


def _one(guest: Guest, proposal_id: UUID, form: Form, status: int = HTTPStatus.OK) -> HTMLResponse:
    with guest.here.store.write() as session:  # a patient's file is read
        line = pending_one(session, guest.actor, proposal_id, now=guest.now)
    with guest.here.store.read() as session:
        choices = practitioners_here(session, guest.actor.territory_id)
    return guest.page(
        "proposal.html",
        status=status,
        row=row_of(line, guest),
        others_here=line.home_here,
        choices=[choice for choice in choices if choice[0] != line.proposal.practitioner_id],
        form=form,
    )


def _read_choice(sent: Sent) -> tuple[Form, int | None, ChosenBecause | None]:
    """Read which GP is chosen and why; what is missing is said beside its field."""
    labels = {"practitioner_id": "Médecin", "because": "Pourquoi ce médecin ?"}
    form = Form(values=sent.values, labels=labels)
    gp, reason = sent.values.get("practitioner_id", ""), sent.values.get("because", "")
    if not (gp.isascii() and gp.isdigit() and len(gp) < 10):
        form = form.refused("practitioner_id", "Choisissez un médecin.")
    if reason not in set(ChosenBecause):
        form = form.refused("because", "Choisissez une raison.")
    if form.errors:
        return form, None, None
    return form, int(gp), ChosenBecause(reason)


def _ids(texts: list[str]) -> list[UUID]:
    return [_id(text) for text in dict.fromkeys(texts)][:AT_ONCE]


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput("proposition", "le numéro d'une proposition") from None


def _back_to_table(**said: str) -> RedirectResponse:
    return RedirectResponse("/propositions?" + urlencode(said), status_code=HTTPStatus.SEE_OTHER)
