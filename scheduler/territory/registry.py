"""Founding a territory: the CPTS, its zone, and the communes it covers."""

import re
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import available_timezones

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.audit import record
from scheduler.errors import AlreadyExists, InvalidInput
from scheduler.rows import id_of
from scheduler.store.tables import Territory, TerritoryCommune
from scheduler.store.violations import broken_invariant
from scheduler.territory.communes import communes

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def register_territory(
    session: Session, *, slug: str, name: str, insee: Iterable[str], zone: str = "Europe/Paris"
) -> Territory:
    """Found a territory.

    Parameters
    ----------
    slug
        Short name for commands and addresses, at most 60 of a-z, 0-9 and single hyphens.
    insee
        INSEE codes of its communes, at least one.
    zone
        IANA zone its days and hours are read in; the overseas departments have their own.

    Raises
    ------
    InvalidInput
        Naming the first value that is not acceptable; ``UnknownCommune`` for a commune.
    AlreadyExists
        When the short name is taken.
    """
    if not _SLUG.fullmatch(slug) or len(slug) > 60:
        raise InvalidInput("slug", "des lettres minuscules, chiffres et traits d'union : cpts-ma-ville")
    if not name.strip() or len(name) > 200:
        raise InvalidInput("name", "le nom de la CPTS, 200 caractères au plus")
    if zone not in available_timezones():
        raise InvalidInput("zone", "un fuseau comme Europe/Paris ou Indian/Reunion")
    codes = sorted({communes().by_insee(code).insee for code in insee})
    if not codes:
        raise InvalidInput("commune", "au moins une commune, par son code INSEE")
    territory = Territory(slug=slug, name=name.strip(), zone=zone)
    session.add(territory)
    _flush(session)
    session.add_all(TerritoryCommune(territory_id=id_of(territory), insee=code) for code in codes)
    session.flush()
    return territory


def change_communes(session: Session, actor: Actor, insee: Iterable[str], *, now: datetime) -> None:
    """Say which communes the actor's territory covers from now on; files of others stay where they are.

    Raises
    ------
    InvalidInput
        When there is none, or one is unknown (``UnknownCommune``).
    """
    codes = {communes().by_insee(code).insee for code in insee}
    if not codes:
        raise InvalidInput("commune", "au moins une commune, par son code INSEE")
    held = select(TerritoryCommune).where(col(TerritoryCommune.territory_id) == actor.territory_id)
    rows = {row.insee: row for row in session.exec(held)}
    for code in rows.keys() - codes:
        session.delete(rows[code])
    session.add_all(
        TerritoryCommune(territory_id=actor.territory_id, insee=code) for code in codes - rows.keys()
    )
    session.flush()
    record(
        session,
        actor,
        action="U",
        object_kind="territory",
        object_id=actor.territory_id,
        purpose="change_communes",
        now=now,
    )


def _flush(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        if broken_invariant(error) == "territory_slug_key":
            raise AlreadyExists("slug") from error
        raise
