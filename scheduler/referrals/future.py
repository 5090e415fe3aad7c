"""What is expected of the coming months, as people state it, and as the projection takes it."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from matching import Instance, Policy, Practitioner
from matching.demography import Departure, Opening, estimated_inflow
from matching.errors import InvalidInstance
from matching.priority import tier_of

MOST_MONTHS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """A GP who stops on a day.

    Parameters
    ----------
    panel : int
        Patients who lose their GP.
    tier_mix : tuple of three float, or None
        Parts of tiers 1, 2, 3 in the panel; they sum to 1. None = as on the waiting list.
    share_signalled : float
        Part of the panel that comes to the waiting list.
    neighbours : tuple of str
        GPs around, the nearest first: near the first of them who takes patients lives the panel of
        somebody who takes nobody.
    """

    practitioner_id: str
    on: date
    panel: int
    tier_mix: tuple[float, float, float] | None = None
    share_signalled: float = 0.3
    neighbours: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arriving:
    """A GP who opens on a day, at the place of ``like``, a GP of today."""

    like: str
    on: date
    places: int
    places_per_month: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Future:
    """What is expected.

    Parameters
    ----------
    months : int
        How far to look, 1 to ``MOST_MONTHS``.
    places_per_month : mapping of str to int
        New places per month, by practitioner; of those who take nobody it is left out.
    scenarios : int
        Drawn futures whose median and range are told, 1 to 20.
    """

    months: int = 12
    leaving: tuple[Leaving, ...] = ()
    arriving: tuple[Arriving, ...] = ()
    places_per_month: Mapping[str, int] = field(default_factory=dict)
    scenarios: int = 5
    seed: int = 0

    def as_data(self) -> dict[str, Any]:
        """Give it as values ready for JSON."""
        return {
            "months": self.months,
            "scenarios": self.scenarios,
            "seed": self.seed,
            "leaving": [
                {"practitioner_id": one.practitioner_id, "on": one.on.isoformat(), "panel": one.panel}
                for one in self.leaving
            ],
            "arriving": [
                {"like": one.like, "on": one.on.isoformat(), "places": one.places} for one in self.arriving
            ],
        }


def future_arguments(
    future: Future, instance: Instance, policy: Policy, communes: Sequence[str]
) -> dict[str, Any]:
    """Give the arguments of ``matching.demography.project``; arrivals are estimated from the list.

    Raises
    ------
    InvalidInstance
        When a practitioner is not one of the instance.
    """
    mix = _mix(instance, policy)
    taking = {gp.id for gp in instance.practitioners}
    return {
        "labels": tuple(communes),
        "months": future.months,
        "inflow": estimated_inflow(instance, policy, communes),
        "departures": tuple(
            Departure(
                practitioner_id=one.practitioner_id,
                on=one.on,
                panel=one.panel,
                tier_mix=one.tier_mix or mix,
                share_signalled=one.share_signalled,
                like=_stand_in(one, taking),
            )
            for one in future.leaving
        ),
        "openings": tuple(_opening(one, number, instance) for number, one in enumerate(future.arriving, 1)),
        "places_per_month": {gp: more for gp, more in future.places_per_month.items() if gp in taking},
        "scenarios": future.scenarios,
        "seed": future.seed,
    }


def _stand_in(leaving: Leaving, taking: Collection[str]) -> str | None:
    """Give the GP near whom a panel lives when the one who leaves takes nobody."""
    if leaving.practitioner_id in taking:
        return None
    return next((gp for gp in leaving.neighbours if gp in taking), None)


def _mix(instance: Instance, policy: Policy) -> tuple[float, float, float]:
    """Give the parts of the three tiers on the list; the last tier alone when nobody waits."""
    counted = Counter(tier_of(each.needs, each.age, policy.tiers) for each in instance.patients)
    one, two = (counted[tier] / max(1, counted.total()) for tier in (1, 2))
    return (one, two, 1 - one - two)


def _opening(arriving: Arriving, number: int, instance: Instance) -> Opening:
    return Opening(
        practitioner=replace(
            _like(instance, arriving.like),
            id=f"arrivée-{number}",
            name=f"arrivée n° {number}",
            places=arriving.places,
            max_tier1=None,
            workload=None,
            leaving_on=None,
        ),
        on=arriving.on,
        like=arriving.like,
        places_per_month=arriving.places_per_month,
    )


def _like(instance: Instance, practitioner_id: str) -> Practitioner:
    for practitioner in instance.practitioners:
        if practitioner.id == practitioner_id:
            return practitioner
    raise InvalidInstance([f"médecin {practitioner_id} : inconnu"])
