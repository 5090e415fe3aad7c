"""A region: some rows are decided anew, everything else stays, and only options that could help remain."""

from dataclasses import dataclass, replace

import numpy as np

from matching.exact import exact_dot, exact_sum
from matching.solvers.weighted.dual import Dual
from matching.solvers.weighted.packing import Bools, Int64, Packing, filling_entries


@dataclass(frozen=True, kw_only=True, eq=False)
class Region:
    """What is left to decide about ``rows``.

    Parameters
    ----------
    rows : ndarray of int64
        Rows decided anew, in increasing order.
    arcs : ndarray of int64
        Their arcs that are options, row after row.
    unplaced : ndarray of int64
        Those of ``rows`` that may stay without a column.
    residual : ndarray of int64, shape (num_cols,)
        Room in each column once ``rows`` are lifted out.
    counted : ndarray of bool, shape (num_cols,)
        Columns that an improvement can change.
    loss : int
        What ``rows`` and the room in counted columns lose now, in ``1 / dual.scale``.
    complete : bool
        Whether every better solution that keeps the other rows uses these options only.
    least : int
        Loss that no decision about ``rows`` escapes, in ``1 / dual.scale``.
    """

    dual: Dual
    rows: Int64
    arcs: Int64
    unplaced: Int64
    residual: Int64
    counted: Bools
    loss: int
    complete: bool = True
    least: int = 0

    @property
    def packing(self) -> Packing:
        """The packing the rows belong to."""
        return self.dual.packing

    @property
    def hope(self) -> int:
        """Largest loss that would be an improvement: objectives are whole numbers."""
        return self.loss - self.dual.scale

    @property
    def most_gain(self) -> int:
        """What a decision can bring at most, in whole units of the objective."""
        return max(0, self.loss - self.least) // self.dual.scale

    def position(self, rows: Int64) -> Int64:
        """Return where ``rows`` stand among the rows of the region."""
        position: Int64 = np.searchsorted(self.rows, rows)
        return position

    def limited(self, choice: Int64, max_arcs: int) -> "Region":
        """Return the region with the arcs of least regret only, those of ``choice`` among them."""
        if self.arcs.size <= max_arcs:
            return self
        regret = self.dual.regret[self.arcs]
        near = regret <= np.partition(regret, max_arcs)[max_arcs]
        farthest = int(regret[near].max())
        near |= choice[self.packing.row[self.arcs]] == self.arcs
        out = (self.dual.surplus[self.unplaced] <= farthest) | (choice[self.unplaced] < 0)
        return replace(self, arcs=self.arcs[near], unplaced=self.unplaced[out], complete=False)

    def within(self, arcs: Bools, unplaced: Bools) -> "Region":
        """Return the region with a part of its options, known to hold those of every improvement."""
        return replace(self, arcs=self.arcs[arcs], unplaced=self.unplaced[unplaced])


def region_of(dual: Dual, choice: Int64, rows: Int64) -> Region:
    """Return the region of ``rows``, without options whose own regret exceeds all that can be won."""
    packing = dual.packing
    kept = choice.copy()
    kept[rows] = -1
    residual, room = packing.room(kept), packing.room(choice)
    arcs = arcs_of_rows(packing, rows)
    arcs = arcs[packing.load[arcs] <= residual[packing.col[arcs]]]
    of_rows, num_arcs = exact_sum(dual.row_loss(choice)[rows]), -1
    while arcs.size != num_arcs:  # fewer options reach fewer empty units, which leaves less to hope for
        num_arcs = arcs.size
        counted = np.zeros(packing.num_cols, dtype=bool)
        counted[filling_entries(packing, arcs)[0]] = True
        loss = of_rows + exact_dot(dual.price[counted], room[counted])
        arcs = arcs[dual.regret[arcs] <= loss - dual.scale]
    return Region(
        dual=dual,
        rows=rows,
        arcs=arcs,
        unplaced=rows[dual.surplus[rows] <= loss - dual.scale],
        residual=residual,
        counted=counted,
        loss=loss,
    )


def arcs_of_rows(packing: Packing, rows: Int64) -> Int64:
    """Return the arcs of ``rows``, row after row."""
    count = packing.start[rows + 1] - packing.start[rows]
    ends = np.cumsum(count)
    shift = np.repeat(packing.start[rows] - ends + count, count)
    arcs: Int64 = np.arange(shift.size) + shift
    return arcs
