"""A region as a linear programme that minimises its loss, with or without whole variables.

Losses are small next to objectives, which keeps the floating-point numbers of HiGHS meaningful.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from matching.solvers.weighted.dual import Float64
from matching.solvers.weighted.filling import ragged
from matching.solvers.weighted.packing import Bools, Int64
from matching.solvers.weighted.region import Region
from matching.solvers.weighted.unavoidable import Unavoidable

if TYPE_CHECKING:
    from scipy.sparse import csc_array

_ROUNDING = 1e-9  # of sums of parts


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Programme:
    """Minimise ``cost`` with ``low ≤ matrix x ≤ high`` and ``0 ≤ x ≤ most``.

    Parameters
    ----------
    num_rows : int
        Rows of the region: one decision each, first.
    columns : ndarray of int64
        Columns of the packing that have a row each, after those.
    links : ndarray of int64
        Links that have a row each, after the columns.
    num_parts : int
        How many of the last variables need not be whole.

    Notes
    -----
    Variables: arcs, rows left out, units left empty in each column, first side of each link alone,
    second side alone, part of the unavoidable loss taken at each outermost column.
    """

    matrix: "csc_array"
    low: Float64
    high: Float64
    cost: Float64
    most: Float64
    num_rows: int
    columns: Int64
    links: Int64
    num_parts: int = 0

    @property
    def whole(self) -> Bools:
        """Which variables must be whole numbers."""
        return np.arange(self.cost.size) < self.cost.size - self.num_parts

    def only(self, kept: Bools) -> "Programme":
        """Return the programme of the variables kept, among them all that need not be whole."""
        return replace(self, matrix=self.matrix[:, kept], cost=self.cost[kept], most=self.most[kept])

    def allows(self, values: Float64) -> bool:
        """Tell whether whole numbers, and parts computed from them, satisfy all bounds."""
        activity = self.matrix @ values
        within = (self.low <= activity + _ROUNDING) & (activity <= self.high + _ROUNDING)
        return bool(within.all() and (values >= 0).all() and (values <= self.most).all())


def programme_of(
    region: Region, *, covering: bool = True, unavoidable: Unavoidable | None = None
) -> Programme:
    """Write a region as a programme: one decision per row, and what fills each column.

    Parameters
    ----------
    covering : bool
        Whether to add what only helps to round.
    unavoidable : Unavoidable, optional
        What every better choice loses; then worse ones are no solutions.
    """
    dual, packing, arcs = region.dual, region.packing, region.arcs
    num_rows, columns, links = region.rows.size, np.flatnonzero(region.counted), _Links.of(region)
    parts = _Parts.of(region, unavoidable)
    entries, variables = (
        _Entries(),
        _Variables(arcs.size, region.unplaced.size, columns.size, links.kept.size, parts.num),
    )
    entries.add(region.position(packing.row[arcs]), variables.arcs, 1)
    entries.add(region.position(region.unplaced), variables.out, 1)
    column, position, load = packing.filling.of(arcs)
    entries.add(num_rows + np.searchsorted(columns, column), position, load)
    entries.add(num_rows + np.arange(columns.size), variables.empty, 1)
    first_link = num_rows + columns.size
    entries.add(first_link + links.row, links.position, links.sign)
    entries.add(first_link + np.arange(links.kept.size), variables.alone[0], -1)
    entries.add(first_link + np.arange(links.kept.size), variables.alone[1], 1)
    low = [np.ones(num_rows), region.residual[columns], np.zeros(links.kept.size)]
    high = list(low)
    extra = _covering(region) if covering else None
    if extra is not None:
        variable, left_out, least = extra
        entries.add(np.full(variable.size, first_link + links.kept.size), variable, left_out)
        low, high = [*low, np.array([least])], [*high, np.array([np.inf])]
    if unavoidable is not None:
        parts.add_to(entries, variables, unavoidable, columns, first_row=sum(each.size for each in low))
        low, high = [*low, np.zeros(parts.num), np.ones(1)], [*high, np.full(parts.num + 1, np.inf)]
    cost = [
        region.arc_loss + links.lost,
        region.out_loss,
        dual.price[columns],
        *dual.promise[:, links.kept],
        np.zeros(parts.num),
    ]
    most = [
        np.ones(arcs.size + region.unplaced.size),
        _most_empty(region, columns),
        np.ones(2 * links.kept.size + parts.num),
    ]
    right = np.concatenate(low).astype(np.float64)
    return Programme(
        matrix=entries.matrix(right.size, variables.number),
        low=right,
        high=np.concatenate(high).astype(np.float64),
        cost=np.concatenate(cost) / dual.scale,
        most=np.concatenate(most).astype(np.float64),
        num_rows=num_rows,
        columns=columns,
        links=links.kept,
        num_parts=parts.num,
    )


def values_of(programme: Programme, region: Region, choice: Int64) -> Float64 | None:
    """Return the values of the variables that stand for a choice, None when its options are not all there."""
    num_rows, columns, links = region.rows.size, programme.columns.size, programme.links.size
    variables = _Variables(region.arcs.size, region.unplaced.size, columns, links, programme.num_parts)
    values = np.zeros(variables.number)
    values[variables.arcs] = choice[region.packing.row[region.arcs]] == region.arcs
    values[variables.out] = choice[region.unplaced] < 0
    activity = programme.matrix @ values
    filled, met = np.split(activity[num_rows : num_rows + columns + links], [columns])
    values[variables.empty] = programme.low[num_rows : num_rows + columns] - filled
    values[variables.alone[0]], values[variables.alone[1]] = np.maximum(met, 0), np.maximum(-met, 0)
    if programme.num_parts:
        values[variables.parts] = np.minimum(activity[-1 - programme.num_parts : -1], 1)
    return values if programme.allows(values) else None


class _Variables:
    """Positions of the variables of each kind."""

    def __init__(self, num_arcs: int, num_out: int, num_columns: int, num_links: int, num_parts: int) -> None:
        ends = np.cumsum([num_arcs, num_out, num_columns, num_links, num_links, num_parts])
        self.arcs, self.out, self.empty, *self.alone, self.parts = np.split(np.arange(ends[-1]), ends[:-1])
        self.number = int(ends[-1])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Links:
    """Links between rows of a region.

    Parameters
    ----------
    kept : ndarray of int64
        Links of which both sides have an option.
    row, position, sign : ndarrays of int64
        Which of ``kept``, which arc of the region leads there, 1 for the first side, -1 for the second.
    lost : ndarray of int64, shape (num_arcs of the region,)
        What each arc loses because the other side of a link has no option.
    """

    kept: Int64
    row: Int64
    position: Int64
    sign: Int64
    lost: Int64

    @classmethod
    def of(cls, region: Region) -> "_Links":
        """Look at the options of a region."""
        links, lost = region.packing.links, np.zeros(region.arcs.size, np.int64)
        entry, position = ragged(links.start, region.arcs)
        inside = np.isin(links.ends[1 - links.side[entry], links.link[entry]], region.rows)
        entry, position = entry[inside], position[inside]
        link, side = links.link[entry], links.side[entry]
        present = np.zeros((2, links.num_links), dtype=bool)
        present[side, link] = True
        kept = np.flatnonzero(present.all(axis=0))
        alone = ~present[1 - side, link]
        np.add.at(lost, position[alone], region.dual.promise[side[alone], link[alone]])
        link, side, position = link[~alone], side[~alone], position[~alone]
        row = np.searchsorted(kept, link)
        return cls(kept=kept, row=row, position=position, sign=1 - 2 * side, lost=lost)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Parts:
    """Outermost columns with options that take a part of what is unavoidable.

    Over all of them at once, the row would be so dense that HiGHS simplifies it for a minute.

    Parameters
    ----------
    num : int
    position, of_arc : ndarrays of int64
        Options of the region that take a part, and of which of the ``num`` columns each is.
    """

    num: int
    position: Int64
    of_arc: Int64

    @classmethod
    def of(cls, region: Region, unavoidable: Unavoidable | None) -> Self:
        """Look at the options of a region."""
        if unavoidable is None:
            return cls(num=0, position=np.zeros(0, np.int64), of_arc=np.zeros(0, np.int64))
        position = np.flatnonzero(unavoidable.arc)
        packing = region.packing
        roots, of_arc = np.unique(packing.root[packing.col[region.arcs[position]]], return_inverse=True)
        return cls(num=roots.size, position=position, of_arc=of_arc)

    def add_to(
        self,
        entries: "_Entries",
        variables: _Variables,
        unavoidable: Unavoidable,
        columns: Int64,
        *,
        first_row: int,
    ) -> None:
        """Add a row for each, "no more than its options take", and one: "together at least a whole"."""
        entries.add(first_row + self.of_arc, self.position, unavoidable.arc[self.position])
        entries.add(first_row + np.arange(self.num), variables.parts, -1)
        all_parts = np.concatenate([variables.parts, variables.out, variables.empty])
        taken = np.concatenate([np.ones(self.num), unavoidable.out, unavoidable.empty[columns]])
        entries.add(np.full(all_parts.size, first_row + self.num), all_parts, taken)


class _Entries:
    """Collects the entries of a sparse matrix."""

    def __init__(self) -> None:
        self._rows: list[Int64] = []
        self._variables: list[Int64] = []
        self._values: list[Float64] = []

    def add(self, rows: Int64, variables: Int64, values: Int64 | Float64 | int) -> None:
        """Add entries; ``values`` may be one number for all of them."""
        self._rows.append(rows)
        self._variables.append(variables)
        self._values.append(np.broadcast_to(np.asarray(values, np.float64), rows.shape))

    def matrix(self, num_rows: int, num_variables: int) -> "csc_array":
        """Return the entries as a matrix of floats."""
        from scipy.sparse import csc_array  # noqa: PLC0415 - 0.1 s, only needed to solve

        values = np.concatenate(self._values)
        where = (np.concatenate(self._rows), np.concatenate(self._variables))
        return csc_array((values, where), shape=(num_rows, num_variables))


def _most_empty(region: Region, columns: Int64) -> Int64:
    """Return how many units of each column an improvement may leave empty."""
    price, residual = region.dual.price[columns], region.residual[columns]
    return np.array(  # in Python's integers: a hope may exceed 63 bits
        [
            min(room, region.hope // each) if each > 0 else room
            for room, each in zip(residual.tolist(), price.tolist(), strict=True)
        ],
        np.int64,
    )


def _covering(region: Region) -> tuple[Int64, Int64, int] | None:
    """Return the redundant row "loads left out of the priced columns ≥ what exceeds their capacity".

    It adds up assignment and capacity rows, so that HiGHS can round it into cuts: with loads of 2 and
    3, one unit that no sum of loads fills costs a whole place, which the relaxation does not see.
    """
    packing, rows, equation = region.packing, region.rows, region.dual.equation
    if equation is None:
        return None
    priced = equation.column & region.counted
    least = int(equation.load[rows].sum()) - int(region.residual[priced].sum())
    outside = np.flatnonzero(~equation.inside[region.arcs])
    variable = np.concatenate([outside, region.arcs.size + np.arange(region.unplaced.size)])
    left_out = np.concatenate([packing.row[region.arcs[outside]], region.unplaced])
    return None if least <= 0 else (variable, equation.load[left_out], least)
