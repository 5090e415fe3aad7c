"""Attachment: which patient without a GP is proposed to which volunteer GP.

Instance and policy become one assignment problem (``candidates``): groups of patients, single ones mostly,
and GPs as bins. Its answer (``assign``) becomes one match with a reason per patient.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from matching.candidates import Candidates, candidates
from matching.changes import changes
from matching.french import count
from matching.model import Instance, Match, Reason, Solution
from matching.policy import HouseholdRules, Policy
from matching.priority import Standing
from matching.problem import AssignmentResult, Status
from matching.progress import Watch
from matching.reasons import reasons
from matching.reserve import reserve_price
from matching.solvers import assign
from matching.solvers.greedy import greedy_arcs

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


def attach(
    instance: Instance,
    policy: Policy,
    *,
    time_limit_s: float | None = None,
    seed: int = 0,
    start: Solution | None = None,
    watch: Watch | None = None,
) -> Solution:
    """Return the best matching of patients to GPs, with a reason for every patient.

    First as many as possible of rank 0, then 1, 2 and 3; then the least total of travel minutes,
    unmet wishes, moves and imbalance, less seniority and households together. How far the values of
    ranks keep that order, with and without groups, is told in ``priority.rank_values``. The same
    instance gives the same answer whatever its row order.

    Parameters
    ----------
    time_limit_s, seed, watch
        As in ``assign``. Where the policy keeps all households together, what that costs is found by
        a second run, and each has half the time.
    start : Solution, optional
        An earlier solution for about the same people, to improve on.

    Raises
    ------
    InvalidInstance
        When values that keep the order of ranks would exceed 63 bits.
    """
    if policy.households.together == "all":
        return _all_together(instance, policy, time_limit_s, seed, start, watch)
    return _solve(instance, policy, time_limit_s, seed, start, watch)


def prepare(instance: Instance, policy: Policy, seed: int = 0) -> Candidates:
    """Return the assignment problem of an instance, the price of the reserve included."""
    return candidates(instance, policy, reserve_price(instance, policy, seed))


def decide(
    instance: Instance,
    policy: Policy,
    time_limit_s: float | None = None,
    seed: int = 0,
    start: Solution | None = None,
    watch: Watch | None = None,
) -> tuple[Candidates, AssignmentResult]:
    """Return the problem of an instance and what ``assign`` makes of it: the one way to a decision.

    Whoever needs only who goes where is spared the reasons of everybody: they cost as much as a flow.
    """
    found = prepare(instance, policy, seed)
    first = _first_choice(instance, found, start)
    return found, assign(found.problem, time_limit_s, seed, start=first, watch=watch)


def tiered_queue(found: Candidates) -> list[int]:
    """Return the groups by their best rank, then by their longest wait, then by id."""
    stands = found.standings
    turn = [
        min((stands[row].rank, -stands[row].waited_days) for row in rows) for rows in found.grouping.members
    ]
    return sorted(range(len(turn)), key=turn.__getitem__)


def solution_of(instance: Instance, policy: Policy, found: Candidates, result: AssignmentResult) -> Solution:
    """Return a result of the assignment problem in domain words, with its reasons and warnings."""
    pair = found.pair_of_each_patient(result.arc)
    why = reasons(instance, policy, found, pair)
    matches = tuple(
        _match(instance, row, found.standings[row], int(pair[row]), reason) for row, reason in enumerate(why)
    )
    objective = result.objective + _overpaid(found, result.arc)
    relaxed = None if result.price is not None else result.relaxed_price
    return Solution(
        matches=matches,
        status=Status.OPTIMAL if objective == result.bound else Status.FEASIBLE,
        objective=objective,
        bound=result.bound,
        rank_weight=found.rank_values[-1],
        rank_values=found.rank_values,
        place_price=_per_practitioner(instance, policy, found, result.price),
        relaxed_price=_per_practitioner(instance, policy, found, relaxed),
        reserve_price=None if found.reserve_price is None else tuple(found.reserve_price.tolist()),
        changes=changes(instance, policy.weights, found, matches),
        warnings=tuple(_warnings(instance, found, proven=objective == result.bound)),
    )


def _solve(
    instance: Instance,
    policy: Policy,
    time_limit_s: float | None,
    seed: int,
    start: Solution | None,
    watch: Watch | None,
) -> Solution:
    return solution_of(instance, policy, *decide(instance, policy, time_limit_s, seed, start, watch))


def _all_together(
    instance: Instance,
    policy: Policy,
    time_limit_s: float | None,
    seed: int,
    start: Solution | None,
    watch: Watch | None,
) -> Solution:
    """Solve, and solve again with the usual rule for households, to tell what the other one costs."""
    half = None if time_limit_s is None else time_limit_s / 2
    solution = _solve(instance, policy, half, seed, start, watch)
    usual = replace(policy, households=HouseholdRules(bonus_tenths=policy.households.bonus_tenths))
    free = _solve(instance, usual, half, seed, start, None)
    placed, could = _placed_per_tier(solution), _placed_per_tier(free)
    return replace(
        solution, price_of_together=(could[0] - placed[0], could[1] - placed[1], could[2] - placed[2])
    )


def _placed_per_tier(solution: Solution) -> list[int]:
    placed = [m.tier for m in solution.matches if m.practitioner_id is not None]
    return [placed.count(tier) for tier in (1, 2, 3)]


def _first_choice(instance: Instance, found: Candidates, start: Solution | None) -> Int32 | None:
    """Return the best choice known before solving; among equals, the one that keeps what stands."""
    known = [] if start is None else [_kept(found, _practitioners_of(instance, start))]
    earlier = found.settled.earlier
    known += [_kept(found, earlier)] if (earlier >= 0).any() else []
    known += [] if found.problem.is_flow else [_kept(found, np.full_like(earlier, -1))]
    return max(known, key=lambda arc: found.problem.value(arc[arc >= 0]), default=None)


def _practitioners_of(instance: Instance, start: Solution) -> Int64:
    """Return the row of the practitioner that an earlier solution gives each patient, -1 = none."""
    row = {p.id: j for j, p in enumerate(instance.practitioners)}
    given = {m.patient_id: row.get(m.practitioner_id or "", -1) for m in start.matches}
    return np.array([given.get(p.id, -1) for p in instance.patients], np.int64)


def _kept(found: Candidates, wanted: Int64) -> Int32:
    """Return a sound choice: groups first take the practitioner all members want, then the tiered greedy."""
    problem, members = found.problem, found.grouping.members
    of_group = [{int(wanted[row]) for row in rows} for rows in members]
    agreed = np.array([w.pop() if len(w) == 1 else -1 for w in of_group], np.int64)
    elsewhere = found.arc_practitioner != agreed[problem.arc_group]
    queue = sorted(tiered_queue(found), key=lambda group: agreed[group] < 0)
    liking = problem.arc_cost + elsewhere * (problem.arc_cost.max(initial=0) + 1)
    return greedy_arcs(problem, queue, liking).astype(np.int32)


def _match(instance: Instance, row: int, stands: Standing, pair: int, reason: Reason) -> Match:
    travel, placed = instance.travel, pair >= 0
    return Match(
        patient_id=instance.patients[row].id,
        practitioner_id=instance.practitioners[travel.practitioner[pair]].id if placed else None,
        tier=stands.tier,
        rank=stands.rank,
        waited_days=stands.waited_days,
        distance_m=int(travel.distance_m[pair]) if placed else None,
        duration_s=int(travel.duration_s[pair]) if placed else None,
        reason=reason,
    )


def _overpaid(found: Candidates, arc: Int32) -> int:
    """Return what arcs pay for steps of fair shares beyond what the numbers of tier 1 call for.

    Zero at an optimum; a run that was stopped may have left a lower step free.
    """
    paid = int(found.step_cost[arc[arc >= 0]].sum())
    practitioner = found.practitioner_of_each_patient(arc)
    is_tier1 = np.array([s.tier == 1 for s in found.standings], np.bool_)
    of_tier1 = practitioner[is_tier1 & (practitioner >= 0)]
    return paid - found.shares.due(np.bincount(of_tier1, minlength=found.practitioner.size))


def _per_practitioner(
    instance: Instance, policy: Policy, found: Candidates, price: Int64 | None
) -> tuple[int, ...] | None:
    """Return the price of a place per practitioner; nothing where it is the policy that caps proposals."""
    if price is None:
        return None
    num = found.practitioner.size
    of_row = np.zeros(num, np.int64)
    of_row[found.practitioner] = price[:num]
    if policy.offers.at_once:
        places = [instance.practitioners[row].places for row in found.practitioner.tolist()]
        of_row[found.practitioner[found.problem.capacity[:num] < places]] = 0
    return tuple(of_row.tolist())


def _warnings(instance: Instance, found: Candidates, *, proven: bool) -> Iterator[str]:
    silent = sum(not p.consent and p.household is not None for p in instance.patients)
    if silent:
        yield (
            f"{count(silent, 'personne')} d'un foyer sans accord recueilli : le reste du foyer est proposé "
            "sans attendre ; demandez leur accord pour les réunir."
        )
    asking = len(found.grouping.lonely)
    if asking:
        yield (
            f"{count(asking, 'personne')} demande{'nt' if asking > 1 else ''} à rester avec leur foyer sans "
            "que personne du foyer le demande aussi : notez-le pour les autres membres, ou vérifiez le foyer."
        )
    if not proven:
        yield (
            "Le temps accordé n'a pas suffi pour prouver que cette répartition est la meilleure : "
            "relancez avec une limite plus longue."
        )
