"""What whole loads cost, as a row of the programme: without it, its bound starts from nothing.

Whole loads impose exchanges between clusters of columns (``parity``), each a thousand times as dear as a
detour. The relaxation of a programme escapes them by thirds of a group, so its bound stays that much too
low, and no option that merely makes a detour is ever excluded. Said as a row, "the dear options taken lose
this together at least", they are paid from the first relaxation on; what then decides is the detours.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from matching.exact import exact_dot, exact_sum
from matching.solvers.weighted.dual import Float64
from matching.solvers.weighted.packing import Int64
from matching.solvers.weighted.parity import Sides
from matching.solvers.weighted.region import Region


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unavoidable:
    """Parts of the dear options that make up a whole in every better choice, 0 to 1 each.

    Parameters
    ----------
    arc : ndarray of float64, shape (num_arcs of the region,)
        Of each option, 0 for those that are near.
    out : ndarray of float64, shape (num rows that may stay without a column,)
    empty : ndarray of float64, shape (num_cols,)
        Of each unit left empty.
    """

    arc: Float64
    out: Float64
    empty: Float64

    @classmethod
    def of(cls, region: Region, choice: Int64) -> Self | None:
        """Count whole loads over the dear options of a region; None when they impose nothing.

        The present choice makes up a whole too, so that a search may begin with it.
        """
        sides = Sides.of(region)
        if sides is None:
            return None
        dear = replace(
            region,
            arc_loss=np.where(region.arc_loss > sides.near, region.arc_loss, 0),
            out_loss=np.where(region.out_loss > sides.near, region.out_loss, 0),
        )
        sides = Sides.of(dear)
        assert sides is not None  # noqa: S101 - the same columns, rows and hope
        price = np.where((sides.cluster > 0) & region.counted, region.dual.price, 0)
        least = min(sides.least(sides.totals(sides.cheapest_exchanges())), _taken(dear, price, choice))
        if least <= 0:
            return None
        arc, out, empty = (np.minimum(each, least) / least for each in (dear.arc_loss, dear.out_loss, price))
        return cls(arc=arc, out=out, empty=empty)


def _taken(dear: Region, price: Int64, choice: Int64) -> int:
    """Return what the present choice loses by dear options and empty units."""
    by_arc = dear.arc_loss[choice[dear.packing.row[dear.arcs]] == dear.arcs]
    by_out = dear.out_loss[choice[dear.unplaced] < 0]
    return exact_sum(by_arc) + exact_sum(by_out) + exact_dot(price, dear.packing.room(choice))
