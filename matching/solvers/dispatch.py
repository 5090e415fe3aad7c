"""Solve an assignment problem by the method its shape calls for."""

import numpy as np
import numpy.typing as npt

from matching import validation as check
from matching.errors import CertificateFailed
from matching.problem import AssignmentProblem, AssignmentResult, Int32, Status
from matching.progress import Watch
from matching.solvers.certificate import bound_from_prices
from matching.solvers.deadline import Deadline
from matching.solvers.flow import expected_s, optimum
from matching.solvers.greedy import greedy_choice
from matching.solvers.network import free_pieces
from matching.solvers.prices import upper_bound_potentials
from matching.solvers.weighted import solve_weighted


def assign(
    problem: AssignmentProblem,
    time_limit_s: float | None = None,
    seed: int = 0,
    *,
    start: npt.ArrayLike | None = None,
    watch: Watch | None = None,
) -> AssignmentResult:
    """Return the best assignment found, with a proven bound; the optimum unless a limit is given.

    Parameters
    ----------
    time_limit_s : float, optional
        Seconds after which no further search is started. Unit loads: OR-Tools cannot be interrupted,
        so a piece of the problem (bins that no arc connects to the others) is only begun when twice
        the time expected for its size is left; otherwise it gets the greedy solution and a bound from
        prices. Checking, ordering and the greedy always run: about 2 s per 100,000 groups of 20 arcs.
        Other problems: see ``weighted.solve``, which without a limit stops after a fixed amount of work.
    seed : int
        Chooses among equally good solutions. Same problem, seed and version: same result, whatever
        the order of the rows, except between rows that nothing distinguishes, and in the greedy,
        where the row decides between equal rewards.
    start : array_like of int32, shape (num_groups,), optional
        A sound choice (an arc per group, -1 = none): nothing worse comes back.
    watch : callable, optional
        Called now and then with the ``Progress`` so far; when it answers False, the best so far comes
        back, FEASIBLE unless it is proven already.

    Returns
    -------
    AssignmentResult
        Status OPTIMAL exactly when ``objective == bound``.

    Raises
    ------
    InvalidProblem
        When ``start`` is not a sound choice.
    CertificateFailed
        When the answer of a solver is not proven optimal by its own dual, in exact integers.
    """
    deadline = Deadline.within(time_limit_s, watch)
    first = None if start is None else check.start(problem, start)
    if problem.is_flow:
        return _by_flow(problem, deadline, seed, first)
    return solve_weighted(problem, deadline, seed, first)


def _by_flow(
    problem: AssignmentProblem, deadline: Deadline, seed: int, first: Int32 | None
) -> AssignmentResult:
    arc = problem.pinned.copy()
    price = np.zeros(problem.num_bins, np.int64)
    finished = True
    for piece in free_pieces(problem, seed):
        if deadline.observer is not None:
            deadline.report(problem.value(arc[arc >= 0]), bound_from_prices(problem, np.zeros_like(price)))
        if deadline.remaining_s() >= 2 * expected_s(piece.num_arcs):
            choice, potential = optimum(piece)
        else:
            choice = greedy_choice(piece)
            potential = upper_bound_potentials(piece, choice)
            finished = False
        arc[piece.group] = np.where(choice >= 0, piece.arc[choice], -1)
        price[piece.bin] = potential - piece.outer(potential)
    objective, bound = problem.value(arc[arc >= 0]), bound_from_prices(problem, price)
    if finished and bound != objective:
        raise CertificateFailed("the flow is not proven optimal by its prices", objective, bound)
    if first is not None and problem.value(first[first >= 0]) >= objective:  # of equals, the known one
        arc, objective = first, problem.value(first[first >= 0])
    proven = bound == objective
    return AssignmentResult(
        arc=arc,
        status=Status.OPTIMAL if proven else Status.FEASIBLE,
        objective=objective,
        bound=bound,
        price=price if proven else None,
    )
