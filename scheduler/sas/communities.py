"""The number under which the platform knows a CPTS, and GPs who keep slots for a neighbour too (INT_R04)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.audit import record
from scheduler.errors import AlreadyExists, InvalidInput, NotFound
from scheduler.inputs import checked_phone
from scheduler.store.tables import Community, Membership, Practitioner, Territory
from scheduler.store.violations import broken_invariant
from scheduler.territory.identifiers import parse_finess


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """A GP of the territory whose slots for the CPTS are shown under a neighbour's number too."""

    practitioner_id: int
    name: str
    territory_id: int
    community: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunityShown:
    """What the platform can know of a CPTS.

    Parameters
    ----------
    finess : str
        "" while the CPTS is not known to the platform: it then has no slots there as a CPTS.
    neighbours : tuple of (int, str)
        Id and name of the other CPTS that have a number.
    """

    finess: str
    phone: str
    sharing: tuple[Sharing, ...]
    neighbours: tuple[tuple[int, str], ...]


def read_community(session: Session, actor: Actor) -> CommunityShown:
    """Read the number of the actor's territory, and who shares with whom."""
    row = session.get(Community, actor.territory_id)
    shared = (
        select(Practitioner, Territory)
        .join(Membership, col(Membership.practitioner_id) == col(Practitioner.id))
        .join(Territory, col(Territory.id) == col(Membership.territory_id))
        .where(col(Practitioner.territory_id) == actor.territory_id)
        .order_by(col(Practitioner.family_name), col(Practitioner.id), col(Territory.name))
    )
    neighbours = (
        select(Territory.id, Territory.name)
        .join(Community, col(Community.territory_id) == col(Territory.id))
        .where(col(Territory.id) != actor.territory_id)
        .order_by(col(Territory.name))
    )
    return CommunityShown(
        finess="" if row is None else row.finess,
        phone="" if row is None else row.phone,
        sharing=tuple(_sharing(who, where) for who, where in session.exec(shared)),
        neighbours=tuple((int(number or 0), name) for number, name in session.exec(neighbours)),
    )


def name_community(session: Session, actor: Actor, *, finess: str, phone: str, now: datetime) -> str | None:
    """Say under which number and telephone the platform knows the actor's CPTS; without a number it does not.

    Returns
    -------
    A French warning when the check digit of the number does not fit: it is kept all the same.

    Raises
    ------
    InvalidInput
        When the number or the telephone has not the right form.
    AlreadyExists
        When another CPTS has that number.
    """
    number = parse_finess(finess) if finess.strip() else None
    reachable = checked_phone(phone)
    row = session.get(Community, actor.territory_id)
    if number is None:
        if row is not None:
            session.delete(row)
    else:
        row = row or Community(territory_id=actor.territory_id, finess=number.number)
        row.finess, row.phone = number.number, reachable
        session.add(row)
    _flush(session)
    _record(session, actor, "name_community", now)
    return None if number is None else number.warning


def share_with(
    session: Session, actor: Actor, practitioner_id: int, territory_id: int, *, now: datetime
) -> None:
    """Show a GP's slots for the CPTS under the number of another one too; twice is as once.

    Raises
    ------
    NotFound
        When the GP is not of the actor's territory.
    InvalidInput
        When the other CPTS is the actor's own or has no number.
    """
    _own_practitioner(session, actor, practitioner_id)
    if territory_id == actor.territory_id or session.get(Community, territory_id) is None:
        raise InvalidInput("cpts", "une autre CPTS, connue de la plateforme")
    session.merge(Membership(practitioner_id=practitioner_id, territory_id=territory_id))
    session.flush()
    _record(session, actor, "share_slots", now)


def stop_sharing(
    session: Session, actor: Actor, practitioner_id: int, territory_id: int, *, now: datetime
) -> None:
    """Show a GP's slots under another number no longer.

    Raises
    ------
    NotFound
        When the GP is not of the actor's territory.
    """
    _own_practitioner(session, actor, practitioner_id)
    row = session.get(Membership, (practitioner_id, territory_id))
    if row is not None:
        session.delete(row)
        session.flush()
        _record(session, actor, "stop_sharing_slots", now)


def _sharing(who: Practitioner, where: Territory) -> Sharing:
    return Sharing(
        practitioner_id=int(who.id or 0),
        name=f"{who.given_name} {who.family_name}",
        territory_id=int(where.id or 0),
        community=where.name,
    )


def _own_practitioner(session: Session, actor: Actor, practitioner_id: int) -> None:
    practitioner = session.get(Practitioner, practitioner_id)
    if practitioner is None or practitioner.territory_id != actor.territory_id:
        raise NotFound("practitioner")


def _flush(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        if broken_invariant(error) == "community_finess_key":
            raise AlreadyExists("finess") from error
        raise


def _record(session: Session, actor: Actor, purpose: str, now: datetime) -> None:
    record(
        session,
        actor,
        action="U",
        object_kind="territory",
        object_id=actor.territory_id,
        purpose=purpose,
        now=now,
    )
