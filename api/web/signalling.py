"""The form of a signal: what was typed becomes a ``Signal``, or comes back with all that is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from uuid import UUID

from api.web.forms import Form, Problems, read_answer, read_count, read_day, read_km
from api.web.places import one_commune
from api.web.words import NEEDS
from matching.model import Needs
from scheduler.errors import InvalidInput
from scheduler.referrals.checks import (
    MOST_CHRONIC_NEEDS,
    checked_consent,
    checked_identity,
    checked_wishes,
)
from scheduler.referrals.pathways import Pathway
from scheduler.referrals.pathways.document import NOTICE_ITEMS
from scheduler.referrals.pathways.kept import GP, shipped
from scheduler.referrals.values import ConsentGiven, Corrections, Identity, Seen, Signal, Wishes
from scheduler.store.tables import ConsentHow, ContactPreference, Gender, SignalSource

NOTICE_VERSION = shipped()[GP].notice.version
"""Version of the information read to the patient where no pathway is at hand (``parts/consent.html``)."""

SEEN_ROWS = ("", "2")
"""Suffixes of the lines "who do you already see?"; the first one's choice is ``known_practitioner_id``."""

LABELS: Mapping[str, str] = {
    "family_name": "Nom de famille",
    "given_name": "Prénom",
    "birth_date": "Date de naissance",
    "commune": "Commune où il vit",
    "phone": "Téléphone",
    "address": "Adresse",
    "email": "Courriel",
    "contact_preference": "Comment le joindre",
    "contact_name": "Nom du proche",
    **{name: label for name, (label, _) in NEEDS.items()},
    "chronic_needs": "Autres maladies chroniques suivies",
    "seen": "Qui voit-il déjà",
    "known_practitioner_id": "Médecin qu’il voit déjà",
    "seen_name": "Son nom",
    "seen_visits": "Combien de fois en un an",
    "source": "Vous signalez pour",
    "language": "Langue de la consultation",
    "max_km": "Distance maximale acceptée",
    "consent_how": "Comment l’accord a-t-il été donné",
    "representative": "Nom du représentant",
    "collected_by": "Recueilli par",
    "collector_role": "Fonction",
    "consent": "Accord",
}
"""What the fields of a signal are called, in the order of the page."""

_SOMEBODY = Identity(family_name="A", given_name="A", insee="77445")


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """A form that was read: the signal when nothing is wrong with it, and the form to show again."""

    signal: Signal | None
    form: Form


def understand(
    typed: Mapping[str, str],
    *,
    now: datetime,
    today: date,
    home: tuple[str, ...] = (),
    pathway: Pathway | None = None,
) -> Understood:
    """Read a signal form.

    Parameters
    ----------
    typed
        Field by field, as it was sent; absent fields count as empty.
    now, today
        Aware instant, and the day people of the territory see then.
    home
        INSEE codes of the territory, to know which of several communes of one name is meant.
    pathway
        For whom a practitioner is looked for; None = the GPs'.
    """
    pathway = pathway or shipped()[GP]
    problems = Problems()
    identity = _identity(typed, problems, today, home)
    needs = _needs(typed, problems)
    wishes = _wishes(typed, problems)
    consent = _consent(typed, problems, now, pathway)
    seen = tuple(filter(None, (_seen(typed, suffix) for suffix in SEEN_ROWS)))
    form = Form(values=typed, errors=problems.by_field, labels=LABELS)
    if problems.by_field or identity is None or consent is None:
        return Understood(signal=None, form=form)
    signal = Signal(
        identity=identity,
        needs=needs,
        wishes=wishes,
        consent=consent,
        household_with=_uuid(typed.get("household_with", "")),
        source=_source(typed),
        pathway=pathway.code,
        answers=read_answers(typed, pathway),
        seen=seen,
    )
    return Understood(signal=signal, form=form)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A verification that was read: the corrections when nothing is wrong, and the form to show again."""

    corrections: Corrections | None
    form: Form


def read_answers(typed: Mapping[str, str], pathway: Pathway) -> dict[str, bool | None]:
    """Read the answers to a pathway's own questions."""
    return {each.code: read_answer(typed.get(each.code, "")) for each in pathway.criteria}


def understand_verification(typed: Mapping[str, str], *, collected_by: str, now: datetime) -> Verified:
    """Read what the coordination completes: needs, and how the consent was given when it now is."""
    problems = Problems()
    needs = _needs(typed, problems)
    how = typed.get("consent_how", "")
    consent = (
        ConsentGiven(
            notice_version=NOTICE_VERSION, how=ConsentHow(how), collected_by=collected_by, given_at=now
        )
        if how in set(ConsentHow)
        else None
    )
    form = Form(values=typed, errors=problems.by_field, labels=LABELS)
    corrections = None if problems.by_field else Corrections(needs=needs, consent=consent)
    return Verified(corrections=corrections, form=form)


def _identity(
    typed: Mapping[str, str], problems: Problems, today: date, home: tuple[str, ...]
) -> Identity | None:
    """Check each field beside fields that are known to be good, so that one error does not hide another."""
    for name, sentence in (
        ("family_name", "Donnez le nom de famille."),
        ("given_name", "Donnez le prénom."),
        ("birth_date", "Donnez la date de naissance ; à défaut, le 1er janvier de l'année probable."),
        ("commune", "Donnez la commune où vit le patient."),
    ):
        if not typed.get(name, "").strip():
            problems.add(name, sentence)
    if not any(typed.get(name, "").strip() for name in ("phone", "email", "address")):
        problems.add("phone", "Donnez un moyen de le joindre : téléphone, courriel ou adresse.")
    for name, alone in _each_alone(typed).items():
        problems.attempt(name, partial(checked_identity, alone, today=today), alone)
    born = problems.attempt("birth_date", lambda: _born(typed, today), None)
    insee = problems.attempt("commune", lambda: one_commune(typed.get("commune", ""), home).insee, "")
    if problems.by_field:
        return None
    return Identity(
        family_name=typed.get("family_name", ""),
        given_name=typed.get("given_name", ""),
        phone=typed.get("phone", ""),
        email=typed.get("email", ""),
        address=typed.get("address", ""),
        birth_date=born,
        gender=Gender(typed["gender"]) if typed.get("gender") in set(Gender) else None,
        insee=insee,
        contact_preference=_preference(typed, problems),
        contact_name=typed.get("contact_name", ""),
    )


def _preference(typed: Mapping[str, str], problems: Problems) -> ContactPreference | None:
    """Read how the patient wants to be reached, and say what is missing for it."""
    chosen = typed.get("contact_preference", "")
    if chosen not in set(ContactPreference):
        return None
    preference = ContactPreference(chosen)
    needed = {
        ContactPreference.PHONE: ("phone",),
        ContactPreference.SMS: ("phone",),
        ContactPreference.EMAIL: ("email",),
        ContactPreference.LETTER: ("address",),
        ContactPreference.RELATIVE: ("contact_name", "phone"),
    }[preference]
    for name in needed:
        if not typed.get(name, "").strip():
            problems.add(name, "Remplissez ce champ, puisqu'il souhaite être joint ainsi.")
    return preference


def _each_alone(typed: Mapping[str, str]) -> dict[str, Identity]:
    alone = {
        "family_name": replace(_SOMEBODY, family_name=typed.get("family_name", "")),
        "given_name": replace(_SOMEBODY, given_name=typed.get("given_name", "")),
        "phone": replace(_SOMEBODY, phone=typed.get("phone", "")),
        "email": replace(_SOMEBODY, email=typed.get("email", "")),
        "address": replace(_SOMEBODY, address=typed.get("address", "")),
    }
    return {name: identity for name, identity in alone.items() if typed.get(name, "").strip()}


def _born(typed: Mapping[str, str], today: date) -> date | None:
    born = read_day(typed.get("birth_date", ""))
    checked_identity(replace(_SOMEBODY, birth_date=born), today=today)
    return born


def _needs(typed: Mapping[str, str], problems: Problems) -> Needs:
    return Needs(
        **{name: read_answer(typed.get(name, "")) for name in NEEDS},
        chronic_needs=problems.attempt(
            "chronic_needs", lambda: read_count(typed.get("chronic_needs", ""), most=MOST_CHRONIC_NEEDS), None
        ),
    )


def _wishes(typed: Mapping[str, str], problems: Problems) -> Wishes:
    languages = (typed["language"],) if typed.get("language") else ()
    known = typed.get("known_practitioner_id", "")
    max_km = problems.attempt("max_km", lambda: _max_km(typed.get("max_km", "")), None)
    return Wishes(
        languages=languages,
        prefers_gender=Gender(typed["prefers_gender"])
        if typed.get("prefers_gender") in set(Gender)
        else None,
        known_practitioner_id=int(known) if known.isascii() and known.isdigit() and len(known) < 10 else None,
        max_km=max_km,
        together=typed.get("together") == "oui",
    )


def _seen(typed: Mapping[str, str], suffix: str) -> Seen | None:
    """Read one line of "who do you already see?"; nothing when it names nobody."""
    chosen = typed.get(f"seen{suffix}_practitioner_id" if suffix else "known_practitioner_id", "")
    known = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 10 else None
    name = typed.get(f"seen{suffix}_name", "").strip()[:200]
    if known is None and not name:
        return None
    visits = typed.get(f"seen{suffix}_visits", "")
    num_visits = int(visits) if visits.isascii() and visits.isdigit() and 1 <= int(visits[:3]) <= 99 else 1
    return Seen(practitioner_id=known, name="" if known else name, num_visits=num_visits)


def _source(typed: Mapping[str, str]) -> SignalSource:
    given = typed.get("source", "")
    return SignalSource(given) if given in set(SignalSource) else SignalSource.PROFESSIONAL


def _max_km(text: str) -> float | None:
    return checked_wishes(Wishes(max_km=read_km(text))).max_km


def _consent(
    typed: Mapping[str, str], problems: Problems, now: datetime, pathway: Pathway
) -> ConsentGiven | None:
    how = typed.get("consent_how", "")
    if how not in set(ConsentHow):
        problems.add("consent_how", "Dites comment l'accord a été donné.")
    if typed.get("consent") != "oui":
        problems.add(
            "consent",
            "Sans l'accord du patient, le signalement ne peut pas être envoyé. Informez-le, puis cochez.",
        )
    if not typed.get("collected_by", "").strip():
        problems.add("collected_by", "Donnez le nom ou la fonction de la personne qui a recueilli l'accord.")
    if how == ConsentHow.REPRESENTATIVE and not typed.get("representative", "").strip():
        problems.add("representative", "Donnez le nom du représentant qui a donné l'accord.")
    if {"consent_how", "consent", "collected_by", "representative"} & problems.by_field.keys():
        return None
    given = ConsentGiven(
        notice_version=pathway.notice.version,
        how=ConsentHow(how),
        collected_by=typed["collected_by"],
        given_at=now,
        collector_role=typed.get("collector_role", ""),
        representative=typed.get("representative", ""),
        told=NOTICE_ITEMS,
    )
    return problems.attempt("collected_by", lambda: checked_consent(given, now=now), given)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise InvalidInput("household_with", "le numéro d'un dossier") from None
