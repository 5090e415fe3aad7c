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
from matching.solvers.weighted.packing import Bools, Int64, Packing

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult

_FIRST_ARCS = 6  # of each row: those of greatest gain, and as many of least load
_MORE_ARCS = 3  # of each row, per round
_MOST_ROUNDS = 60


def solve_linear(packing: Packing, deadline: Deadline) -> tuple[Dual, Float64]:
    """Return the best dual found, and the share of each arc in the relaxation.

    Without time left the prices are 0 and the shares too.
    """
    best = rounded(packing, np.zeros(packing.num_cols))
    share = np.zeros(packing.num_arcs)
    if not packing.num_arcs:
        return best, share
    active = _first_of_each_row(packing, -packing.gain, _FIRST_ARCS)
    active |= _first_of_each_row(packing, packing.load, _FIRST_ARCS)
    for _ in range(_MOST_ROUNDS):
        answer = _relaxed(packing, np.flatnonzero(active), deadline)
        if answer is None:
            break
        share[:] = 0.0
        share[active] = answer.x
        dual = rounded(packing, -answer.ineqlin.marginals[packing.num_rows :])
        best = min(best, dual, key=lambda d: d.total * best.scale // d.scale)
        row_price = -answer.ineqlin.marginals[: packing.num_rows] * dual.scale
        worth = row_price[packing.row] - (dual.surplus[packing.row] - dual.regret)
        missing = ~active & (worth < -1e-6 * dual.scale)
        if not missing.any():
            break
        active |= missing & _first_of_each_row(packing, np.where(missing, worth, np.inf), _MORE_ARCS)
    return best, share


def _first_of_each_row(packing: Packing, key: "np.ndarray", count: int) -> Bools:
    """Mark the ``count`` arcs of least ``key`` of each row."""
    order = np.lexsort((key, packing.row))
    rank = np.arange(packing.num_arcs) - packing.start[packing.row]
    marked = np.zeros(packing.num_arcs, dtype=bool)
    marked[order[rank < count]] = True
    return marked


def _relaxed(packing: Packing, arcs: Int64, deadline: Deadline) -> "OptimizeResult | None":
    from scipy.optimize import linprog  # noqa: PLC0415 - 0.5 s, only needed here
    from scipy.sparse import csr_array  # noqa: PLC0415

    from matching.solvers.weighted.milp import filling_entries  # noqa: PLC0415

    left_s = deadline.remaining_s()
    if left_s <= 0:
        return None
    rows, variables, loads = filling_entries(packing, arcs)
    matrix = csr_array(
        (
            np.concatenate([np.ones(arcs.size), loads.astype(np.float64)]),
            (
                np.concatenate([packing.row[arcs], packing.num_rows + rows]),
                np.concatenate([np.arange(arcs.size), variables]),
            ),
        ),
        shape=(packing.num_rows + packing.num_cols, arcs.size),
    )
    right = np.concatenate([np.ones(packing.num_rows), packing.capacity.astype(np.float64)])
    options = {} if np.isinf(left_s) else {"time_limit": left_s}
    answer = linprog(
        -packing.gain[arcs].astype(np.float64), A_ub=matrix, b_ub=right, bounds=(0, None),
        method="highs-ds", options=options,
    )  # fmt: skip
    return answer if answer.status == 0 else None
