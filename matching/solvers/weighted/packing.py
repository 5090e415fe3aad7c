"""The free part of a problem with loads: arcs sorted by group, in an order the rows do not decide."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from matching.exact import exact_sum
from matching.nesting import with_inner, with_outer
from matching.problem import AssignmentProblem
from matching.solvers.canonical import colours

Bools = npt.NDArray[np.bool_]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Indices = npt.NDArray[np.intp]

# Spreads loads over the bits of the costs they are mixed with.
_LOAD_STRIDE = 0x9E3779B1


@dataclass(frozen=True, kw_only=True, eq=False)
class Packing:
    """Groups (rows), bins (columns) and arcs sorted by row.

    Parameters
    ----------
    group, arc : ndarray of int64
        Where each row and arc stands in the problem.
    start : ndarray of int64, shape (num_rows + 1,)
        ``start[i]:start[i+1]`` are the arcs of row ``i``; every row has at least one.
    row, col, gain, load : ndarrays of int64, shape (num_arcs,)
        ``gain`` is the reward minus the cost, ≥ 0.
    capacity, parent, root : ndarrays of int64, shape (num_cols,)
        What pinned arcs left over, the containing column or -1, the outermost one.
    column : ndarray of int64, shape (num_bins,)
        Column of each bin of the problem.

    Notes
    -----
    A ``choice`` of rows is an ndarray of int64, shape (num_rows,): the arc of each row, -1 = none.
    """

    group: Int64
    arc: Int64
    start: Int64
    row: Int64
    col: Int64
    gain: Int64
    load: Int64
    capacity: Int64
    parent: Int32
    root: Int64
    column: Int64

    @property
    def num_rows(self) -> int:
        """Number of free groups with at least one useful arc."""
        return int(self.group.size)

    @property
    def num_cols(self) -> int:
        """Number of bins."""
        return int(self.capacity.size)

    @property
    def num_arcs(self) -> int:
        """Number of useful arcs."""
        return int(self.arc.size)

    @cached_property
    def row_load(self) -> Int64 | None:
        """Load of each row where it is the same, and not 0, in every column; None otherwise."""
        load = self.load[self.start[:-1]]
        return load if (self.load == load[self.row]).all() and (load > 0).all() else None

    def room(self, choice: Int64) -> Int64:
        """Return the capacity each column has left, negative when overfull."""
        taken = choice[choice >= 0]
        direct = np.bincount(self.col[taken], weights=self.load[taken], minlength=self.num_cols)
        return self.capacity - with_inner(direct.astype(np.int64), self.parent)

    def value(self, choice: Int64) -> int:
        """Return the exact sum of gains."""
        return exact_sum(self.gain[choice[choice >= 0]])

    def outer(self, price: Int64) -> Int64:
        """Return what a unit of load pays in each column: its price and those of all above it."""
        return with_outer(price, self.parent)


def packing_of(problem: AssignmentProblem, seed: int) -> Packing:
    """Return what pinned arcs leave to decide, rows and columns in canonical order.

    Parameters
    ----------
    seed : int
        Decides the order among groups, and bins, that nothing else distinguishes.
    """
    arcs = _useful_arcs(problem)
    group, bin_ = problem.arc_group[arcs], problem.arc_bin[arcs]
    mixed = problem.arc_cost[arcs] ^ (problem.arc_load[arcs].astype(np.int64) * _LOAD_STRIDE)
    group_colour, bin_colour = colours(
        reward=problem.reward, capacity=problem.free_capacity(), parent=problem.bin_parent,
        row=group, col=bin_, cost=mixed, seed=seed,
    )  # fmt: skip
    bins = np.argsort(bin_colour, kind="stable")
    groups = np.flatnonzero(np.bincount(group, minlength=problem.num_groups))
    groups = groups[np.argsort(group_colour[groups], kind="stable")]
    column, row = _inverse(bins, problem.num_bins), _inverse(groups, problem.num_groups)
    order = np.lexsort((column[bin_], row[group]))
    arcs = arcs[order]
    parent = problem.bin_parent[bins]
    parent = np.where(parent >= 0, column[parent], -1).astype(np.int32)
    return Packing(
        group=groups,
        arc=arcs,
        start=np.concatenate([[0], np.cumsum(np.bincount(row[group], minlength=groups.size))]),
        row=row[group[order]],
        col=column[bin_[order]],
        gain=(problem.reward[problem.arc_group[arcs]] - problem.arc_cost[arcs]),
        load=problem.arc_load[arcs].astype(np.int64),
        capacity=problem.free_capacity()[bins],
        parent=parent,
        root=_roots(parent),
        column=column,
    )


def arcs_of(packing: Packing, choice: Int64, problem: AssignmentProblem) -> Int64:
    """Return the arc of each group of the problem, pinned ones included, -1 = none."""
    arc = problem.pinned.astype(np.int64)
    arc[packing.group] = np.where(choice >= 0, packing.arc[choice], -1)
    return arc


def choice_of(packing: Packing, arc: Int64, num_arcs: int) -> Int64:
    """Return the choice that a chosen arc per group of the problem amounts to."""
    position = np.full(num_arcs + 1, -1, np.int64)
    position[packing.arc] = np.arange(packing.num_arcs)
    return position[arc[packing.group]]


def filling_entries(packing: Packing, arcs: Int64) -> tuple[Int64, Int64, Int64]:
    """Return (column, position in ``arcs``, load) of all that arcs fill, columns above included."""
    columns, positions = [], []
    position, column = np.arange(arcs.size), packing.col[arcs]
    while position.size:
        columns.append(column)
        positions.append(position)
        above = packing.parent[column].astype(np.int64)
        position, column = position[above >= 0], above[above >= 0]
    position = np.concatenate([np.zeros(0, np.int64), *positions])
    return np.concatenate([np.zeros(0, np.int64), *columns]), position, packing.load[arcs[position]]


def _useful_arcs(problem: AssignmentProblem) -> Indices:
    """Return the arcs of free groups that fit and do not cost more than they bring."""
    useful = problem.arc_cost <= problem.reward[problem.arc_group]
    useful &= problem.pinned[problem.arc_group] < 0
    # What fits in a bin must fit in all above it: the tightest of them decides.
    free = problem.free_capacity()
    room, above = free, problem.bin_parent
    while (above >= 0).any():
        room = np.minimum(room, np.where(above >= 0, free[above], room))
        above = np.where(above >= 0, problem.bin_parent[above], -1)
    return np.flatnonzero(useful & (problem.arc_load <= room[problem.arc_bin]))


def _inverse(order: Int64, size: int) -> Int64:
    place = np.full(size, -1, np.int64)
    place[order] = np.arange(order.size)
    return place


def _roots(parent: Int32) -> Int64:
    root = np.arange(parent.size)
    while (inner := parent[root] >= 0).any():
        root[inner] = parent[root[inner]]
    return root
