"""The free slots of some professionals over a window, with all that the platform wants to know of them.

The platform asks by professional only, up to 25 at once, several thousand times an hour, for every agenda of
France at the same time: four statements whatever the number of professionals, no lock, no trace of patients.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from scheduler.agenda.freshness import trusted
from scheduler.agenda.places import num_taken
from scheduler.rows import id_of
from scheduler.store.tables import (
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
    rows = _open_slots(session, rpps, from_at, to_at, now) if rpps else []
    professionals = {row.practitioner_id: row for row in rows}
    members = _memberships(session, professionals)
    openings = tuple(_opening(row, members) for row in rows)
    shared = {community for opening in openings for community in opening.communities}
    return Availability(
        openings=openings,
        professionals={key: _professional(row) for key, row in professionals.items()},
        places=_places(session, {opening.practice_id for opening in openings}),
        communities=_communities(session, shared),
    )


def _open_slots(
    session: Session, rpps: Collection[str], from_at: datetime, to_at: datetime, now: datetime
) -> Sequence[Any]:
    query = (
        select(
            Slot.id,
            Slot.practitioner_id,
            Slot.practice_id,
            Slot.start_at,
            Slot.end_at,
            Slot.modality,
            Slot.visibility,
            Practitioner.rpps,
            Practitioner.family_name,
            Practitioner.given_name,
            Practitioner.territory_id,
            Territory.zone,
        )  # type: ignore[call-overload]
        .join(Practitioner, col(Practitioner.id) == col(Slot.practitioner_id))
        .join(Territory, col(Territory.id) == col(Practitioner.territory_id))
        .join(Feed, col(Feed.id) == col(Slot.feed_id), isouter=True)
        .where(
            col(Practitioner.rpps).in_(sorted(rpps)),
            col(Slot.state) == SlotState.OPEN,
            col(Slot.start_at) > now,
            col(Slot.start_at) >= from_at,
            col(Slot.start_at) <= to_at,
            trusted(session, now),
            num_taken(now) < Slot.capacity,
        )
        .order_by(col(Slot.start_at), col(Slot.id))
    )
    rows: Sequence[Any] = session.exec(query).all()
    return rows


def _opening(row: Any, members: Mapping[int, tuple[int, ...]]) -> Opening:
    shared = row.visibility is Visibility.CPTS
    return Opening(
        id=row.id,
        practitioner_id=row.practitioner_id,
        practice_id=row.practice_id,
        start_at=row.start_at,
        end_at=row.end_at,
        modality=row.modality,
        visibility=row.visibility,
        zone=row.zone,
        communities=(row.territory_id, *members.get(row.practitioner_id, ())) if shared else (),
    )


def _professional(row: Any) -> Professional:
    return Professional(
        id=row.practitioner_id, rpps=row.rpps, family_name=row.family_name, given_name=row.given_name
    )


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
