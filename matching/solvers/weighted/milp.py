"""A region decided as a mixed-integer programme; rounded, checked and valued in exact integers."""

import numpy as np

from matching.solvers.deadline import Deadline
from matching.solvers.weighted import highs
from matching.solvers.weighted.answer import Answer, improvement
from matching.solvers.weighted.packing import Int64
from matching.solvers.weighted.programme import programme_of
from matching.solvers.weighted.region import Region

# Beyond this many units of loss, the last one is too close to the rounding of a double (2**53).
_TRUSTED_LOSS = 2**45


def solve_region(
    region: Region, choice: Int64, *, deadline: Deadline, nodes: int, tolerance: float = 0.0
) -> Answer:
    """Return the best decision about a region that HiGHS finds within a time and a number of nodes.

    Parameters
    ----------
    choice : ndarray of int64, shape (num_rows,)
        The present one.
    tolerance : float
        Part of what the region could win at most that need not be looked for.
    """
    if region.hope < 0 or not region.arcs.size:
        return Answer(choice=None, most_gain=0, finished=True)
    gap = tolerance * ((region.loss - region.least) / region.dual.scale)
    outcome = highs.solve(programme_of(region), deadline, whole=True, nodes=nodes, gap=gap)
    better = None
    if outcome.x is not None:
        better = improvement(region, choice, region.arcs[outcome.x[: region.arcs.size] > 0.5])
    return Answer(choice=better, finished=outcome.finished, most_gain=_most_gain(region, outcome))


def _most_gain(region: Region, outcome: highs.Outcome) -> int:
    """Return what can be won at most, in exact integers unless HiGHS proves less.

    Objectives are whole, so the bound of HiGHS may be rounded down once half a unit, far more than
    its error for losses below ``_TRUSTED_LOSS``, is added.
    """
    most = region.most_gain
    if region.loss // region.dual.scale > _TRUSTED_LOSS:
        return most
    if outcome.impossible:  # nothing over these options is an improvement
        return 0
    if not np.isfinite(outcome.bound):
        return most
    return max(0, min(most, int(np.floor(region.loss / region.dual.scale - outcome.bound + 0.5))))
