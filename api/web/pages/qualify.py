"""The coordinator's desk for one file: its place explained, answers corrected with a reason, doctors seen."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session

from api.web.dates import short_day
from api.web.errors import PageRoute
from api.web.forms import Form
from api.web.guests import CoordinatorHere, Guest
from api.web.labels import age, commune_name, full_name, phone
from api.web.notices import notice_of
from api.web.sent import FromForm
from api.web.signalling import LABELS, read_answers, understand_verification
from api.web.words import (
    CONSENT_HOW,
    CONTACT_PREFERENCES,
    CORRECTION_REASONS,
    NEEDS,
    SIGNALLED_BY,
    STATES,
)
from scheduler.errors import InvalidInput
from scheduler.referrals.corrections import RANKABLE, correct_needs
from scheduler.referrals.duplicates import PossibleDuplicate, undecided
from scheduler.referrals.instance import age_on
from scheduler.referrals.life import CORRECTABLE
from scheduler.referrals.overview import practitioner_name
from scheduler.referrals.pathways import Pathway, pathway_in_force
from scheduler.referrals.qualify import put_synthesis, qualify
from scheduler.referrals.ranking import (
    CHRONIC_NEEDS,
    OVER_AGE,
    UNDER_AGE,
    Facts,
    explain_place,
    rules_for,
)
from scheduler.referrals.read import ReferralFile, get_referral
from scheduler.referrals.scope import find_referral
from scheduler.referrals.seen import ask_to_declare, is_asked, often_seen, seen_by
from scheduler.referrals.values import CorrectionReason, Corrections
from scheduler.store.tables import ReferralState

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenLine:
    """A practitioner the patient has seen, as the page says it."""

    name: str
    num_visits: int
    last_seen_on: date | None


@router.get("/qualifier/{referral_id}")
def show(referral_id: UUID, guest: CoordinatorHere) -> HTMLResponse:
    """Show one file to be qualified, or corrected; the reading is traced."""
    return _desk(guest, referral_id)


@router.post("/qualifier/{referral_id}")
def send(referral_id: UUID, guest: CoordinatorHere, sent: FromForm) -> Response:
    """Keep the answers, the reason, the synthesis and the consent; enlist when nothing is missing."""
    read = understand_verification(sent.values, collected_by=guest.visitor.name, now=guest.now)
    form = read.form
    try:
        with guest.here.store.write() as session:
            file = get_referral(session, guest.actor, referral_id, now=guest.now)
            pathway = pathway_in_force(session, guest.actor.territory_id, file.pathway)
            corrections = _accepted(file, read.corrections, sent.values, pathway)
            state = _kept(session, guest, file, pathway, corrections, sent.values)
    except InvalidInput as refusal:
        if refusal.field:
            form = form.refused(refusal.field, f"Attendu : {refusal.expected}.")
        return _desk(guest, referral_id, form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except PossibleDuplicate as refusal:
        form = form.refused("", str(refusal))
        return _desk(guest, referral_id, form=form, status=HTTPStatus.CONFLICT)
    done = {ReferralState.WAITING: "attente", ReferralState.QUALIFIED: "verifie"}
    told = done.get(state, "corrige") if file.line.state in CORRECTABLE else "corrige"
    return RedirectResponse(f"/qualifier/{referral_id}?fait={told}", status_code=HTTPStatus.SEE_OTHER)


@router.post("/qualifier/{referral_id}/demander")
def ask(referral_id: UUID, guest: CoordinatorHere, _sent: FromForm) -> Response:
    """Ask the doctor the patient sees most to declare first."""
    with guest.here.store.write() as session:
        ask_to_declare(session, guest.actor, referral_id, now=guest.now)
    return RedirectResponse(f"/qualifier/{referral_id}?fait=demande-faite", status_code=HTTPStatus.SEE_OTHER)


def _accepted(
    file: ReferralFile, read: Corrections | None, typed: Mapping[str, str], pathway: Pathway
) -> Corrections:
    """Give what was read with its reason; refuse what is wrong, or changes an answer without a reason."""
    reason = typed.get("reason", "")
    if read is None:
        raise InvalidInput("", "des réponses sans erreur")
    if not reason and _contradicts(file, read, typed, pathway):
        raise InvalidInput("reason", "pourquoi une réponse donnée change")
    known = reason in set(CorrectionReason)
    return replace(read, reason=CorrectionReason(reason) if known else CorrectionReason.COMPLETED)


def _kept(
    session: Session,
    guest: Guest,
    file: ReferralFile,
    pathway: Pathway,
    corrections: Corrections,
    typed: Mapping[str, str],
) -> ReferralState:
    answers = read_answers(typed, pathway)
    synthesis = typed.get("synthesis", "")
    if file.line.state in CORRECTABLE:
        whole = Corrections(
            needs=corrections.needs,
            consent=corrections.consent,
            answers=answers,
            synthesis=synthesis,
            reason=corrections.reason,
        )
        return qualify(session, guest.actor, file.line.id, whole, now=guest.now).state
    referral = correct_needs(
        session,
        guest.actor,
        file.line.id,
        needs=corrections.needs or file.needs,
        answers=answers,
        reason=corrections.reason,
        now=guest.now,
    )
    put_synthesis(session, guest.actor, referral, synthesis, now=guest.now)
    return referral.state


def _contradicts(
    file: ReferralFile, corrections: Corrections, typed: Mapping[str, str], pathway: Pathway
) -> bool:
    """Tell whether an answer that was given changes; filling a gap needs no reason."""
    new, old = corrections.needs, file.needs
    told = {name: given for name in pathway.asks if (given := getattr(old, name)) is not None}
    answers = read_answers(typed, pathway)
    own = {code: given for code, given in file.answers.items() if given is not None}
    return any(getattr(new, name) is not given for name, given in told.items()) or any(
        answers.get(code) is not given for code, given in own.items()
    )


def _desk(
    guest: Guest, referral_id: UUID, *, form: Form | None = None, status: int = HTTPStatus.OK
) -> HTMLResponse:
    with guest.here.store.write() as session:
        file = get_referral(session, guest.actor, referral_id, now=guest.now)
        pathway = pathway_in_force(session, guest.actor.territory_id, file.pathway)
        rules = rules_for(session, guest.actor.territory_id, pathway)
        seen = seen_by(session, referral_id)
        often = often_seen(seen, pathway)
        asked = is_asked(session, referral_id)
        pair = undecided(session, referral_id)
        waits_on = find_referral(session, guest.actor, referral_id).reconfirm_due_on
        lines = [
            SeenLine(
                name=row.name or practitioner_name(session, row.practitioner_id or 0),
                num_visits=row.num_visits,
                last_seen_on=row.last_seen_on,
            )
            for row in seen
        ]
    place = explain_place(rules, _facts(file, guest.today), guest.today)
    line = file.line
    return guest.page(
        "qualify.html",
        status=status,
        referral_id=referral_id,
        name=full_name(line.family_name, line.given_name),
        facts=[age(line.birth_date, guest.today), commune_name(line.insee)],
        state=STATES[line.state],
        pathway=pathway,
        consent_notice=pathway.notice,
        place=place,
        because=[_reason(code, pathway) for code in place.because],
        could_raise=[_reason(code, pathway) for code in place.could_raise],
        waited_days=place.standing.waited_days,
        needs=[(name, *NEEDS[name]) for name in NEEDS if name in pathway.asks],
        form=form or Form(values=_answers(file), labels=LABELS),
        reasons=list(CORRECTION_REASONS.items()),
        synthesis_at=file.synthesis_at,
        has_consent=line.consent,
        may_qualify=line.state in CORRECTABLE,
        may_correct=line.state in RANKABLE,
        seen=lines,
        often=often,
        often_name=(often.name or practitioner_name_of(lines, often.num_visits)) if often else "",
        asked=asked,
        pair=pair,
        waits_on=waits_on,
        identity=_identity(file),
        notice=notice_of(guest.request),
    )


def practitioner_name_of(lines: list[SeenLine], num_visits: int) -> str:
    """Name the practitioner seen so many times, the first of the list."""
    return next((line.name for line in lines if line.num_visits == num_visits), "")


def _facts(file: ReferralFile, today: date) -> Facts:
    born = file.identity.birth_date
    return Facts(
        needs=file.needs,
        answers=file.answers,
        age=None if born is None else age_on(born, today),
        waiting_since=file.line.waiting_since,
    )


def _reason(code: str, pathway: Pathway) -> str:
    """Name what a place follows from."""
    if code in NEEDS:
        return NEEDS[code][0]
    own = {each.code: each.label for each in pathway.criteria}
    others = {
        OVER_AGE: "Âge",
        UNDER_AGE: "Jeune âge",
        CHRONIC_NEEDS: "Plusieurs maladies chroniques suivies",
    }
    return own.get(code) or others.get(code, code)


def _answers(file: ReferralFile) -> dict[str, str]:
    spoken = {True: "oui", False: "non", None: ""}
    number = file.needs.chronic_needs
    typed = {name: spoken[getattr(file.needs, name)] for name in NEEDS}
    typed |= {code: spoken[answer] for code, answer in file.answers.items()}
    return typed | {"chronic_needs": "" if number is None else str(number), "synthesis": file.synthesis}


def _identity(file: ReferralFile) -> list[tuple[str, str]]:
    who = file.identity
    consents = [consent for consent in file.consents if consent.withdrawn_at is None]
    how = ""
    if consents:
        last = consents[-1]
        role = f" ({last.collector_role})" if last.collector_role else ""
        how = f"{CONSENT_HOW[last.how]}, le {short_day(last.given_at.date())}, par {last.collected_by}{role}"
    preference = who.contact_preference
    return [
        ("Naissance", short_day(who.birth_date) if who.birth_date else ""),
        ("Téléphone", phone(who.phone)),
        ("Courriel", who.email),
        ("Adresse", ", ".join(filter(None, [who.address, commune_name(who.insee)]))),
        ("À joindre", CONTACT_PREFERENCES[preference] if preference else ""),
        ("Proche", who.contact_name),
        ("Signalé par", SIGNALLED_BY[file.source]),
        ("Accord", how or "Pas encore recueilli"),
    ]
