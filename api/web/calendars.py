"""Calendars on pages: how each one does, in words; and a calendar that waits to be registered."""

import base64
import binascii
import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlmodel import Session

from api.web.forms import Problems, read_count
from api.web.labels import commune_name
from scheduler.accounts.actor import Actor
from scheduler.agenda.feeds import Mode
from scheduler.agenda.feeds.decoding import gunzip
from scheduler.agenda.feeds.errors import REFUSALS
from scheduler.agenda.feeds.fetched import SENTENCES as FETCH_SENTENCES
from scheduler.agenda.feeds.reasons import SENTENCES as REASON_SENTENCES
from scheduler.agenda.freshness import Limits, limits_of
from scheduler.agenda.kept import KeptFeed, kept_feeds, kept_practices
from scheduler.agenda.readings import OK, SUSPECT, UNCHANGED, outcome_of
from scheduler.agenda.subscribe import checked_zone
from scheduler.errors import InvalidInput
from scheduler.rows import id_of
from scheduler.store.tables import (
    Feed,
    FeedReading,
    FeedState,
    Modality,
    Practice,
    Practitioner,
    Visibility,
)

MAX_FILE_BYTES = 2 * 1024 * 1024
_GOOD = frozenset({OK, UNCHANGED})

ZONES = {
    "Europe/Paris": "Métropole (Paris)",
    "America/Guadeloupe": "Guadeloupe",
    "America/Martinique": "Martinique",
    "America/Cayenne": "Guyane",
    "Indian/Reunion": "La Réunion",
    "Indian/Mayotte": "Mayotte",
    "America/Miquelon": "Saint-Pierre-et-Miquelon",
    "America/St_Barthelemy": "Saint-Barthélemy",
    "America/Marigot": "Saint-Martin",
    "Pacific/Noumea": "Nouvelle-Calédonie",
    "Pacific/Tahiti": "Polynésie française (Tahiti)",
    "Pacific/Wallis": "Wallis-et-Futuna",
}
"""Zones of the French territories, as people call them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedShown:
    """One calendar as its page shows it; of its address, the host only.

    Parameters
    ----------
    health, tone : str
        How it does, in two or three words, and their colour.
    trouble : str
        What went wrong at the last reading; "" when nothing did.
    ignored : list of (sentence, number)
        What was not offered, and why, the most frequent first.
    """

    id: int
    name: str
    practitioner_name: str
    host: str
    mode: str
    state: FeedState
    polled: bool
    health: str
    tone: str
    trouble: str
    ok_at: datetime | None
    reading: FeedReading | None
    ignored: list[tuple[str, int]]


def shown_feeds(session: Session, actor: Actor, *, now: datetime) -> list[FeedShown]:
    """List the calendars this person may manage, each with its last readings."""
    limits = limits_of(session)
    return [_shown(kept, limits, now) for kept in kept_feeds(session, actor)]


def practices_of(session: Session, actor: Actor) -> list[tuple[int, str]]:
    """List the places of practice this person may register a calendar for."""
    return [
        (id_of(practice), _place(practice, practitioner))
        for practice, practitioner in kept_practices(session, actor)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFeed:
    """What the form of a new calendar asks for, checked; ``body`` is the file, or None for an address."""

    practice_id: int
    name: str
    address: str | None
    body: bytes | None
    mode: Mode
    zone: str
    slot_minutes: int | None
    modality: Modality
    visibility: Visibility


def read_new_feed(
    typed: Mapping[str, str], file: bytes | None, problems: Problems, *, kept: bytes | None = None
) -> NewFeed | None:
    """Read the form of a new calendar; ``None`` when something is wrong, told in ``problems``.

    Parameters
    ----------
    file
        Content of the chosen file.
    kept
        The same, kept by the preview page.
    """
    address = typed.get("address", "").strip() or None
    body = file or kept
    if not typed.get("name", "").strip():
        problems.add("name", "Donnez un nom à cet agenda.")
    if (address is None) == (body is None):
        problems.add("address", "Donnez l'adresse de l'agenda, ou choisissez un fichier : l'un des deux.")
    if body is not None and len(body) > MAX_FILE_BYTES:
        problems.add("file", "Ce fichier dépasse 2 Mo. Exportez une période plus courte.")
    if not typed.get("practice_id", "").isdecimal():
        problems.add("practice_id", "Choisissez le médecin et son lieu.")
    slot_minutes = problems.attempt("slot_minutes", lambda: _slot_minutes(typed), None)
    zone = problems.attempt("zone", lambda: checked_zone(typed.get("zone", "")), "")
    mode = typed.get("mode", "") if typed.get("mode") in set(Mode) else Mode.MARKED
    if problems.by_field:
        return None
    return NewFeed(
        practice_id=int(typed["practice_id"][:9]),
        name=" ".join(typed["name"].split())[:200],
        address=address,
        body=body,
        mode=Mode(mode),
        zone=zone,
        slot_minutes=slot_minutes,
        modality=Modality(how) if (how := typed.get("modality")) in set(Modality) else Modality.AMB,
        visibility=Visibility(who) if (who := typed.get("visibility")) in set(Visibility) else Visibility.SNP,
    )


def zones_with(zone: str) -> list[tuple[str, str]]:
    """Give the zones to choose from, one that is none of the usual first."""
    return [(zone, zone)] * (bool(zone) and zone not in ZONES) + list(ZONES.items())


def pack(body: bytes) -> str:
    """Write a calendar for a hidden field: the preview page keeps it until it is registered."""
    return base64.urlsafe_b64encode(gzip.compress(body)).decode()


def unpack(text: str) -> bytes | None:
    """Read what ``pack`` wrote; "" gives None.

    Raises
    ------
    InvalidInput, FeedRefused
        When it is something else.
    """
    if not text:
        return None
    try:
        return gunzip(base64.urlsafe_b64decode(text), MAX_FILE_BYTES)
    except (binascii.Error, ValueError):
        raise InvalidInput("file", "le fichier de l'aperçu ; choisissez-le de nouveau") from None


def _shown(kept: KeptFeed, limits: Limits, now: datetime) -> FeedShown:
    feed, last = kept.feed, kept.last
    health, tone = _health(feed, last, limits, now)
    return FeedShown(
        id=id_of(feed),
        name=feed.name,
        practitioner_name=_name(kept.practitioner),
        host=(urlsplit(feed.address).hostname or "") if feed.address else "fichier déposé",
        mode=feed.mode,
        state=feed.state,
        polled=feed.address is not None,
        health=health,
        tone=tone,
        trouble=_trouble(last),
        ok_at=feed.ok_at,
        reading=kept.told,
        ignored=_ignored(kept.told),
    )


def _health(feed: Feed, last: FeedReading | None, limits: Limits, now: datetime) -> tuple[str, str]:
    if feed.state is FeedState.SUSPENDED:
        return "Suspendu", ""
    if last is None:
        return "Pas encore lu", "warn"
    if outcome_of(last) == SUSPECT:
        return "À confirmer", "warn"
    if outcome_of(last) in _GOOD:
        return ("Lu", "ok") if feed.address else ("Fichier lu", "ok")
    is_gone = limits.is_gone(feed.ok_at, now)
    return ("Illisible : créneaux masqués", "danger") if is_gone else ("Ne répond plus", "warn")


def _trouble(last: FeedReading | None) -> str:
    if last is None or (code := outcome_of(last)) in _GOOD:
        return ""
    if code == SUSPECT:
        return (
            "L'agenda ne montre presque plus rien de ce qui était connu. Ses créneaux sont gardés jusqu'à la "
            "prochaine lecture qui le confirme."
        )
    if code in REFUSALS:
        return REFUSALS[code].sentence
    return FETCH_SENTENCES.get(code, "La dernière lecture n'a pas abouti. Elle sera refaite.")


def _ignored(told: FeedReading | None) -> list[tuple[str, int]]:
    if told is None:
        return []
    counted = sorted(told.ignored.items(), key=lambda one: (-one[1], one[0]))
    return [(REASON_SENTENCES.get(code, code), number) for code, number in counted]


def _slot_minutes(typed: Mapping[str, str]) -> int | None:
    minutes = read_count(typed.get("slot_minutes", ""), most=480)
    if minutes is not None and minutes < 5:
        raise InvalidInput("slot_minutes", "une durée de 5 à 480 minutes, ou rien")
    return minutes


def _place(practice: Practice, practitioner: Practitioner) -> str:
    where = ", ".join(filter(None, [practice.address, commune_name(practice.insee)]))
    return f"{_name(practitioner)} – {where}"


def _name(practitioner: Practitioner) -> str:
    return f"Dr {practitioner.given_name} {practitioner.family_name}"
