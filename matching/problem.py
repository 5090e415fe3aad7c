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
from matching.nesting import with_inner

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
    capacity, and the sum of rewards of placed groups minus the costs of chosen arcs is greatest.

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
        check.ranges(self)
        check.no_duplicate_arcs(self)
        check.nesting(self.bin_parent)
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
    def has_unit_loads(self) -> bool:
        """Whether every arc uses exactly one unit of capacity."""
        return bool((self.arc_load == 1).all())

    def used_capacity(self, arcs: npt.NDArray[np.signedinteger]) -> Int64:
        """Return what the chosen ``arcs`` use of each bin, bins inside included."""
        direct = np.zeros(self.num_bins, np.int64)
        np.add.at(direct, self.arc_bin[arcs], self.arc_load[arcs])
        return with_inner(direct, self.bin_parent)

    def free_capacity(self) -> Int64:
        """Return what pinned arcs leave of each capacity."""
        return self.capacity - self.used_capacity(self.pinned[self.pinned >= 0])

    def value(self, arcs: npt.NDArray[np.signedinteger]) -> int:
        """Return the exact sum of rewards minus costs of the chosen ``arcs``."""
        return exact_sum(self.reward[self.arc_group[arcs]]) - exact_sum(self.arc_cost[arcs])


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
        Sum of the rewards of placed groups minus the costs of chosen arcs, exact.
    bound : int
        Proven upper bound on ``objective``; equal to it when OPTIMAL.
    price : ndarray of int64, shape (num_bins,), or None
        Smallest optimal dual of each capacity; for a bin without parent exactly what one more
        unit would add to ``objective``. None where no dual exists.
    """

    arc: Int32
    status: Status
    objective: int
    bound: int
    price: Int64 | None
