"""Finding a slot: those that can be booked now, each with all that is shown of it.

One statement reads few columns of many slots (``candidates``); what is shown of a slot is read afterwards,
for those alone that are shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from scheduler.accounts.actor import Actor
from scheduler.agenda.candidates import Candidate, candidates
from scheduler.agenda.freshness import Limits, limits_of
from scheduler.agenda.slot_query import SlotQuery
from scheduler.listing import Listed
from scheduler.store.tables import Feed, Modality, Practice, Practitioner, Slot, Visibility
from scheduler.territory.communes import communes


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSlot:
    """A slot that can be booked now.

    Parameters
    ----------
    distance_m, travel_s : int
        By road, estimated, from where the search started; 0 by video or telephone: nobody travels.
    seen_at : datetime
        When the practitioner's calendar last confirmed it.
    to_confirm : bool
        Its calendar has not answered for a while: call the surgery before sending somebody.
    was_shown : bool
        Some search has listed it before.
    """

    slot_id: int
    practitioner_id: int
    practitioner_name: str
    insee: str
    commune: str
    address: str
    latitude: float
    longitude: float
    start_at: datetime
    end_at: datetime
    modality: Modality
    visibility: Visibility
    free_places: int
    distance_m: int
    travel_s: int
    seen_at: datetime
    to_confirm: bool
    was_shown: bool
    phone: str

    @property
    def distance_km(self) -> float:
        """Distance in km, to 100 m."""
        return round(self.distance_m / 1000, 1)

    @property
    def travel_min(self) -> int:
        """Minutes of travel, rounded up: nobody should arrive late."""
        return -(-self.travel_s // 60)

    @property
    def key(self) -> tuple[datetime, int, int]:
        """What the results are sorted by, unique."""
        return self.start_at, self.travel_s, self.slot_id


def search(session: Session, actor: Actor, query: SlotQuery, *, now: datetime) -> Listed[FoundSlot]:
    """Find the slots of the actor's territory that may be booked now, by start, then by travel.

    Never a slot that has begun, is full, was not confirmed lately, or is not for this role.

    Raises
    ------
    InvalidInput
        When the place is missing or unknown.
    """
    listed = candidates(session, actor, query, now=now)
    shown = details(session, listed.rows, now=now)
    return Listed(rows=tuple(shown[one.slot_id] for one in listed.rows), more=listed.more)


def details(session: Session, chosen: Sequence[Candidate], *, now: datetime) -> Mapping[int, FoundSlot]:
    """Read what is shown of some slots, by slot id."""
    if not chosen:
        return {}
    by_id = {one.slot_id: one for one in chosen}
    statement = (
        select(*_SHOWN)
        .join(Practitioner, col(Practitioner.id) == col(Slot.practitioner_id))
        .join(Practice, col(Practice.id) == col(Slot.practice_id))
        .join(Feed, col(Feed.id) == col(Slot.feed_id), isouter=True)
        .where(col(Slot.id).in_(by_id))
    )
    limits = limits_of(session)
    rows = session.connection().execute(statement).all()
    names = {insee: communes().by_insee(insee).name for insee in {row.insee for row in rows}}
    return {row.id: _found(row, by_id[row.id], names[row.insee], limits, now) for row in rows}


def _found(row: Any, one: Candidate, commune: str, limits: Limits, now: datetime) -> FoundSlot:
    return FoundSlot(
        slot_id=one.slot_id,
        practitioner_id=one.practitioner_id,
        practitioner_name=f"Dr {row.given_name} {row.family_name}",
        insee=row.insee,
        commune=commune,
        address=row.address,
        latitude=one.latitude,
        longitude=one.longitude,
        start_at=one.start_at,
        end_at=row.end_at,
        modality=one.modality,
        visibility=row.visibility,
        free_places=one.free_places,
        distance_m=one.distance_m,
        travel_s=one.travel_s,
        seen_at=row.seen_at,
        to_confirm=row.polled and limits.is_grey(row.seen_at, now),
        was_shown=row.first_shown_at is not None,
        phone=row.phone,
    )


_SHOWN: tuple[Any, ...] = (
    Slot.id,
    Slot.end_at,
    Slot.visibility,
    Slot.first_shown_at,
    Practitioner.given_name,
    Practitioner.family_name,
    Practice.insee,
    Practice.address,
    Practice.phone,
    func.coalesce(Feed.ok_at, Slot.seen_at).label("seen_at"),
    col(Feed.address).is_not(None).label("polled"),
)
