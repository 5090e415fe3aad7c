"""A packing as whole arrays, columns by rows: for patterns, the sets of rows that fit in one column."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from matching.solvers.deadline import Deadline
from matching.solvers.weighted.packing import Int64, Packing

_MOST_CELLS = 2_000_000  # columns times rows
_MOST_ROOM = 400_000  # columns times their largest capacity
_MOST_CAPACITY = 10_000
_CELLS_PER_S = 10_000_000  # of the time left, so that exact bounds take a small part of it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """What each row brings and takes in each column.

    Parameters
    ----------
    gain, load : ndarray of int64, shape (num_cols, num_rows)
        ``load`` exceeds the capacity where the row may not go.
    capacity : ndarray of int64, shape (num_cols,)

    Notes
    -----
    A ``home`` of rows is an ndarray of int64, shape (num_rows,): the column of each row, -1 = none.
    """

    gain: Int64
    load: Int64
    capacity: Int64

    @classmethod
    def of(cls, packing: Packing) -> Self:
        """Spread a packing out; its columns must not be nested."""
        shape = (packing.num_cols, packing.num_rows)
        forbidden = int(packing.capacity.max(initial=0)) + 1
        gain, load = np.zeros(shape, np.int64), np.full(shape, forbidden, np.int64)
        gain[packing.col, packing.row] = packing.gain
        load[packing.col, packing.row] = packing.load
        return cls(gain=gain, load=load, capacity=packing.capacity)

    @property
    def num_cols(self) -> int:
        """Number of columns."""
        return int(self.gain.shape[0])

    @property
    def num_rows(self) -> int:
        """Number of rows."""
        return int(self.gain.shape[1])

    @property
    def num_cells(self) -> int:
        """Rows times units of capacity, over all columns: what exact programmes look at."""
        return self.num_cols * self.num_rows * (int(self.capacity.max(initial=0)) + 1)

    def part(self, columns: Int64, rows: Int64) -> "Table":
        """Return the table of some columns and rows."""
        cells = np.ix_(columns, rows)
        return Table(gain=self.gain[cells], load=self.load[cells], capacity=self.capacity[columns])

    def value(self, home: Int64) -> int:
        """Return the sum of gains; fewer than 2**63 by the checks of the problem."""
        placed = np.flatnonzero(home >= 0)
        return int(self.gain[home[placed], placed].sum())

    def fits(self, home: Int64) -> bool:
        """Say whether every column has room for its rows."""
        placed = np.flatnonzero(home >= 0)
        used = np.bincount(home[placed], weights=self.load[home[placed], placed], minlength=self.num_cols)
        return bool((used <= self.capacity).all())


def has_patterns(packing: Packing, deadline: Deadline) -> bool:
    """Say whether patterns can be priced: columns stand alone, rows too, tables are small for the time."""
    cells = packing.num_cols * packing.num_rows * (int(packing.capacity.max(initial=0)) + 1)
    capacity = int(packing.capacity.max(initial=0))
    return (
        packing.num_arcs > 0
        and packing.is_tree
        and cells <= _CELLS_PER_S * deadline.remaining_s()
        and bool((packing.parent < 0).all())
        and packing.num_cols * packing.num_rows <= _MOST_CELLS
        and capacity <= _MOST_CAPACITY
        and packing.num_cols * (capacity + 1) <= _MOST_ROOM
    )


def choice_in(packing: Packing, home: Int64) -> Int64:
    """Return the arc of each row that leads to its home."""
    choice = np.full(packing.num_rows, -1, np.int64)
    arcs = np.flatnonzero(packing.col == home[packing.row])
    choice[packing.row[arcs]] = arcs
    return choice


def home_of(packing: Packing, choice: Int64) -> Int64:
    """Return the column of each row."""
    return np.where(choice >= 0, packing.col[choice], -1)
