"""One patient's file: needs in words, what comes next, history; its verification, and what may be done."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session

from api.web import words
from api.web.acts import act, answer
from api.web.dates import short_day
from api.web.errors import PageRoute
from api.web.forms import Form
from api.web.guests import CoordinatorHere, FileReaderHere, Guest
from api.web.labels import age, commune_name, full_name, happened, phone, who_acted
from api.web.life_notices import life_notice
from api.web.life_words import CLOSINGS, DECLINES, LOSSES, SUSPENSIONS, WITHDRAWALS
from api.web.once import do_once
from api.web.sent import FromForm
from api.web.signalling import understand_verification
from matching import Policy
from matching.priority import tier_of
from scheduler.errors import Forbidden, InvalidInput
from scheduler.referrals.attending import find_case
from scheduler.referrals.instance import age_on
from scheduler.referrals.life import CORRECTABLE
from scheduler.referrals.overview import pending_of, practitioner_name, practitioners_here
from scheduler.referrals.policies import in_force
from scheduler.referrals.qualify import qualify
from scheduler.referrals.read import ReferralFile, get_history, get_referral
from scheduler.referrals.relation import held_offer
from scheduler.store.tables import OfferState, ReferralState, Role

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/patients/{referral_id}")
def show(referral_id: UUID, guest: FileReaderHere) -> HTMLResponse:
    """Show one file; the reading is traced."""
    return _file(guest, referral_id)


@router.post("/patients/{referral_id}/verifier")
def verify(referral_id: UUID, guest: CoordinatorHere, sent: FromForm) -> Response:
    """Complete the answers; with the patient's consent the file enters the waiting list."""
    read = understand_verification(sent.values, collected_by=guest.visitor.name, now=guest.now)
    if read.corrections is None:
        return _file(guest, referral_id, form=read.form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    with guest.here.store.write() as session:
        state = qualify(session, guest.actor, referral_id, read.corrections, now=guest.now).state
    done = "attente" if state is ReferralState.WAITING else "verifie"
    return RedirectResponse(f"/patients/{referral_id}?fait={done}", status_code=HTTPStatus.SEE_OTHER)


def _file(
    guest: Guest, referral_id: UUID, *, form: Form | None = None, status: int = HTTPStatus.OK
) -> HTMLResponse:
    coordinates = guest.actor.role is Role.COORDINATOR
    with guest.here.store.write() as session:
        file = get_referral(session, guest.actor, referral_id, now=guest.now)
        history = get_history(session, guest.actor, referral_id, now=guest.now)
        proposal = pending_of(session, referral_id) if coordinates else None
        rules = in_force(session, guest.actor.territory_id).policy
        known = file.wishes.known_practitioner_id
        known_name = practitioner_name(session, known) if known else ""
        doing = _doing(session, guest, file)
    line, state_words = file.line, words.STATES[file.line.state]
    return guest.page(
        "patient.html",
        status=status,
        referral_id=referral_id,
        name=full_name(line.family_name, line.given_name),
        facts=[age(line.birth_date, guest.today), commune_name(line.insee)],
        fictitious=line.fictitious,
        tier=_tier(file, guest, rules),
        state_words=state_words,
        next_step=state_words.to_do if coordinates else state_words.for_signaller,
        next_action_on=line.next_action_on,
        late=line.late,
        has_consent=line.consent,
        proposal=proposal,
        may_qualify=coordinates and line.state in CORRECTABLE,
        form=form or Form(values=_answers(file)),
        needs_yes=_needs(file, answer=True),
        needs_unknown=_needs(file, answer=None),
        identity=_identity(file, guest, known_name),
        history=[(happened(one), one.at, who_acted(one, guest.actor.key)) for one in history],
        back=_back(guest, line.state),
        notice=life_notice(guest.request),
        doing=doing,
    )


@router.post("/patients/{referral_id}/faire/{name}")
def do(
    referral_id: UUID,
    name: Annotated[str, Path(pattern="^[a-z-]{1,20}$")],
    guest: FileReaderHere,
    sent: FromForm,
) -> Response:
    """Do something about a patient: a GP what they know of theirs, the coordination everything."""
    if guest.actor.role is Role.SIGNALLER:
        raise Forbidden
    act(guest, referral_id, name, sent, surgery=guest.actor.role is not Role.COORDINATOR)
    gone = name == "retrait"
    back = "/a-faire" if gone else f"/patients/{referral_id}"
    return RedirectResponse(f"{back}?fait={name}", status_code=HTTPStatus.SEE_OTHER)


@router.post("/patients/{referral_id}/reponse/{word}")
def answer_for_gp(
    referral_id: UUID,
    word: Annotated[str, Path(pattern="^(accepter|decliner)$")],
    guest: CoordinatorHere,
    sent: FromForm,
) -> Response:
    """Write down what a GP answered on the telephone."""
    offer_id = read_id(sent.values.get("offer", ""))
    with guest.here.store.write() as session:
        do_once(
            session,
            guest,
            key=f"{word}-{sent.values.get('key', '')}",
            route=f"POST /patients/{referral_id}/reponse/{word}",
            what=(offer_id, sent.values.get("reason", "")),
            effect=lambda: {
                "state": answer(session, guest.actor, offer_id, word, sent.values, now=guest.now)
            },
        )
    return RedirectResponse(f"/patients/{referral_id}?fait=note", status_code=HTTPStatus.SEE_OTHER)


def read_id(text: str) -> UUID:
    """Read the id a form carries."""
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput("demande", "une demande de la page") from None


def _doing(session: Session, guest: Guest, file: ReferralFile) -> dict[str, object] | None:
    """Gather what the panel of actions needs; None for somebody who only reads."""
    if guest.actor.role is Role.SIGNALLER or file.line.state is ReferralState.CLOSED:
        return None
    coordinates = guest.actor.role is Role.COORDINATOR
    case = find_case(session, guest.actor, file.line.id, now=guest.now)
    asked = case.practitioner_id if case else None
    held = held_offer(session, file.line.id)
    return {
        "referral_id": file.line.id,
        "state": file.line.state.value,
        "key": uuid4().hex,
        "coordinates": coordinates,
        "practitioner": practitioner_name(session, asked) if asked else "",
        "offer_id": held.id if held is not None and held.state is OfferState.OPEN else None,
        "first_visit": guest.today.isoformat(),
        "follow_up_due": file.line.next_action_on is not None and file.line.next_action_on <= guest.today,
        "in_a_list": case is not None and case.worklist is not None,
        "practitioners": practitioners_here(session, guest.actor.territory_id) if coordinates else [],
        "slots_href": f"/patients/{file.line.id}/consultation" if coordinates else "",
        "choices": words.CHOSEN_BECAUSE,
        "losses": LOSSES,
        "declines": DECLINES,
        "withdrawals": WITHDRAWALS,
        "suspensions": SUSPENSIONS,
        "closings": CLOSINGS,
    }


def _back(guest: Guest, state: ReferralState) -> tuple[str, str]:
    if guest.actor.role is Role.COORDINATOR:
        return f"/file-active?etat={state.value}", "File active"
    return "/", "Accueil"


def _tier(file: ReferralFile, guest: Guest, rules: Policy) -> int:
    born = file.identity.birth_date
    years = None if born is None else age_on(born, guest.today)
    return tier_of(file.needs, years, rules.tiers)


def _needs(file: ReferralFile, *, answer: bool | None) -> list[str]:
    found = [label for name, (label, _) in words.NEEDS.items() if getattr(file.needs, name) is answer]
    if answer and file.needs.chronic_needs:
        found.append(f"Autres maladies chroniques suivies : {file.needs.chronic_needs}")
    return found


def _answers(file: ReferralFile) -> dict[str, str]:
    spoken = {True: "oui", False: "non", None: ""}
    number = file.needs.chronic_needs
    return {name: spoken[getattr(file.needs, name)] for name in words.NEEDS} | {
        "chronic_needs": "" if number is None else str(number)
    }


def _identity(file: ReferralFile, guest: Guest, known_name: str) -> list[tuple[str, str]]:
    who, wishes, waited = file.identity, file.wishes, (guest.today - file.line.waiting_since).days
    consents = [consent for consent in file.consents if consent.withdrawn_at is None]
    return [
        ("Naissance", short_day(who.birth_date) if who.birth_date else ""),
        ("Téléphone", phone(who.phone)),
        ("Courriel", who.email),
        ("Adresse", ", ".join(filter(None, [who.address, commune_name(who.insee)]))),
        ("Attend depuis", f"{short_day(file.line.waiting_since)} ({waited} j)"),
        ("Médecin déjà vu", known_name),
        ("Langue", ", ".join(words.LANGUAGES.get(code, code) for code in wishes.languages)),
        ("Préfère", words.GENDERS[wishes.prefers_gender.value] if wishes.prefers_gender else ""),
        ("Distance acceptée", f"{wishes.max_km:g} km" if wishes.max_km else ""),
        ("Foyer", "Souhaite le même médecin que son foyer" if file.household_id else ""),
        (
            "Accord au partage",
            f"{words.CONSENT_HOW[consents[-1].how]}, le {short_day(consents[-1].given_at.date())}"
            if consents
            else "Pas encore recueilli",
        ),
        ("Clôture", f"Le patient {words.CLOSE_REASONS[file.close_reason]}" if file.close_reason else ""),
    ]
