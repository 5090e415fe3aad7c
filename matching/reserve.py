"""Places kept for needier patients who are expected: what a place is worth to them, as a price.

Off by default. The last 90 days of signals still on the list say who arrives: each of tier 1 or 2 who
consented is one arrival per 90 days at that place with these needs. (Those who have a GP by now are no
longer on the list, so arrivals are under-, never over-estimated.) Each scenario draws arrivals of the
horizon from them, with replacement, as newly waiting. It is solved as a flow, everybody alone, with the
arrivals and without; where the arrivals raise the price of a place, the raised price counts, and
the mean over the scenarios is the reserve price.

The price is charged, as a cost, to today's patients of the last rank only: they get a place where they are
worth more than it. Nobody of tier 1 or 2, and nobody whose long wait lifts them, pays it.
"""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from matching.candidates import Candidates, candidates
from matching.model import Instance, Patient, Travel
from matching.policy import BalanceRules, HouseholdRules, Policy
from matching.priority import RankValues, tier_of_patient
from matching.problem import AssignmentProblem
from matching.solvers import assign

Int64 = npt.NDArray[np.int64]

OBSERVED_DAYS = 90


def reserve_price(instance: Instance, policy: Policy, seed: int = 0) -> Int64 | None:
    """Return the reserve price of a place per practitioner, in row order; None when none is kept.

    In the rank values that ``candidates`` gives the instance, tenths of a minute, ≥ 0.
    """
    rules = policy.reserve
    if not rules.horizon_days:
        return None
    random = np.random.default_rng(seed)
    alone = _everybody_alone(policy)
    seen = _observed(instance, policy)
    values = candidates(instance, policy).rank_values
    total = np.zeros(len(instance.practitioners), np.float64)
    for _ in range(rules.scenarios):
        number = random.poisson(len(seen) * rules.horizon_days / OBSERVED_DAYS)
        drawn = [seen[i] for i in random.integers(0, len(seen), number).tolist()] if seen else []
        total += _raised_prices(_with_arrivals(instance, drawn), alone, len(drawn), values)
    return np.rint(total / rules.scenarios).astype(np.int64)


def _everybody_alone(policy: Policy) -> Policy:
    return replace(policy, households=HouseholdRules(bonus_tenths=0), balance=BalanceRules(tenths=0))


def _observed(instance: Instance, policy: Policy) -> list[int]:
    """Return the rows of recent signals of tiers 1 and 2, by id."""
    since = instance.on - timedelta(days=OBSERVED_DAYS)
    recent = [
        row
        for row, p in enumerate(instance.patients)
        if p.consent and p.waiting_since > since and tier_of_patient(p, policy.tiers) < 3
    ]
    return sorted(recent, key=lambda row: instance.patients[row].id)


def _with_arrivals(instance: Instance, drawn: list[int]) -> Instance:
    """Return everybody alone, without stated workloads, and the arrivals behind them."""
    copies = tuple(_arrival(instance.patients[row], number, instance) for number, row in enumerate(drawn))
    today = tuple(replace(p, household=None, together=False) for p in instance.patients)
    return Instance(
        patients=(*today, *copies),
        practitioners=tuple(replace(gp, workload=None) for gp in instance.practitioners),
        travel=_travel_of(instance, drawn),
        on=instance.on,
    )


def _arrival(patient: Patient, number: int, instance: Instance) -> Patient:
    # The id is longer than any of today's, so that it cannot be one of them.
    longest = max(len(p.id) for p in instance.patients)
    return replace(
        patient,
        id=f"{number}".rjust(longest + 1, "+"),
        household=None,
        together=False,
        waiting_since=instance.on,
    )


def _travel_of(instance: Instance, drawn: list[int]) -> Travel:
    travel, num = instance.travel, len(instance.patients)
    by_patient = np.argsort(travel.patient, kind="stable")
    start = np.searchsorted(travel.patient[by_patient], np.arange(num + 1))
    rows = [by_patient[start[row] : start[row + 1]] for row in drawn]
    copied = np.concatenate([np.zeros(0, np.int64), *rows])
    whose = np.repeat(num + np.arange(len(drawn)), [r.size for r in rows])
    return Travel(
        patient=np.concatenate([travel.patient, whose]),
        practitioner=np.concatenate([travel.practitioner, travel.practitioner[copied]]),
        distance_m=np.concatenate([travel.distance_m, travel.distance_m[copied]]),
        duration_s=np.concatenate([travel.duration_s, travel.duration_s[copied]]),
    )


def _raised_prices(later: Instance, alone: Policy, num_arrivals: int, values: RankValues) -> Int64:
    """Return the price of a place with the arrivals, where it is higher than without them."""
    found = candidates(later, alone)
    arrival = np.zeros(found.problem.num_groups, np.bool_)
    arrival[found.grouping.group[len(later.patients) - num_arrivals :]] = True
    with_them = _prices(found, found.problem, values)
    without = _prices(found, _without(found.problem, arrival), values)
    return np.where(with_them > without, with_them, 0)


def _prices(found: Candidates, problem: AssignmentProblem, values: RankValues) -> Int64:
    """Return the price of a place per practitioner, in row order, on the scale of ``values``.

    A price is a number of rank steps and some minutes; the steps of two problems may differ in value.
    """
    result = assign(problem)
    price = np.zeros(found.practitioner.size, np.float64)
    if result.price is not None:
        price[found.practitioner] = result.price[: found.practitioner.size]
    steps = [0, *reversed(found.rank_values)]
    scaled: Int64 = np.rint(np.interp(price, steps, [0, *reversed(values)])).astype(np.int64)
    return scaled


def _without(problem: AssignmentProblem, gone: npt.NDArray[np.bool_]) -> AssignmentProblem:
    """Return the flow without the arcs of some groups."""
    kept = ~gone[problem.arc_group]
    return AssignmentProblem(
        reward=problem.reward,
        arc_group=problem.arc_group[kept],
        arc_bin=problem.arc_bin[kept],
        arc_cost=problem.arc_cost[kept],
        capacity=problem.capacity,
        bin_parent=problem.bin_parent,
    )
