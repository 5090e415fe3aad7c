"""The slots that anybody may know of: those a practitioner opens to the public, for an open publication.

No other visibility is ever read here, and nothing about who books.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from scheduler.agenda.freshness import trusted
from scheduler.agenda.places import num_taken
from scheduler.rows import id_of
from scheduler.store.tables import (
    Feed,
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

AHEAD = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPlace:
    """Where somebody sees the public; ``phone`` is as it was typed, maybe empty."""

    id: int
    practitioner_name: str
    structure_name: str
    address: str
    postcode: str
    city: str
    phone: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSlot:
    """One slot with free places; ``zone`` is the IANA zone its hours are written in."""

    id: int
    place_id: int
    start_at: datetime
    end_at: datetime
    modality: Modality
    num_free: int
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOffer:
    """What is published: places by id, and slots by start."""

    places: tuple[OpenPlace, ...]
    slots: tuple[OpenSlot, ...]


def open_offer(session: Session, *, now: datetime) -> OpenOffer:
    """Read the public slots of the coming fortnight, in every territory."""
    taken = num_taken(now)
    query = (
        select(Slot, taken, Practice, Practitioner, Structure, Territory.zone)  # type: ignore[call-overload]
        .join(Practice, col(Practice.id) == col(Slot.practice_id))
        .join(Practitioner, col(Practitioner.id) == col(Slot.practitioner_id))
        .join(Territory, col(Territory.id) == col(Practitioner.territory_id))
        .join(Structure, col(Structure.id) == col(Practice.structure_id), isouter=True)
        .join(Feed, col(Feed.id) == col(Slot.feed_id), isouter=True)
        .where(
            col(Slot.visibility) == Visibility.PUBLIC,
            col(Slot.state) == SlotState.OPEN,
            col(Slot.start_at) > now,
            col(Slot.start_at) <= now + AHEAD,
            trusted(session, now),
            taken < Slot.capacity,
        )
        .order_by(col(Slot.start_at), col(Slot.id))
    )
    rows = session.exec(query).all()
    places = {id_of(row[2]): _place(*row[2:5]) for row in rows}
    return OpenOffer(
        places=tuple(places[key] for key in sorted(places)),
        slots=tuple(_slot(slot, num, zone) for slot, num, _, _, _, zone in rows),
    )


def _place(practice: Practice, who: Practitioner, structure: Structure | None) -> OpenPlace:
    commune = communes().by_insee(practice.insee)
    return OpenPlace(
        id=id_of(practice),
        practitioner_name=f"Dr {who.given_name} {who.family_name}",
        structure_name="" if structure is None else structure.name,
        address=practice.address,
        postcode=commune.postcodes[0],
        city=commune.name,
        phone=practice.phone,
        latitude=practice.latitude,
        longitude=practice.longitude,
    )


def _slot(slot: Slot, num_taken: Any, zone: str) -> OpenSlot:
    return OpenSlot(
        id=id_of(slot),
        place_id=slot.practice_id,
        start_at=slot.start_at,
        end_at=slot.end_at,
        modality=slot.modality,
        num_free=slot.capacity - num_taken,
        zone=zone,
    )
