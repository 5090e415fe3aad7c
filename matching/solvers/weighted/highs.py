"""The HiGHS inside SciPy, called directly: a basis to begin with, a stop on the way, prices with it.

``scipy.optimize.milp`` takes no basis and cannot be interrupted, and HiGHS's own package cannot be loaded
beside OR-Tools (google/or-tools#5246). The binding used here is not a public part of SciPy, which is why
nothing outside this module knows of it; the lock file pins the version its tests ran with.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from matching.solvers.deadline import Deadline
from matching.solvers.weighted.dual import Float64
from matching.solvers.weighted.packing import Bools
from matching.solvers.weighted.programme import Programme
from matching.solvers.weighted.quiet import without_output

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_ASK_EVERY_S = 0.5
_LONGEST_S = 1e9
# Half of the time of a proof from a good solution, for better ones that are seldom found.
_SEARCHES = [f"mip_heuristic_run_{name}" for name in ("rens", "rins", "root_reduced_cost")]

News = Callable[[float, Float64 | None], None]
"""Told what nothing can cost less than, and the values of the variables when they are better than before."""
Told = Callable[[], Float64 | None]
"""Gives the values of the variables of a better solution found elsewhere, None when there is no new one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Basis:
    """Which variables and rows are basic."""

    variables: Bools
    rows: Bools


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """What HiGHS says.

    Parameters
    ----------
    x : ndarray of float64 or None
        Values of the variables, None when no solution was found.
    row_price : ndarray of float64 or None
        Marginal of each row; for linear programmes solved to the end.
    basis : Basis or None
        Of a linear programme solved to the end.
    bound : float
        Nothing costs less, within HiGHS's tolerances; -inf when nothing is known.
    finished, impossible : bool
        Whether the search came to its end, and whether it found that there is no solution.
    """

    x: Float64 | None
    row_price: Float64 | None
    basis: Basis | None
    bound: float
    finished: bool
    impossible: bool


def solve(
    programme: Programme,
    deadline: Deadline,
    *,
    whole: bool,
    nodes: int | None = None,
    gap: float = 0.0,
    basis: Basis | None = None,
    known: Float64 | None = None,
    proving: bool = False,
    news: News | None = None,
    told: Told | None = None,
) -> Outcome:
    """Minimise a programme until it is done, the time is up or the observer asks to stop.

    Parameters
    ----------
    whole : bool
        Whether all variables must be whole numbers.
    gap : float
        How far from the best cost the search may end.
    nodes : int, optional
        Most nodes of the search tree.
    basis : Basis, optional
        Of a similar linear programme, to begin with.
    known : ndarray of float64, optional
        Values of the variables of a solution, to begin with: what cannot beat it is left out early.
    proving : bool
        Whether a bound is wanted more than better solutions: those are then not searched for.
    news : callable, optional
        Told of better solutions and bounds of a programme of whole variables while they come.
    told : callable, optional
        Asked now and then for a better solution.
    """
    from scipy.optimize._highspy import _core as highs  # type: ignore[import-not-found]  # noqa: PLC0415

    solver = highs._Highs()  # noqa: SLF001 - see the module's docstring
    options: dict[str, Any] = {
        "output_flag": False, "mip_rel_gap": 0.0, "mip_abs_gap": gap,
        "time_limit": min(deadline.remaining_s(), _LONGEST_S), "random_seed": 0, "threads": 1,
        "mip_heuristic_run_feasibility_jump": False,  # a minute at times, and far from any good solution
    }  # fmt: skip
    if proving:
        options |= dict.fromkeys(_SEARCHES, False)
    if nodes is not None:
        options["mip_max_nodes"] = nodes
    for name, value in options.items():
        solver.setOptionValue(name, value)
    solver.passModel(_model(highs, programme, whole=whole))
    if basis is not None:
        _set_basis(highs, solver, basis)
    if known is not None:
        solution = highs.HighsSolution()
        solution.col_value, solution.value_valid = known.tolist(), True
        solver.setSolution(solution)
    listener = _Listener(deadline, news, told, int(highs.cb.HighsCallbackType.kCallbackMipUserSolution))
    solver.setCallback(listener, None)
    for kind in _kinds(highs, deadline, news, told):
        solver.startCallbackInt(kind)
    with without_output():
        solver.run()
    listener.reraise()
    return _outcome(highs, solver, whole=whole)


class Relaxation:
    """A programme without whole variables that may be given further rows, solved from where it stood.

    Parameters
    ----------
    programme : Programme
        With all rows that it was given.
    """

    def __init__(self, programme: Programme) -> None:
        from scipy.optimize._highspy import _core as highs  # noqa: PLC0415 - see the module's docstring

        self.programme = programme
        self._highs, self._solver = highs, highs._Highs()  # noqa: SLF001 - see the module's docstring
        for name, value in {"output_flag": False, "threads": 1, "random_seed": 0}.items():
            self._solver.setOptionValue(name, value)
        self._solver.passModel(_model(highs, programme, whole=False))

    def solve(self, deadline: Deadline) -> tuple[Float64, Float64] | None:
        """Return the values of the variables and the prices of the rows; None without an end in time."""
        # The clock of a solver runs on from one solution to the next.
        limit_s = self._solver.getRunTime() + min(deadline.remaining_s(), _LONGEST_S)
        self._solver.setOptionValue("time_limit", limit_s)
        with without_output():
            self._solver.run()
        if self._solver.getModelStatus() != self._highs.HighsModelStatus.kOptimal:
            return None
        solution = self._solver.getSolution()
        return np.array(solution.col_value), np.array(solution.row_dual)

    def add(self, matrix: "csr_array", most: Float64) -> None:
        """Add rows ``matrix x ≤ most``."""
        from scipy.sparse import vstack  # noqa: PLC0415 - 0.1 s, only needed to solve

        none = np.full(most.size, -np.inf)
        start = matrix.indptr[:-1].astype(np.int32)
        index, value = matrix.indices.astype(np.int32), matrix.data
        self._solver.addRows(most.size, none, most, value.size, start, index, value)
        self.programme = replace(
            self.programme,
            matrix=vstack([self.programme.matrix, matrix], format="csc"),
            low=np.concatenate([self.programme.low, none]),
            high=np.concatenate([self.programme.high, most]),
        )


def _kinds(highs: Any, deadline: Deadline, news: News | None, told: Told | None) -> list[int]:
    """Name what HiGHS is to call for: nothing where nobody listens, as each call costs a little."""
    if deadline == Deadline() and news is None and told is None:
        return []
    kinds = highs.cb.HighsCallbackType
    asked = [kinds.kCallbackMipInterrupt, kinds.kCallbackSimplexInterrupt, kinds.kCallbackIpmInterrupt]
    if news is not None:
        asked.append(kinds.kCallbackMipImprovingSolution)
    if told is not None:
        asked.append(kinds.kCallbackMipUserSolution)
    return [int(kind) for kind in asked]


class _Listener:
    """Called by HiGHS many times a second: asks the observer now and then, stops when no time is left."""

    def __init__(self, deadline: Deadline, news: News | None, told: Told | None, tells: int) -> None:
        self._deadline, self._news, self._told = deadline, news, told
        self._tells = tells  # the kind of call that may be answered by a solution
        self._asked_at_s = monotonic()
        self._bound = -np.inf
        self._error: BaseException | None = None

    def __call__(self, kind: int, _message: str, seen: Any, answer: Any, _data: object) -> None:
        """Set ``answer.user_interrupt``. An error of who listens may not travel through compiled code."""
        try:
            if self._deadline.observer is not None and monotonic() - self._asked_at_s >= _ASK_EVERY_S:
                self._asked_at_s = monotonic()
                self._deadline.observer.ask()
            if int(kind) == self._tells:
                self._answer(answer)
            elif self._news is not None:
                self._tell(self._news, seen)
        except BaseException as error:  # noqa: BLE001 - raised again by ``reraise``
            self._error = error
        answer.user_interrupt = self._error is not None or self._deadline.remaining_s() <= 0

    def _tell(self, news: News, seen: Any) -> None:
        found = np.array(seen.mip_solution) if len(seen.mip_solution) else None
        if found is not None or seen.mip_dual_bound > self._bound:
            self._bound = max(self._bound, seen.mip_dual_bound)
            news(self._bound, found)

    def _answer(self, answer: Any) -> None:
        values = None if self._told is None else self._told()
        if values is not None:
            answer.setSolution(values)

    def reraise(self) -> None:
        """Raise what the listener raised."""
        if self._error is not None:
            raise self._error


def _model(highs: Any, programme: Programme, *, whole: bool) -> Any:
    num_rows, num_variables = programme.matrix.shape
    model = highs.HighsLp()
    model.num_row_, model.num_col_ = num_rows, num_variables
    matrix = model.a_matrix_
    matrix.num_row_, matrix.num_col_ = num_rows, num_variables
    matrix.format_ = highs.MatrixFormat.kColwise
    matrix.start_, matrix.index_ = programme.matrix.indptr, programme.matrix.indices
    matrix.value_ = programme.matrix.data
    model.col_cost_ = programme.cost
    model.col_lower_, model.col_upper_ = np.zeros(num_variables), programme.most
    model.row_lower_, model.row_upper_ = programme.low, programme.high
    if whole:
        kinds = highs.HighsVarType
        num_whole = num_variables - programme.num_parts
        model.integrality_ = [kinds.kInteger] * num_whole + [kinds.kContinuous] * programme.num_parts
    return model


def _set_basis(highs: Any, solver: Any, basis: Basis) -> None:
    status = highs.HighsBasisStatus
    known = highs.HighsBasis()
    known.col_status = [status.kBasic if basic else status.kLower for basic in basis.variables.tolist()]
    known.row_status = [status.kBasic if basic else status.kLower for basic in basis.rows.tolist()]
    known.valid = True
    solver.setBasis(known)


def _basis(highs: Any, solver: Any) -> Basis:
    known, basic = solver.getBasis(), highs.HighsBasisStatus.kBasic
    return Basis(
        variables=np.array([status == basic for status in known.col_status], dtype=bool),
        rows=np.array([status == basic for status in known.row_status], dtype=bool),
    )


def _outcome(highs: Any, solver: Any, *, whole: bool) -> Outcome:
    status, info, solution = solver.getModelStatus(), solver.getInfo(), solver.getSolution()
    optimal = status == highs.HighsModelStatus.kOptimal
    # Whatever else HiGHS leaves behind is not a solution.
    found = info.primal_solution_status == int(highs.SolutionStatus.kSolutionStatusFeasible)
    return Outcome(
        x=np.array(solution.col_value) if found else None,
        row_price=np.array(solution.row_dual) if optimal and not whole else None,
        basis=_basis(highs, solver) if optimal and not whole else None,
        bound=float(info.mip_dual_bound)
        if whole
        else (info.objective_function_value if optimal else -np.inf),
        finished=optimal or status == highs.HighsModelStatus.kInfeasible,
        impossible=status == highs.HighsModelStatus.kInfeasible,
    )
