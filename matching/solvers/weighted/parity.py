"""What cannot be avoided because loads are whole: a knapsack over the capacity of all priced columns.

The relaxation fills a last unit with a third of a group of load 3. Adding up all priced columns leaves
one equation, "loads placed there plus units left empty = capacity", whose cheapest integer solution is
a loss that no choice escapes. Options that come on top of it and then exceed the hope can be dropped.

References
----------
S. Martello, P. Toth (1990), "Knapsack Problems", §2.6 (dynamic programming), §6.2 (surrogate relaxation).
"""

from dataclasses import dataclass, replace

import numpy as np

from matching.exact import exact_sum
from matching.solvers.weighted.packing import Bools, Int64
from matching.solvers.weighted.region import Region

_NEVER = 2**61
# Entries of the dynamic programme beyond which it is not worth its time.
_LARGEST_TABLE = 100_000


def tightened(region: Region) -> Region:
    """Return the region without options that exceed its hope once whole loads are counted.

    Also raises ``least`` to the loss that whole loads impose. Where loads depend on the column, or nothing
    is priced, the region comes back as it is.
    """
    if not 0 <= region.hope < _NEVER // 4 or not region.rows.size:
        return region
    sides = _Sides.of(region)
    if sides is None:
        return region
    table = _cheapest_exchanges(sides)
    if table is None:
        return region
    least = min(_NEVER, sides.base + int(sides.least_over(table, np.zeros(1, np.int64))[0]))
    switched = np.minimum(sides.base + sides.switch + sides.least_over(table, sides.freed), _NEVER)
    inside = np.where(sides.starts_inside, least, switched) - np.minimum(sides.inside, _NEVER)
    outside = np.where(sides.starts_inside, switched, least) - np.minimum(sides.outside, _NEVER)
    position = region.position(region.packing.row[region.arcs])
    on_top = np.where(sides.arc_inside, inside[position], outside[position])
    kept = region.arc_loss + on_top <= region.hope
    out = outside[region.position(region.unplaced)] + region.out_loss <= region.hope
    return replace(region.within(kept, out), least=min(max(region.least, least), region.loss))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sides:
    """Least loss of each row inside and outside the priced columns, and what switching frees.

    Parameters
    ----------
    arc_inside : ndarray of bool, shape (num_arcs of the region,)
    inside, outside : ndarray of int64, shape (num_rows of the region,)
        ``_NEVER`` where there is no such option.
    starts_inside : ndarray of bool
        Whether the cheaper side is inside.
    switch, freed : ndarray of int64
        Extra loss of the other side, and the load it frees inside, negative when it takes some.
    base : int
        Loss of all rows on their cheaper side.
    missing : int
        Load to free so that those inside fit, negative when there is room to spare.
    unit_price : int
        Least price of an empty unit.
    budget : int
        What may be lost beyond ``base``.
    """

    arc_inside: Bools
    inside: Int64
    outside: Int64
    starts_inside: Bools
    switch: Int64
    freed: Int64
    base: int
    missing: int
    unit_price: int
    budget: int

    @classmethod
    def of(cls, region: Region) -> "_Sides | None":
        """Look at the options of a region; None when nothing is priced or a row has no option."""
        dual, packing, rows, equation = region.dual, region.packing, region.rows, region.dual.equation
        if equation is None or not (priced := equation.column & region.counted).any():
            return None
        arc_inside, load = equation.inside[region.arcs], equation.load
        position, regret = region.position(packing.row[region.arcs]), region.arc_loss
        inside, outside = np.full(rows.size, _NEVER), np.full(rows.size, _NEVER)
        np.minimum.at(inside, position[arc_inside], regret[arc_inside])
        np.minimum.at(outside, position[~arc_inside], regret[~arc_inside])
        np.minimum.at(outside, region.position(region.unplaced), region.out_loss)
        cheaper = np.minimum(inside, outside)
        if (cheaper >= _NEVER).any():
            return None
        starts_inside, base = inside <= outside, exact_sum(cheaper)
        return cls(
            arc_inside=arc_inside,
            inside=inside,
            outside=outside,
            starts_inside=starts_inside,
            switch=np.maximum(inside, outside) - cheaper,
            freed=np.where(starts_inside, load[rows], -load[rows]),
            base=base,
            missing=exact_sum(load[rows][starts_inside]) - exact_sum(region.residual[priced]),
            unit_price=int(dual.price[priced].min()),
            budget=region.hope - base,
        )

    @property
    def most_empty(self) -> int:
        """Units that may be left empty."""
        return max(0, self.budget) // self.unit_price

    @property
    def reach(self) -> int:
        """Largest load that exchanges may free or take in total.

        In a cheapest set of switches no part frees exactly nothing. Ordered to stay near the segment
        from 0 to the goal, its partial sums are distinct, so it has at most ``|goal| + 2 · load``
        members (E. Steinitz, 1913).
        """
        largest = int(np.abs(self.freed).max(initial=0))
        return (abs(self.missing) + self.most_empty + 2 * largest) * largest

    def least_over(self, table: Int64, freed: Int64) -> Int64:
        """Return the least cost of freeing what is missing when ``freed`` is freed anyway."""
        middle = table.size // 2
        empty = np.arange(self.most_empty + 1)
        goal = self.missing + empty[None, :] - freed[:, None] + middle
        found = np.where((goal >= 0) & (goal < table.size), table[np.clip(goal, 0, table.size - 1)], _NEVER)
        least: Int64 = np.minimum((found + self.unit_price * empty[None, :]).min(axis=1), _NEVER)
        return least


def _cheapest_exchanges(sides: _Sides) -> Int64 | None:
    """Return the least cost of freeing ``i - size // 2`` units in total, by switching rows."""
    reach = sides.reach
    if reach > _LARGEST_TABLE or sides.most_empty > 1_000:
        return None
    table = np.full(2 * reach + 1, _NEVER)
    table[reach] = 0
    affordable = sides.switch <= sides.budget
    for freed in np.unique(sides.freed[affordable]).tolist():
        cost = np.sort(sides.switch[affordable & (sides.freed == freed)])
        cost = cost[: reach // abs(freed)]
        running = np.cumsum(np.minimum(cost, sides.budget + 1))
        running = running[: int(np.searchsorted(running, sides.budget, side="right"))]
        table = _with_multiples(table, freed, running)
    return table


def _with_multiples(table: Int64, freed: int, running: Int64) -> Int64:
    """Return the table once up to ``running.size`` rows that free ``freed`` each may switch."""
    best = table.copy()
    for count, cost in enumerate(running.tolist(), start=1):
        shift = abs(count * freed)
        if freed > 0:
            np.minimum(best[shift:], table[:-shift] + cost, out=best[shift:])
        else:
            np.minimum(best[:-shift], table[shift:] + cost, out=best[:-shift])
    return best
