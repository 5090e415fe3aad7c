"""Who is around the patients that were not placed, and who holds the places there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from matching.candidates import Candidates
from matching.columns import NO_LIMIT
from matching.eligibility import first_broken
from matching.model import Instance, Tier
from matching.priority import Standing

Int64 = npt.NDArray[np.int64]

# Sentences sum up all practitioners; data name this many of the nearest.
MOST_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Nearby:
    """Practitioners in reach of one patient, nearest first; ``rule`` excludes them, -1 = none does."""

    ids: Sequence[str]
    practitioner: Int64
    distance_m: Int64
    rule: Int64

    def possible(self) -> "Nearby":
        """Return those whom no rule excludes."""
        kept = self.rule < 0
        return replace(
            self, practitioner=self.practitioner[kept], distance_m=self.distance_m[kept], rule=self.rule[kept]
        )

    def named(self) -> list[dict[str, object]]:
        """Return who the nearest ones are, as data."""
        pairs = zip(
            self.practitioner[:MOST_NAMED].tolist(), self.distance_m[:MOST_NAMED].tolist(), strict=True
        )
        return [{"practitioner_id": self.ids[row], "distance_m": distance} for row, distance in pairs]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Somebody who holds a place, as far as others may know."""

    rank: int
    waiting_since: date
    tier: Tier


class Holdings:
    """Who holds the places that patients of one kind compete for, per practitioner.

    ``per_tier`` has shape (num_practitioners, 3); ``holders`` gives tier and waiting date of each, as data.
    """

    def __init__(self, held: Sequence[Sequence[Holder]]) -> None:
        self.holders = [tuple(map(_without_identity, holders)) for holders in held]
        self.per_tier = np.array(
            [[sum(h.tier == tier for h in holders) for tier in (1, 2, 3)] for holders in held], np.int64
        ).reshape(-1, 3)
        self._last = [max(holders, key=_turn, default=None) for holders in held]

    def last_served(self, practitioners: Int64) -> Holder | None:
        """Return the holder whose turn came last, None when nobody holds a place."""
        served = [h for h in map(self._last.__getitem__, practitioners.tolist()) if h is not None]
        return max(served, key=_turn, default=None)


def _without_identity(holder: Holder) -> dict[str, object]:
    return {"tier": holder.tier, "waiting_since": holder.waiting_since.isoformat()}


def _turn(holder: Holder) -> tuple[int, date]:
    return holder.rank, holder.waiting_since


class Surroundings:
    """Who is around the patients that were not placed, and who holds the places there."""

    def __init__(self, instance: Instance, found: Candidates, pair: Int64) -> None:
        travel, judged = instance.travel, found.judged
        self._ids = [p.id for p in instance.practitioners]
        unplaced = (pair < 0)[travel.patient[judged.pair]]
        rows, broken = judged.pair[unplaced], judged.broken[unplaced]
        order = np.lexsort((travel.practitioner[rows], travel.distance_m[rows], travel.patient[rows]))
        rows = rows[order]
        self._practitioner = travel.practitioner[rows].astype(np.int64)
        self._distance_m = travel.distance_m[rows].astype(np.int64)
        self._rule = first_broken(broken[order])
        self._start = np.searchsorted(travel.patient[rows], np.arange(len(instance.patients) + 1)).tolist()
        self._nearest_m = np.full(len(instance.patients), NO_LIMIT, np.int32)
        np.minimum.at(self._nearest_m, travel.patient, travel.distance_m)
        held = _held(instance, found.standings, pair)
        places = np.array([p.places for p in instance.practitioners], np.int64)
        self._places_left = places - np.array([len(holders) for holders in held], np.int64)
        self._all, self._tier1 = Holdings(held), Holdings(_held_against_tier1(instance, held))

    def in_reach(self, patient: int) -> Nearby:
        """Return the practitioners in reach, nearest first."""
        here = slice(self._start[patient], self._start[patient + 1])
        return Nearby(
            ids=self._ids,
            practitioner=self._practitioner[here],
            distance_m=self._distance_m[here],
            rule=self._rule[here],
        )

    def with_places_left(self, practitioners: Int64) -> Int64:
        """Return those of some practitioners who have more places than patients."""
        left: Int64 = practitioners[self._places_left[practitioners] > 0]
        return left

    def nearest_m(self, patient: int) -> int | None:
        """Return the distance of the nearest practitioner at all, None when travel names nobody."""
        distance = int(self._nearest_m[patient])
        return None if distance == NO_LIMIT else distance

    def holdings(self, tier: Tier) -> Holdings:
        """Return who holds the places that a patient of ``tier`` could have had."""
        return self._tier1 if tier == 1 else self._all


def _held(instance: Instance, standings: Sequence[Standing], pair: Int64) -> list[list[Holder]]:
    held: list[list[Holder]] = [[] for _ in instance.practitioners]
    for row in np.flatnonzero(pair >= 0).tolist():
        stands, since = standings[row], instance.patients[row].waiting_since
        holder = Holder(rank=stands.rank, waiting_since=since, tier=stands.tier)
        held[instance.travel.practitioner[pair[row]]].append(holder)
    return [sorted(holders, key=lambda h: (h.tier, h.waiting_since)) for holders in held]


def _held_against_tier1(instance: Instance, held: Sequence[Sequence[Holder]]) -> list[Sequence[Holder]]:
    """Return the competitors of a tier-1 patient: only tier 1 where their places are limited and full."""
    against: list[Sequence[Holder]] = []
    for practitioner, holders in zip(instance.practitioners, held, strict=True):
        first = [h for h in holders if h.tier == 1]
        limit = practitioner.max_tier1
        against.append(first if limit is not None and len(first) >= limit else holders)
    return against
