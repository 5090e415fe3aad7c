"""Attachment: which patient without a GP is proposed to which volunteer GP.

Instance and policy become one assignment problem, patients as groups and GPs as bins (with a bin of
``max_tier1`` inside, where a GP limits the most complex patients), and its solution becomes one
match with a reason per patient.
"""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from matching.candidates import Candidates, candidates
from matching.model import Instance, Match, Reason, Solution
from matching.policy import Policy
from matching.priority import Standing
from matching.problem import AssignmentProblem, AssignmentResult, Status
from matching.progress import Watch
from matching.reasons import reasons
from matching.solvers import assign

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
    unmet wishes and seniority left waiting. Rank weights are proven to keep that order
    (``priority.rank_weight``). The same instance gives the same answer whatever its row order.

    Parameters
    ----------
    time_limit_s, seed, watch
        As in ``assign``.
    start : Solution, optional
        An earlier solution for about the same people, to improve on.

    Raises
    ------
    InvalidInstance
        When weights that keep the order of ranks would exceed 63 bits.
    """
    found = candidates(instance, policy)
    first = None if start is None else start_arcs(instance, found, start)
    result = assign(found.problem, time_limit_s, seed, start=first, watch=watch)
    return solution_of(instance, policy, found, result)


def start_arcs(instance: Instance, found: Candidates, start: Solution) -> npt.NDArray[np.int32]:
    """Return the arcs of an earlier solution that still exist and fit, pinned ones first, -1 = none."""
    problem = found.problem
    wanted = {m.patient_id: m.practitioner_id for m in start.matches}
    travel = instance.travel
    arc = problem.pinned.copy()
    for row, (group, pair) in enumerate(zip(problem.arc_group.tolist(), found.pair.tolist(), strict=True)):
        patient = instance.patients[travel.patient[pair]].id
        if arc[group] < 0 and wanted.get(patient) == instance.practitioners[travel.practitioner[pair]].id:
            arc[group] = row
            if not fits(problem, arc):
                arc[group] = -1
    return arc


def fits(problem: AssignmentProblem, arc: npt.NDArray[np.int32]) -> bool:
    """Tell whether the chosen arcs respect every capacity."""
    return bool((problem.used_capacity(arc[arc >= 0]) <= problem.capacity).all())


def solution_of(instance: Instance, policy: Policy, found: Candidates, result: AssignmentResult) -> Solution:
    """Return a result of the assignment problem in domain words, with its reasons and warnings."""
    pair = _pair_of_each_patient(found, result)
    why = reasons(instance, policy, found, pair)
    return Solution(
        matches=tuple(
            _match(instance, row, found.standings[row], int(pair[row]), reason)
            for row, reason in enumerate(why)
        ),
        status=result.status,
        objective=result.objective,
        bound=result.bound,
        rank_weight=found.rank_weight,
        place_price=_place_prices(found, result),
        warnings=tuple(_warnings(instance, result)),
    )


def _pair_of_each_patient(found: Candidates, result: AssignmentResult) -> Int64:
    """Return the travel row of each patient's proposal in row order of the instance, -1 = none."""
    pair = np.full(found.patient.size, -1, np.int64)
    placed = result.arc >= 0
    pair[found.patient[placed]] = found.pair[result.arc[placed]]
    return pair


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


def _place_prices(found: Candidates, result: AssignmentResult) -> tuple[int, ...] | None:
    if result.price is None:
        return None
    price = np.empty(found.practitioner.size, np.int64)
    price[found.practitioner] = result.price[: found.practitioner.size]
    return tuple(price.tolist())


def _warnings(instance: Instance, result: AssignmentResult) -> Iterator[str]:
    households = Counter(p.household for p in instance.patients if p.household is not None)
    several = sum(members > 1 for members in households.values())
    if several:
        yield (
            f"{several} foyer{'s' if several > 1 else ''} de plusieurs personnes : leurs membres ont été "
            "affectés un par un, pas forcément au même médecin ; vérifiez-les avant de valider."
        )
    if result.status is Status.FEASIBLE:
        yield (
            "Le temps accordé n'a pas suffi pour prouver que cette répartition est la meilleure : "
            "relancez avec une limite plus longue."
        )
