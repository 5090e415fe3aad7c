"""The surgeries of a territory as seen from one place."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Select, select
from sqlmodel import Session, col

from scheduler.accounts.actor import Actor
from scheduler.agenda.slot_query import FARTHEST_KM, SlotQuery
from scheduler.store.tables import Practice, Practitioner
from scheduler.territory.travel import GreatCircleTravel, TravelTimes

_BEYOND_M = 10**9
"""Stands for the distance of what is farther than any search goes."""


class Surgery(NamedTuple):
    """Where a practitioner sees people, with the trip there by road, estimated."""

    practitioner_id: int
    latitude: float
    longitude: float
    distance_m: int
    travel_s: int

    def is_within(self, max_km: float) -> bool:
        """Tell whether it is no farther than that."""
        return self.distance_m <= max_km * 1000


def surgeries_around(
    session: Session, actor: Actor, query: SlotQuery, *, travel: TravelTimes | None = None
) -> Mapping[int, Surgery]:
    """Give the surgeries of the actor's territory by practice id, each with the trip there.

    Parameters
    ----------
    query
        Where to start from; with a practitioner, theirs only.

    Raises
    ------
    InvalidInput
        When the place is missing or unknown.
    """
    origin = np.array([query.position()], dtype=np.float64)
    session.flush()  # a statement sent past the ORM does not see to it
    rows = session.connection().execute(_of_territory(actor, query.practitioner_id)).all()
    places = np.array([row[2:] for row in rows], dtype=np.float64).reshape(-1, 2)
    trips = (travel or GreatCircleTravel()).between(origin, places, FARTHEST_KM)
    metres, seconds = np.full(len(rows), _BEYOND_M), np.zeros(len(rows), np.int64)
    metres[trips.practitioner], seconds[trips.practitioner] = trips.distance_m, trips.duration_s
    return {
        row[0]: Surgery(*row[1:], *trip)
        for row, *trip in zip(rows, metres.tolist(), seconds.tolist(), strict=True)
    }


def trip_to(origin: tuple[float, float], place: tuple[float, float]) -> tuple[int, int] | None:
    """Give the metres and seconds from one position to another; None when it is beyond any search."""
    trips = GreatCircleTravel().between(
        np.array([origin], dtype=np.float64), np.array([place], dtype=np.float64), FARTHEST_KM
    )
    return None if not len(trips.distance_m) else (int(trips.distance_m[0]), int(trips.duration_s[0]))


def _of_territory(actor: Actor, practitioner_id: int | None) -> Select[Any]:
    query = (
        select(*_READ)
        .join(Practitioner, col(Practitioner.id) == col(Practice.practitioner_id))
        .where(col(Practitioner.territory_id) == actor.territory_id)
    )
    return query if practitioner_id is None else query.where(col(Practitioner.id) == practitioner_id)


_READ: tuple[Any, ...] = (Practice.id, Practice.practitioner_id, Practice.latitude, Practice.longitude)
