"""The whole problem written down as one mixed-integer programme, for HiGHS: small problems only."""

import numpy as np
import numpy.typing as npt

from matching.exact import exact_sum
from matching.nesting import outermost
from matching.problem import AssignmentProblem, AssignmentResult, Status
from matching.solvers.deadline import Deadline
from matching.solvers.greedy import greedy_arcs

Int64 = npt.NDArray[np.int64]

# Beyond this, the last unit of an objective is too close to the rounding of a double (2**53).
_TRUSTED = 2**45


def solve_plain(problem: AssignmentProblem, deadline: Deadline) -> AssignmentResult:
    """Return the best of what HiGHS finds and of the greedy, valued in exact integers."""
    from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415 - 0.5 s, only needed here
    from scipy.sparse import csr_array  # noqa: PLC0415

    pair, root = _together(problem)
    best, most = greedy_arcs(problem), _largest_value(problem, np.unique(pair))
    num = problem.num_arcs + pair.size
    if num and deadline.remaining_s() > 0:
        row, column, load, right = _rules(problem, pair, root)
        matrix = csr_array((load.astype(np.float64), (row, column)), shape=(right.size, num))
        gain = problem.reward[problem.arc_group] - problem.arc_cost
        gain = np.concatenate([gain, problem.pair_bonus[pair]])
        low = np.zeros(num)
        low[problem.pinned[problem.pinned >= 0]] = 1
        answer = milp(
            -gain.astype(np.float64),
            integrality=np.ones(num, np.int64),
            bounds=Bounds(low, np.ones(num)),
            constraints=LinearConstraint(matrix, -np.inf, right.astype(np.float64)),
            options={"mip_rel_gap": 0.0, "time_limit": min(deadline.remaining_s(), 1e9)},
        )
        if answer.x is not None:
            found = _chosen(problem, answer.x)
            best = max(best, found, key=lambda arc: problem.value(arc[arc >= 0]))
        if answer.mip_dual_bound is not None and most < _TRUSTED:
            most = min(most, int(np.floor(-answer.mip_dual_bound + 0.5)))
    objective = problem.value(best[best >= 0])
    bound = max(most, objective)
    return AssignmentResult(
        arc=best.astype(np.int32),
        status=Status.OPTIMAL if bound == objective else Status.FEASIBLE,
        objective=objective,
        bound=bound,
        price=None,
    )


def _chosen(problem: AssignmentProblem, x: npt.NDArray[np.float64]) -> Int64:
    """Return the arc per group that a solution means; nobody beyond the pins when it is unsound."""
    arcs = np.flatnonzero(x[: problem.num_arcs] > 0.5)
    chosen = problem.pinned.astype(np.int64)
    if (problem.used_capacity(arcs) <= problem.capacity).all():
        chosen[problem.arc_group[arcs]] = arcs
    return chosen


def _largest_value(problem: AssignmentProblem, pairs: Int64) -> int:
    """Return what no solution exceeds: each group's best gain, and the bonuses of ``pairs``."""
    most = np.zeros(problem.num_groups, np.int64)
    np.maximum.at(most, problem.arc_group, problem.reward[problem.arc_group] - problem.arc_cost)
    return exact_sum(most) + exact_sum(problem.pair_bonus[pairs])


def _together(problem: AssignmentProblem) -> tuple[Int64, Int64]:
    """Return every (pair, outermost bin) that both groups of the pair can reach."""
    root = outermost(problem.bin_parent)[problem.arc_bin]
    reach: list[set[int]] = [set() for _ in range(problem.num_groups)]
    for group, bin_ in zip(problem.arc_group.tolist(), root.tolist(), strict=True):
        reach[group].add(bin_)
    both = [
        (pair, bin_)
        for pair, (first, second) in enumerate(
            zip(problem.pair_first.tolist(), problem.pair_second.tolist(), strict=True)
        )
        for bin_ in sorted(reach[first] & reach[second])
    ]
    found = np.array(both, np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _rules(problem: AssignmentProblem, pair: Int64, root: Int64) -> tuple[Int64, Int64, Int64, Int64]:
    """Return rows, columns and values of the matrix, and its right side."""
    arcs = np.arange(problem.num_arcs)
    rows, columns, values = [problem.arc_group.astype(np.int64)], [arcs], [np.ones(arcs.size, np.int64)]
    for arc, bin_, load in (
        (arcs, problem.arc_bin, problem.arc_load),
        (problem.use_arc, problem.use_bin, problem.use_load),
    ):
        position, above = np.arange(arc.size), bin_.astype(np.int64)
        while position.size:
            rows.append(problem.num_groups + above)
            columns.append(arc[position].astype(np.int64))
            values.append(load[position].astype(np.int64))
            higher = problem.bin_parent[above].astype(np.int64)
            position, above = position[higher >= 0], higher[higher >= 0]
    first_row = problem.num_groups + problem.num_bins
    home = outermost(problem.bin_parent)[problem.arc_bin]
    for number, group in enumerate((problem.pair_first[pair], problem.pair_second[pair])):
        link = first_row + number * pair.size + np.arange(pair.size)
        where, arc = np.nonzero((problem.arc_group == group[:, None]) & (home == root[:, None]))
        rows += [link, link[where]]
        columns += [problem.num_arcs + np.arange(pair.size), arc]
        values += [np.ones(pair.size, np.int64), np.full(arc.size, -1, np.int64)]
    right = [np.ones(problem.num_groups, np.int64), problem.capacity, np.zeros(2 * pair.size, np.int64)]
    return np.concatenate(rows), np.concatenate(columns), np.concatenate(values), np.concatenate(right)
