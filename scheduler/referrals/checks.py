"""What is acceptable in a signal: pure checks that name the field and what was expected."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from matching.model import Needs
from scheduler.accounts.actor import Actor
from scheduler.errors import InvalidInput
from scheduler.inputs import (
    checked_commune,
    checked_languages,
    checked_name,
    checked_phone,
    checked_text,
    required_text,
)
from scheduler.referrals.pathways.document import NOTICE_ITEMS, Pathway
from scheduler.referrals.values import ConsentGiven, Identity, Seen, Wishes
from scheduler.store.tables import ContactPreference, Role, SignalSource

OLDEST_YEARS = 120
LONGEST_WAIT_YEARS = 20
MOST_CHRONIC_NEEDS = 50
FARTHEST_KM = 100.0
MOST_SEEN = 5
MOST_VISITS = 99
LONGEST_SYNTHESIS = 2000
_CLOCK_SKEW = timedelta(minutes=5)  # a phone that runs ahead must not refuse a consent given right now

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def checked_identity(identity: Identity, *, today: date) -> Identity:
    """Give an identity back tidied up: blanks and accents in one form, phone without separators.

    Raises
    ------
    InvalidInput
        Naming the first field that is not acceptable.
    """
    _check_birth_date(identity.birth_date, today)
    checked = replace(
        identity,
        family_name=checked_name("family_name", identity.family_name),
        given_name=checked_name("given_name", identity.given_name),
        phone=checked_phone(identity.phone),
        email=checked_email(identity.email),
        address=checked_text("address", identity.address, longest=200),
        insee=checked_commune(identity.insee),
        contact_name=checked_text("contact_name", identity.contact_name, longest=100),
    )
    _check_reachable(checked)
    return checked


def checked_wishes(wishes: Wishes) -> Wishes:
    """Give wishes back with each language once, in lower case."""
    if wishes.max_km is not None and not 0 < wishes.max_km <= FARTHEST_KM:
        raise InvalidInput("max_km", f"une distance de 1 à {FARTHEST_KM:g} km, ou rien")
    return replace(wishes, languages=checked_languages(wishes.languages))


def check_needs(needs: Needs) -> None:
    """Refuse a number of chronic needs that can only be a slip of the keyboard."""
    if needs.chronic_needs is not None and needs.chronic_needs > MOST_CHRONIC_NEEDS:
        raise InvalidInput("chronic_needs", f"un nombre de 0 à {MOST_CHRONIC_NEEDS}, ou rien")


def checked_consent(consent: ConsentGiven, *, now: datetime) -> ConsentGiven:
    """Give a consent back with its instant filled in; it cannot lie in the future."""
    given_at = consent.given_at or now
    if given_at.tzinfo is None or given_at > now + _CLOCK_SKEW:
        raise InvalidInput("given_at", "un instant passé, avec son fuseau")
    return replace(
        consent,
        notice_version=required_text("notice_version", consent.notice_version, longest=20),
        collected_by=required_text("collected_by", consent.collected_by, longest=200),
        given_at=given_at,
        collector_role=checked_text("collector_role", consent.collector_role, longest=60),
        representative=checked_text("representative", consent.representative, longest=200),
        told=tuple(item for item in NOTICE_ITEMS if item in consent.told),
    )


def checked_seen(seen: tuple[Seen, ...]) -> tuple[Seen, ...]:
    """Give the practitioners seen with their names tidied up; an empty line is dropped."""
    if len(seen) > MOST_SEEN:
        raise InvalidInput("seen", f"{MOST_SEEN} médecins au plus")
    tidy = [replace(each, name=checked_text("seen", each.name, longest=200)) for each in seen]
    if not all(1 <= each.num_visits <= MOST_VISITS for each in tidy):
        raise InvalidInput("seen", f"un nombre de consultations de 1 à {MOST_VISITS}")
    return tuple(each for each in tidy if each.practitioner_id is not None or each.name)


def check_source(actor: Actor, source: SignalSource, pathway: Pathway) -> None:
    """Refuse a request from somebody this pathway is not open to; a GP's side asks as the patient's GP."""
    mine = source is SignalSource.GP or actor.role not in {Role.GP, Role.SECRETARY}
    if source not in pathway.requesters or not mine:
        raise InvalidInput("source", "un demandeur que cette filière accepte")


def checked_answers(answers: Mapping[str, bool | None], pathway: Pathway) -> dict[str, bool | None]:
    """Give the answers to a pathway's own questions, None where there is none."""
    codes = [each.code for each in pathway.criteria]
    if not set(answers) <= set(codes):
        raise InvalidInput("answers", "des réponses aux questions de cette filière")
    return {code: answers.get(code) for code in codes}


def checked_synthesis(text: str) -> str:
    """Give the coordinator's text with its lines, without the signs nobody types."""
    lines = [checked_text("synthesis", line, longest=LONGEST_SYNTHESIS) for line in text.splitlines()]
    synthesis = "\n".join(lines).strip()
    if len(synthesis) > LONGEST_SYNTHESIS:
        raise InvalidInput("synthesis", f"un texte de {LONGEST_SYNTHESIS} caractères au plus")
    return synthesis


def check_waiting_since(since: date, *, today: date) -> None:
    """Refuse a wait that begins tomorrow, or longer ago than any list goes back."""
    if not _years_before(today, LONGEST_WAIT_YEARS) <= since <= today:
        raise InvalidInput("waiting_since", f"une date passée, depuis {LONGEST_WAIT_YEARS} ans au plus")


def _check_birth_date(birth_date: date | None, today: date) -> None:
    if birth_date is not None and not _years_before(today, OLDEST_YEARS) <= birth_date <= today:
        raise InvalidInput("birth_date", f"une date passée, depuis {OLDEST_YEARS} ans au plus")


_NEEDED_TO_REACH = {
    ContactPreference.PHONE: (("phone",), "un numéro, puisqu'il préfère le téléphone"),
    ContactPreference.SMS: (("phone",), "un numéro, puisqu'il préfère les SMS"),
    ContactPreference.EMAIL: (("email",), "une adresse, puisqu'il préfère le courriel"),
    ContactPreference.LETTER: (("address",), "une adresse, puisqu'il préfère la lettre"),
    ContactPreference.RELATIVE: (("contact_name", "phone"), "le nom et le téléphone du proche"),
}


def _check_reachable(identity: Identity) -> None:
    """Refuse a way to be reached that leads nowhere."""
    if identity.contact_preference is None:
        return
    names, expected = _NEEDED_TO_REACH[identity.contact_preference]
    for name in names:
        if not getattr(identity, name):
            raise InvalidInput(name, expected)


def checked_email(given: str) -> str:
    """Give a mail address tidied up, or an empty text."""
    email = checked_text("email", given, longest=200)
    if email and not _EMAIL.fullmatch(email):
        raise InvalidInput("email", "une adresse comme prenom.nom@exemple.fr, ou rien")
    return email


def _years_before(day: date, years: int) -> date:
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - years, day=28 if leap_day else day.day)
