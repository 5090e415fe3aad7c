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

_FIRST_ARCS = 3  # of each row, to begin with
_OPTIONS = 1.0  # per row, besides its best, wherever they are
_MORE_ARCS = 3  # of each row, per round
_MOST_ROUNDS = 40
_LARGEST_COST = 1e7  # beyond, HiGHS's tolerance of 1e-7 would be finer than a double
_TOLERANCE = 1e-6
_NEGLIGIBLE = 1e-12  # part of the bound
_LONGEST_PART = 0.4  # of the time left


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
    limit = deadline.part(_LONGEST_PART)
    relaxation = _Relaxation(packing, best)
    ceiling = _largest_loss(best)
    for _ in range(_MOST_ROUNDS):
        step = relaxation.step(best, ceiling, limit)
        if step is None:
            break
        share[:] = 0.0
        share[step.arcs] = step.share
        gained = best.total / best.scale - step.dual.total / step.dual.scale
        best = better(best, step.dual)
        deadline.report(packing.base, packing.base + best.bound)
        if relaxation.extended(step):
            continue
        if step.cut_off:
            ceiling *= 100
        elif ceiling <= _LARGEST_COST or gained < _NEGLIGIBLE * abs(best.bound):
            break
        else:
            ceiling = max(_LARGEST_COST, ceiling / 1e4)
    return best, share


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Step:
    """One linear programme solved.

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


class _Relaxation:
    """Grows the options from step to step; each step begins where the last one ended."""

    def __init__(self, packing: Packing, dual: Dual) -> None:
        self._packing = packing
        regret = dual.regret.astype(np.float64)
        self._active = _first_of_each_row(packing, regret, _FIRST_ARCS)
        keep = int((1 + _OPTIONS) * packing.num_rows)
        if keep < regret.size:
            self._active |= regret <= np.partition(regret, keep)[keep]
        self._basis = _Basis(packing)

    def step(self, centre: Dual, ceiling: float, deadline: Deadline) -> _Step | None:
        """Minimise losses under the prices of ``centre``; None when stopped on the way."""
        region = self._region(centre)
        programme = programme_of(region, covering=False)
        unit = max(1.0, ceiling / _LARGEST_COST)
        cost = np.minimum(programme.cost, ceiling) / unit
        relaxed = replace(programme, cost=cost, most=np.full_like(cost, np.inf))
        outcome = highs.solve(relaxed, deadline, whole=False, basis=self._basis.of(region, programme))
        if outcome.x is None or outcome.row_price is None or outcome.basis is None:
            return None
        self._basis.keep(region, programme, outcome.basis)
        return _Step(
            arcs=region.arcs,
            share=outcome.x[: region.arcs.size],
            dual=_corrected(region, programme, outcome.row_price * unit),
            cut_off=bool((programme.cost[outcome.x > _TOLERANCE] > ceiling).any()),
            unit=unit,
        )

    def extended(self, step: _Step) -> bool:
        """Add the best arcs that the new prices prefer to all looked at; False when there are none."""
        packing, dual, seen = self._packing, step.dual, self._active
        best_seen = np.zeros(packing.num_rows, np.int64)
        np.maximum.at(best_seen, packing.row[seen], dual.kept[seen])
        ahead = (dual.kept - best_seen[packing.row]) / dual.scale
        ahead[seen] = 0.0
        missing = ahead > 10 * _TOLERANCE * step.unit
        missing &= _first_of_each_row(packing, -ahead, _MORE_ARCS)
        self._active = seen | missing
        return bool(missing.any())

    def _region(self, centre: Dual) -> Region:
        """Return the region of all rows over the active arcs; any row may be left out."""
        packing, everybody = self._packing, np.arange(self._packing.num_rows)
        arcs = np.flatnonzero(self._active)
        counted = np.zeros(packing.num_cols, dtype=bool)
        counted[packing.filling.of(arcs)[0]] = True
        return Region(
            dual=centre,
            rows=everybody,
            arcs=arcs,
            arc_loss=centre.regret[arcs],
            unplaced=everybody,
            out_loss=centre.surplus,
            residual=packing.capacity,
            counted=counted,
            loss=centre.total,
        )


class _Basis:
    """What was basic after the last step, whatever the positions of variables and rows in it."""

    def __init__(self, packing: Packing) -> None:
        num_rows, num_cols, num_links = packing.num_rows, packing.num_cols, packing.links.num_links
        self._known = False
        self._variables = np.zeros(packing.num_arcs + num_rows + num_cols + 2 * num_links, dtype=bool)
        # A new row begins with its own slack as its basic variable.
        self._rows = np.ones(num_rows + num_cols + num_links, dtype=bool)

    def of(self, region: Region, programme: Programme) -> highs.Basis | None:
        """Return the basis to begin with, None at first."""
        if not self._known:
            return None
        variables, rows = _numbers(region, programme)
        return highs.Basis(variables=self._variables[variables], rows=self._rows[rows])

    def keep(self, region: Region, programme: Programme, basis: highs.Basis) -> None:
        """Remember the basis of a programme."""
        variables, rows = _numbers(region, programme)
        self._known = True
        self._variables[variables], self._rows[rows] = basis.variables, basis.rows


def _numbers(region: Region, programme: Programme) -> tuple[Int64, Int64]:
    """Return numbers of the variables and rows of a programme that stay when others come."""
    packing, columns, links = region.packing, programme.columns, programme.links
    out = packing.num_arcs + region.unplaced
    empty = packing.num_arcs + packing.num_rows + columns
    alone = packing.num_arcs + packing.num_rows + packing.num_cols + links
    rows = [region.rows, packing.num_rows + columns, packing.num_rows + packing.num_cols + links]
    return (
        np.concatenate([region.arcs, out, empty, alone, alone + packing.links.num_links]),
        np.concatenate(rows),
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
