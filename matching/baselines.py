"""What is done today by hand, to compare with: the same instance, rules and values, simpler methods."""

from dataclasses import replace

import numpy as np

from matching.attach import solution_of
from matching.candidates import Candidates, candidates
from matching.model import Instance, Solution
from matching.policy import Policy
from matching.problem import AssignmentResult, Int64, Status
from matching.solvers.certificate import bound_from_prices
from matching.solvers.greedy import greedy_arcs


def first_come_nearest(instance: Instance, policy: Policy) -> Solution:
    """Serve patients by waiting date, whatever their rank; each takes the nearest GP with a place."""
    found = candidates(instance, policy)
    patients = [instance.patients[row] for row in found.patient.tolist()]
    queue = sorted(range(len(patients)), key=lambda group: patients[group].waiting_since)
    travel_s = instance.travel.duration_s[found.pair].astype(np.int64)
    return _as_solution(instance, policy, found, greedy_arcs(found.problem, queue, travel_s))


def tiered_greedy(instance: Instance, policy: Policy) -> Solution:
    """Serve patients by rank, then by wait; each takes the GP of least travel and unmet wishes."""
    found = candidates(instance, policy)
    return _as_solution(instance, policy, found, greedy_arcs(found.problem))


def _as_solution(instance: Instance, policy: Policy, found: Candidates, arc: Int64) -> Solution:
    objective = found.problem.value(arc[arc >= 0])
    bound = bound_from_prices(found.problem, np.zeros(found.problem.num_bins, np.int64))
    result = AssignmentResult(
        arc=arc.astype(np.int32),
        status=Status.OPTIMAL if bound == objective else Status.FEASIBLE,
        objective=objective,
        bound=bound,
        price=None,
    )
    return replace(solution_of(instance, policy, found, result), warnings=())
