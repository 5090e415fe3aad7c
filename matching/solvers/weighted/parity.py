"""What cannot be avoided because loads are whole: a knapsack over the capacity of the dear columns.

The relaxation fills a last unit with a third of a group of load 3. Adding up columns that exchange groups
at little loss leaves one equation a cluster, "loads placed there plus units left empty = capacity". What
the cheapest choices of all rows miss of these equations is made good by exchanges between clusters, and
the cheapest of those is a loss that no choice escapes. Options that come on top of it and then exceed the
hope can be dropped.

References
----------
R. E. Gomory (1965), "On the relation between integer and noninteger solutions to linear programs",
PNAS 53(2): the equations are looked at modulo a number, which only allows more.
S. Martello, P. Toth (1990), "Knapsack Problems", §6.2 (surrogate relaxation).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from matching.exact import exact_sum
from matching.solvers.weighted.equation import Equation
from matching.solvers.weighted.packing import Bools, Int64
from matching.solvers.weighted.region import Region

_NEVER = 2**61
_MOST_CLUSTERS = 7
_LARGEST_TABLE = 6**_MOST_CLUSTERS
_LARGEST_MODULUS = 60
# Part of the hope that an exchange within a cluster may lose: from, and how much more at each try.
_NEAR, _NEARER = 1 / 512, 2


def tightened(region: Region) -> Region:
    """Return the region without options that exceed its hope once whole loads are counted.

    Also raises ``least`` to the loss that whole loads impose. Where loads depend on the column, or nothing
    is priced, the region comes back as it is.
    """
    sides = Sides.of(region)
    if sides is None:
        return region
    total = sides.totals(sides.cheapest_exchanges())
    option = total[region.position(region.packing.row[region.arcs]), sides.arc_cluster]
    kept = region.arc_loss + option <= region.hope
    out = region.out_loss + total[region.position(region.unplaced), 0] <= region.hope
    return replace(region.within(kept, out), least=min(max(region.least, sides.least(total)), region.loss))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sides:
    """What each row loses at least in each cluster, and what the clusters miss where all lose least.

    Cluster 0 is everywhere else: columns without an equation, or no column.

    Parameters
    ----------
    cluster : ndarray of int64, shape (num_cols,)
    arc_cluster : ndarray of int64, shape (num_arcs of the region,)
    near : int
        An exchange within a cluster loses this at most.
    loss : ndarray of int64, shape (num_rows of the region, num_clusters + 1)
        ``_NEVER`` where there is no such option.
    load : ndarray of int64, shape (num_rows of the region,)
        What a row takes in any cluster but 0.
    missing : ndarray of int64, shape (num_clusters,)
        Load to free in each cluster so that those who lose least there fit, negative when there is room.
    empty_price : ndarray of int64, shape (num_clusters,)
        Least price of an empty unit.
    budget : int
        What may be lost beyond the least loss of every row.
    """

    cluster: Int64
    arc_cluster: Int64
    near: int
    loss: Int64
    load: Int64
    missing: Int64
    empty_price: Int64
    budget: int

    @classmethod
    def of(cls, region: Region) -> Self | None:
        """Look at the options of a region.

        None when nothing is priced, a row has no option, or sums of the hope could leave 63 bits.
        """
        if not 0 <= region.hope < _NEVER // 4 or not region.rows.size:
            return None
        dual, packing, equation = region.dual, region.packing, region.dual.equation
        if equation is None or not (priced := equation.column & region.counted).any():
            return None
        cluster, near = _clusters(region, equation, priced)
        num_clusters = int(cluster.max())
        arc_cluster = _of_arcs(region, equation, cluster, 0)
        loss = np.full((region.rows.size, num_clusters + 1), _NEVER)
        np.minimum.at(loss, (region.position(packing.row[region.arcs]), arc_cluster), region.arc_loss)
        np.minimum.at(loss[:, 0], region.position(region.unplaced), region.out_loss)
        least = loss.min(axis=1)
        if (least >= _NEVER).any():
            return None
        load = equation.load[region.rows]
        taken = np.zeros(num_clusters + 1, np.int64)
        np.add.at(taken, loss.argmin(axis=1), load)
        places, price = np.zeros(num_clusters + 1, np.int64), np.full(num_clusters + 1, _NEVER)
        np.add.at(places, cluster[priced], region.residual[priced])
        np.minimum.at(price, cluster[priced], dual.price[priced])
        return cls(
            cluster=cluster,
            arc_cluster=arc_cluster,
            near=near,
            loss=loss,
            load=load,
            missing=(taken - places)[1:],
            empty_price=price[1:],
            budget=region.hope - exact_sum(least),
        )

    @property
    def num_clusters(self) -> int:
        """How many equations there are."""
        return self.missing.size

    @property
    def modulus(self) -> int:
        """The equations are looked at modulo this: a multiple of 6, so that no loads of 2 or 3 pass for 1."""
        largest = int(_LARGEST_TABLE ** (1 / self.num_clusters) + 1e-9)
        return min(_LARGEST_MODULUS, largest // 6 * 6)

    def cheapest_exchanges(self) -> Int64:
        """Return the least cost of freeing some load in each cluster, one axis each, by exchanges."""
        table = np.full((self.modulus,) * self.num_clusters, _NEVER)
        table.flat[0] = 0
        for freed, running in self._exchanges():
            table = _with_multiples(table, freed, running)
        return table

    def totals(self, table: Int64) -> Int64:
        """Return what all rows lose at least when a row is in a cluster, less what it loses itself there.

        Shape (num_rows, num_clusters + 1).
        """
        start = self.loss.argmin(axis=1)
        own = np.eye(self.num_clusters + 1, dtype=np.int64)[:, 1:]
        others = exact_sum(self.loss.min(axis=1)) - self.loss.min(axis=1)
        total = np.empty_like(self.loss)
        for cluster in range(self.num_clusters + 1):
            freed = self.load[:, None] * (own[start] - own[cluster])
            left = (self.missing - freed) % self.modulus
            total[:, cluster] = np.minimum(others + table[tuple(left.T)], _NEVER)
        return total

    def least(self, total: Int64) -> int:
        """Return what no choice escapes: of some row wherever it goes, with ``totals``."""
        return int((total + self.loss).min(axis=1).max())

    def _exchanges(self) -> Iterator[tuple[Int64, Int64]]:
        """Give each kind of exchange: what one frees in each cluster, and what the cheapest 1, 2, … cost."""
        own = np.eye(self.num_clusters + 1, dtype=np.int64)[:, 1:]
        start, least = self.loss.argmin(axis=1), self.loss.min(axis=1)
        for cluster in range(self.num_clusters + 1):
            cost = self.loss[:, cluster] - least
            moves = (start != cluster) & (cost <= self.budget) & (self.load > 0)
            kind = start[moves] * (int(self.load.max()) + 1) + self.load[moves]
            for one in np.unique(kind).tolist():
                home, load = divmod(one, int(self.load.max()) + 1)
                yield load * (own[home] - own[cluster]), self._running(cost[moves][kind == one])
            if cluster:
                alike = np.full(self.modulus, min(self.empty_price[cluster - 1], self.budget + 1))
                yield -own[cluster], self._running(alike)

    def _running(self, cost: Int64) -> Int64:
        """Return what the cheapest 1, 2, … cost together, as far as the budget goes."""
        cheapest = np.sort(cost)[: self.modulus - 1]
        running = np.cumsum(np.minimum(cheapest, self.budget + 1))
        return running[: int(np.searchsorted(running, self.budget, side="right"))]


def _with_multiples(table: Int64, freed: Int64, running: Int64) -> Int64:
    """Return the table once up to ``running.size`` exchanges that free ``freed`` each may be made."""
    best, axes = table.copy(), tuple(range(table.ndim))
    for count, cost in enumerate(running.tolist(), start=1):
        np.minimum(best, np.roll(table, tuple((count * freed).tolist()), axes) + cost, out=best)
    return best


def _clusters(region: Region, equation: Equation, priced: Bools) -> tuple[Int64, int]:
    """Return the cluster of each column: those between which an exchange loses little, 0 = elsewhere.

    What little means, which comes second, grows until there are few enough; in the end the dearest are kept.
    """
    far = max(1, int(region.hope * _NEAR))
    cluster = _linked(region, equation, priced, far)
    while cluster.max() > _MOST_CLUSTERS and far <= region.hope:
        far *= _NEARER
        cluster = _linked(region, equation, priced, far)
    if not cluster.any():
        return priced.astype(np.int64), far
    price = np.zeros(cluster.max() + 1, np.int64)
    np.maximum.at(price, cluster, np.where(cluster > 0, region.dual.price, 0))
    dearest = np.sort(np.argsort(-price[1:], kind="stable")[:_MOST_CLUSTERS] + 1)
    renamed = np.zeros(price.size, np.int64)
    renamed[dearest] = np.arange(1, dearest.size + 1)
    return renamed[cluster], far


def _linked(region: Region, equation: Equation, priced: Bools, far: int) -> Int64:
    """Return the cluster of each column when exchanges of the least load that lose ``far`` join columns.

    Larger loads do not make up for every unit that is missing. 0 = elsewhere, for columns that cost little.
    """
    from scipy.sparse import coo_array  # noqa: PLC0415 - 0.1 s, only needed to solve
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    num_rows, num_cols = region.rows.size, region.packing.num_cols
    at = _of_arcs(region, equation, np.where(priced, np.arange(num_cols), -1), -1)
    row = region.position(region.packing.row[region.arcs])
    load = equation.load[region.rows]
    least = load[row[at >= 0]].min(initial=_NEVER)
    near = (region.arc_loss <= far) & (at >= 0) & (load[row] == least)
    edges = coo_array(
        (np.ones(near.sum(), np.int8), (row[near], num_rows + at[near])), shape=(num_rows + num_cols,) * 2
    )
    _, label = connected_components(edges, directed=False)
    dear = np.flatnonzero(priced & (region.dual.price > far))
    cluster = np.zeros(num_cols, np.int64)
    cluster[dear] = np.unique(label[num_rows + dear], return_inverse=True)[1] + 1
    return cluster


def _of_arcs(region: Region, equation: Equation, of_column: Int64, elsewhere: int) -> Int64:
    """Return what its column of the equation has, for each option; ``elsewhere`` for others."""
    filling = region.packing.filling
    of_arc = np.full(region.packing.num_arcs, elsewhere, np.int64)
    inside = equation.column[filling.col]
    of_arc[filling.arc[inside]] = of_column[filling.col[inside]]
    return of_arc[region.arcs]
