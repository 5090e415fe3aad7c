"""The linear relaxation, by HiGHS on the options that lose least under the prices so far.

The programme minimises losses, not values, so that each round works on small numbers, however large
the rewards are, and its marginals correct the prices. Any prices make an exact bound (``dual``), so a
relaxation cut short costs tightness, never truth.

References
----------
G. Desaulniers, J. Desrosiers, M. M. Solomon (eds, 2005), "Column Generation", ch. 1.
R. E. Marsten, W. W. Hogan, J. W. Blankenship (1975), "The Boxstep method for large-scale optimization",
Operations Research 23(3), doi:10.1287/opre.23.3.389: why prices may fall by so much only per round.
"""

from dataclasses import dataclass, replace

import numpy as np

from matching.solvers.deadline import Deadline
from matching.solvers.weighted import highs
from matching.solvers.weighted.dual import Dual, Float64, better, rounded
from matching.solvers.weighted.packing import Bools, Int64, Packing
from matching.solvers.weighted.programme import Programme, programme_of
from matching.solvers.weighted.region import Region
from matching.solvers.weighted.subgradient import approximate_prices

_OPTIONS = 1.0  # per row, besides its best
_MORE_ARCS = 3  # of each row, per round
_MOST_ROUNDS = 40
_LARGEST_COST = 1e7  # beyond, HiGHS's tolerance of 1e-7 would be finer than a double
_TOLERANCE = 1e-6


def solve_linear(packing: Packing, deadline: Deadline, dual: Dual | None = None) -> tuple[Dual, Float64]:
    """Return the best dual found, and the share of each arc in the relaxation.

    Parameters
    ----------
    dual : Dual, optional
        Prices to begin with. By default, and without time left, they are 0.
    """
    best = rounded(packing, np.zeros(packing.num_cols)) if dual is None else dual
    share = np.zeros(packing.num_arcs)
    if not packing.num_arcs or deadline.remaining_s() <= 0:
        return best, share
    if dual is None:
        best = better(best, rounded(packing, approximate_prices(packing, deadline)))
    active = np.zeros(packing.num_arcs, dtype=bool)
    ceiling = _largest_loss(best)
    for _ in range(_MOST_ROUNDS):
        step = _Step.of(best, active, ceiling, deadline)
        if step is None:
            break
        share[:] = 0.0
        share[step.arcs] = step.share
        best = better(best, step.dual)
        deadline.report(packing.base, packing.base + best.bound)
        missing = step.missing()
        active[step.arcs] |= step.share > _TOLERANCE
        if missing.any():
            active |= missing
        elif step.cut_off:
            ceiling *= 100
        elif ceiling <= _LARGEST_COST:
            break
        else:
            ceiling = max(_LARGEST_COST, ceiling / 1e4)
    return best, share


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Step:
    """One linear programme.

    Parameters
    ----------
    arcs, share : ndarrays
        Options looked at, and what they got.
    dual : Dual
        With the corrected prices.
    cut_off : bool
        Whether anything is used whose cost was beyond the ceiling.
    unit : float
        Of the costs that HiGHS saw.
    """

    arcs: Int64
    share: Float64
    dual: Dual
    cut_off: bool
    unit: float

    @classmethod
    def of(cls, centre: Dual, active: Bools, ceiling: float, deadline: Deadline) -> "_Step | None":
        """Solve over ``active`` arcs and those of least regret; None when stopped on the way."""
        region = _relaxed_region(centre, active)
        programme = programme_of(region, covering=False)
        unit = max(1.0, ceiling / _LARGEST_COST)
        cost = np.minimum(programme.cost, ceiling) / unit
        relaxed = replace(programme, cost=cost, most=np.full_like(cost, np.inf))
        outcome = highs.solve(relaxed, deadline, whole=False)
        if outcome.x is None or outcome.row_price is None:
            return None
        used = outcome.x > _TOLERANCE
        return cls(
            arcs=region.arcs,
            share=outcome.x[: region.arcs.size],
            dual=_corrected(region, programme, outcome.row_price * unit),
            cut_off=bool((programme.cost[used] > ceiling).any()),
            unit=unit,
        )

    def missing(self) -> Bools:
        """Mark the best arcs that were not looked at and that the new prices prefer."""
        packing, dual = self.dual.packing, self.dual
        seen = np.zeros(packing.num_arcs, dtype=bool)
        seen[self.arcs] = True
        best_seen = np.zeros(packing.num_rows, np.int64)
        np.maximum.at(best_seen, packing.row[seen], dual.kept[seen])
        ahead = (dual.kept - best_seen[packing.row]) / dual.scale
        ahead[seen] = 0.0
        return _first_of_each_row(packing, -ahead, _MORE_ARCS) & (ahead > 10 * _TOLERANCE * self.unit)


def _relaxed_region(centre: Dual, active: Bools) -> Region:
    """Return the region of all rows over few arcs; any row may be left out."""
    packing, regret = centre.packing, centre.regret
    chosen, keep = active, int((1 + _OPTIONS) * packing.num_rows)
    chosen = active | (regret <= np.partition(regret, keep)[keep] if keep < regret.size else True)
    arcs, everybody = np.flatnonzero(chosen), np.arange(packing.num_rows)
    counted = np.zeros(packing.num_cols, dtype=bool)
    counted[packing.filling.of(arcs)[0]] = True
    return Region(
        dual=centre,
        rows=everybody,
        arcs=arcs,
        arc_loss=regret[arcs],
        unplaced=everybody,
        out_loss=centre.surplus,
        residual=packing.capacity,
        counted=counted,
        loss=centre.total,
    )


def _corrected(region: Region, programme: Programme, row_price: Float64) -> Dual:
    dual, num_rows = region.dual, region.rows.size
    price, promise = dual.price / dual.scale, dual.promise[0] / dual.scale
    price[programme.columns] -= row_price[num_rows : num_rows + programme.columns.size]
    promise[programme.links] += row_price[num_rows + programme.columns.size :]
    return rounded(dual.packing, price, promise)


def _largest_loss(dual: Dual) -> float:
    return max(int(dual.price.max(initial=0)), int(dual.surplus.max(initial=0))) / dual.scale


def _first_of_each_row(packing: Packing, key: Float64, count: int) -> Bools:
    """Mark the ``count`` arcs of least ``key`` of each row."""
    order = np.lexsort((key, packing.row))
    rank = np.arange(packing.num_arcs) - packing.start[packing.row]
    marked = np.zeros(packing.num_arcs, dtype=bool)
    marked[order[rank < count]] = True
    return marked
