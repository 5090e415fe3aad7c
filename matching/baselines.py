"""What is done today by hand, to compare with: the same instance, rules and values, simpler methods."""

from dataclasses import replace

import numpy as np

from matching.attach import prepare, solution_of, tiered_queue
from matching.candidates import Candidates
from matching.exact import exact_sum
from matching.model import Instance, Solution
from matching.policy import Policy
from matching.problem import AssignmentResult, Int64, Status
from matching.solvers.certificate import bound_from_prices
from matching.solvers.greedy import greedy_arcs


def first_come_nearest(instance: Instance, policy: Policy) -> Solution:
    """Serve patients by waiting date, whatever their rank; each takes the nearest GP with a place.

    Those who must be together come when the first of them does.
    """
    found = prepare(instance, policy)
    since = [min(instance.patients[row].waiting_since for row in rows) for rows in found.grouping.members]
    queue = sorted(range(len(since)), key=since.__getitem__)
    return _as_solution(instance, policy, found, greedy_arcs(found.problem, queue, found.travel_s))


def tiered_greedy(instance: Instance, policy: Policy) -> Solution:
    """Serve patients by rank, then by wait; each takes the GP of least travel and unmet wishes."""
    found = prepare(instance, policy)
    return _as_solution(instance, policy, found, greedy_arcs(found.problem, tiered_queue(found)))


def _as_solution(instance: Instance, policy: Policy, found: Candidates, arc: Int64) -> Solution:
    objective = found.problem.value(arc[arc >= 0])
    bound = bound_from_prices(found.problem, np.zeros(found.problem.num_bins, np.int64))
    bound += exact_sum(found.problem.pair_bonus)
    result = AssignmentResult(
        arc=arc.astype(np.int32),
        status=Status.OPTIMAL if bound == objective else Status.FEASIBLE,
        objective=objective,
        bound=bound,
        price=None,
    )
    return replace(solution_of(instance, policy, found, result), warnings=())
