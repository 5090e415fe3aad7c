"""A region: some rows are decided anew, everything else stays, and only arcs that could help remain."""

from dataclasses import dataclass

import numpy as np

from matching.nesting import with_inner
from matching.solvers.weighted.dual import Dual
from matching.solvers.weighted.packing import Indices, Int64, Packing


@dataclass(frozen=True, kw_only=True, eq=False)
class Region:
    """What is left to decide about ``rows``.

    Parameters
    ----------
    rows : ndarray of int64
        Rows decided anew, in increasing order.
    arcs : ndarray of int64
        Their arcs whose regret leaves hope of an improvement.
    residual : ndarray of int64, shape (num_cols,)
        Room in each column once ``rows`` are lifted out.
    loss : int
        What ``rows`` and the room in all columns lose now, in ``1 / dual.scale``.
    """

    dual: Dual
    rows: Int64
    arcs: Int64
    residual: Int64
    loss: int

    @property
    def packing(self) -> Packing:
        """The packing the rows belong to."""
        return self.dual.packing

    @property
    def hope(self) -> int:
        """Largest loss that would be an improvement: objectives are whole numbers."""
        return self.loss - self.dual.scale


def region_of(dual: Dual, choice: Int64, rows: Int64) -> Region:
    """Return the region of ``rows``; a better solution that keeps all others uses only its arcs."""
    packing = dual.packing
    kept = choice.copy()
    kept[rows] = -1
    room = packing.room(choice)
    loss = sum(dual.row_loss(choice)[rows].tolist()) + _empty(dual, room)
    arcs = arcs_of_rows(packing, rows)
    residual = packing.room(kept)
    hopeful = dual.regret[arcs] <= loss - dual.scale
    hopeful &= packing.load[arcs] <= residual[packing.col[arcs]]
    return Region(dual=dual, rows=rows, arcs=arcs[hopeful], residual=residual, loss=loss)


def arcs_of_rows(packing: Packing, rows: Int64) -> Int64:
    """Return the arcs of ``rows``, row after row."""
    count = packing.start[rows + 1] - packing.start[rows]
    ends = np.cumsum(count)
    return np.arange(ends[-1] if rows.size else 0) + np.repeat(packing.start[rows] - ends + count, count)


def _empty(dual: Dual, room: Int64) -> int:
    priced = np.flatnonzero(dual.price)
    return sum(a * b for a, b in zip(dual.price[priced].tolist(), room[priced].tolist(), strict=True))


__all__ = ["Indices", "Region", "arcs_of_rows", "region_of", "with_inner"]
