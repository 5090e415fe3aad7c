"""From an instance and a policy to the assignment problem they mean."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matching.balance import Shares, fair_shares
from matching.commitments import Settled, settle
from matching.eligibility import Eligibility, Pairs, eligibility
from matching.encoding import NO_LIMIT, STEP_FACTORS, Demand, Encoded, Supply, encode
from matching.households import Grouping, grouping
from matching.model import Instance
from matching.policy import Policy
from matching.priority import RankValues, Standing, rank_values, standing
from matching.problem import AssignmentProblem
from matching.solvers.greedy import greedy_arcs
from matching.wishes import largest_penalty, penalties
from matching.workload import workload_units

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

SECONDS_PER_TENTH = 6
LAST_RANK = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidates:
    """The assignment problem of an instance, and how its rows read in the instance.

    Parameters
    ----------
    pairs, judged, standings
        All travel pairs, what the hard rules said of them, and where each patient stands.
    grouping, settled, shares
        Who is placed together, which commitments stand, each GP's fair share of tier 1.
    problem : AssignmentProblem
        Groups by their first id, practitioners' places as the first bins by id, so that the row order of
        the instance cannot matter; then come the bins of tier-1 limits, fair shares and workload.
    practitioner : ndarray of int64
        Row in the instance of each of the first bins.
    arc_practitioner : ndarray of int64, shape (num_arcs,)
        Row of the practitioner of each arc.
    travel_s, step_cost : ndarray of int64, shape (num_arcs,)
        Travel of all members, in seconds; the part of the arc's cost that goes beyond fair shares.
    rank_values : tuple of four int
        What one person of each rank is worth in the rewards.
    reserve_price : ndarray of int64, shape (num_practitioners,), or None
        What a patient of the last rank must be worth at each practitioner, in row order; None = no reserve.
    """

    pairs: Pairs
    judged: Eligibility
    standings: Sequence[Standing]
    grouping: Grouping
    settled: Settled
    shares: Shares
    problem: AssignmentProblem
    practitioner: Int64
    arc_practitioner: Int64
    travel_s: Int64
    step_cost: Int64
    rank_values: RankValues
    reserve_price: Int64 | None

    def practitioner_of_each_patient(self, arc: npt.NDArray[np.signedinteger]) -> Int64:
        """Return the practitioner's row for each patient, given the chosen arc of each group; -1 = none."""
        of_group = np.full(arc.size, -1, np.int64)
        of_group[arc >= 0] = self.arc_practitioner[arc[arc >= 0]]
        return of_group[self.grouping.group]

    def pair_of_each_patient(self, arc: npt.NDArray[np.signedinteger]) -> Int64:
        """Return the travel row of each patient's proposal, in row order of the instance; -1 = none."""
        practitioner = self.practitioner_of_each_patient(arc)
        pair = np.full(practitioner.size, -1, np.int64)
        chosen = practitioner[self.pairs.patient] == self.pairs.practitioner
        pair[self.pairs.patient[chosen]] = np.flatnonzero(chosen)
        return pair


def candidates(instance: Instance, policy: Policy, reserve_price: Int64 | None = None) -> Candidates:
    """Return the assignment problem over the pairs that no hard rule excludes.

    Parameters
    ----------
    reserve_price : ndarray of int64, shape (num_practitioners,), optional
        What ``reserve.reserve_price`` returned, when the policy keeps places for later.

    Raises
    ------
    InvalidInstance
        When values that keep the order of ranks would exceed 63 bits.
    """
    pairs = Pairs.of(instance, policy)
    judged = eligibility(pairs)
    standings = [standing(p, policy.tiers, instance.on) for p in instance.patients]
    settled = settle(instance, policy, judged, standings)
    groups = grouping(instance, policy.households, standings, settled.firm)
    shares = fair_shares(instance, standings, policy.balance)
    demand = _demand(instance, policy, standings, groups)
    by_id = _by_id([p.id for p in instance.practitioners])
    offered = _group_pairs(instance, policy, pairs.take(judged.allowed()), judged.allowed(), groups, settled)
    encoded = encode(
        offered.group,
        _inverse(by_id)[offered.practitioner],
        demand,
        _supply(instance, policy, settled, shares, by_id),
    )
    values = _rank_values(instance, policy, demand)
    cost = offered.cost[encoded.origin] + encoded.step_cost
    if reserve_price is not None:
        cost += _reserve_cost(offered, standings, groups, settled, reserve_price)[encoded.origin]
    return Candidates(
        pairs=pairs,
        judged=judged,
        standings=standings,
        grouping=groups,
        settled=settled,
        shares=shares,
        problem=_problem(
            offered, encoded, demand, groups, cost, _rewards(standings, values, groups), settled
        ),
        practitioner=by_id,
        arc_practitioner=offered.practitioner[encoded.origin],
        travel_s=offered.travel_s[encoded.origin],
        step_cost=encoded.step_cost,
        rank_values=values,
        reserve_price=reserve_price,
    )


def travel_tenths(duration_s: npt.NDArray[np.signedinteger]) -> Int64:
    """Return durations in tenths of a minute, rounded to the nearest, halves up."""
    return (duration_s.astype(np.int64) + SECONDS_PER_TENTH // 2) // SECONDS_PER_TENTH


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _GroupPairs:
    """Groups and the practitioners' rows to whom all their members may go; shape (num_group_pairs,)."""

    group: Int64
    practitioner: Int64
    cost: Int64
    travel_s: Int64


def _group_pairs(
    instance: Instance, policy: Policy, here: Pairs, allowed: Int64, groups: Grouping, settled: Settled
) -> _GroupPairs:
    num = max(len(instance.practitioners), 1)
    duration_s = instance.travel.duration_s[allowed]
    earlier = settled.earlier[here.patient]
    cost = travel_tenths(duration_s) + penalties(here, policy.weights)
    cost += ((earlier >= 0) & (earlier != here.practitioner)) * np.int64(policy.stability.move_tenths)
    key, members = np.unique(groups.group[here.patient] * num + here.practitioner, return_inverse=True)
    everybody = np.bincount(members, minlength=key.size) == groups.sizes()[key // num]
    kept = everybody & _where_bound(key, num, groups)
    return _GroupPairs(
        group=key[kept] // num,
        practitioner=key[kept] % num,
        cost=_sums(members, cost, key.size)[kept],
        travel_s=_sums(members, duration_s, key.size)[kept],
    )


def _where_bound(key: Int64, num_practitioners: int, groups: Grouping) -> npt.NDArray[np.bool_]:
    """Tell which pairs lead a group that is bound to some practitioners to one of them."""
    bound = np.array(list(groups.only), np.int64)
    leads = [group * num_practitioners + j for group, rows in groups.only.items() for j in rows]
    return ~np.isin(key // num_practitioners, bound) | np.isin(key, np.array(leads, np.int64))


def _demand(instance: Instance, policy: Policy, standings: Sequence[Standing], groups: Grouping) -> Demand:
    return Demand(
        people=groups.sizes(),
        tier1=groups.sums([s.tier == 1 for s in standings]),
        units=groups.sums([workload_units(p.needs, p.age, policy.workload) for p in instance.patients]),
    )


def _supply(instance: Instance, policy: Policy, settled: Settled, shares: Shares, by_id: Int64) -> Supply:
    def limits(values: Sequence[int | None]) -> Int64:
        return np.array([NO_LIMIT if v is None else v for v in values], np.int64)[by_id]

    gps = instance.practitioners
    places = np.array([gp.places for gp in gps], np.int64)
    if policy.offers.at_once:
        announced = np.bincount(settled.firm[settled.firm >= 0], minlength=len(gps))
        places = np.minimum(places, np.maximum(policy.offers.at_once, announced))
    return Supply(
        places=places[by_id],
        tier1=limits([gp.max_tier1 for gp in gps]),
        workload=limits([gp.workload for gp in gps]),
        first=shares.first[by_id],
        second=shares.second[by_id],
        step_tenths=shares.tenths,
    )


def _rank_values(instance: Instance, policy: Policy, demand: Demand) -> RankValues:
    """Return the values of ranks; the same however many places there are, so that runs compare."""
    gps = instance.practitioners
    steps = len(STEP_FACTORS) if policy.balance.tenths else 0
    num_bins = sum(1 + (gp.max_tier1 is not None) + steps for gp in gps)
    largest_group = int(demand.people.max(initial=1))
    longest = int(travel_tenths(instance.travel.duration_s).max(initial=0))
    each = longest + largest_penalty(policy.weights) + policy.stability.move_tenths
    each += max(STEP_FACTORS) * policy.balance.tenths
    units = demand.units if any(gp.workload is not None for gp in gps) else demand.people
    return rank_values(
        num_patients=len(instance.patients),
        path_length=min(demand.people.size, num_bins),
        largest_cost=largest_group * each + 2 * policy.households.bonus_tenths,
        largest_seniority=policy.tiers.seniority_cap_days * policy.tiers.seniority_tenths_per_day,
        largest_load=max(largest_group, int(units.max(initial=1))),
    )


def _rewards(standings: Sequence[Standing], values: RankValues, groups: Grouping) -> Int64:
    return groups.sums([values[s.rank] + s.seniority_tenths for s in standings])


def _reserve_cost(
    offered: _GroupPairs, standings: Sequence[Standing], groups: Grouping, settled: Settled, price: Int64
) -> Int64:
    """Charge the price of places to groups of the last rank only, none of them announced."""
    others = groups.sums([s.rank < LAST_RANK for s in standings]) + groups.sums(settled.firm >= 0)
    return np.where(
        others[offered.group] == 0, groups.sizes()[offered.group] * price[offered.practitioner], 0
    )


def _problem(
    offered: _GroupPairs, encoded: Encoded, demand: Demand, groups: Grouping, cost: Int64, reward: Int64,
    settled: Settled,
) -> AssignmentProblem:  # fmt: skip
    first, second, bonus = np.array(groups.pairs, np.int64).reshape(-1, 3).T
    group = offered.group[encoded.origin]

    def problem(pinned: Int64 | None) -> AssignmentProblem:
        return AssignmentProblem(
            reward=reward,
            arc_group=group,
            arc_bin=encoded.bin,
            arc_cost=cost,
            arc_load=None if (demand.people == 1).all() else demand.people[group],
            capacity=encoded.capacity,
            pinned=pinned,
            bin_parent=encoded.parent,
            use_arc=encoded.use_arc,
            use_bin=encoded.use_bin,
            use_load=encoded.use_load,
            pair_first=first,
            pair_second=second,
            pair_bonus=bonus,
        )

    free = problem(None)
    announced = groups.group[np.flatnonzero(settled.firm >= 0)]
    if not announced.size:
        return free
    # Whoever is announced has arcs to one GP only, one per step: the lowest steps are taken first.
    return problem(greedy_arcs(free, np.sort(announced).tolist(), encoded.step_cost))


def _sums(where: npt.NDArray[np.intp], values: npt.NDArray[np.signedinteger], size: int) -> Int64:
    total = np.zeros(size, np.int64)
    np.add.at(total, where, values)
    return total


def _by_id(ids: Sequence[str]) -> Int64:
    return np.array(sorted(range(len(ids)), key=ids.__getitem__), np.int64)


def _inverse(order: Int64) -> Int64:
    place = np.empty(order.size, np.int64)
    place[order] = np.arange(order.size)
    return place
