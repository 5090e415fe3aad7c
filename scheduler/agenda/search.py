"""Finding a slot near a place: from the surgeries nearby to their slots, the earliest first.

One statement reads few columns of many slots; what is shown of a slot is read afterwards, for those alone
that are shown.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlmodel import Session, col

from scheduler.accounts.actor import Actor
from scheduler.agenda.audience import visible_to
from scheduler.agenda.freshness import Limits, limits_of, trusted
from scheduler.agenda.places import num_taken
from scheduler.agenda.rules import OLDEST, sees_age
from scheduler.errors import InvalidInput
from scheduler.inputs import checked_commune
from scheduler.listing import Listed
from scheduler.store.tables import (
    Feed,
    Modality,
    Practice,
    Practitioner,
    Slot,
    SlotState,
    Visibility,
)
from scheduler.territory.communes import communes
from scheduler.territory.travel import GreatCircleTravel, TravelTimes

LONGEST_WINDOW = timedelta(days=31)
FARTHEST_KM = 100.0
MOST_READ = 2000
"""Most slots one search reads: a CPTS of a hundred GPs opens some hundred in two days."""

_ROWS_AT_ONCE = 512
_FIRST_STRETCH = timedelta(hours=48)
"""What is read first of a longer window; then as much again, and so on, while the page is not full."""

_KM_PER_DEGREE = 110.5  # of latitude, the smallest value on Earth: the box is never too small


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotQuery:
    """Where, when and how somebody can be seen.

    Parameters
    ----------
    insee : str or None
        Commune to start from; or a position in degrees, WGS 84.
    from_at, to_at : datetime
        Aware; slots that start in this half-open window, 31 days at most.
    modality : Modality or None
        None = any.
    max_km : float
        Longest distance by road.
    limit : int
        Most slots given, 1 to 2000.
    after : tuple or None
        ``FoundSlot.key`` of the last slot of the page before.
    practitioner_id : int or None
        Their slots only.
    age : int or None
        Of the patient, in whole years: those who do not see this age in person are left out.

    Raises
    ------
    InvalidInput
        Naming the first value that is not acceptable.
    """

    insee: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    from_at: datetime
    to_at: datetime
    modality: Modality | None = None
    max_km: float = 15.0
    limit: int = 20
    after: tuple[datetime, int, int] | None = None
    practitioner_id: int | None = None
    age: int | None = None

    def __post_init__(self) -> None:
        if self.from_at.tzinfo is None or self.to_at.tzinfo is None:
            raise InvalidInput("from_at", "des instants avec leur fuseau")
        if not timedelta(0) < self.to_at - self.from_at <= LONGEST_WINDOW:
            raise InvalidInput("to_at", "une fin après le début, dans les 31 jours")
        if not 0 < self.max_km <= FARTHEST_KM:
            raise InvalidInput("max_km", f"une distance de 1 à {FARTHEST_KM:g} km")
        if not 1 <= self.limit <= MOST_READ:
            raise InvalidInput("limit", f"un nombre de 1 à {MOST_READ}")
        if self.age is not None and not 0 <= self.age <= OLDEST:
            raise InvalidInput("age", f"un âge de 0 à {OLDEST} ans")

    def position(self) -> tuple[float, float]:
        """Give the latitude and longitude to start from.

        Raises
        ------
        InvalidInput
            When there is no place, or the commune is unknown.
        """
        if self.latitude is not None and self.longitude is not None:
            return self.latitude, self.longitude
        if self.insee is None:
            raise InvalidInput("insee", "le code INSEE d'une commune, ou une position")
        commune = communes().by_insee(checked_commune(self.insee))
        return commune.latitude, commune.longitude


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSlot:
    """A slot that can be booked now.

    Parameters
    ----------
    distance_m, travel_s : int
        By road, estimated, from where the search started.
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


class Candidate(NamedTuple):
    """What ranking needs of a slot that can be booked now."""

    slot_id: int
    practitioner_id: int
    start_at: datetime
    modality: Modality
    free_places: int
    latitude: float
    longitude: float
    distance_m: int
    travel_s: int

    @property
    def travel_min(self) -> int:
        """Minutes of travel, rounded up."""
        return -(-self.travel_s // 60)

    @property
    def key(self) -> tuple[datetime, int, int]:
        """What the results are sorted by, unique."""
        return self.start_at, self.travel_s, self.slot_id


def search(
    session: Session,
    actor: Actor,
    query: SlotQuery,
    *,
    now: datetime,
    travel: TravelTimes | None = None,
) -> Listed[FoundSlot]:
    """Find the slots of the actor's territory that may be booked now, by start, then by travel.

    Never a slot that has begun, is full, was not confirmed lately, or is not for this role.

    Raises
    ------
    InvalidInput
        When the place is missing or unknown.
    """
    listed = candidates(session, actor, query, now=now, travel=travel)
    shown = details(session, listed.rows, now=now)
    return Listed(rows=tuple(shown[one.slot_id] for one in listed.rows), more=listed.more)


def candidates(
    session: Session,
    actor: Actor,
    query: SlotQuery,
    *,
    now: datetime,
    travel: TravelTimes | None = None,
) -> Listed[Candidate]:
    """Find the same slots as ``search``, with no more of each than ranking needs."""
    position = query.position()
    reach = _Reach(position, query.max_km, travel or GreatCircleTravel())
    found: list[Candidate] = []
    fresh = trusted(session, now)
    for stretch in _stretches(query, now):
        statement = _statement(actor, query, stretch, position, fresh, now)
        rows = session.execute(statement.execution_options(yield_per=_ROWS_AT_ONCE))
        for part in rows.partitions():
            found += _within(reach, part, query)
            if len(found) > query.limit and part[-1].start_at > found[query.limit].start_at:
                rows.close()  # the rest starts later than everything that is shown
                break
        if len(found) > query.limit:
            break
    return Listed.cut(sorted(found, key=lambda one: one.key), query.limit)


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
    rows = session.execute(statement)
    return {row.id: _found(row, by_id[row.id], limits=limits, now=now) for row in rows}


def _stretches(query: SlotQuery, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Cut the window into half-open stretches, each as long as all before it."""
    start = max(query.from_at, now) if query.after is None else max(query.from_at, now, query.after[0])
    end, length = start, _FIRST_STRETCH
    while end < query.to_at:
        start, end = end, min(end + length, query.to_at)
        yield start, end
        length = end - max(query.from_at, now)


class _Reach:
    """Distances from one place to practices, each asked for once."""

    def __init__(self, origin: tuple[float, float], max_km: float, travel: TravelTimes) -> None:
        self._origin = np.array([origin], dtype=np.float64)
        self._max_km = max_km
        self._travel = travel
        self._known: dict[int, tuple[int, int] | None] = {}

    def of(self, rows: Sequence[Any]) -> dict[int, tuple[int, int] | None]:
        """Give metres and seconds by practice id; None where it is too far."""
        new = {
            row.practice_id: (row.latitude, row.longitude)
            for row in rows
            if row.practice_id not in self._known
        }
        if new:
            ids = list(new)
            trips = self._travel.between(
                self._origin, np.array(list(new.values()), dtype=np.float64), self._max_km
            )
            self._known |= dict.fromkeys(ids)
            for place, metres, seconds in zip(
                trips.practitioner, trips.distance_m, trips.duration_s, strict=True
            ):
                self._known[ids[place]] = (int(metres), int(seconds))
        return self._known


def trip_to(origin: tuple[float, float], place: tuple[float, float]) -> tuple[int, int] | None:
    """Give the metres and seconds from one position to another; None when it is beyond any search."""
    trips = GreatCircleTravel().between(
        np.array([origin], dtype=np.float64), np.array([place], dtype=np.float64), FARTHEST_KM
    )
    return None if not len(trips.distance_m) else (int(trips.distance_m[0]), int(trips.duration_s[0]))


def _within(reach: _Reach, rows: Sequence[Any], query: SlotQuery) -> Iterator[Candidate]:
    trips = reach.of(rows)
    for slot_id, practitioner_id, practice_id, start_at, modality, latitude, longitude, free in rows:
        trip = trips[practice_id]
        if trip is None or (query.after is not None and (start_at, trip[1], slot_id) <= query.after):
            continue
        yield Candidate(slot_id, practitioner_id, start_at, modality, free, latitude, longitude, *trip)


def _found(row: Any, one: Candidate, *, limits: Limits, now: datetime) -> FoundSlot:
    return FoundSlot(
        slot_id=one.slot_id,
        practitioner_id=one.practitioner_id,
        practitioner_name=f"Dr {row.given_name} {row.family_name}",
        insee=row.insee,
        commune=communes().by_insee(row.insee).name,
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


def _statement(
    actor: Actor,
    query: SlotQuery,
    stretch: tuple[datetime, datetime],
    position: tuple[float, float],
    fresh: ColumnElement[bool],
    now: datetime,
) -> Select[Any]:
    taken = num_taken(now)
    conditions = [
        _whose(actor, query, position),
        col(Slot.state) == SlotState.OPEN,
        col(Slot.start_at) >= stretch[0],
        col(Slot.start_at) > now,
        col(Slot.start_at) < stretch[1],
        col(Slot.visibility).in_(visible_to(actor.role)),
        fresh,
        taken < Slot.capacity,
    ]
    if query.age is not None:
        conditions.append(sees_age(query.age))
    if query.modality is not None:
        conditions.append(col(Slot.modality) == query.modality)
    return (
        select(*_NEEDED, (col(Slot.capacity) - taken).label("free_places"))
        .join(Practice, col(Practice.id) == col(Slot.practice_id))
        .join(Feed, col(Feed.id) == col(Slot.feed_id), isouter=True)
        .where(*conditions)
        .order_by(col(Slot.start_at), col(Slot.id))
    )


def _whose(actor: Actor, query: SlotQuery, position: tuple[float, float]) -> ColumnElement[bool]:
    """Keep the slots of the practitioners nearby: found first, so that no other's slots are looked at."""
    nearby = (
        select(col(Practitioner.id))
        .join(Practice, col(Practice.practitioner_id) == col(Practitioner.id))
        .where(col(Practitioner.territory_id) == actor.territory_id, _in_box(position, query.max_km))
    )
    if query.practitioner_id is not None:
        nearby = nearby.where(col(Practitioner.id) == query.practitioner_id)
    return col(Slot.practitioner_id).in_(nearby)


_NEEDED: tuple[Any, ...] = (
    Slot.id,
    Slot.practitioner_id,
    Slot.practice_id,
    Slot.start_at,
    Slot.modality,
    Practice.latitude,
    Practice.longitude,
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


def _in_box(position: tuple[float, float], max_km: float) -> ColumnElement[bool]:
    """Keep the practices of a rectangle around the place: a road is never shorter than the straight line."""
    latitude, longitude = position
    half_height = max_km / _KM_PER_DEGREE
    half_width = half_height / max(math.cos(math.radians(latitude)) - math.radians(half_height), 0.01)
    return and_(
        col(Practice.latitude).between(latitude - half_height, latitude + half_height),
        col(Practice.longitude).between(longitude - half_width, longitude + half_width),
    )
