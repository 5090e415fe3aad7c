"""Good prices in a few hundred passes over the arcs, to start the linear relaxation from.

References
----------
M. Held, P. Wolfe, H. P. Crowder (1974), "Validation of subgradient optimization", Mathematical
Programming 6, doi:10.1007/BF01580223.
"""

import numpy as np

from matching.solvers.deadline import Deadline
from matching.solvers.weighted.dual import Float64
from matching.solvers.weighted.packing import Packing

_PASSES = 500
_PATIENCE = 10  # passes without a better bound before less is hoped for


def approximate_prices(packing: Packing, deadline: Deadline) -> Float64:
    """Return prices whose bound is close to the best, starting from 0, bonuses split into halves.

    Steps are as long as if the bound could fall by some hope: at first by what groups lose between
    their best and their average arc, then less and less.
    """
    price = best = np.zeros(packing.num_cols)
    least, waited = np.inf, 0
    count = np.diff(packing.start)
    halves = np.bincount(
        packing.links.arc, weights=packing.links.bonus[packing.links.link] / 2, minlength=packing.num_arcs
    )
    gain: Float64 = packing.gain.astype(np.float64) + halves
    average = np.add.reduceat(gain, packing.start[:-1]) / count
    hope = 0.5 * float((np.maximum.reduceat(gain, packing.start[:-1]) - average).sum()) + 1.0
    for _ in range(_PASSES):
        if deadline.remaining_s() <= 0:
            break
        bound, slack = _evaluated(packing, gain, price)
        if bound < least:
            waited = 0 if bound < least - 0.01 * hope else waited + 1
            least, best = bound, price
        else:
            waited += 1
        if waited > _PATIENCE:
            price, hope, waited = best, hope * 0.6, 0
            _, slack = _evaluated(packing, gain, price)
        norm = float(slack @ slack)
        if norm < 1e-12:
            break
        price = np.maximum(price - (bound - least + hope) / norm * slack, 0.0)
    return best


def _evaluated(packing: Packing, gain: Float64, price: Float64) -> tuple[float, Float64]:
    """Return the bound of prices, and the room that the choices they suggest leave in each column."""
    kept = gain - packing.filling.about_paid(price)
    most = np.maximum.reduceat(kept, packing.start[:-1])
    first = np.flatnonzero((kept == most[packing.row]) & (kept > 0))
    arcs = first[np.diff(packing.row[first], prepend=-1) > 0]
    column, _, load = packing.filling.of(arcs)
    slack = packing.capacity - np.bincount(column, weights=load, minlength=packing.num_cols)
    bound = float(packing.capacity @ price) + float(np.maximum(most, 0.0).sum())
    # A price of 0 cannot fall further; its room must not lengthen the step.
    return bound, np.where((price <= 0) & (slack > 0), 0.0, slack)
