"""A region as a mixed-integer programme that minimises its loss, solved by the HiGHS inside SciPy.

Losses are small next to objectives, which keeps the floating-point bound of HiGHS meaningful. What
comes back is rounded, checked and valued in exact integers.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matching.solvers.weighted.answer import Answer, improvement
from matching.solvers.weighted.packing import Int64, filling_entries
from matching.solvers.weighted.quiet import without_output
from matching.solvers.weighted.region import Region

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult
    from scipy.sparse import csr_array

Float64 = npt.NDArray[np.float64]

# Beyond this many units of loss, the last one is too close to the rounding of a double (2**53).
_TRUSTED_LOSS = 2**45


def solve_region(region: Region, choice: Int64, *, time_s: float, nodes: int) -> Answer:
    """Return the best decision about a region that HiGHS finds within a time and a number of nodes.

    Parameters
    ----------
    choice : ndarray of int64, shape (num_rows,)
        The present one.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415 - 0.5 s, only needed here

    if region.hope < 0 or not region.arcs.size:
        return Answer(choice=None, most_gain=0, finished=True)
    model = _Model.of(region)
    with without_output():
        answer = milp(
            model.cost,
            integrality=np.ones(model.cost.size, np.int64),
            bounds=Bounds(0, model.most),
            constraints=LinearConstraint(model.matrix, model.low, model.high),
            options={"mip_rel_gap": 0.0, "node_limit": nodes, "time_limit": min(time_s, 1e9)},
        )
    better = None
    if answer.x is not None:
        better = improvement(region, choice, region.arcs[answer.x[: region.arcs.size] > 0.5])
    return Answer(choice=better, finished=answer.status in (0, 2), most_gain=_most_gain(region, answer))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Model:
    """Minimise ``cost`` with ``low ≤ matrix x ≤ high``; x: arcs, rows left out, units left empty."""

    matrix: "csr_array"
    low: Float64
    high: Float64
    cost: Float64
    most: Float64

    @classmethod
    def of(cls, region: Region) -> "_Model":
        """Write a region as a model: one decision per row, and what fills each column."""
        dual, packing, arcs = region.dual, region.packing, region.arcs
        num_arcs, num_rows = arcs.size, region.rows.size
        columns = np.flatnonzero(region.counted)
        empty = _most_empty(region, columns)
        first_empty = num_arcs + region.unplaced.size
        entries = _Entries()
        entries.add(region.position(packing.row[arcs]), np.arange(num_arcs), 1)
        entries.add(region.position(region.unplaced), num_arcs + np.arange(region.unplaced.size), 1)
        column, position, load = filling_entries(packing, arcs)
        entries.add(num_rows + np.searchsorted(columns, column), position, load)
        entries.add(num_rows + np.arange(columns.size), first_empty + np.arange(columns.size), 1)
        right = np.concatenate([np.ones(num_rows, np.int64), region.residual[columns]])
        upper = right.astype(np.float64)
        covering = _covering(region)
        if covering is not None:
            variable, left_out, least = covering
            entries.add(np.full(variable.size, num_rows + columns.size), variable, left_out)
            right, upper = np.append(right, least), np.append(upper, np.inf)
        cost = np.concatenate([dual.regret[arcs], dual.surplus[region.unplaced], dual.price[columns]])
        return cls(
            matrix=entries.matrix(right.size, cost.size),
            low=right.astype(np.float64),
            high=upper,
            cost=cost / dual.scale,
            most=np.concatenate([np.ones(first_empty), empty.astype(np.float64)]),
        )


class _Entries:
    """Collects the entries of a sparse matrix."""

    def __init__(self) -> None:
        self._rows: list[Int64] = []
        self._variables: list[Int64] = []
        self._values: list[Int64] = []

    def add(self, rows: Int64, variables: Int64, values: Int64 | int) -> None:
        """Add entries; ``values`` may be one number for all of them."""
        self._rows.append(rows)
        self._variables.append(variables)
        self._values.append(np.broadcast_to(np.asarray(values, np.int64), rows.shape))

    def matrix(self, num_rows: int, num_variables: int) -> "csr_array":
        """Return the entries as a matrix of floats."""
        from scipy.sparse import csr_array  # noqa: PLC0415 - with the solver

        values = np.concatenate(self._values).astype(np.float64)
        where = (np.concatenate(self._rows), np.concatenate(self._variables))
        return csr_array((values, where), shape=(num_rows, num_variables))


def _most_empty(region: Region, columns: Int64) -> Int64:
    """Return how many units of each column an improvement may leave empty."""
    price, residual = region.dual.price[columns], region.residual[columns]
    return np.where(price > 0, np.minimum(residual, region.hope // np.maximum(price, 1)), residual)


def _covering(region: Region) -> tuple[Int64, Int64, int] | None:
    """Return the redundant row "loads left out of the priced columns ≥ what exceeds their capacity".

    It adds up assignment and capacity rows, so that HiGHS can round it into cuts: with loads of 2 and
    3, one unit that no sum of loads fills costs a whole place, which the relaxation does not see.
    """
    dual, packing, rows = region.dual, region.packing, region.rows
    if packing.row_load is None:
        return None
    priced = (dual.price > 0) & (packing.parent < 0) & region.counted
    least = int(packing.row_load[rows].sum()) - int(region.residual[priced].sum())
    outside = np.flatnonzero(~priced[packing.root[packing.col[region.arcs]]])
    variable = np.concatenate([outside, region.arcs.size + np.arange(region.unplaced.size)])
    left_out = np.concatenate([packing.row[region.arcs[outside]], region.unplaced])
    return None if least <= 0 else (variable, packing.row_load[left_out], least)


def _most_gain(region: Region, answer: "OptimizeResult") -> int:
    """Return what can be won at most, in exact integers unless HiGHS proves less.

    Objectives are whole, so the bound of HiGHS may be rounded down once half a unit, far more than
    its error for losses below ``_TRUSTED_LOSS``, is added.
    """
    most = region.most_gain
    if region.loss // region.dual.scale > _TRUSTED_LOSS:
        return most
    if answer.status == 2:  # infeasible: nothing over these options is an improvement
        return 0
    bound = answer.mip_dual_bound
    if bound is None or not np.isfinite(bound):
        return most
    return max(0, min(most, int(np.floor(region.loss / region.dual.scale - bound + 0.5))))
