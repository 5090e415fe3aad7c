"""Loads other than 1 as a mixed-integer programme, solved by the HiGHS inside SciPy.

HiGHS computes in floating point. What comes back is rounded, checked and valued in exact integers,
and its bound is trusted only where every number it worked with is far inside what a double holds.
"""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matching.exact import exact_sum
from matching.problem import AssignmentProblem, AssignmentResult, Status
from matching.solvers.deadline import Deadline
from matching.solvers.greedy import greedy_arcs

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult

Int64 = npt.NDArray[np.int64]

# Beyond this total, the last unit of the objective is too close to the rounding of a double (2**53).
_TRUSTED_TOTAL = 2**45


def solve_programme(problem: AssignmentProblem, deadline: Deadline) -> AssignmentResult:
    """Return the best solution HiGHS, or the greedy, finds before the deadline, with a bound.

    Exact when it finishes: the gap asked for is zero. No prices: an integer programme has no dual.
    """
    greedy = greedy_arcs(problem)
    arcs = _useful_arcs(problem)
    if not arcs.size:
        value = problem.value(greedy[greedy >= 0])
        return _result(greedy, value, value)
    answer = _highs(problem, arcs, deadline)
    best = max([greedy, *_sound_answers(problem, arcs, answer.x)], key=lambda a: problem.value(a[a >= 0]))
    pinned = problem.value(problem.pinned[problem.pinned >= 0])
    return _result(best, problem.value(best[best >= 0]), pinned + _upper_bound(problem, arcs, answer))


def _result(arc: Int64, objective: int, bound: int) -> AssignmentResult:
    status = Status.OPTIMAL if bound == objective else Status.FEASIBLE
    return AssignmentResult(
        arc=arc.astype(np.int32), status=status, objective=objective, bound=bound, price=None
    )


def _useful_arcs(problem: AssignmentProblem) -> npt.NDArray[np.intp]:
    """Return the arcs of free groups that fit and do not cost more than they bring."""
    useful = problem.arc_cost <= problem.reward[problem.arc_group]
    useful &= problem.pinned[problem.arc_group] < 0
    # What fits in a bin must fit in all above it: the tightest of them decides.
    room, above = problem.free_capacity(), problem.bin_parent
    while (above >= 0).any():
        room = np.minimum(room, np.where(above >= 0, problem.free_capacity()[above], room))
        above = np.where(above >= 0, problem.bin_parent[above], -1)
    return np.flatnonzero(useful & (problem.arc_load <= room[problem.arc_bin]))


def _highs(problem: AssignmentProblem, arcs: npt.NDArray[np.intp], deadline: Deadline) -> "OptimizeResult":
    """Maximise the gain of 0/1 choices: one arc per group, loads within the free capacities."""
    from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415 - 0.5 s, only needed here
    from scipy.sparse import csr_array  # noqa: PLC0415

    variable = np.arange(arcs.size)
    group, bin_ = problem.arc_group[arcs], problem.arc_bin[arcs]
    rows, columns, loads = [], [], []
    column, above = variable, bin_
    while column.size:
        rows.append(above)
        columns.append(column)
        loads.append(problem.arc_load[arcs[column]])
        higher = problem.bin_parent[above]
        column, above = column[higher >= 0], higher[higher >= 0]
    once = csr_array((np.ones(arcs.size), (group, variable)), shape=(problem.num_groups, arcs.size))
    filled = csr_array(
        (np.concatenate(loads).astype(np.float64), (np.concatenate(rows), np.concatenate(columns))),
        shape=(problem.num_bins, arcs.size),
    )
    return milp(
        -_gain(problem, arcs).astype(np.float64),
        integrality=np.ones(arcs.size, np.int64),
        bounds=Bounds(0, 1),
        constraints=[
            LinearConstraint(once, ub=1.0),
            LinearConstraint(filled, ub=problem.free_capacity().astype(np.float64)),
        ],
        options={"mip_rel_gap": 0.0, "time_limit": deadline.remaining_s()},
    )


def _gain(problem: AssignmentProblem, arcs: npt.NDArray[np.intp]) -> Int64:
    gain: Int64 = problem.reward[problem.arc_group[arcs]] - problem.arc_cost[arcs]
    return gain


def _sound_answers(
    problem: AssignmentProblem, arcs: npt.NDArray[np.intp], x: npt.NDArray[np.float64] | None
) -> list[Int64]:
    """Return the rounded answer as a list of one, or of none when there is none that keeps the rules."""
    if x is None:
        return []
    taken = arcs[x > 0.5]
    chosen = problem.pinned.astype(np.int64)
    chosen[problem.arc_group[taken]] = taken
    all_arcs = chosen[chosen >= 0]
    fits = (problem.used_capacity(all_arcs) <= problem.capacity).all()
    return [chosen] if fits and all_arcs.size == taken.size + (problem.pinned >= 0).sum() else []


def _upper_bound(problem: AssignmentProblem, arcs: npt.NDArray[np.intp], answer: "OptimizeResult") -> int:
    """Return the tighter of the exact bound "everyone gets their best" and the one HiGHS proved.

    The objective is an integer, so the floating-point bound may be rounded down once its own error
    (well under half a unit for totals below ``_TRUSTED_TOTAL``) is added.
    """
    best = np.zeros(problem.num_groups, np.int64)
    np.maximum.at(best, problem.arc_group[arcs], _gain(problem, arcs))
    exact = exact_sum(best)
    proven = answer.mip_dual_bound
    if exact > _TRUSTED_TOTAL or proven is None or not np.isfinite(proven):
        return exact
    return min(exact, int(np.floor(-proven + 0.5)))
