"""A region decided as a mixed-integer programme; rounded, checked and valued in exact integers."""

from collections.abc import Callable

import numpy as np

from matching.solvers.deadline import Deadline
from matching.solvers.weighted import highs
from matching.solvers.weighted.answer import Answer, improvement
from matching.solvers.weighted.dual import Float64
from matching.solvers.weighted.packing import Int64
from matching.solvers.weighted.programme import programme_of, values_of
from matching.solvers.weighted.proving import prove
from matching.solvers.weighted.region import Region
from matching.solvers.weighted.unavoidable import Unavoidable

# In units of the objective, which is whole: far more than the error of a bound of HiGHS.
_MARGIN = 0.1
# Part of the loss that could still be won, below which there is more to prove than to find.
_NEAR = 0.15
# Beyond this many units of loss, that margin is too close to the rounding of a double (2**53).
_TRUSTED_LOSS = 2**42


def solve_region(
    region: Region,
    choice: Int64,
    *,
    deadline: Deadline,
    nodes: int | None,
    tolerance: float = 0.0,
    from_choice: bool = False,
    news: Callable[[Answer], None] | None = None,
    told: Callable[[], Int64 | None] | None = None,
) -> Answer:
    """Return the best decision about a region that HiGHS finds within a time and a number of nodes.

    Parameters
    ----------
    choice : ndarray of int64, shape (num_rows,)
        The present one.
    tolerance : float
        Part of what the region could win at most that need not be looked for.
    from_choice : bool
        Whether HiGHS begins with the present choice. It proves sooner what cannot beat a good one, and
        looks less far around a poor one.
    news : callable, optional
        Told of what is known so far, whenever that gets better.
    told : callable, optional
        Asked for a choice that somebody else has found meanwhile; None when there is no new one.
    """
    if region.hope < 0 or not region.arcs.size:
        return Answer(choice=None, most_gain=0, finished=True)
    hope = (region.loss - region.least) / region.dual.scale
    gap = max(tolerance * hope, 1 - 2 * _MARGIN)  # less than one unit better is not better

    def tell(bound: float, x: Float64 | None) -> None:
        assert news is not None  # noqa: S101 - only passed on when it is there
        news(Answer(choice=_better(region, choice, x), finished=False, most_gain=_most_gain(region, bound)))

    proving = from_choice and region.complete and hope <= _NEAR * region.loss / region.dual.scale
    unavoidable = Unavoidable.of(region, choice) if proving else None
    programme = programme_of(region, unavoidable=unavoidable)

    def found_elsewhere() -> Float64 | None:
        choice = None if told is None else told()
        return None if choice is None else values_of(programme, region, choice)

    known = values_of(programme, region, choice) if from_choice else None
    listening = None if news is None else tell
    hearing = None if told is None else found_elsewhere
    if proving and known is not None:
        outcome = prove(
            region, choice, programme, known, deadline, nodes=nodes, gap=gap, news=listening, told=hearing
        )
    else:
        outcome = highs.solve(
            programme,
            deadline,
            whole=True,
            nodes=nodes,
            gap=gap,
            known=known,
            news=listening,
            told=hearing,
        )
    # When there is no solution, nothing over these options is an improvement.
    most_gain = 0 if outcome.impossible else _most_gain(region, outcome.bound)
    return Answer(choice=_better(region, choice, outcome.x), finished=outcome.finished, most_gain=most_gain)


def _better(region: Region, choice: Int64, x: Float64 | None) -> Int64 | None:
    """Return the choice that the values of the variables amount to, if it is an improvement."""
    return None if x is None else improvement(region, choice, region.arcs[x[: region.arcs.size] > 0.5])


def _most_gain(region: Region, bound: float) -> int:
    """Return what can be won at most, in exact integers unless HiGHS proves less.

    Objectives are whole, so what the bound of HiGHS on losses leaves may be rounded down once ``_MARGIN`` is
    added, for losses below ``_TRUSTED_LOSS``.
    """
    most = region.most_gain
    if region.loss // region.dual.scale > _TRUSTED_LOSS or not np.isfinite(bound):
        return most
    return max(0, min(most, int(np.floor(region.loss / region.dual.scale - bound + _MARGIN))))
