"""An assignment problem written down plainly as a 0-1 programme, and three solvers of such programmes.

One variable per arc, and one per pair of groups and outermost bin both can reach; one row per group,
one per bin, two per pair variable. This is what one would write without knowing better, so nothing of
``matching.solvers`` is used here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import floor, isfinite
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from matching import AssignmentProblem

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlainModel:
    """Maximise ``gain @ x`` subject to ``rows @ x <= high``, x of 0 and 1.

    Parameters
    ----------
    gain : ndarray of int64, shape (num_variables,)
        Arcs first, then pair variables.
    rows : csr_array of int64, shape (num_rows, num_variables)
        The first ``num_groups`` say "at most one arc".
    pinned : ndarray of int64
        Variables that must be 1.
    """

    gain: Ints
    rows: Any
    high: Ints
    num_groups: int
    num_arcs: int
    pinned: Ints

    @classmethod
    def of(cls, problem: AssignmentProblem) -> "PlainModel":
        """Write a problem down."""
        root = _root(problem)
        first, second, bonus = _pairs(problem, root)
        arcs = sparse.vstack([_groups(problem), _bins(problem), first, second])
        num_rows, num_pairs = problem.num_groups + problem.num_bins, bonus.size
        together = sparse.vstack(
            [sparse.csr_array((num_rows, num_pairs), dtype=np.int64), *[_identity(num_pairs)] * 2]
        )
        ones = np.ones(problem.num_groups, np.int64)
        return cls(
            gain=np.concatenate([problem.reward[problem.arc_group] - problem.arc_cost, bonus]),
            rows=sparse.csr_array(sparse.hstack([arcs, together])),
            high=np.concatenate([ones, problem.capacity, np.zeros(2 * num_pairs, np.int64)]),
            num_groups=problem.num_groups,
            num_arcs=problem.num_arcs,
            pinned=problem.pinned[problem.pinned >= 0].astype(np.int64),
        )

    def low(self) -> npt.NDArray[np.float64]:
        """Return the lower bound of each variable: 1 where pinned."""
        low = np.zeros(self.gain.size)
        low[self.pinned] = 1
        return low


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """Chosen arcs, None when none was found, and the upper bound the solver claims, None without."""

    arcs: Ints | None
    bound: int | None


def _identity(size: int) -> Any:
    return sparse.csr_array(sparse.eye_array(size, dtype=np.int64))


def _root(problem: AssignmentProblem) -> Ints:
    """Return the outermost bin of each bin."""
    root = np.arange(problem.num_bins)
    while (problem.bin_parent[root] >= 0).any():
        root = np.where(problem.bin_parent[root] >= 0, problem.bin_parent[root], root)
    return root


def _groups(problem: AssignmentProblem) -> Any:
    arcs = np.arange(problem.num_arcs)
    shape = (problem.num_groups, problem.num_arcs)
    return sparse.csr_array((np.ones(arcs.size, np.int64), (problem.arc_group, arcs)), shape=shape)


def _bins(problem: AssignmentProblem) -> Any:
    """Return what each arc takes of each bin: of its own, of those above, and further uses."""
    shape = (problem.num_bins, problem.num_arcs)
    own = sparse.csr_array(
        (problem.arc_load.astype(np.int64), (problem.arc_bin, np.arange(problem.num_arcs))), shape=shape
    )
    more = sparse.csr_array(
        (problem.use_load.astype(np.int64), (problem.use_bin, problem.use_arc)), shape=shape
    )
    inner, outer = np.arange(problem.num_bins), np.arange(problem.num_bins)
    contains = _identity(problem.num_bins)
    while inner.size:
        higher = problem.bin_parent[outer]
        inner, outer = inner[higher >= 0], higher[higher >= 0]
        one = np.ones(inner.size, np.int64)
        contains = contains + sparse.csr_array((one, (outer, inner)), shape=contains.shape)
    return contains @ (own + more)


def _pairs(problem: AssignmentProblem, root: Ints) -> tuple[Any, Any, Ints]:
    """Return minus the arcs that let the first, and the second, earn each pair variable, and its bonus."""
    end = problem.num_bins
    place, number = np.unique(problem.arc_group * np.int64(end) + root[problem.arc_bin], return_inverse=True)
    arcs_at = sparse.csr_array(
        (np.full(number.size, -1, np.int64), (number, np.arange(number.size))),
        shape=(place.size, number.size),
    )
    group, at = place // end, place % end
    first, second, pair = [], [], []
    start = np.searchsorted(group, np.arange(problem.num_groups + 1))
    for row, (left, right) in enumerate(
        zip(problem.pair_first.tolist(), problem.pair_second.tolist(), strict=True)
    ):
        here, there = slice(start[left], start[left + 1]), slice(start[right], start[right + 1])
        _, low, high = np.intersect1d(at[here], at[there], return_indices=True)
        first.append(low + start[left])
        second.append(high + start[right])
        pair.append(np.full(low.size, row))
    if not first:
        empty = np.zeros(0, np.int64)
        return arcs_at[empty], arcs_at[empty], empty
    return (
        arcs_at[np.concatenate(first)],
        arcs_at[np.concatenate(second)],
        problem.pair_bonus[np.concatenate(pair)],
    )


def cp_sat(problem: AssignmentProblem, limit_s: float, seed: int) -> Answer:
    """CP-SAT with two workers."""
    from ortools.sat.python import cp_model  # noqa: PLC0415 - one solver per process

    start, model = perf_counter(), PlainModel.of(problem)
    programme = cp_model.CpModel()
    chosen = [programme.new_bool_var("") for _ in range(model.gain.size)]
    ends, columns, values = model.rows.indptr.tolist(), model.rows.indices.tolist(), model.rows.data.tolist()
    for row, high in enumerate(model.high.tolist()):
        here = slice(ends[row], ends[row + 1])
        variables = [chosen[column] for column in columns[here]]
        if row < model.num_groups:
            programme.add_at_most_one(variables)
        else:
            programme.add(cp_model.LinearExpr.weighted_sum(variables, values[here]) <= high)
    for variable in model.pinned.tolist():
        programme.add(chosen[variable] == 1)
    programme.maximize(cp_model.LinearExpr.weighted_sum(chosen, model.gain.tolist()))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = _left_s(start, limit_s)
    solver.parameters.num_workers = 2
    solver.parameters.random_seed = seed
    status = solver.solve(programme)
    found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    arcs = [a for a in range(model.num_arcs) if solver.boolean_value(chosen[a])] if found else None
    return Answer(
        arcs=None if arcs is None else np.array(arcs, np.int64),
        bound=_whole(solver.best_objective_bound) if found else None,
    )


def highs(problem: AssignmentProblem, limit_s: float, seed: int) -> Answer:  # noqa: ARG001 - takes none
    """HiGHS as SciPy carries it, with the gap at which it stops set to zero."""
    from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415

    start, model = perf_counter(), PlainModel.of(problem)
    answer = milp(
        -model.gain.astype(float),
        integrality=np.ones(model.gain.size),
        bounds=Bounds(model.low(), 1),
        constraints=LinearConstraint(model.rows.astype(float), -np.inf, model.high.astype(float)),
        options={"time_limit": _left_s(start, limit_s), "mip_rel_gap": 0.0},
    )
    bound = answer.mip_dual_bound
    arcs = None if answer.x is None else np.flatnonzero(answer.x[: model.num_arcs] > 0.5)
    return Answer(arcs=arcs, bound=None if bound is None else _whole(-bound))


def scip(problem: AssignmentProblem, limit_s: float, seed: int) -> Answer:
    """SCIP as OR-Tools carries it, with the gap at which it stops set to zero."""
    from ortools.linear_solver.python import model_builder_helper as helper  # noqa: PLC0415

    start, model = perf_counter(), PlainModel.of(problem)
    size = model.gain.size
    programme = helper.ModelBuilderHelper()
    programme.fill_model_from_sparse_data(
        model.low(),
        np.ones(size),
        -model.gain.astype(float),
        np.full(model.high.size, -np.inf),
        model.high.astype(float),
        sparse.csr_matrix(model.rows.astype(float)),
    )
    for variable in range(size):
        programme.set_var_integrality(variable, True)
    solver = helper.ModelSolverHelper("scip")
    solver.set_time_limit_in_seconds(_left_s(start, limit_s))
    solver.set_solver_specific_parameters(f"limits/gap = 0\nrandomization/randomseedshift = {seed}\n")
    solver.solve(programme)
    if not solver.has_solution():
        return Answer(arcs=None, bound=None)
    arcs = np.flatnonzero(np.array(solver.variable_values()[: model.num_arcs]) > 0.5)
    return Answer(arcs=arcs, bound=_whole(-solver.best_objective_bound()))


def _left_s(start: float, limit_s: float) -> float:
    """Return what writing the model down left of the time."""
    return max(0.1, limit_s - (perf_counter() - start))


def _whole(bound: float) -> int | None:
    """Return the largest whole number under a bound in floating point, None for no bound."""
    return floor(bound + 1e-6 * max(1.0, abs(bound) * 1e-9)) if isfinite(bound) else None


SOLVERS: Mapping[str, Callable[[AssignmentProblem, float, int], Answer]] = {
    "CP-SAT": cp_sat,
    "HiGHS": highs,
    "SCIP": scip,
}
