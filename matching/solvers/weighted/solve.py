"""Loads other than 1: relaxation, rounding, search by neighbourhoods, proof by the reduced core."""

import numpy as np

from matching.problem import AssignmentProblem, AssignmentResult, Status
from matching.solvers.deadline import Deadline
from matching.solvers.greedy import greedy_arcs
from matching.solvers.weighted.dual import Dual, Float64
from matching.solvers.weighted.flow_prices import solve_flow
from matching.solvers.weighted.linear import solve_linear
from matching.solvers.weighted.packing import Int64, Packing, arcs_of, choice_of, packing_of
from matching.solvers.weighted.proof import improved_by_core
from matching.solvers.weighted.rounding import rounded_choice
from matching.solvers.weighted.search import BY_PROGRAMME, BY_PROPAGATION, searched

_SMALL_ROWS = 1500  # up to which all rows at once, over few options, are the best start
_SEARCH_SHARE = 0.6


def solve_weighted(problem: AssignmentProblem, deadline: Deadline, seed: int) -> AssignmentResult:
    """Return the best solution found before the deadline, or within the work budget, with a bound.

    Without a limit of time the work is limited: a number of neighbourhoods (``search.Budget``) and of
    nodes in the proof. It is the same on every run.
    """
    packing = packing_of(problem, seed)
    dual, share = _relaxation(packing, deadline)
    greedy = choice_of(packing, greedy_arcs(problem), problem.num_arcs)
    choice = max(rounded_choice(dual, share), greedy, key=packing.value)
    finish = _with_own_loads if packing.row_load is not None else _with_loads_by_bin
    choice, most = finish(dual, choice, deadline, seed)
    return _result(problem, arcs_of(packing, choice, problem), most)


def _with_own_loads(dual: Dual, choice: Int64, deadline: Deadline, seed: int) -> tuple[Int64, int]:
    rows = dual.packing.num_rows
    if rows <= _SMALL_ROWS:
        choice, _ = improved_by_core(dual, choice, _part(deadline, 0.3), arcs=rows + rows // 3, nodes=50)
        choice, most = improved_by_core(dual, choice, _part(deadline, 0.3), arcs=6 * rows, nodes=500)
        if most == dual.packing.value(choice):
            return choice, most
    searching = _part(deadline, _SEARCH_SHARE)
    choice = searched(dual, choice, BY_PROGRAMME, searching, seed)
    return improved_by_core(dual, choice, deadline, arcs=60_000, nodes=20_000)


def _with_loads_by_bin(dual: Dual, choice: Int64, deadline: Deadline, seed: int) -> tuple[Int64, int]:
    searching = _part(deadline, 0.9)
    choice = searched(dual, choice, BY_PROPAGATION, searching, seed)
    return improved_by_core(dual, choice, deadline, arcs=20_000, nodes=2_000)


def _relaxation(packing: Packing, deadline: Deadline) -> tuple[Dual, Float64]:
    flow = solve_flow(packing)
    if flow is None:
        return solve_linear(packing, deadline)
    return flow.dual, flow.units / packing.load


def _part(deadline: Deadline, share: float) -> Deadline:
    left_s = deadline.remaining_s()
    return Deadline.within(None if np.isinf(left_s) else share * left_s)


def _result(problem: AssignmentProblem, arc: Int64, most: int) -> AssignmentResult:
    pinned = problem.pinned[problem.pinned >= 0]
    objective, bound = problem.value(arc[arc >= 0]), problem.value(pinned) + most
    return AssignmentResult(
        arc=arc.astype(np.int32),
        status=Status.OPTIMAL if bound == objective else Status.FEASIBLE,
        objective=objective,
        bound=bound,
        price=None,
    )
