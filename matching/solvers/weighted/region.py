"""A region: some rows are decided anew, everything else stays, and only options that could help remain."""

from dataclasses import dataclass, replace

import numpy as np

from matching.exact import exact_dot, exact_sum
from matching.solvers.weighted.dual import Dual
from matching.solvers.weighted.filling import ragged
from matching.solvers.weighted.packing import Bools, Int64, Packing

_OF_EACH_ROW = 2  # arcs that always stay an option


@dataclass(frozen=True, kw_only=True, eq=False)
class Region:
    """What is left to decide about ``rows``.

    Parameters
    ----------
    rows : ndarray of int64
        Rows decided anew, in increasing order.
    arcs, arc_loss : ndarray of int64
        Their arcs that are options, row after row, and what each loses: its regret, and promises lost
        between its row and rows that stay.
    unplaced, out_loss : ndarray of int64
        Those of ``rows`` that may stay without a column, and what that loses.
    residual : ndarray of int64, shape (num_cols,)
        Room in each column once ``rows`` are lifted out.
    counted : ndarray of bool, shape (num_cols,)
        Columns that an improvement can change.
    loss : int
        What ``rows``, their links and the room in counted columns lose now, in ``1 / dual.scale``.
    complete : bool
        Whether every better solution that keeps the other rows uses these options only.
    least : int
        Loss that no decision about ``rows`` escapes, in ``1 / dual.scale``.
    """

    dual: Dual
    rows: Int64
    arcs: Int64
    arc_loss: Int64
    unplaced: Int64
    out_loss: Int64
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
        """Return the region with the ``max_arcs`` arcs that lose least, and some of each row beside them.

        Those of ``choice`` stay, as do all ways to leave a row out, and the two best arcs of each row: who is
        placed at all changes by losses far larger than those of a detour, in a few rows nobody can name.
        """
        if self.arcs.size <= max_arcs:
            return self
        row = self.packing.row[self.arcs]
        near = self.arc_loss <= np.partition(self.arc_loss, max_arcs)[max_arcs]
        near |= choice[row] == self.arcs
        order = np.lexsort((self.arc_loss, row))
        rank = np.arange(row.size) - np.searchsorted(row, row)  # arcs come row after row
        near[order[rank < _OF_EACH_ROW]] = True
        return replace(self.within(near, np.ones(self.unplaced.size, dtype=bool)), complete=False)

    def within(self, arcs: Bools, unplaced: Bools) -> "Region":
        """Return the region with a part of its options, known to hold those of every improvement."""
        return replace(
            self,
            arcs=self.arcs[arcs],
            arc_loss=self.arc_loss[arcs],
            unplaced=self.unplaced[unplaced],
            out_loss=self.out_loss[unplaced],
        )


def region_of(dual: Dual, choice: Int64, rows: Int64) -> Region:
    """Return the region of ``rows``, without options that lose more than all that can be won."""
    packing = dual.packing
    kept = choice.copy()
    kept[rows] = -1
    residual, room, num_arcs = packing.room(kept), packing.room(choice), -1
    arcs = arcs_of_rows(packing, rows)
    arc_loss, out_loss = _losses(dual, kept, rows, arcs)
    of_rows = (
        exact_sum(arc_loss[choice[packing.row[arcs]] == arcs])
        + exact_sum(out_loss[choice[rows] < 0])
        + exact_sum(dual.link_loss(choice)[_inside(packing, rows)])
    )
    possible = packing.filling.fits(arcs, residual)
    while num_arcs != possible.sum():
        num_arcs = int(possible.sum())  # fewer options reach fewer empty units: less to hope for
        counted = np.zeros(packing.num_cols, dtype=bool)
        counted[packing.filling.of(arcs[possible])[0]] = True
        loss = of_rows + exact_dot(dual.price[counted], room[counted])
        possible[arc_loss > loss - dual.scale] = False
    out = out_loss <= loss - dual.scale
    return Region(
        dual=dual,
        rows=rows,
        arcs=arcs[possible],
        arc_loss=arc_loss[possible],
        unplaced=rows[out],
        out_loss=out_loss[out],
        residual=residual,
        counted=counted,
        loss=loss,
    )


def arcs_of_rows(packing: Packing, rows: Int64) -> Int64:
    """Return the arcs of ``rows``, row after row."""
    return ragged(packing.start, rows)[0]


def _inside(packing: Packing, rows: Int64) -> Bools:
    """Tell which links have both sides among ``rows``."""
    lifted = np.zeros(packing.num_rows, dtype=bool)
    lifted[rows] = True
    first, second = packing.links.ends
    inside: Bools = lifted[first] & lifted[second]
    return inside


def _losses(dual: Dual, kept: Int64, rows: Int64, arcs: Int64) -> tuple[Int64, Int64]:
    """Return what each of ``arcs`` loses, and each of ``rows`` without a column, beside rows that stay.

    A row that does not join its partner, who stays, loses what the partner was promised there; one that
    goes where its partner is not loses its own promise.
    """
    packing, links = dual.packing, dual.packing.links
    arc_loss, out = dual.regret[arcs], np.zeros(packing.num_rows, np.int64)
    if not links.num_links:
        return arc_loss, dual.surplus[rows]
    lifted = np.zeros(packing.num_rows, dtype=bool)
    lifted[rows] = True
    waits = links.there(packing.home(kept))  # sides whose row stays, and stays at the column
    for one, other in ((0, 1), (1, 0)):
        np.add.at(out, links.ends[other], np.where(waits[one], dual.promise[one], 0))
    entry, position = ragged(links.start, arcs)
    link, side = links.link[entry], links.side[entry]
    met = waits[1 - side, link]
    stays = ~lifted[links.ends[1 - side, link]]
    change = np.where(met, -dual.promise[1 - side, link], np.where(stays, dual.promise[side, link], 0))
    np.add.at(arc_loss, position, change)
    return arc_loss + out[packing.row[arcs]], dual.surplus[rows] + out[rows]
