"""The best pattern of every column at once: 0/1 knapsacks by dynamic programming over capacity.

Items whose reduced value in the relaxed knapsack exceeds the gap between it and a greedy filling are
decided beforehand; what is left, the core, is a few items and a part of the capacity.

References
----------
E. Balas, E. Zemel (1980), "An algorithm for large zero-one knapsack problems", Operations Research
28(5), doi:10.1287/opre.28.5.1130; S. Martello, P. Toth (1990), "Knapsack Problems", §2.4 (reduction).
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from matching.solvers.weighted.packing import Bools, Int64

Float64 = npt.NDArray[np.float64]

_SLACK = 1e-9  # of a comparison: a tie in floating point keeps an item in the core
_NO_LOAD = 1e-6  # stands for a load of 0 when profits per unit are compared
_FIRST_ITEMS = 48  # of a column sorted at first
_OUT, _IN = 8, 12  # items before and behind the first that does not fit, exchanged for a good filling


def best_patterns(
    profit: Float64, load: Int64, capacity: Int64, known: Bools | None = None
) -> tuple[Float64, Bools]:
    """Return the value of the best pattern of each column, and which rows are in it.

    Parameters
    ----------
    profit : ndarray of float64, shape (num_cols, num_rows)
        Of a row in a column; rows without profit are left out.
    load : ndarray of int64, shape (num_cols, num_rows)
        ≥ 0; more than the capacity where the row may not go.
    capacity : ndarray of int64, shape (num_cols,)
    known : ndarray of bool, shape (num_cols, num_rows), optional
        Patterns that fit; good ones make cores small.

    Returns
    -------
    value : ndarray of float64, shape (num_cols,)
    taken : ndarray of bool, shape (num_cols, num_rows)
    """
    wanted = (profit > 0) & (load <= capacity[:, None])
    ratio, gap = _relaxed(_by_efficiency(profit, load, capacity, wanted), capacity)
    reduced = profit - ratio[:, None] * load
    if known is not None:
        upper = ratio * capacity + np.where(wanted & (reduced > 0), reduced, 0.0).sum(axis=1)
        gap = np.minimum(gap, np.maximum(upper - np.where(known, profit, 0.0).sum(axis=1), 0.0))
    gap = gap[:, None] * (1 + _SLACK) + _SLACK
    taken = wanted & (reduced > gap)
    core = _Items.of(wanted & (np.abs(reduced) <= gap), profit, load)
    value = np.where(taken, profit, 0.0).sum(axis=1)
    chosen, added = _decided(core, capacity - np.where(taken, load, 0).sum(axis=1))
    taken[chosen] = True
    return value + added, taken


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Items:
    """Some rows of each column, left-aligned; beyond the last one rows are -1, profits and loads 0."""

    row: Int64
    profit: Float64
    load: Int64

    @classmethod
    def of(cls, wanted: Bools, profit: Float64, load: Int64) -> Self:
        """Collect the wanted rows of each column."""
        column, row = np.nonzero(wanted)
        count = np.bincount(column, minlength=wanted.shape[0])
        place = np.arange(column.size) - np.repeat(np.cumsum(count) - count, count)
        shape = (wanted.shape[0], int(count.max(initial=0)))
        rows, profits, loads = np.full(shape, -1), np.zeros(shape), np.zeros(shape, np.int64)
        rows[column, place], profits[column, place] = row, profit[column, row]
        loads[column, place] = load[column, row]
        return cls(row=rows, profit=profits, load=loads)


def _by_efficiency(profit: Float64, load: Int64, capacity: Int64, wanted: Bools) -> _Items:
    """Return the rows that bring most per unit of load, at least one more than fits unless all do."""
    columns, num_rows = np.arange(capacity.size)[:, None], profit.shape[1]
    efficiency = np.where(wanted, profit / np.maximum(load, _NO_LOAD), -1.0)
    count = min(num_rows, _FIRST_ITEMS)
    while True:
        top = np.argpartition(-efficiency, count - 1, axis=1)[:, :count] if num_rows else columns[:, :0]
        real = wanted[columns, top]
        weight = np.where(real, load[columns, top], 0)
        if count == num_rows or (~real.all(axis=1) | (weight.sum(axis=1) > capacity)).all():
            break
        count = min(num_rows, 2 * count)
    order = np.argsort(-efficiency[columns, top], axis=1, kind="stable")
    top, real, weight = top[columns, order], real[columns, order], weight[columns, order]
    return _Items(row=np.where(real, top, -1), profit=np.where(real, profit[columns, top], 0.0), load=weight)


def _relaxed(items: _Items, capacity: Int64) -> tuple[Float64, Float64]:
    """Return the price of a unit in the relaxed knapsack, and what a good filling falls short of it."""
    num_cols, size = items.row.shape
    fits = (items.row >= 0) & (np.cumsum(items.load, axis=1) <= capacity[:, None])
    count = np.logical_and.accumulate(fits, axis=1).sum(axis=1)
    room = capacity - np.where(np.arange(size) < count[:, None], items.load, 0).sum(axis=1)
    columns = np.arange(num_cols)
    padded = _Items(
        row=_framed(items.row, -1), profit=_framed(items.profit, 0.0), load=_framed(items.load, 0)
    )
    critical = count + _OUT
    ratio = padded.profit[columns, critical] / np.maximum(padded.load[columns, critical], 1)
    near = critical[:, None] + np.arange(-_OUT, _IN)
    load, real = padded.load[columns[:, None], near], padded.row[columns[:, None], near] >= 0
    worse = np.abs(padded.profit[columns[:, None], near] - ratio[:, None] * load)
    worse = np.where(real, worse, np.inf)
    zero = np.zeros((num_cols, 1))
    out = np.concatenate([zero, worse[:, :_OUT]], axis=1)
    given = np.concatenate([zero, np.where(real, load, 0)[:, :_OUT]], axis=1)
    first, second = np.triu_indices(_IN + 1, 1)
    into = np.concatenate([zero, zero, worse[:, _OUT:]], axis=1)
    needed = np.concatenate([zero, zero, load[:, _OUT:]], axis=1)
    into, needed = into[:, first] + into[:, second + 1], needed[:, first] + needed[:, second + 1]
    left = (room[:, None] + given)[:, :, None] - needed[:, None, :]
    lost = out[:, :, None] + into[:, None, :] + ratio[:, None, None] * left
    gap: Float64 = np.where(left >= 0, lost, np.inf).min(axis=(1, 2))
    return ratio, gap


def _framed(values: npt.NDArray[Any], fill: float) -> npt.NDArray[Any]:
    return np.pad(values, ((0, 0), (_OUT, _IN)), constant_values=fill)


def _decided(items: _Items, capacity: Int64) -> tuple[tuple[Int64, Int64], Float64]:
    """Return the (columns, rows) of the best patterns over the core, and their values."""
    # Columns with most items first, so that each item is looked at for those that have one more.
    count = (items.row >= 0).sum(axis=1)
    order = np.argsort(-count, kind="stable")
    row, profit, load = items.row[order], items.profit[order], items.load[order]
    # Room beyond the sum of all loads serves nothing.
    room = np.minimum(capacity[order], load.sum(axis=1))
    width, pad = int(room.max(initial=0)) + 1, int(load.max(initial=0))
    table = np.full((order.size, pad + width), -np.inf)
    table[:, pad:] = 0.0
    here = np.arange(order.size)[:, None] * (pad + width) + np.arange(pad, pad + width)
    better = []
    for place in range(row.shape[1]):
        num = int((count > place).sum())
        until = int(room[:num].max()) + 1
        best = table[:num, pad : pad + until]
        candidate = table.reshape(-1).take(here[:num, :until] - load[:num, place, None])
        candidate += profit[:num, place, None]
        better.append(candidate > best)
        np.maximum(best, candidate, out=best)
    columns = np.arange(order.size)
    value = np.empty(order.size)
    value[order] = table[columns, pad + room]
    chosen_columns, chosen_rows = [columns[:0]], [columns[:0]]
    for place in range(len(better) - 1, -1, -1):
        num = better[place].shape[0]
        chosen = np.flatnonzero(better[place][columns[:num], room[:num]])
        chosen_columns.append(order[chosen])
        chosen_rows.append(row[chosen, place])
        room[chosen] -= load[chosen, place]
    return (np.concatenate(chosen_columns), np.concatenate(chosen_rows)), value
