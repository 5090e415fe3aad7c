"""The free part of a problem with loads: arcs sorted by group, in an order the rows do not decide."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from matching.exact import exact_sum
from matching.nesting import outermost
from matching.problem import AssignmentProblem
from matching.solvers.canonical import colours
from matching.solvers.weighted.filling import Filling, filling_of
from matching.solvers.weighted.links import Links, Pairs, links_of, pairs_of

Bools = npt.NDArray[np.bool_]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

# Spreads loads over the bits of the costs they are mixed with.
_LOAD_STRIDE = 0x9E3779B1


@dataclass(frozen=True, kw_only=True, eq=False)
class Packing:
    """Groups (rows), bins (columns) and arcs sorted by row.

    Parameters
    ----------
    base : int
        Value of the pinned arcs; all other values come on top of it.
    group, arc : ndarray of int64
        Where each row and arc stands in the problem.
    start : ndarray of int64, shape (num_rows + 1,)
        ``start[i]:start[i+1]`` are the arcs of row ``i``; every row has at least one.
    row, col, gain, load : ndarrays of int64, shape (num_arcs,)
        ``col`` and ``load`` are those of the arc itself; ``gain`` is the reward minus the cost, plus
        the bonuses earned with pinned groups.
    capacity, parent, root : ndarrays of int64, shape (num_cols,)
        What pinned arcs left over, the containing column or -1, the outermost one.
    column : ndarray of int64, shape (num_bins,)
        Column of each bin of the problem.
    filling : Filling
        What each arc fills of all that could run out: its column, those above it, further uses.
    pairs, links : Pairs, Links
        Pairs of rows, and the columns where they could be together.

    Notes
    -----
    A ``choice`` of rows is an ndarray of int64, shape (num_rows,): the arc of each row, -1 = none.
    """

    base: int
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
    filling: Filling
    pairs: Pairs
    links: Links

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

    @property
    def is_tree(self) -> bool:
        """Whether arcs fill nothing but their own column and those above, and no row has a partner."""
        return not self.pairs.bonus.size and not self.has_further_uses

    @cached_property
    def has_further_uses(self) -> bool:
        """Whether an arc fills a column that is not above its own."""
        filling = self.filling
        return bool((self.root[filling.col] != self.root[self.col[filling.arc]]).any())

    def home(self, choice: Int64) -> Int64:
        """Return the outermost column of each row, -1 where it is not placed."""
        if not self.num_arcs:
            return choice
        return np.where(choice >= 0, self.root[self.col[choice]], -1)

    def room(self, choice: Int64) -> Int64:
        """Return the capacity each column has left, negative when overfull."""
        column, _, load = self.filling.of(choice[choice >= 0])
        used = np.bincount(column, weights=load, minlength=self.num_cols)
        return self.capacity - used.astype(np.int64)

    def value(self, choice: Int64) -> int:
        """Return the exact sum of gains and of bonuses earned."""
        gains = exact_sum(self.gain[choice[choice >= 0]])
        if not self.pairs.bonus.size:
            return gains
        return gains + exact_sum(self.pairs.bonus[self.pairs.together(self.home(choice))])


def packing_of(problem: AssignmentProblem, seed: int) -> Packing:
    """Return what pinned arcs leave to decide, rows and columns in canonical order.

    Parameters
    ----------
    seed : int
        Decides the order among groups, and bins, that nothing else distinguishes.
    """
    filling = filling_of(problem)
    gain, hoped = _gains(problem)
    too_large = filling.load > problem.free_capacity()[filling.col]
    useful = (gain + hoped[problem.arc_group] >= 0) & (problem.pinned[problem.arc_group] < 0)
    useful[filling.arc[too_large]] = False
    arcs = np.flatnonzero(useful)
    group, bin_ = problem.arc_group[arcs], problem.arc_bin[arcs]
    groups, bins = _canonical_order(problem, arcs, seed)
    column, row = _inverse(bins, problem.num_bins), _inverse(groups, problem.num_groups)
    order = np.lexsort((column[bin_], row[group]))
    arcs, row_of = arcs[order], row[group[order]]
    start = np.concatenate([[0], np.cumsum(np.bincount(row_of, minlength=groups.size))])
    parent = problem.bin_parent[bins]
    parent = np.where(parent >= 0, column[parent], -1).astype(np.int32)
    col, root = column[problem.arc_bin[arcs]], outermost(parent)
    pairs, room = pairs_of(problem, row), problem.free_capacity()[bins]
    return Packing(
        base=problem.value(problem.pinned[problem.pinned >= 0]),
        group=groups,
        arc=arcs,
        start=start,
        row=row_of,
        col=col,
        gain=gain[arcs],
        load=problem.arc_load[arcs].astype(np.int64),
        capacity=room,
        parent=parent,
        root=root,
        column=column,
        filling=filling.restricted(arcs, column).limiting(row_of, room).undominated(room),
        pairs=pairs,
        links=links_of(pairs, start, root[col], problem.num_bins),
    )


def arcs_of(packing: Packing, choice: Int64, problem: AssignmentProblem) -> Int64:
    """Return the arc of each group of the problem, pinned ones included, -1 = none."""
    arc = problem.pinned.astype(np.int64)
    arc[packing.group] = np.where(choice >= 0, packing.arc[choice], -1)
    return arc


def choice_of(packing: Packing, arc: npt.NDArray[np.signedinteger], num_arcs: int) -> Int64:
    """Return the choice that a chosen arc per group of the problem amounts to."""
    position = np.full(num_arcs + 1, -1, np.int64)
    position[packing.arc] = np.arange(packing.num_arcs)
    choice: Int64 = position[arc[packing.group]]
    return choice


def _gains(problem: AssignmentProblem) -> tuple[Int64, Int64]:
    """Return what each arc brings by itself, and what bonuses could at most add for each group."""
    gain: Int64 = problem.reward[problem.arc_group] - problem.arc_cost
    hoped = np.zeros(problem.num_groups, np.int64)
    if not problem.pair_first.size:
        return gain, hoped
    root = outermost(problem.bin_parent)
    home = np.append(root[problem.arc_bin], -1)[problem.pinned]
    for one, other in ((problem.pair_first, problem.pair_second), (problem.pair_second, problem.pair_first)):
        free = home[other] < 0
        np.add.at(hoped, one[free], problem.pair_bonus[free])
        sure = np.flatnonzero(~free)
        if sure.size:  # the partner is pinned: the bonus belongs to the arcs that lead there
            gain = gain + _with_pinned(problem, one[sure], home[other[sure]], problem.pair_bonus[sure], root)
    return gain, hoped


def _with_pinned(problem: AssignmentProblem, group: Int32, home: Int64, bonus: Int64, root: Int64) -> Int64:
    """Return the bonus that each arc earns when it leads its group to the ``home`` of a pinned partner."""
    key = group.astype(np.int64) * problem.num_bins + home
    keys, inverse = np.unique(key, return_inverse=True)
    total = np.zeros(keys.size, np.int64)
    np.add.at(total, inverse, bonus)
    of_arc = problem.arc_group.astype(np.int64) * problem.num_bins + root[problem.arc_bin]
    place = np.minimum(np.searchsorted(keys, of_arc), keys.size - 1)
    earned: Int64 = np.where(keys[place] == of_arc, total[place], 0)
    return earned


def _canonical_order(problem: AssignmentProblem, arcs: Int64, seed: int) -> tuple[Int64, Int64]:
    """Return the groups with useful arcs, and all bins, in an order that rows do not decide."""
    useful = np.zeros(problem.num_arcs, dtype=bool)
    useful[arcs] = True
    uses = np.flatnonzero(useful[problem.use_arc])
    by_use = problem.use_arc[uses]
    mixed = problem.arc_cost ^ (problem.arc_load.astype(np.int64) * _LOAD_STRIDE)
    tags = mixed[by_use] ^ ((1 + problem.use_load[uses].astype(np.int64)) * _LOAD_STRIDE << 8)
    group_colour, bin_colour = colours(
        reward=problem.reward, capacity=problem.free_capacity(), parent=problem.bin_parent,
        row=np.concatenate([problem.arc_group[arcs], problem.arc_group[by_use]]),
        col=np.concatenate([problem.arc_bin[arcs], problem.use_bin[uses]]),
        cost=np.concatenate([mixed[arcs], tags]),
        pairs=(problem.pair_first, problem.pair_second, problem.pair_bonus), seed=seed,
    )  # fmt: skip
    groups = np.flatnonzero(np.bincount(problem.arc_group[arcs], minlength=problem.num_groups))
    groups = groups[np.argsort(group_colour[groups], kind="stable")]
    return groups, np.argsort(bin_colour, kind="stable")


def _inverse(order: Int64, size: int) -> Int64:
    place = np.full(size, -1, np.int64)
    place[order] = np.arange(order.size)
    return place
