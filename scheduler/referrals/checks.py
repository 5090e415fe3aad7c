"""What is acceptable in a signal: pure checks that name the field and what was expected."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta

from matching.model import Needs
from scheduler.errors import InvalidInput
from scheduler.inputs import (
    checked_commune,
    checked_languages,
    checked_name,
    checked_phone,
    checked_text,
    required_text,
)
from scheduler.referrals.values import ConsentGiven, Identity, Wishes

OLDEST_YEARS = 120
LONGEST_WAIT_YEARS = 20
MOST_CHRONIC_NEEDS = 50
FARTHEST_KM = 100.0
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
    return replace(
        identity,
        family_name=checked_name("family_name", identity.family_name),
        given_name=checked_name("given_name", identity.given_name),
        phone=checked_phone(identity.phone),
        email=_email(identity.email),
        address=checked_text("address", identity.address, longest=200),
        insee=checked_commune(identity.insee),
    )


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
    )


def check_waiting_since(since: date, *, today: date) -> None:
    """Refuse a wait that begins tomorrow, or longer ago than any list goes back."""
    if not _years_before(today, LONGEST_WAIT_YEARS) <= since <= today:
        raise InvalidInput("waiting_since", f"une date passée, depuis {LONGEST_WAIT_YEARS} ans au plus")


def _check_birth_date(birth_date: date | None, today: date) -> None:
    if birth_date is not None and not _years_before(today, OLDEST_YEARS) <= birth_date <= today:
        raise InvalidInput("birth_date", f"une date passée, depuis {OLDEST_YEARS} ans au plus")


def _email(given: str) -> str:
    email = checked_text("email", given, longest=200)
    if email and not _EMAIL.fullmatch(email):
        raise InvalidInput("email", "une adresse comme prenom.nom@exemple.fr, ou rien")
    return email


def _years_before(day: date, years: int) -> date:
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - years, day=28 if leap_day else day.day)
