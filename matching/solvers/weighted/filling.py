"""What each arc fills: its own column, every column above it, further uses and what is above these."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from matching.problem import AssignmentProblem

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Filling:
    """Entries arc after arc, at most one per arc and column.

    Parameters
    ----------
    start : ndarray of int64, shape (num_arcs + 1,)
        ``start[i]:start[i+1]`` are the entries of arc ``i``.
    col, load : ndarray of int64, shape (num_entries,)
        Column filled and units taken, > 0.
    """

    start: Int64
    col: Int64
    load: Int64

    @cached_property
    def arc(self) -> Int64:
        """Arc of each entry."""
        return np.repeat(np.arange(self.start.size - 1), np.diff(self.start))

    def of(self, arcs: Int64) -> tuple[Int64, Int64, Int64]:
        """Return (column, position in ``arcs``, load) of all that some arcs fill."""
        entries, position = ragged(self.start, arcs)
        return self.col[entries], position, self.load[entries]

    def reached(self, num_cols: int) -> npt.NDArray[np.bool_]:
        """Mark the columns that something fills."""
        return np.bincount(self.col, minlength=num_cols) > 0

    def paid(self, price: Int64) -> Int64:
        """Return what each arc pays in all; running sums may wrap around, their differences do not."""
        running = np.concatenate([[0], np.cumsum(price[self.col] * self.load)])
        paid: Int64 = running[self.start[1:]] - running[self.start[:-1]]
        return paid

    def about_paid(self, price: Float64) -> Float64:
        """Return what each arc pays in all, in floating point."""
        weights = price[self.col] * self.load
        return np.bincount(self.arc, weights=weights, minlength=self.start.size - 1).astype(np.float64)

    def fits(self, arcs: Int64, room: Int64) -> npt.NDArray[np.bool_]:
        """Tell which of some arcs fit, each by itself, into the ``room`` of the columns."""
        column, position, load = self.of(arcs)
        fits = np.ones(arcs.size, dtype=bool)
        fits[position[load > room[column]]] = False
        return fits

    def restricted(self, arcs: Int64, column: Int64) -> "Filling":
        """Return the entries of ``arcs`` in this order, columns renamed by ``column[old]``."""
        entries, position = ragged(self.start, arcs)
        start = np.concatenate([[0], np.cumsum(np.bincount(position, minlength=arcs.size))])
        return Filling(start=start, col=column[self.col[entries]], load=self.load[entries])

    def limiting(self, row: Int64, capacity: Int64) -> "Filling":
        """Return the entries of columns that the arcs, one per ``row``, could fill beyond ``capacity``."""
        key, inverse = np.unique(row[self.arc] * capacity.size + self.col, return_inverse=True)
        largest = np.zeros(key.size, np.int64)
        np.maximum.at(largest, inverse, self.load)
        demand = np.zeros(capacity.size, np.int64)
        np.add.at(demand, key % max(capacity.size, 1), largest)
        kept = (demand > capacity)[self.col]
        count = np.bincount(self.arc[kept], minlength=self.start.size - 1)
        start = np.concatenate([[0], np.cumsum(count)])
        return Filling(start=start, col=self.col[kept], load=self.load[kept])

    def undominated(self, capacity: Int64) -> "Filling":
        """Return the entries of columns that no other column makes superfluous.

        Where whatever fills one column fills another at least as much, and that other has no more room,
        the first is never the one that is full first: places, for instance, beside a smaller workload.
        """
        dominated = np.zeros(capacity.size, dtype=bool)
        num_entries = np.bincount(self.col, minlength=capacity.size)
        for less, more, together in self._common_columns():
            fits = (together == num_entries[less]) & (capacity[more] <= capacity[less])
            mutual = (together == num_entries[more]) & (capacity[more] == capacity[less])
            dominated[less[fits & (~mutual | (more < less))]] = True
        kept = ~dominated[self.col]
        count = np.bincount(self.arc[kept], minlength=self.start.size - 1)
        start = np.concatenate([[0], np.cumsum(count)])
        return Filling(start=start, col=self.col[kept], load=self.load[kept])

    def _common_columns(self) -> Iterator[tuple[Int64, Int64, Int64]]:
        """Yield pairs of columns, and how many arcs fill the second at least as much as the first."""
        first, second = self._entries_of_one_arc()
        for one, other in ((first, second), (second, first)):
            enough = self.load[other] >= self.load[one]
            size = int(self.col.max(initial=0)) + 1
            key, count = np.unique(self.col[one[enough]] * size + self.col[other[enough]], return_counts=True)
            yield key // size, key % size, count

    def _entries_of_one_arc(self) -> tuple[Int64, Int64]:
        """Return all pairs of entries of the same arc."""
        arc, position = self.arc, np.arange(self.col.size)
        most = int(np.diff(self.start).max(initial=0))
        firsts, seconds = [position[:0]], [position[:0]]
        for distance in range(1, most):
            same = position[: max(0, position.size - distance)]
            same = same[arc[same] == arc[same + distance]]
            firsts.append(same)
            seconds.append(same + distance)
        return np.concatenate(firsts), np.concatenate(seconds)


def filling_of(problem: AssignmentProblem) -> Filling:
    """Return what all arcs of a problem fill of its bins."""
    arcs = np.concatenate([np.arange(problem.num_arcs), problem.use_arc])
    bins = np.concatenate([problem.arc_bin, problem.use_bin]).astype(np.int64)
    loads = np.concatenate([problem.arc_load, problem.use_load]).astype(np.int64)
    arc, bin_, load = [arcs[:0]], [bins[:0]], [loads[:0]]
    kept = loads > 0
    while kept.any():
        arcs, bins, loads = arcs[kept], bins[kept], loads[kept]
        arc.append(arcs)
        bin_.append(bins)
        load.append(loads)
        bins = problem.bin_parent[bins].astype(np.int64)
        kept = bins >= 0
    return _merged(problem, np.concatenate(arc), np.concatenate(bin_), np.concatenate(load))


def ragged(start: Int64, items: Int64) -> tuple[Int64, Int64]:
    """Return ``start[i] ... start[i+1] - 1`` for each of ``items``, one after the other, and whose it is."""
    count = start[items + 1] - start[items]
    position = np.repeat(np.arange(items.size), count)
    shift = start[items] - np.cumsum(count) + count
    return np.arange(position.size) + shift[position], position


def _merged(problem: AssignmentProblem, arc: Int64, bin_: Int64, load: Int64) -> Filling:
    """Sort entries by arc and add up those of one arc and bin: two uses may share a bin above them."""
    key, inverse = np.unique(arc * max(problem.num_bins, 1) + bin_, return_inverse=True)
    total = np.zeros(key.size, np.int64)
    np.add.at(total, inverse, load)
    arc, bin_ = np.divmod(key, max(problem.num_bins, 1))
    start = np.concatenate([[0], np.cumsum(np.bincount(arc, minlength=problem.num_arcs))])
    return Filling(start=start, col=bin_, load=total)
