"""Loads other than 1: relaxation, rounding, search by neighbourhoods, proof by the reduced core."""

import contextlib

import numpy as np

from matching.problem import AssignmentProblem, AssignmentResult, Int32, Status
from matching.solvers.deadline import Deadline
from matching.solvers.flow import expected_s
from matching.solvers.greedy import greedy_arcs
from matching.solvers.weighted.aside import Aside, num_processors
from matching.solvers.weighted.dual import Dual, Float64
from matching.solvers.weighted.flow_prices import solve_flow
from matching.solvers.weighted.linear import solve_linear
from matching.solvers.weighted.packing import Int64, Packing, arcs_of, choice_of, packing_of
from matching.solvers.weighted.patterns import has_patterns, improved_by_patterns
from matching.solvers.weighted.proof import improved_by_core
from matching.solvers.weighted.region import region_of
from matching.solvers.weighted.rounding import rounded_choice
from matching.solvers.weighted.search import BY_PROGRAMME, BY_PROPAGATION, searched
from matching.solvers.weighted.side_by_side import side_by_side

_LATER = 0.05  # of what could be won, left to later in the first core
_AT_ONCE = 20_000  # options with which a proof is tried before any search
_SMALL_ARCS = 1000
_MOST_OPTIONS = 8  # arcs per row that could still help, up to which a core can be solved
_MOST_ARCS = 60_000  # in the last core
_WORTH_ASIDE_S = 2.0  # of time left, for a second process
_SHORT, _LONG = 1_000_000, 20_000_000  # nodes times arcs


def solve_weighted(
    problem: AssignmentProblem, deadline: Deadline, seed: int, first: Int32 | None = None
) -> AssignmentResult:
    """Return the best solution found before the deadline, or within the work budget, with a bound.

    Without a limit of time the work is limited, the same on every run: neighbourhoods by number
    (``search.Budget``), nodes times arcs in each core. What is not proven by then comes back FEASIBLE.
    With a limit, the clock decides where work stops, so that two runs may differ; a second process
    takes part where there is a processor for it. Ordering, the greedy and, when four times its expected
    time is left, the flow cannot be interrupted.
    """
    packing = packing_of(problem, seed)
    with contextlib.ExitStack() as stack:
        aside = stack.enter_context(Aside()) if _worth_aside(packing, deadline) else None
        dual, share = _relaxation(packing, deadline)
        greedy = choice_of(packing, greedy_arcs(problem), problem.num_arcs)
        known = [] if first is None else [choice_of(packing, first, problem.num_arcs)]
        rounded = rounded_choice(dual, share)
        choice = max(*known, rounded, greedy, key=packing.value)  # of equals, the known one
        if packing.row_load is None:
            choice, most = _with_loads_by_bin(dual, choice, deadline, seed, aside)
        elif aside is not None:
            choice, most = side_by_side(dual, share, choice, deadline, seed, aside)
        else:
            choice, most = _with_own_loads(dual, choice, deadline, seed)
    return _result(problem, dual, arcs_of(packing, choice, problem), most)


def _worth_aside(packing: Packing, deadline: Deadline) -> bool:
    """Tell whether a second process would have something to do, time to do it, and a processor."""
    in_time = _WORTH_ASIDE_S <= deadline.remaining_s() < float("inf")
    large = packing.num_arcs > _SMALL_ARCS
    heard = packing.row_load is not None or has_patterns(packing, deadline)
    return in_time and large and heard and num_processors() > 1


def _with_own_loads(dual: Dual, choice: Int64, deadline: Deadline, seed: int) -> tuple[Int64, int]:
    """First all rows over few options each, then neighbourhoods, then all rows over all that could help."""
    packing = dual.packing
    choice, _ = improved_by_core(
        dual, choice, deadline.part(0.4), arcs=packing.num_rows, work=_SHORT, tolerance=_LATER
    )
    choice, most = improved_by_core(dual, choice, deadline.part(0.3), arcs=_AT_ONCE, work=_SHORT)
    if most == packing.value(choice):
        return choice, most
    choice = searched(dual, choice, BY_PROGRAMME, deadline.part(0.5), seed)
    choice, proven = improved_by_core(dual, choice, deadline.part(0.9), arcs=_MOST_ARCS, work=_LONG)
    return choice, min(most, proven)


def _with_loads_by_bin(
    dual: Dual, choice: Int64, deadline: Deadline, seed: int, aside: Aside | None
) -> tuple[Int64, int]:
    packing = dual.packing
    if packing.num_arcs <= _SMALL_ARCS:
        choice, most = improved_by_core(dual, choice, deadline.part(0.3), arcs=_SMALL_ARCS, work=_SHORT)
        if most == packing.value(choice):
            return choice, most
    if has_patterns(packing, deadline):
        return improved_by_patterns(dual, choice, deadline, seed, aside)
    choice = searched(dual, choice, BY_PROPAGATION, deadline.part(0.5), seed)
    options = region_of(dual, choice, np.arange(packing.num_rows)).arcs.size
    if options > _MOST_OPTIONS * packing.num_rows:  # HiGHS would not find its way: better go on
        choice = searched(dual, choice, BY_PROPAGATION, deadline.part(0.95), seed + 1)
        return choice, dual.bound
    return improved_by_core(dual, choice, deadline, arcs=_MOST_OPTIONS * packing.num_rows, work=_LONG)


def _relaxation(packing: Packing, deadline: Deadline) -> tuple[Dual, Float64]:
    hurried = deadline.remaining_s() < 4 * expected_s(packing.num_arcs)
    flow = None if hurried else solve_flow(packing)
    if flow is None:
        return solve_linear(packing, deadline)
    deadline.report(packing.base, packing.base + flow.dual.bound)
    if packing.is_tree:
        return flow.dual, flow.units / packing.load
    return solve_linear(packing, deadline, flow.dual)


def _result(problem: AssignmentProblem, dual: Dual, arc: Int64, most: int) -> AssignmentResult:
    packing = dual.packing
    objective, bound = problem.value(arc[arc >= 0]), packing.base + most
    return AssignmentResult(
        arc=arc.astype(np.int32),
        status=Status.OPTIMAL if bound == objective else Status.FEASIBLE,
        objective=objective,
        bound=bound,
        price=None,
        relaxed_price=np.rint(dual.price / dual.scale).astype(np.int64)[packing.column],
    )
