"""What prices of rows prove, in exact integers: a bound, and what each arc falls short of it.

References
----------
M. Posta, J. A. Ferland, P. Michelon (2012), "An exact method with variable fixing for solving the
generalized assignment problem", doi:10.1007/s10589-011-9432-0.
"""

from dataclasses import dataclass

import numpy as np

from matching.exact import exact_sum
from matching.solvers.weighted.dual import Float64
from matching.solvers.weighted.packing import Int64, Packing
from matching.solvers.weighted.patterns.table import Table

# The sums of a column stay below this, in scaled units.
_LARGEST = 2**60
_FINEST = 100_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Proof:
    """Row prices as fractions with one denominator, and what follows from them.

    Parameters
    ----------
    total : int
        The bound times ``scale``.
    arc_loss : ndarray of int64, shape (num_arcs,)
        Least that any choice with this arc falls short of ``total``.
    row_loss : ndarray of int64, shape (num_rows,)
        Least that any choice without this row falls short of ``total``.
    """

    total: int
    scale: int
    arc_loss: Int64
    row_loss: Int64

    @property
    def bound(self) -> int:
        """Greatest objective that the prices do not exclude."""
        return self.total // self.scale

    def hope(self, value: int) -> int:
        """Return the largest loss of a choice worth more than ``value``."""
        return self.total - (value + 1) * self.scale


def proof_of(packing: Packing, table: Table, price: Float64) -> Proof:
    """Return what ``price``, shape (num_rows,), proves once rounded to fractions ≥ 0.

    Takes the dynamic programme of every column over all rows that bring something, twice.
    """
    most = int(table.gain.max(initial=0)) + int(price.max(initial=0.0)) + 2
    scale = max(1, min(_FINEST, _LARGEST // (most * (table.num_rows + 1))))
    fraction = np.rint(np.maximum(price, 0.0) * scale).astype(np.int64)
    profit = table.gain * scale - fraction
    columns = [
        _column(profit[column], table.load[column], int(table.capacity[column]))
        for column in range(table.num_cols)
    ]
    without = np.array([column.without for column in columns]).reshape(profit.shape)
    with_it = np.array([column.with_it for column in columns]).reshape(profit.shape)
    everywhere = without.sum(axis=0)
    cell = (packing.col, packing.row)
    return Proof(
        total=exact_sum(fraction) + sum(column.value for column in columns),
        scale=scale,
        arc_loss=with_it[cell] + everywhere[packing.row] - without[cell],
        row_loss=fraction + everywhere,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Column:
    """Greatest profit of a pattern, and what is lost of it with or without each row, ≥ 0."""

    value: int
    with_it: Int64
    without: Int64


def _column(profit: Int64, load: Int64, capacity: int) -> _Column:
    items = np.flatnonzero((profit > 0) & (load <= capacity))
    before = _filled(profit[items], load[items], capacity)
    after = _filled(profit[items][::-1], load[items][::-1], capacity)[::-1]
    value = int(before[-1, capacity])
    without = np.zeros(profit.size, np.int64)
    without[items] = value - (before[:-1] + after[1:, ::-1]).max(axis=1)
    # Rows that bring nothing by themselves: the best pattern of what they leave.
    rest = np.maximum(capacity - load, 0)
    with_it = value - (before[-1, rest] + profit)
    for place, item in enumerate(items.tolist()):
        room = capacity - int(load[item])
        best = (before[place, : room + 1] + after[place + 1, room::-1]).max()
        with_it[item] = value - int(best) - int(profit[item])
    return _Column(value=value, with_it=with_it, without=without)


def _filled(profit: Int64, load: Int64, capacity: int) -> Int64:
    """Return the greatest profit of the first items within each room, shape (items + 1, capacity + 1)."""
    best = np.zeros((profit.size + 1, capacity + 1), np.int64)
    for place, (gain, weight) in enumerate(zip(profit.tolist(), load.tolist(), strict=True)):
        best[place + 1] = best[place]
        np.maximum(
            best[place, weight:], best[place, : capacity + 1 - weight] + gain, out=best[place + 1, weight:]
        )
    return best
