"""What cannot be avoided because loads are whole: one knapsack for all that each outermost column offers.

A *block* is an outermost column with whatever else its arcs alone fill: places, workload, limits. Rows
that would fill all priced units without regret seldom exist; the cheapest mixture of regrets and empty
units is a loss that no choice escapes, block by block. Options that come on top of it and then exceed
the hope can be dropped. Whatever is left out of a block (columns that several blocks fill, or that make
too many states) only makes its loss smaller.

References
----------
H. Kellerer, U. Pferschy, D. Pisinger (2004), "Knapsack Problems", §9.3.1 (dynamic programming over
several capacities), §11 (choices of which one at most is taken).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from matching.exact import exact_sum
from matching.solvers.weighted.packing import Int64
from matching.solvers.weighted.region import Region

_LARGEST_HOPE = 2**56  # so that the sum of a dozen axes and a row's loss stays far inside 63 bits
_MOST_STATES = 30_000  # of a block
_MOST_PASSES = 4  # each over fewer options than the one before
_WORTH_ANOTHER = 0.95  # of the options left, below which a further pass pays


def packed(region: Region) -> Region:
    """Return the region without options that exceed its hope once whole loads are counted by block.

    Also raises ``least`` to the loss that the blocks impose.
    """
    for _ in range(_MOST_PASSES):
        if not 0 <= region.hope < _LARGEST_HOPE or not region.arcs.size:
            break
        before = region.arcs.size
        region = _once(region)
        if region.arcs.size > _WORTH_ANOTHER * before:
            break
    return region


def _once(region: Region) -> Region:
    blocks = _Blocks.of(region)
    least, with_arc = np.zeros(blocks.num, np.int64), region.arc_loss.copy()
    for block in blocks:
        table = _least_losses(block, region.hope + 1)
        least[block.number] = table[tuple(block.room)]
        left = block.room - block.load
        # A row of the table may count twice beside its own arc: that only loses less.
        with_arc[block.arcs] += table[tuple(left.T)] - least[block.number]
    in_all = exact_sum(least)
    left_over = max(-1, region.hope - in_all)
    return replace(
        region.within(with_arc <= left_over, region.out_loss <= left_over),
        least=min(max(region.least, in_all), region.loss),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Block:
    """One knapsack.

    Parameters
    ----------
    arcs : ndarray of int64
        Positions in ``region.arcs``.
    row, loss : ndarray of int64, shape (num_arcs,)
    load : ndarray of int64, shape (num_arcs, num_resources)
    room, price : ndarray of int64, shape (num_resources,)
    """

    number: int
    arcs: Int64
    row: Int64
    loss: Int64
    load: Int64
    room: Int64
    price: Int64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Blocks:
    """The arcs of a region by block, and the columns that each block keeps.

    Parameters
    ----------
    order : ndarray of int64, shape (num_arcs of the region,)
        Positions in ``region.arcs``, block after block.
    begin : ndarray of int64, shape (num + 1,)
    columns : list of ndarrays of int64
        Of each block.
    """

    region: Region
    order: Int64
    begin: Int64
    columns: list[Int64]

    @property
    def num(self) -> int:
        """Number of blocks."""
        return self.begin.size - 1

    @classmethod
    def of(cls, region: Region) -> "_Blocks":
        """Look at the options of a region."""
        packing = region.packing
        roots, number = np.unique(packing.root[packing.col[region.arcs]], return_inverse=True)
        column, position, _ = packing.filling.of(region.arcs)
        lowest, highest = np.full(packing.num_cols, roots.size), np.full(packing.num_cols, -1)
        np.minimum.at(lowest, column, number[position])
        np.maximum.at(highest, column, number[position])
        own = np.flatnonzero((lowest == highest) & region.counted)
        worth = region.dual.price[own].astype(np.float64) * region.residual[own]
        own = own[np.lexsort((-worth, lowest[own]))]
        parts = np.split(own, np.searchsorted(lowest[own], np.arange(1, roots.size)))
        order = np.argsort(number, kind="stable")
        return cls(
            region=region,
            order=order,
            begin=np.searchsorted(number[order], np.arange(roots.size + 1)),
            columns=[_few(region, part) for part in parts],
        )

    def __iter__(self) -> Iterator[_Block]:
        """Yield the blocks that keep a column."""
        packing, region = self.region.packing, self.region
        for number, columns in enumerate(self.columns):
            if not columns.size:
                continue
            arcs = self.order[self.begin[number] : self.begin[number + 1]]
            column, position, load = packing.filling.of(region.arcs[arcs])
            place = np.full(packing.num_cols, -1)
            place[columns] = np.arange(columns.size)
            loads, kept = np.zeros((arcs.size, columns.size), np.int64), place[column] >= 0
            loads[position[kept], place[column[kept]]] = load[kept]
            yield _Block(
                number=number,
                arcs=arcs,
                row=packing.row[region.arcs[arcs]],
                loss=region.arc_loss[arcs],
                load=loads,
                room=region.residual[columns],
                price=region.dual.price[columns],
            )


def _few(region: Region, columns: Int64) -> Int64:
    """Return as many of the columns, those worth most first, as do not make too many states."""
    kept, states = [], 1
    for column in columns.tolist():
        more = states * (int(region.residual[column]) + 1)
        if more <= _MOST_STATES:
            kept.append(column)
            states = more
    return np.array(kept, np.int64)


def _least_losses(block: _Block, too_much: int) -> Int64:
    """Return the least loss of rows and empty units within each room up to the block's.

    The empty units of one column never count for more than ``too_much``, which loses less than they do.
    """
    shape = tuple((block.room + 1).tolist())
    table = np.zeros(shape, np.int64)
    for axis, price in enumerate(block.price.tolist()):
        if price == 0:
            continue  # however many stay empty, nothing is lost
        units = np.arange(shape[axis])
        empty = np.where(units <= too_much // price, units * price, too_much)
        table += empty.reshape([-1 if i == axis else 1 for i in range(len(shape))])
    # Rooms that are looked up: what is left beside one arc. A row that loses more changes none of them.
    looked_up = tuple(slice(low, None) for low in (block.room - block.load.max(axis=0)).tolist())
    for options in _by_row(block):
        if block.loss[options[0]] >= table[looked_up].max():
            break
        with_row = [_shifted(table, block.load[i].tolist(), int(block.loss[i])) for i in options]
        for where, total in with_row:
            np.minimum(table[where], total, out=table[where])
    return table


def _shifted(table: Int64, load: list[int], loss: int) -> tuple[tuple[slice, ...], Int64]:
    """Return the rooms that hold an arc, and the least losses with it there."""
    where = tuple(slice(units, None) for units in load)
    rest = tuple(slice(0, size - units) for units, size in zip(load, table.shape, strict=True))
    total: Int64 = table[rest] + loss
    return where, total


def _by_row(block: _Block) -> Iterator[Int64]:
    """Yield the useful options of each row, best first: rows of least loss first."""
    filling = block.load.max(axis=1) > 0
    order = np.lexsort((block.loss, block.row))
    order = order[filling[order]]
    key = np.column_stack([block.row[order], block.load[order]])
    first = np.sort(np.unique(key, axis=0, return_index=True)[1]) if order.size else order
    order = order[first]
    begins = np.flatnonzero(np.diff(block.row[order], prepend=-1))
    ends = np.append(begins[1:], order.size)
    for i in np.argsort(block.loss[order[begins]], kind="stable").tolist():
        yield order[begins[i] : ends[i]]
