"""Good prices in a few hundred passes over the arcs, to start the linear relaxation from.

References
----------
M. Held, P. Wolfe, H. P. Crowder (1974), "Validation of subgradient optimization", Mathematical
Programming 6, doi:10.1007/BF01580223.
"""

import numpy as np

from matching.nesting import with_inner
from matching.solvers.deadline import Deadline
from matching.solvers.weighted.dual import Float64
from matching.solvers.weighted.packing import Packing

_PASSES = 500
_PATIENCE = 10  # passes without a better bound before less is hoped for


def approximate_prices(packing: Packing, deadline: Deadline) -> Float64:
    """Return prices whose bound is close to the best, starting from 0.

    Steps are as long as if the bound could fall by some hope: at first by what groups lose between
    their best and their average arc, then less and less.
    """
    price = best = np.zeros(packing.num_cols)
    least, waited = np.inf, 0
    count = np.diff(packing.start)
    average = np.add.reduceat(packing.gain.astype(np.float64), packing.start[:-1]) / count
    hope = 0.5 * float((np.maximum.reduceat(packing.gain, packing.start[:-1]) - average).sum()) + 1.0
    for _ in range(_PASSES):
        if deadline.remaining_s() <= 0:
            break
        bound, slack = _evaluated(packing, price)
        if bound < least:
            waited = 0 if bound < least - 0.01 * hope else waited + 1
            least, best = bound, price
        else:
            waited += 1
        if waited > _PATIENCE:
            price, hope, waited = best, hope * 0.6, 0
            _, slack = _evaluated(packing, price)
        norm = float(slack @ slack)
        if norm < 1e-12:
            break
        price = np.maximum(price - (bound - least + hope) / norm * slack, 0.0)
    return best


def _evaluated(packing: Packing, price: Float64) -> tuple[float, Float64]:
    """Return the bound of prices, and the room that the choices they suggest leave in each column."""
    kept = packing.gain - packing.load * _outer(packing, price)[packing.col]
    most = np.maximum.reduceat(kept, packing.start[:-1])
    first = np.flatnonzero((kept == most[packing.row]) & (kept > 0))
    arcs = first[np.diff(packing.row[first], prepend=-1) > 0]
    used = np.bincount(packing.col[arcs], weights=packing.load[arcs], minlength=packing.num_cols)
    slack = packing.capacity - with_inner(used.astype(np.int64), packing.parent)
    bound = float(packing.capacity @ price) + float(np.maximum(most, 0.0).sum())
    # A price of 0 cannot fall further; its room must not lengthen the step.
    return bound, np.where((price <= 0) & (slack > 0), 0.0, slack.astype(np.float64))


def _outer(packing: Packing, price: Float64) -> Float64:
    """Return what a unit pays in each column, those above included."""
    total, above = price.copy(), packing.parent
    while (above >= 0).any():
        total += np.where(above >= 0, price[above], 0.0)
        above = np.where(above >= 0, packing.parent[above], -1)
    return total
