"""The free slots of some professionals over a window, with all that the platform wants to know of them.

The platform asks by professional only, up to 25 at once, several thousand times an hour, for every agenda of
France at the same time: six statements whatever the number of professionals, no lock, no trace of patients.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, type_coerce
from sqlmodel import Session, col, func, select

from scheduler.agenda.freshness import trusted
from scheduler.agenda.places import takes_a_place
from scheduler.rows import id_of
from scheduler.store.tables import (
    Booking,
    Community,
    Feed,
    Membership,
    Modality,
    Practice,
    Practitioner,
    Slot,
    SlotState,
    Structure,
    Territory,
    Visibility,
)
from scheduler.territory.communes import communes

MOST_PROFESSIONALS = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Cpts:
    """A CPTS: what the platform shows to a regulator who looks for its slots."""

    id: int
    name: str
    finess: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Professional:
    """Who opens the slots."""

    id: int
    rpps: str
    family_name: str
    given_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one professional sees patients; ``finess`` is empty when the place has no number of its own."""

    id: int
    practitioner_id: int
    name: str
    finess: str
    address: str
    postcode: str
    city: str
    phone: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One slot with at least one free place.

    Parameters
    ----------
    zone : str
        IANA zone of the place: the platform wants local offsets.
    communities : tuple of int
        Those whose regulators may book it, when it is kept for communities; empty otherwise.
    """

    id: int
    practitioner_id: int
    practice_id: int
    start_at: datetime
    end_at: datetime
    modality: Modality
    visibility: Visibility
    zone: str
    communities: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """Openings by start, and everything they refer to, each once."""

    openings: tuple[Opening, ...]
    professionals: Mapping[int, Professional]
    places: Mapping[int, Place]
    communities: Mapping[int, Cpts]


def available(
    session: Session, rpps: Collection[str], *, from_at: datetime, to_at: datetime, now: datetime
) -> Availability:
    """Read what is free for booking in a window whose two ends count.

    Parameters
    ----------
    rpps
        RPPS numbers, 11 digits; those that nobody here has are left out silently.
    from_at, to_at
        Aware; a slot belongs to the window by its start. What has begun is never free.
    """
    known = _professionals(session, rpps) if rpps else {}
    rows = _open_slots(session, known, from_at, to_at, now) if known else []
    members = _memberships(session, known)
    openings = tuple(_opening(row, known[row.practitioner_id], members) for row in rows)
    shared = {community for opening in openings for community in opening.communities}
    busy = {row.practitioner_id for row in rows}
    return Availability(
        openings=openings,
        professionals={key: _professional(row) for key, row in known.items() if key in busy},
        places=_places(session, {opening.practice_id for opening in openings}),
        communities=_communities(session, shared),
    )


def _professionals(session: Session, rpps: Collection[str]) -> dict[int, Any]:
    """Give those who are asked for and known, with their territory, by id."""
    query = (
        select(
            Practitioner.id,
            Practitioner.rpps,
            Practitioner.family_name,
            Practitioner.given_name,
            Practitioner.territory_id,
            Territory.zone,
        )  # type: ignore[call-overload]
        .join(Territory, col(Territory.id) == col(Practitioner.territory_id))
        .where(col(Practitioner.rpps).in_(sorted(rpps)))
    )
    return {row.id: row for row in session.exec(query)}


def _open_slots(
    session: Session, practitioner_ids: Collection[int], from_at: datetime, to_at: datetime, now: datetime
) -> list[Any]:
    """Read the slots with a free place, by start.

    Places are counted apart: most slots of a window are free, and a count for each is the dearer way.
    """
    wanted = (
        col(Slot.practitioner_id).in_(sorted(practitioner_ids)),
        # As an expression, so that SQLite takes the index of practitioners and not that of all open slots of
        # the window, thirty times as many rows; PostgreSQL knows by its statistics.
        type_coerce(col(Slot.state), String()).concat("") == SlotState.OPEN.value,
        col(Slot.start_at) > now,
        col(Slot.start_at) >= from_at,
        col(Slot.start_at) <= to_at,
    )
    query = (
        select(
            Slot.id,
            Slot.practitioner_id,
            Slot.practice_id,
            Slot.start_at,
            Slot.end_at,
            Slot.modality,
            Slot.visibility,
            Slot.capacity,
        )  # type: ignore[call-overload]
        .join(Feed, col(Feed.id) == col(Slot.feed_id), isouter=True)
        .where(*wanted, trusted(session, now))
        .order_by(col(Slot.start_at), col(Slot.id))
    )
    taken = (
        select(Booking.slot_id, func.count())
        .join(Slot, col(Slot.id) == col(Booking.slot_id))
        .where(*wanted, takes_a_place(now))
        .group_by(col(Booking.slot_id))
    )
    num_taken = dict(session.exec(taken).all())
    return [row for row in session.exec(query) if num_taken.get(row.id, 0) < row.capacity]


def _opening(row: Any, who: Any, members: Mapping[int, tuple[int, ...]]) -> Opening:
    shared = row.visibility is Visibility.CPTS
    return Opening(
        id=row.id,
        practitioner_id=row.practitioner_id,
        practice_id=row.practice_id,
        start_at=row.start_at,
        end_at=row.end_at,
        modality=row.modality,
        visibility=row.visibility,
        zone=who.zone,
        communities=(who.territory_id, *members.get(row.practitioner_id, ())) if shared else (),
    )


def _professional(row: Any) -> Professional:
    return Professional(id=row.id, rpps=row.rpps, family_name=row.family_name, given_name=row.given_name)


def _memberships(session: Session, practitioner_ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
    """Give the further communities of each professional, besides that of their own territory."""
    query = (
        select(Membership)
        .where(col(Membership.practitioner_id).in_(sorted(practitioner_ids)))
        .order_by(col(Membership.territory_id))
    )
    found: dict[int, tuple[int, ...]] = {}
    for membership in session.exec(query):
        found[membership.practitioner_id] = (
            *found.get(membership.practitioner_id, ()),
            membership.territory_id,
        )
    return found


def _places(session: Session, practice_ids: Iterable[int]) -> dict[int, Place]:
    query = (
        select(Practice, Structure)
        .join(Structure, col(Structure.id) == col(Practice.structure_id), isouter=True)
        .where(col(Practice.id).in_(sorted(practice_ids)))
    )
    return {id_of(practice): _place(practice, structure) for practice, structure in session.exec(query)}


def _place(practice: Practice, structure: Structure | None) -> Place:
    commune = communes().by_insee(practice.insee)
    return Place(
        id=id_of(practice),
        practitioner_id=practice.practitioner_id,
        name="" if structure is None else structure.name,
        finess="" if structure is None else structure.finess or "",
        address=practice.address,
        postcode=commune.postcodes[0],
        city=commune.name,
        phone=practice.phone,
        latitude=practice.latitude,
        longitude=practice.longitude,
    )


def _communities(session: Session, territory_ids: Iterable[int]) -> dict[int, Cpts]:
    """Give the communities the platform can know: those with a number."""
    query = (
        select(Community, Territory.name)
        .join(Territory, col(Territory.id) == col(Community.territory_id))
        .where(col(Community.territory_id).in_(sorted(territory_ids)))
        .order_by(col(Community.territory_id))
    )
    return {
        row.territory_id: Cpts(id=row.territory_id, name=name, finess=row.finess, phone=row.phone)
        for row, name in session.exec(query)
    }
