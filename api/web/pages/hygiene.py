"""What keeps the list true: files that look alike, people to call, doctors asked to declare."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.web.errors import PageRoute
from api.web.guests import CoordinatorHere, Guest, guest
from api.web.labels import commune_name, full_name, phone
from api.web.notices import notice_of
from api.web.sent import FromForm
from api.web.words import CONTACT_OUTCOMES, CONTACT_PREFERENCES, DUPLICATE_REASONS, STATES
from scheduler.errors import InvalidInput
from scheduler.referrals.hygiene import ContactOutcome, call_list, let_rest, note_contact
from scheduler.referrals.merging import merge, set_apart, undo_merge
from scheduler.referrals.pairs import Pair, get_pair, open_pairs, recent_decisions
from scheduler.referrals.seen import answer_request, open_requests
from scheduler.store.tables import DeclareAnswer, DuplicateDecision, Role

router = APIRouter(route_class=PageRoute, include_in_schema=False)

DeclarerHere = Annotated[Guest, Depends(guest(Role.GP, Role.SECRETARY, Role.COORDINATOR))]


@router.get("/doublons")
def pairs(guest: CoordinatorHere) -> HTMLResponse:
    """List the files that may be of one patient, and the last decisions."""
    with guest.here.store.write() as session:
        undecided = open_pairs(session, guest.actor, now=guest.now)
        decided = recent_decisions(session, guest.actor, now=guest.now)
    return guest.page(
        "duplicates.html",
        pairs=[_shown(pair) for pair in undecided],
        decided=[_shown(pair) for pair in decided],
        merged=DuplicateDecision.MERGED,
        notice=notice_of(guest.request),
    )


@router.get("/doublons/{pair_id}")
def pair(pair_id: UUID, guest: CoordinatorHere) -> HTMLResponse:
    """Show two files side by side."""
    with guest.here.store.write() as session:
        found = get_pair(session, guest.actor, pair_id, now=guest.now)
    return guest.page("duplicate.html", pair=_shown(found), is_open=found.decision is DuplicateDecision.OPEN)


@router.post("/doublons/{pair_id}/reunir")
def join(pair_id: UUID, guest: CoordinatorHere, _sent: FromForm) -> Response:
    """Make one file of two."""
    with guest.here.store.write() as session:
        kept = merge(session, guest.actor, pair_id, now=guest.now).id
    return _to(f"/qualifier/{kept}?fait=reuni")


@router.post("/doublons/{pair_id}/separer")
def separate(pair_id: UUID, guest: CoordinatorHere, _sent: FromForm) -> Response:
    """Say that they are two people."""
    with guest.here.store.write() as session:
        set_apart(session, guest.actor, pair_id, now=guest.now)
    return _to("/doublons?fait=separe")


@router.post("/doublons/{pair_id}/defaire")
def undo(pair_id: UUID, guest: CoordinatorHere, _sent: FromForm) -> Response:
    """Take a merge back."""
    with guest.here.store.write() as session:
        fresh = undo_merge(session, guest.actor, pair_id, now=guest.now).id
    return _to(f"/qualifier/{fresh}?fait=defait")


@router.get("/a-reconfirmer")
def calls(guest: CoordinatorHere) -> HTMLResponse:
    """List who is to be called, and what a call may give."""
    with guest.here.store.write() as session:
        lines = call_list(session, guest.actor, now=guest.now)
    return guest.page(
        "reconfirm.html",
        lines=[
            (
                line,
                full_name(line.family_name, line.given_name),
                phone(line.phone),
                commune_name(line.insee),
                CONTACT_PREFERENCES[line.contact_preference] if line.contact_preference else "",
                STATES[line.state].name,
            )
            for line in lines
        ],
        outcomes=list(CONTACT_OUTCOMES.items()),
        notice=notice_of(guest.request),
    )


@router.post("/a-reconfirmer/{referral_id}")
def note_call(referral_id: UUID, guest: CoordinatorHere, sent: FromForm) -> Response:
    """Note what a call gave, or let the search of somebody unreachable rest."""
    given = sent.values.get("outcome", "")
    if given not in set(ContactOutcome) and given != "rest":
        raise InvalidInput("outcome", "ce que l'appel a donné")
    with guest.here.store.write() as session:
        if given == "rest":
            let_rest(session, guest.actor, referral_id, now=guest.now)
        else:
            note_contact(session, guest.actor, referral_id, ContactOutcome(given), now=guest.now)
    return _to("/a-reconfirmer?fait=contact")


@router.get("/a-declarer")
def to_declare(guest: DeclarerHere) -> HTMLResponse:
    """Show a doctor the patients they see and have not declared; to the coordination, all the questions."""
    with guest.here.store.write() as session:
        asked = open_requests(session, guest.actor, now=guest.now)
    return guest.page(
        "to_declare.html",
        asked=[(one, full_name(one.family_name, one.given_name)) for one in asked],
        coordinates=guest.actor.role is Role.COORDINATOR,
        notice=notice_of(guest.request),
    )


@router.post("/a-declarer/{request_id}")
def answer(request_id: UUID, guest: DeclarerHere, sent: FromForm) -> Response:
    """Note the answer to one question."""
    given = sent.values.get("answer", "")
    if given not in set(DeclareAnswer):
        raise InvalidInput("answer", "une réponse de la liste")
    with guest.here.store.write() as session:
        answer_request(session, guest.actor, request_id, DeclareAnswer(given), now=guest.now)
    return _to("/a-declarer?fait=reponse-notee")


def _shown(pair: Pair) -> dict[str, object]:
    return {
        "id": pair.id,
        "because": [DUPLICATE_REASONS.get(code, code) for code in pair.because],
        "decision": pair.decision,
        "decided_at": pair.decided_at,
        "sides": [
            (
                side,
                full_name(side.family_name, side.given_name),
                phone(side.phone),
                commune_name(side.insee),
                STATES[side.state],
            )
            for side in pair.sides
        ],
    }


def _to(address: str) -> RedirectResponse:
    return RedirectResponse(address, status_code=HTTPStatus.SEE_OTHER)
