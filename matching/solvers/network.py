"""The free part of a unit-load problem, put in a canonical and cache-friendly order.

The same problem in any row order becomes the same network (see ``canonical`` for the exact extent of
"same"), whose pieces, the groups of bins that no arc connects, are contiguous ranges.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from matching.exact import exact_sum
from matching.nesting import with_inner, with_outer
from matching.pairs import in_order
from matching.problem import AssignmentProblem
from matching.solvers.canonical import UInt64, colours
from matching.solvers.locality import bin_order

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Number = TypeVar("Number", bound=np.generic)

# Pieces are solved together until they have this many arcs: calls cost as much as a few hundred arcs.
_MIN_ARCS = 10_000
# Below this many arcs everything fits in the cache of a core: no order of the bins can help.
_CACHED_ARCS = 30_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """Groups (rows), bins (columns) and arcs sorted by row; all loads are 1.

    Parameters
    ----------
    group, bin, arc : ndarray of int32
        Where each row, column and arc stands in the problem.
    reward, start : ndarray of int64, shapes (num_rows,), (num_rows + 1,)
        ``start[i]:start[i+1]`` are the arcs of row ``i``; every row has at least one.
    row, col, cost : ndarrays, shape (num_arcs,)
    capacity, parent : ndarrays, shape (num_cols,)
        What pinned arcs left over, and the containing column or -1.
    """

    group: Int32
    bin: Int32
    arc: Int32
    reward: Int64
    start: Int64
    row: Int32
    col: Int32
    cost: Int64
    capacity: Int64
    parent: Int32

    @property
    def num_rows(self) -> int:
        """Number of groups."""
        return int(self.group.size)

    @property
    def num_cols(self) -> int:
        """Number of bins."""
        return int(self.bin.size)

    @property
    def num_arcs(self) -> int:
        """Number of arcs."""
        return int(self.arc.size)

    def along_arcs(self, of_rows: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """Return for each arc the value of its row; faster than a gather, as arcs are sorted by row."""
        return np.repeat(of_rows, np.diff(self.start))

    def gain(self) -> Int64:
        """Return reward minus cost of each arc."""
        return self.along_arcs(self.reward) - self.cost

    def value(self, choice: Int64) -> int:
        """Return the exact sum of rewards minus costs of the arcs chosen, -1 = none."""
        placed = choice >= 0
        return exact_sum(self.reward[placed]) - exact_sum(self.cost[choice[placed]])

    def outer(self, values: Int64) -> Int64:
        """Return for each column the value of the column that contains it, 0 where none does."""
        return np.where(self.parent >= 0, values[self.parent], 0)

    def slice(self, rows: tuple[int, int], cols: tuple[int, int]) -> "Network":
        """Return the piece made of a range of rows and the range of columns they reach."""
        (first_row, end_row), (first_col, end_col) = rows, cols
        start = self.start[first_row : end_row + 1]
        arcs = slice(int(start[0]), int(start[-1]))
        parent = self.parent[first_col:end_col]
        return Network(
            group=self.group[first_row:end_row],
            bin=self.bin[first_col:end_col],
            arc=self.arc[arcs],
            reward=self.reward[first_row:end_row],
            start=start - start[0],
            row=self.row[arcs] - np.int32(first_row),
            col=self.col[arcs] - np.int32(first_col),
            cost=self.cost[arcs],
            capacity=self.capacity[first_col:end_col],
            parent=np.where(parent >= 0, parent - np.int32(first_col), np.int32(-1)),
        )


def free_pieces(problem: AssignmentProblem, seed: int) -> list[Network]:
    """Return the pieces of what pinned arcs leave to decide, small ones put together.

    Parameters
    ----------
    seed : int
        Decides the order among groups, and bins, that nothing else distinguishes.
    """
    arcs = _useful_arcs(problem)
    if not arcs.size:
        return []
    network, component = _in_order(problem, arcs, seed)
    return list(_split(network, component))


def _useful_arcs(problem: AssignmentProblem) -> npt.NDArray[np.intp]:
    """Return the arcs of free groups that an optimum may need.

    An arc that costs more than its reward never helps. Neither does one dearer than another arc of the
    same group to a bin that cannot fill up: that bin's price is zero in every optimal dual.
    """
    useful = _paying_arcs(problem)
    all_useful = bool(useful.all())
    roomy = _never_full(problem, problem.arc_bin if all_useful else problem.arc_bin[useful])
    if roomy.any():
        cheapest = np.full(problem.num_groups, np.iinfo(np.int64).max)
        into = np.flatnonzero(useful & roomy[problem.arc_bin])
        np.minimum.at(cheapest, problem.arc_group[into], problem.arc_cost[into])
        useful &= problem.arc_cost <= cheapest[problem.arc_group]
    elif all_useful:
        return np.arange(problem.num_arcs)
    return np.flatnonzero(useful)


def _paying_arcs(problem: AssignmentProblem) -> npt.NDArray[np.bool_]:
    """Tell which arcs of free groups cost no more than the reward; a look at the extremes often says all."""
    if problem.arc_cost.max(initial=0) <= problem.reward.min(initial=np.iinfo(np.int64).max):
        useful = np.ones(problem.num_arcs, dtype=bool)
    else:
        useful = problem.arc_cost <= problem.reward[problem.arc_group]
    if (problem.pinned >= 0).any():
        useful &= problem.pinned[problem.arc_group] < 0
    return useful


def _never_full(problem: AssignmentProblem, wanted: Int32) -> npt.NDArray[np.bool_]:
    """Tell which bins have room, at every level, for all that could come (``wanted``: a bin per arc)."""
    demand = with_inner(np.bincount(wanted, minlength=problem.num_bins), problem.bin_parent)
    tight = (demand > problem.free_capacity()).astype(np.int64)
    roomy: npt.NDArray[np.bool_] = with_outer(tight, problem.bin_parent) == 0
    return roomy


def _in_order(problem: AssignmentProblem, arcs: npt.NDArray[np.intp], seed: int) -> tuple[Network, Int64]:
    """Return the network of ``arcs`` and the component of each of its columns."""
    row, col, cost = _arcs_of(problem, arcs)
    capacity = problem.free_capacity()
    group_colour, bin_colour = colours(
        reward=problem.reward,
        capacity=capacity,
        parent=problem.bin_parent,
        row=row,
        col=col,
        cost=cost,
        seed=seed,
    )
    place = _places(problem, row, col, cost, np.argsort(bin_colour, kind="stable"))
    degree = np.bincount(row, minlength=problem.num_groups)
    groups = np.flatnonzero(degree)
    groups = groups[_by_place_then_colour(place.near_col[groups], group_colour[groups], problem.num_bins)]
    col_of_bin = _inverse(place.bins, problem.num_bins)
    in_row, in_col, by_row = in_order(_inverse(groups, problem.num_groups)[row], col_of_bin[col])
    parent = problem.bin_parent[place.bins]
    network = Network(
        group=groups.astype(np.int32),
        bin=place.bins.astype(np.int32),
        arc=arcs[by_row].astype(np.int32),
        reward=problem.reward[groups],
        start=np.concatenate([[0], np.cumsum(degree[groups])]),
        row=in_row,
        col=in_col,
        cost=cost[by_row],
        capacity=np.minimum(capacity[place.bins], groups.size),
        parent=np.where(parent >= 0, col_of_bin[parent], -1).astype(np.int32),
    )
    return network, place.component


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Places:
    """Where bins go: bin and component of each column, column of each group's cheapest bin."""

    bins: Int64
    component: Int64
    near_col: Int64


def _places(problem: AssignmentProblem, row: Int64, col: Int64, cost: Int64, canonical: Int64) -> _Places:
    """Return columns that keep neighbouring bins close, decided on the ``canonical`` order of bins."""
    if row.size < _CACHED_ARCS:
        one = np.zeros(problem.num_bins, np.int64)
        return _Places(bins=canonical, component=one, near_col=np.zeros(problem.num_groups, np.int64))
    number = _inverse(canonical, problem.num_bins)
    nearest = _cheapest_bins(problem, row, number[col], cost)
    order, component = bin_order(problem.num_bins, *_edges(problem, nearest[row], number[col], number))
    near_col = _inverse(order, problem.num_bins)[nearest]
    return _Places(bins=canonical[order], component=component[order], near_col=near_col)


def _cheapest_bins(problem: AssignmentProblem, row: Int64, col: Int64, cost: Int64) -> Int64:
    """Return the bin of least cost of each group, the first of ``col`` among equals; 0 without arcs."""
    bits = int(problem.num_bins).bit_length()
    none = np.iinfo(np.int64).max
    cheapest = np.full(problem.num_groups, none)
    np.minimum.at(cheapest, row, (np.minimum(cost, 2 ** (62 - bits)) << bits) | col)
    return np.where(cheapest < none, cheapest & ((1 << bits) - 1), 0)


def _edges(problem: AssignmentProblem, near: Int64, col: Int64, number: Int64) -> tuple[Int64, Int64]:
    """Return which bins belong together: a group's cheapest and its others, a bin and its container.

    Bins are named by ``number``, as ``near`` and ``col`` of each arc already are.
    """
    pairs = _distinct(near * problem.num_bins + col, problem.num_bins**2)
    inner = np.flatnonzero(problem.bin_parent >= 0)
    left = np.concatenate([pairs // problem.num_bins, number[inner]])
    right = np.concatenate([pairs % problem.num_bins, number[problem.bin_parent[inner]]])
    return left, right


def _distinct(keys: Int64, end: int) -> Int64:
    """Return the distinct values of ``keys``, all below ``end``, in order: by a table when it is small."""
    if end > 4 * keys.size + 1_000_000:
        return np.unique(keys)
    seen = np.zeros(end, dtype=bool)
    seen[keys] = True
    return np.flatnonzero(seen)


def _inverse(chosen: npt.NDArray[np.signedinteger], size: int) -> Int64:
    """Return where each of ``size`` rows stands in ``chosen``, 0 for those that do not."""
    place = np.zeros(size, np.int64)
    place[chosen] = np.arange(chosen.size)
    return place


def _by_place_then_colour(place: Int64, colour: UInt64, end: int) -> npt.NDArray[np.intp]:
    bits = np.uint64(int(end).bit_length())
    key = (place.astype(np.uint64) << (np.uint64(64) - bits)) | (colour >> bits)
    return np.argsort(key, kind="stable")


def _arcs_of(problem: AssignmentProblem, arcs: npt.NDArray[np.intp]) -> tuple[Int64, Int64, Int64]:
    """Return group, bin and cost of some arcs, as indices of the type that NumPy gathers fastest by."""
    if arcs.size == problem.num_arcs:
        return problem.arc_group.astype(np.int64), problem.arc_bin.astype(np.int64), problem.arc_cost
    return (
        problem.arc_group[arcs].astype(np.int64),
        problem.arc_bin[arcs].astype(np.int64),
        problem.arc_cost[arcs],
    )


def _split(network: Network, component: Int64) -> Iterator[Network]:
    """Yield the pieces of the network; ``component`` of each column is constant along a piece."""
    col_ends = np.flatnonzero(np.diff(component, append=-1)) + 1
    piece_of_row = np.searchsorted(col_ends, network.col[network.start[:-1]], side="right")
    row_ends = np.searchsorted(piece_of_row, np.arange(col_ends.size), side="right")
    arc_ends = network.start[row_ends]
    first_row = first_col = first_arc = 0
    for row, col, arc in zip(row_ends.tolist(), col_ends.tolist(), arc_ends.tolist(), strict=True):
        if arc - first_arc >= _MIN_ARCS or (col == network.num_cols and arc > first_arc):
            yield network.slice((first_row, row), (first_col, col))
            first_row, first_col, first_arc = row, col, arc
