"""The linear relaxation when loads differ by bin: HiGHS on few arcs, more where prices ask for them.

Any prices make an exact bound (``dual``), so a relaxation cut short costs tightness, never truth.

References
----------
G. Desaulniers, J. Desrosiers, M. M. Solomon (eds, 2005), "Column Generation", ch. 1.
"""

from typing import TYPE_CHECKING

import numpy as np

from matching.solvers.deadline import Deadline
from matching.solvers.weighted.dual import Dual, Float64, rounded
from matching.solvers.weighted.packing import Bools, Int64, Packing, filling_entries
from matching.solvers.weighted.subgradient import approximate_prices

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult

_FIRST_ARCS = 5  # of each row, those of least regret under approximate prices
_MORE_ARCS = 3  # of each row, per round
_MOST_ROUNDS = 30


def solve_linear(packing: Packing, deadline: Deadline) -> tuple[Dual, Float64]:
    """Return the best dual found, and the share of each arc in the relaxation.

    Without time left the prices are 0 and the shares too.
    """
    best = rounded(packing, np.zeros(packing.num_cols))
    share = np.zeros(packing.num_arcs)
    if not packing.num_arcs or deadline.remaining_s() <= 0:
        return best, share
    best = _better(best, rounded(packing, approximate_prices(packing, deadline)))
    active = _first_of_each_row(packing, best.regret.astype(np.float64), _FIRST_ARCS)
    for _ in range(_MOST_ROUNDS):
        answer = _relaxed(packing, np.flatnonzero(active), deadline)
        if answer is None:
            break
        share[:] = 0.0
        share[active] = answer.x
        row_price, price = np.split(-answer.ineqlin.marginals, [packing.num_rows])
        dual = rounded(packing, price)
        best = _better(best, dual)
        worth = row_price[packing.row] - dual.kept / dual.scale
        missing = ~active & (worth < -1e-6 * (1 + np.abs(row_price[packing.row])))
        if not missing.any():
            break
        active |= missing & _first_of_each_row(packing, np.where(missing, worth, np.inf), _MORE_ARCS)
    return best, share


def _better(one: Dual, other: Dual) -> Dual:
    return other if other.total * one.scale < one.total * other.scale else one


def _first_of_each_row(packing: Packing, key: Float64, count: int) -> Bools:
    """Mark the ``count`` arcs of least ``key`` of each row."""
    order = np.lexsort((key, packing.row))
    rank = np.arange(packing.num_arcs) - packing.start[packing.row]
    marked = np.zeros(packing.num_arcs, dtype=bool)
    marked[order[rank < count]] = True
    return marked


def _relaxed(packing: Packing, arcs: Int64, deadline: Deadline) -> "OptimizeResult | None":
    """Solve over some arcs: interior point, then a basic solution, so that most shares are whole."""
    from scipy.optimize import linprog  # noqa: PLC0415 - 0.5 s, only needed here
    from scipy.sparse import csr_array  # noqa: PLC0415

    left_s = deadline.remaining_s()
    if left_s <= 0:
        return None
    column, position, load = filling_entries(packing, arcs)
    values = np.concatenate([np.ones(arcs.size), load.astype(np.float64)])
    where = (
        np.concatenate([packing.row[arcs], packing.num_rows + column]),
        np.concatenate([np.arange(arcs.size), position]),
    )
    answer = linprog(  # type: ignore[call-overload]
        -packing.gain[arcs].astype(np.float64),
        A_ub=csr_array((values, where), shape=(packing.num_rows + packing.num_cols, arcs.size)),
        b_ub=np.concatenate([np.ones(packing.num_rows), packing.capacity.astype(np.float64)]),
        bounds=(0, None),
        method="highs-ipm",
        options={"time_limit": min(left_s, 1e9)},
    )
    return answer if answer.status == 0 else None
