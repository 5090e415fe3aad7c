"""One patient's file: needs in words, what comes next, history; and its verification."""

from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.web import words
from api.web.dates import short_day
from api.web.errors import PageRoute
from api.web.forms import Form
from api.web.guests import CoordinatorHere, FileReaderHere, Guest
from api.web.labels import age, commune_name, full_name, happened, phone, who_acted
from api.web.notices import notice_of
from api.web.sent import FromForm
from api.web.signalling import understand_verification
from matching import Policy
from matching.priority import tier_of
from scheduler.referrals.instance import age_on
from scheduler.referrals.life import CORRECTABLE
from scheduler.referrals.overview import pending_of, practitioner_name
from scheduler.referrals.policies import in_force
from scheduler.referrals.qualify import qualify
from scheduler.referrals.read import ReferralFile, get_history, get_referral
from scheduler.store.tables import ReferralState, Role

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
        notice=notice_of(guest.request),
    )


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
