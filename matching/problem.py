"""The one problem at the bottom: groups want a place each, bins have capacities, arcs are sparse.

``AssignmentProblem`` is checked once, at its construction, by whole-array operations; what holds an
instance of it never needs to check again. The checks themselves are in ``matching.validation``.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from matching import validation as check
from matching.exact import exact_sum
from matching.nesting import outermost, with_inner

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


class Status(Enum):
    """How far a solve went. An invalid problem is an exception, never a status."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"


@dataclass(frozen=True, slots=True, eq=False, init=False)
class AssignmentProblem:
    """Groups, bins and arcs; choosing an arc places its group in its bin.

    Choose at most one arc per group so that no bin, nor any bin above it, is filled beyond its
    capacity, and the sum of rewards of placed groups minus the costs of chosen arcs plus the bonuses
    of pairs placed together is greatest.

    Parameters
    ----------
    reward : array_like of int64, shape (num_groups,)
        Value of placing the group at all, ≥ 0.
    arc_group : array_like of int32, shape (num_arcs,)
        Group of each arc, in any order.
    arc_bin : array_like of int32, shape (num_arcs,)
        Bin of each arc; a (group, bin) pair occurs at most once.
    arc_cost : array_like of int64, shape (num_arcs,)
        Paid if the arc is chosen, ≥ 0.
    arc_load : array_like of int32, shape (num_arcs,), optional
        Capacity used if the arc is chosen, ≥ 0; 1 everywhere by default.
    capacity : array_like of int64, shape (num_bins,)
        Of each bin, ≥ 0.
    pinned : array_like of int32, shape (num_groups,), optional
        Arc that must be kept, -1 = free; all free by default.
    bin_parent : array_like of int32, shape (num_bins,), optional
        Bin that contains this one, -1 = none: an arc to a bin also uses the capacity of every bin
        above it. All without parent by default.
    use_arc, use_bin, use_load : array_like of int32, shape (num_uses,), optional
        Further capacity taken with an arc: choosing ``use_arc[i]`` also uses ``use_load[i]`` ≥ 0 of
        ``use_bin[i]`` and of every bin above it. None of these may contain, or lie beside, the arc's
        own bin (another outermost bin), and an (arc, bin) pair occurs at most once. None by default.
    pair_first, pair_second : array_like of int32, shape (num_pairs,), optional
        Two different groups that would rather be together; a pair occurs at most once, in either order.
    pair_bonus : array_like of int64, shape (num_pairs,), optional
        Earned when both are placed in bins with the same outermost bin, ≥ 0.

    Raises
    ------
    InvalidProblem
        Naming the array and the first offending index.

    Notes
    -----
    Arrays must hold integers: floats (hence NaN) and booleans are refused, not rounded. They are kept
    as read-only arrays of the stated types; optional ones left out become constant arrays.
    """

    reward: Int64
    arc_group: Int32
    arc_bin: Int32
    arc_cost: Int64
    arc_load: Int32
    capacity: Int64
    pinned: Int32
    bin_parent: Int32
    use_arc: Int32
    use_bin: Int32
    use_load: Int32
    pair_first: Int32
    pair_second: Int32
    pair_bonus: Int64

    def __init__(
        self,
        *,
        reward: npt.ArrayLike,
        arc_group: npt.ArrayLike,
        arc_bin: npt.ArrayLike,
        arc_cost: npt.ArrayLike,
        capacity: npt.ArrayLike,
        arc_load: npt.ArrayLike | None = None,
        pinned: npt.ArrayLike | None = None,
        bin_parent: npt.ArrayLike | None = None,
        use_arc: npt.ArrayLike = (),
        use_bin: npt.ArrayLike = (),
        use_load: npt.ArrayLike = (),
        pair_first: npt.ArrayLike = (),
        pair_second: npt.ArrayLike = (),
        pair_bonus: npt.ArrayLike = (),
    ) -> None:
        self._keep("reward", check.integers64("reward", reward))
        self._keep("capacity", check.integers64("capacity", capacity))
        self._keep("arc_group", check.integers32("arc_group", arc_group))
        num_arcs = self.arc_group.size
        self._keep("arc_bin", check.integers32("arc_bin", arc_bin, num_arcs))
        self._keep("arc_cost", check.integers64("arc_cost", arc_cost, num_arcs))
        self._keep("arc_load", check.integers32("arc_load", arc_load, num_arcs, default=1))
        self._keep("pinned", check.integers32("pinned", pinned, self.reward.size, default=-1))
        self._keep("bin_parent", check.integers32("bin_parent", bin_parent, self.capacity.size, default=-1))
        self._keep("use_arc", check.integers32("use_arc", use_arc))
        self._keep("use_bin", check.integers32("use_bin", use_bin, self.use_arc.size))
        self._keep("use_load", check.integers32("use_load", use_load, self.use_arc.size))
        self._keep("pair_first", check.integers32("pair_first", pair_first))
        self._keep("pair_second", check.integers32("pair_second", pair_second, self.pair_first.size))
        self._keep("pair_bonus", check.integers64("pair_bonus", pair_bonus, self.pair_first.size))
        check.ranges(self)
        check.no_duplicate_arcs(self)
        check.nesting(self.bin_parent)
        check.uses(self)
        check.pairs(self)
        check.pins(self)
        check.sums(self)

    def _keep(self, name: str, array: npt.NDArray[np.generic]) -> None:
        array.setflags(write=False)
        object.__setattr__(self, name, array)

    @property
    def num_groups(self) -> int:
        """Number of groups."""
        return int(self.reward.size)

    @property
    def num_bins(self) -> int:
        """Number of bins."""
        return int(self.capacity.size)

    @property
    def num_arcs(self) -> int:
        """Number of arcs."""
        return int(self.arc_group.size)

    @property
    def is_flow(self) -> bool:
        """Whether every arc uses one unit of its own bin only, and no group minds where others go."""
        return bool((self.arc_load == 1).all()) and not self.use_arc.size and not self.pair_first.size

    def used_capacity(self, arcs: npt.NDArray[np.signedinteger]) -> Int64:
        """Return what the chosen ``arcs``, each given once, use of each bin, bins inside included."""
        direct = np.zeros(self.num_bins, np.int64)
        np.add.at(direct, self.arc_bin[arcs], self.arc_load[arcs])
        if self.use_arc.size:
            chosen = np.zeros(self.num_arcs, dtype=bool)
            chosen[arcs] = True
            used = chosen[self.use_arc]
            np.add.at(direct, self.use_bin[used], self.use_load[used])
        return with_inner(direct, self.bin_parent)

    def free_capacity(self) -> Int64:
        """Return what pinned arcs leave of each capacity."""
        return self.capacity - self.used_capacity(self.pinned[self.pinned >= 0])

    def value(self, arcs: npt.NDArray[np.signedinteger]) -> int:
        """Return the exact sum of rewards minus costs of the chosen ``arcs``, bonuses of pairs added."""
        placed = exact_sum(self.reward[self.arc_group[arcs]]) - exact_sum(self.arc_cost[arcs])
        return placed + (exact_sum(self.pair_bonus[self._together(arcs)]) if self.pair_first.size else 0)

    def _together(self, arcs: npt.NDArray[np.signedinteger]) -> npt.NDArray[np.bool_]:
        """Tell which pairs the chosen ``arcs`` place under the same outermost bin."""
        home = np.full(self.num_groups, -1, np.int64)
        home[self.arc_group[arcs]] = outermost(self.bin_parent)[self.arc_bin[arcs]]
        first = home[self.pair_first]
        together: npt.NDArray[np.bool_] = (first >= 0) & (first == home[self.pair_second])
        return together


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AssignmentResult:
    """What ``assign`` answers.

    Parameters
    ----------
    arc : ndarray of int32, shape (num_groups,)
        Chosen arc of each group, -1 when the group is not placed.
    status : Status
        OPTIMAL when proven, FEASIBLE when a limit stopped the proof.
    objective : int
        Rewards of placed groups minus costs of chosen arcs plus bonuses earned, exact.
    bound : int
        Proven upper bound on ``objective``; equal to it when OPTIMAL.
    price : ndarray of int64, shape (num_bins,), or None
        Smallest optimal dual of each capacity; for a bin without parent exactly what one more
        unit would add to ``objective``. None where no dual exists.
    relaxed_price : ndarray of int64, shape (num_bins,), or None
        Where loads, uses or pairs leave no exact ``price``: about what a unit of each bin is worth,
        from the linear relaxation, ≥ 0.
    """

    arc: Int32
    status: Status
    objective: int
    bound: int
    price: Int64 | None
    relaxed_price: Int64 | None = None
