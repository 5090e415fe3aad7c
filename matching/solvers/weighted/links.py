"""Pairs of rows that earn a bonus together, and the columns where that could be.

A bonus does not split between two rows by itself. A *link*, one pair at one outermost column, splits it
by a number: the row of one side is promised a part for going there, the other side the rest. What is
promised is never less than what is earned, so that bounds hold for any split (Lagrangian decomposition);
a promise paid to one who comes alone is lost.

References
----------
M. Guignard, S. Kim (1987), "Lagrangean decomposition", Mathematical Programming 39,
doi:10.1007/BF02592954.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matching.problem import AssignmentProblem
from matching.solvers.weighted.filling import ragged

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """Free rows in pairs; ``first < second`` in canonical order, ``bonus`` > 0."""

    first: Int64
    second: Int64
    bonus: Int64

    def together(self, home: Int64) -> Bools:
        """Tell which pairs are under one outermost column, -1 = not placed."""
        both: Bools = (home[self.first] >= 0) & (home[self.first] == home[self.second])
        return both


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Links:
    """A pair and an outermost column that both its rows can reach.

    Parameters
    ----------
    ends : ndarray of int64, shape (2, num_links)
        Rows of the first and of the second side.
    root, bonus : ndarray of int64, shape (num_links,)
    arc, link, side : ndarray of int64, shape (num_entries,)
        Arcs that lead one side (0 or 1) of a link to its column, sorted by arc.
    start : ndarray of int64, shape (num_arcs + 1,)
        ``start[i]:start[i+1]`` are the entries of arc ``i``.
    """

    ends: Int64
    root: Int64
    bonus: Int64
    arc: Int64
    link: Int64
    side: Int64
    start: Int64

    @property
    def num_links(self) -> int:
        """Number of links."""
        return int(self.root.size)

    def there(self, home: Int64) -> Bools:
        """Tell for each side of each link whether its row is at the column; shape (2, num_links)."""
        present: Bools = home[self.ends] == self.root
        return present


def pairs_of(problem: AssignmentProblem, row: Int64) -> Pairs:
    """Return the pairs of which both groups have a ``row``, -1 = none, in canonical order."""
    first, second = row[problem.pair_first], row[problem.pair_second]
    kept = (first >= 0) & (second >= 0) & (problem.pair_bonus > 0)
    low, high = np.minimum(first, second)[kept], np.maximum(first, second)[kept]
    order = np.lexsort((high, low))
    return Pairs(first=low[order], second=high[order], bonus=problem.pair_bonus[kept][order])


def links_of(pairs: Pairs, start: Int64, root: Int64, num_cols: int) -> Links:
    """Return the links of ``pairs`` of rows whose arcs, from ``start`` on, lead to the columns ``root``."""
    arcs, keys = [], []
    for rows in (pairs.first, pairs.second):
        arc, pair = ragged(start, rows)
        arcs.append(arc)
        keys.append(pair * num_cols + root[arc])
    common = np.intersect1d(keys[0], keys[1])
    arc, side = np.concatenate(arcs), np.repeat([0, 1], [arcs[0].size, arcs[1].size])
    key = np.concatenate(keys)
    linked = np.isin(key, common)
    arc, side, link = arc[linked], side[linked], np.searchsorted(common, key[linked])
    order = np.lexsort((link, arc))
    arc, side, link = arc[order], side[order], link[order]
    pair, column = np.divmod(common, max(num_cols, 1))
    return Links(
        ends=np.stack([pairs.first[pair], pairs.second[pair]]),
        root=column,
        bonus=pairs.bonus[pair],
        arc=arc,
        link=link,
        side=side,
        start=np.concatenate([[0], np.cumsum(np.bincount(arc, minlength=root.size))]),
    )
