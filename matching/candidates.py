"""From an instance and a policy to the assignment problem they mean."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matching.eligibility import Eligibility, Pairs, eligibility
from matching.model import Instance
from matching.policy import Policy
from matching.priority import NUM_RANKS, Standing, rank_weight, standing
from matching.problem import AssignmentProblem
from matching.wishes import largest_penalty, penalties

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

SECONDS_PER_TENTH = 6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidates:
    """The assignment problem of an instance, and how its rows read in the instance.

    Parameters
    ----------
    pairs, judged, standings
        All travel pairs, what the hard rules said of them, and where each patient stands.
    problem : AssignmentProblem
        Groups are patients, bins practitioners, both by increasing id so that the row order of the
        instance cannot matter; then come the tier-1 bins.
    patient, practitioner : ndarray of int64
        Row in the instance of each group, and of each of the first bins.
    pair : ndarray of int64, shape (num_arcs,)
        Travel row of each arc.
    rank_weight : int
        What one rank is worth in the rewards.
    """

    pairs: Pairs
    judged: Eligibility
    standings: Sequence[Standing]
    problem: AssignmentProblem
    patient: Int64
    practitioner: Int64
    pair: Int64
    rank_weight: int


def candidates(instance: Instance, policy: Policy) -> Candidates:
    """Return the assignment problem over the pairs that no hard rule excludes.

    Raises
    ------
    InvalidInstance
        When weights that keep the order of ranks would exceed 63 bits.
    """
    pairs = Pairs.of(instance, policy)
    judged = eligibility(pairs)
    allowed = judged.allowed()
    here = pairs.take(allowed)
    patient = _by_id([p.id for p in instance.patients])
    practitioner = _by_id([p.id for p in instance.practitioners])
    bins = _Bins(instance, practitioner)
    standings = [standing(p, policy.tiers, instance.on) for p in instance.patients]
    tier = np.array([s.tier for s in standings], np.int64)
    weight = _rank_weight(instance, policy, bins.capacity.size)
    problem = AssignmentProblem(
        reward=_rewards(standings, weight)[patient],
        arc_group=_inverse(patient)[here.patient],
        arc_bin=bins.of(here.practitioner, tier[here.patient]),
        arc_cost=travel_tenths(instance.travel.duration_s[allowed]) + penalties(here, policy.weights),
        capacity=bins.capacity,
        bin_parent=bins.parent,
    )
    return Candidates(
        pairs=pairs,
        judged=judged,
        standings=standings,
        problem=problem,
        patient=patient,
        practitioner=practitioner,
        pair=allowed,
        rank_weight=weight,
    )


def travel_tenths(duration_s: npt.NDArray[np.signedinteger]) -> Int64:
    """Return durations in tenths of a minute, rounded to the nearest, halves up."""
    return (duration_s.astype(np.int64) + SECONDS_PER_TENTH // 2) // SECONDS_PER_TENTH


def _rank_weight(instance: Instance, policy: Policy, num_bins: int) -> int:
    longest = int(travel_tenths(instance.travel.duration_s).max(initial=0))
    return rank_weight(
        num_patients=len(instance.patients),
        num_bins=num_bins,
        largest_cost=longest + largest_penalty(policy.weights),
        largest_seniority=policy.tiers.seniority_cap_days * policy.tiers.seniority_tenths_per_day,
    )


def _rewards(standings: Sequence[Standing], weight: int) -> Int64:
    return np.array([(NUM_RANKS - s.rank) * weight + s.seniority_tenths for s in standings], np.int64)


class _Bins:
    """One bin per practitioner, by id, then one inside it for tier 1 where the practitioner limits it."""

    def __init__(self, instance: Instance, by_id: Int64) -> None:
        practitioners = [instance.practitioners[row] for row in by_id.tolist()]
        limited = [i for i, p in enumerate(practitioners) if p.max_tier1 is not None]
        self.capacity = np.array(
            [p.places for p in practitioners] + [practitioners[i].max_tier1 for i in limited], np.int64
        )
        self.parent = np.array([-1] * len(practitioners) + limited, np.int32)
        self._bin = _inverse(by_id)
        self._bin_for_tier1 = self._bin.copy()
        self._bin_for_tier1[by_id[limited]] = len(practitioners) + np.arange(len(limited))

    def of(self, practitioner: Int32, tier: Int64) -> Int64:
        """Return the bin of each pair, given the practitioner's row and the patient's tier."""
        return np.where(tier == 1, self._bin_for_tier1[practitioner], self._bin[practitioner])


def _by_id(ids: Sequence[str]) -> Int64:
    return np.array(sorted(range(len(ids)), key=ids.__getitem__), np.int64)


def _inverse(order: Int64) -> Int64:
    place = np.empty(order.size, np.int64)
    place[order] = np.arange(order.size)
    return place
