"""Which rows to decide anew together: those of a few columns that exchange groups cheaply, or any."""

import numpy as np

from matching.solvers.weighted.dual import Dual, Float64
from matching.solvers.weighted.packing import Bools, Int64
from matching.solvers.weighted.region import arcs_of_rows

_MOST_WAITING = 300  # arcs from unplaced rows looked at per neighbourhood


class Neighbourhoods:
    """Draws sets of rows, mostly around what loses most.

    Parameters
    ----------
    seed : int
        Of the draws.
    """

    def __init__(self, dual: Dual, seed: int) -> None:
        self._dual = dual
        self._random = np.random.default_rng(seed % 2**63)
        self._failures = np.zeros(dual.packing.num_cols)
        positive = dual.regret[dual.regret > 0]
        self._unit = 1.0 + (0.1 * float(np.median(positive)) if positive.size else 0.0)
        self._weight: Float64 = self._unit / (self._unit + dual.regret.astype(np.float64))
        packing = dual.packing
        self._outer = packing.root[packing.col]
        # Further uses belong to the outermost column of an arc that needs them.
        self._owner: Int64 = packing.root.copy()
        self._owner[packing.filling.col] = self._outer[packing.filling.arc]
        least: Int64 = np.lexsort((dual.regret, packing.row))[packing.start[:-1]]
        self._nearest: Int64 = self._outer[least]

    def draw(self, choice: Int64, num_columns: float) -> tuple[Int64, Int64]:
        """Return the columns drawn and the rows to decide anew: theirs, and unplaced ones near them."""
        home = np.where(choice >= 0, self._outer[choice], self._nearest)
        columns = self._columns(choice, home, num_columns)
        inside = np.zeros(self._dual.packing.num_cols, dtype=bool)
        inside[columns] = True
        return columns, self._rows(choice, home, inside)

    def scatter(self, choice: Int64, num_rows: int) -> Int64:
        """Return rows drawn one by one, wherever they are, rather those that lose much."""
        regret = self._dual.row_loss(choice).astype(np.float64)
        likely = 0.3 + regret / (1.0 + regret.mean())
        size = min(num_rows, regret.size)
        drawn: Int64 = self._random.choice(regret.size, size, replace=False, p=likely / likely.sum())
        return np.sort(drawn)

    def learn(self, columns: Int64, *, improved: bool) -> None:
        """Look less often where nothing was found."""
        self._failures[columns] = 0 if improved else self._failures[columns] + 1

    def _columns(self, choice: Int64, home: Int64, num_columns: float) -> Int64:
        size = self._dual.packing.num_cols
        likely = self._losses(choice, home) ** 0.25 / (1 + self._failures)
        first = int(self._random.choice(size, p=likely / likely.sum()))
        drawn, score = [first], self._exchange(home, first)
        while len(drawn) < num_columns:
            noisy = score * self._random.uniform(0.3, 1.0, size)
            noisy[drawn] = 0.0
            best = int(np.argmax(noisy))
            if noisy[best] <= 0:
                break
            drawn.append(best)
            score = score + self._exchange(home, best)
        return np.array(drawn, np.int64)

    def _losses(self, choice: Int64, home: Int64) -> Float64:
        dual, packing = self._dual, self._dual.packing
        empty = (dual.price.astype(np.float64) * packing.room(choice)).clip(0)
        regret = dual.row_loss(choice).astype(np.float64)
        lost = sums(home, regret, packing.num_cols) + sums(self._owner, empty, packing.num_cols)
        used = np.bincount(home, minlength=packing.num_cols) > 0
        return lost / max(float(lost.max()), 1.0) + 1e-9 * used

    def _exchange(self, home: Int64, column: int) -> Float64:
        """Return how cheaply rows would go from ``column`` to each other column, or come from it."""
        packing = self._dual.packing
        leaving = home[packing.row] == column
        coming = self._outer == column
        size = packing.num_cols
        out = sums(self._outer[leaving], self._weight[leaving], size)
        return out + sums(home[packing.row[coming]], self._weight[coming], size)

    def _rows(self, choice: Int64, home: Int64, inside: Bools) -> Int64:
        dual, packing = self._dual, self._dual.packing
        arcs = arcs_of_rows(packing, np.flatnonzero(choice < 0))
        arcs = arcs[inside[self._outer[arcs]]]
        near = arcs[np.argsort(dual.regret[arcs], kind="stable")[:_MOST_WAITING]]
        return np.union1d(np.flatnonzero((choice >= 0) & inside[home]), packing.row[near])


def sums(place: Int64, weights: Float64, size: int) -> Float64:
    """Return the sum of weights at each place from 0 to ``size - 1``."""
    return np.asarray(np.bincount(place, weights=weights, minlength=size), np.float64)
