"""Options of every kind in few: the best of each row at each level of prices.

Where tiers are far apart, so are the prices of columns: those that run short of places for the first tier
cost many times what others do. Who goes to a column of which level decides losses a thousand times those of
a detour, and a programme over the options of least loss alone never sees any other level.
"""

from dataclasses import replace

import numpy as np

from matching.solvers.weighted.dual import Dual
from matching.solvers.weighted.packing import Bools, Int64
from matching.solvers.weighted.region import Region

_FAR = 0.005  # of the largest price, between two levels
_MOST_LEVELS = 8


def of_each_level(region: Region, choice: Int64, count: int) -> Region:
    """Return the region with the ``count`` best options of each row at each level, and some of least loss."""
    row, loss = region.packing.row[region.arcs], region.arc_loss
    kept = _first(row * _MOST_LEVELS + levels(region.dual)[region.arcs], loss, count)
    kept |= choice[row] == region.arcs
    if region.rows.size < loss.size:
        kept |= loss <= np.partition(loss, region.rows.size)[region.rows.size]
    few = region.within(kept, np.ones(region.unplaced.size, dtype=bool))
    return replace(few, complete=region.complete and bool(kept.all()))


def levels(dual: Dual) -> Int64:
    """Return the level of each arc, 0 to 7: that of the dearest column it fills."""
    filling, price = dual.packing.filling, np.zeros(dual.packing.num_arcs, np.int64)
    np.maximum.at(price, filling.arc, dual.price[filling.col])
    known = np.unique(price)
    gap = np.diff(known)
    most = np.sort(gap)[::-1][: _MOST_LEVELS - 1]
    far = max(_FAR * float(known[-1]), float(most[-1]) if most.size else 0.0) if known.size else 0.0
    starts = known[1:][gap >= far][-(_MOST_LEVELS - 1) :]
    level: Int64 = np.searchsorted(starts, price, side="right")
    return level


def _first(key: Int64, loss: Int64, count: int) -> Bools:
    """Mark the ``count`` options of least loss of each key."""
    order = np.lexsort((loss, key))
    ordered = key[order]
    rank = np.arange(key.size) - np.searchsorted(ordered, ordered)
    marked = np.zeros(key.size, dtype=bool)
    marked[order[rank < count]] = True
    return marked
