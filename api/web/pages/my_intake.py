"""The page "Mon accueil" of a GP and their secretary: offers to answer, patients, what the GP takes."""

from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.web.acts import act, answer
from api.web.errors import PageRoute
from api.web.guests import Guest, guest
from api.web.labels import age, commune_name, full_name, phone
from api.web.life_notices import life_notice
from api.web.life_words import DECLINES, LOSSES, profile_words
from api.web.once import do_once
from api.web.sent import FromForm
from api.web.words import STATES
from scheduler.referrals.answers import list_open_offers
from scheduler.referrals.errors import IntakeFull, OfferAnswered, OfferOver
from scheduler.referrals.own_intake import own_intake, waiting_nearby
from scheduler.referrals.read import ReferralFile, get_referral
from scheduler.referrals.relation import patients_of
from scheduler.store.tables import Referral, ReferralState, Role

router = APIRouter(route_class=PageRoute, include_in_schema=False)

SurgeryHere = Annotated[Guest, Depends(guest(Role.GP, Role.SECRETARY))]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPatient:
    """A patient the GP has taken on, with what there is to tell about them."""

    id: UUID
    name: str
    facts: list[str]
    state: str
    state_words: object
    first_visit_on: date | None
    next_on: date | None
    months: int | None


@router.get("/mon-accueil")
def show(guest: SurgeryHere) -> HTMLResponse:
    """Show what waits for an answer; each patient and each profile shown is traced."""
    practitioner_id = guest.actor.practitioner_id
    with guest.here.store.write() as session:
        offers = list_open_offers(session, guest.actor, now=guest.now)
        due = patients_of(session, guest.actor, today=guest.today)
        patients = [
            _patient(guest, get_referral(session, guest.actor, row.id, now=guest.now), row) for row in due
        ]
        mine = own_intake(session, guest.actor, practitioner_id) if practitioner_id else None
        nearby = (
            waiting_nearby(session, guest.actor, practitioner_id, now=guest.now) if practitioner_id else ()
        )
    return guest.page(
        "my_intake.html",
        offers=[(shown, [profile_words(member) for member in shown.members]) for shown in offers],
        own=practitioner_id,
        patients=[one for one in patients if one.state != ReferralState.DECLARED],
        to_follow=[one for one in patients if one.state == ReferralState.DECLARED],
        mine=mine,
        nearby=nearby,
        declines=DECLINES,
        losses=LOSSES,
        key=uuid4().hex,
        notice=life_notice(guest.request),
    )


@router.post("/mon-accueil/offres/{offer_id}/{word}")
def answer_offer(
    offer_id: UUID,
    word: Annotated[str, Path(pattern="^(accepter|decliner)$")],
    guest: SurgeryHere,
    sent: FromForm,
) -> Response:
    """Accept or decline; pressed twice, or by two people, it has one effect."""
    try:
        with guest.here.store.write() as session:
            do_once(
                session,
                guest,
                key=f"{word}-{offer_id}-{sent.values.get('key', '')}",
                route=f"POST /mon-accueil/offres/{offer_id}/{word}",
                what=sent.values.get("reason", ""),
                effect=lambda: {
                    "state": answer(session, guest.actor, offer_id, word, sent.values, now=guest.now)
                },
            )
    except OfferAnswered:
        return _back("repondu")
    except OfferOver:
        return _back("tard")
    except IntakeFull:
        return _back("complet")
    return _back("accepte" if word == "accepter" else "decline")


@router.post("/mon-accueil/patients/{referral_id}/{name}")
def tell(
    referral_id: UUID,
    name: Annotated[str, Path(pattern="^[a-z-]{1,20}$")],
    guest: SurgeryHere,
    sent: FromForm,
) -> Response:
    """Tell what became of a patient: visit, declaration, follow-up."""
    act(guest, referral_id, name, sent, surgery=True)
    return _back("note")


def _patient(guest: Guest, file: ReferralFile, row: Referral) -> OwnPatient:
    line = file.line
    return OwnPatient(
        id=line.id,
        name=full_name(line.family_name, line.given_name),
        facts=[age(line.birth_date, guest.today), commune_name(line.insee), phone(file.identity.phone)],
        state=line.state.value,
        state_words=STATES[line.state],
        first_visit_on=row.first_visit_on,
        next_on=line.next_action_on,
        months=row.next_follow_up,
    )


def _back(done: str) -> RedirectResponse:
    return RedirectResponse(f"/mon-accueil?fait={done}", status_code=HTTPStatus.SEE_OTHER)
