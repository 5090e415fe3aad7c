"""Many annealings at once, as arrays: each step proposes one move to every copy of the solution.

Copies differ in temperature and exchange their temperatures now and then (replica exchange). Their
energy is the loss under the prices of the relaxation, with overfull columns allowed at a price, so that
tight capacities can be crossed; the best copy that keeps all capacities is what counts. A move sends a
row to one of its options of little regret and, half of the time, lets another row take its place.

References
----------
K. Hukushima, K. Nemoto (1996), "Exchange Monte Carlo method", doi:10.1143/JPSJ.65.1604.
M. Yagiura, T. Ibaraki, F. Glover (2004), "An ejection chain approach for the generalized assignment
problem", doi:10.1287/ijoc.1030.0036: priced overload and chained moves.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matching.solvers.deadline import Deadline
from matching.solvers.weighted.dual import Dual, Float64
from matching.solvers.weighted.packing import Int64

_COPIES = 256
_OPTIONS = 10  # of least regret, per row
_BLOCK = 64  # steps between looks at the clock, exchanges and adjustments
_TEMPERATURES = (0.1, 1.5)  # coldest and hottest, in typical regrets


def annealed(dual: Dual, choice: Int64, *, blocks: int, deadline: Deadline, seed: int) -> Int64:
    """Return the best choice met, at least as good as ``choice``.

    Parameters
    ----------
    blocks : int
        Number of blocks of 64 moves per copy.

    Notes
    -----
    Columns inside columns are not supported: such a problem comes back as it is.
    """
    packing = dual.packing
    if (packing.parent >= 0).any() or packing.num_rows < 2 or packing.num_rows * packing.num_cols > 10**7:
        return choice
    walk = _Walk(dual, choice, seed)
    for _ in range(blocks):
        if deadline.remaining_s() <= 0:
            break
        walk.block()
    best = walk.best_choice()
    return best if packing.value(best) > packing.value(choice) else choice


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Tables:
    """Regret and load of each row in each column, the last column meaning "not placed".

    Parameters
    ----------
    regret, load : ndarray of float64, shape (num_rows, num_cols + 1)
        ``inf`` and 0 where there is no arc.
    option : ndarray of int64, shape (num_rows, num_options)
        Columns of least regret of each row, in that order.
    wanting, first, count : ndarray of int64
        Rows that have each column among their options.
    price : ndarray of float64, shape (num_cols + 1,)
    """

    regret: Float64
    load: Float64
    option: Int64
    wanting: Int64
    first: Int64
    count: Int64
    price: Float64

    @classmethod
    def of(cls, dual: Dual) -> "_Tables":
        """Lay a sparse problem out as matrices."""
        packing = dual.packing
        shape = (packing.num_rows, packing.num_cols + 1)
        regret, load = np.full(shape, np.inf), np.zeros(shape)
        regret[packing.row, packing.col] = dual.regret / dual.scale
        load[packing.row, packing.col] = packing.load
        regret[:, -1] = dual.surplus / dual.scale
        option = np.argsort(regret, axis=1, kind="stable")[:, :_OPTIONS]
        reachable = np.isfinite(np.take_along_axis(regret, option, axis=1))
        option = np.where(reachable, option, option[:, :1])
        order = np.argsort(option.ravel(), kind="stable")
        count = np.bincount(option.ravel(), minlength=shape[1])
        return cls(
            regret=regret,
            load=load,
            option=option,
            wanting=order // option.shape[1],
            first=np.cumsum(count) - count,
            count=count,
            price=np.append(dual.price / dual.scale, 0.0),
        )

    def typical_regret(self) -> float:
        """Return the median regret of second to fourth options."""
        regret = np.take_along_axis(self.regret, self.option[:, 1:4], axis=1)
        return max(1e-9, float(np.median(regret)))


class _Walk:
    """The copies, their energies and temperatures."""

    def __init__(self, dual: Dual, choice: Int64, seed: int) -> None:
        self._dual, self._tables = dual, _Tables.of(dual)
        self._random = np.random.default_rng(seed % 2**63)
        packing = dual.packing
        self._rows, self._width = packing.num_rows, packing.num_cols + 1
        column = np.where(choice >= 0, packing.col[choice], packing.num_cols)
        room = np.append(packing.room(choice), 0).astype(np.float64)
        self._column = np.tile(column, _COPIES)
        self._room = np.tile(room, _COPIES)
        typical = self._tables.typical_regret()
        self._temperature = typical * np.geomspace(*_TEMPERATURES, _COPIES)
        self._overload = 1.0
        self._penalty = self._penalties()
        self._energy = self._energies()
        self._best, self._best_energy = column.copy(), float(self._energy[0])

    def best_choice(self) -> Int64:
        """Return the best copy seen that keeps all capacities, as a choice."""
        packing = self._dual.packing
        found = self._best[packing.row] == packing.col
        choice = np.full(packing.num_rows, -1, np.int64)
        choice[packing.row[found]] = np.flatnonzero(found)
        return choice

    def block(self) -> None:
        """Propose some moves to every copy, then exchange temperatures and adjust the overload's price."""
        shape = (_BLOCK, _COPIES)
        row = self._random.integers(self._rows, size=shape)
        chance = self._random.random((4, *shape))
        heat = self._random.standard_exponential(shape) * self._temperature
        for step in range(_BLOCK):
            self._step(row[step], chance[:, step], heat[step])
        self._adjust()
        self._exchange()

    def _step(self, row: Int64, chance: Float64, heat: Float64) -> None:
        tables, copies = self._tables, np.arange(_COPIES)
        at_row = copies * self._rows
        room_of = copies * self._width
        source = self._column[at_row + row]
        options = tables.option.shape[1]
        target = tables.option[row, (options * chance[0] ** 2).astype(np.int64)]
        other = tables.wanting[
            np.minimum(
                tables.first[source] + (tables.count[source] * chance[1]).astype(np.int64),
                tables.wanting.size - 1,
            )
        ]
        origin = self._column[at_row + other]
        double = (chance[2] < 0.6) & (origin != source) & (other != row) & (tables.count[source] > 0)
        target = np.where(double & (chance[3] < 0.4), origin, target)
        swap = double & (target == origin)
        third = double & ~swap
        with np.errstate(invalid="ignore"):
            change = tables.regret[row, target] - tables.regret[row, source]
            change += np.where(double, tables.regret[other, source] - tables.regret[other, origin], 0.0)
        left = self._room[room_of + source]
        left_new = left + tables.load[row, source] - double * tables.load[other, source]
        gone = self._room[room_of + target]
        freed = tables.load[other, origin]
        gone_new = gone - tables.load[row, target] + swap * freed
        back = self._room[room_of + origin]
        back_new = back + third * freed
        change += self._strain(source, left_new) - self._strain(source, left)
        change += self._strain(target, gone_new) - self._strain(target, gone)
        change += self._strain(origin, back_new) - self._strain(origin, back)
        taken = np.flatnonzero((change <= heat) & (target != source))
        if not taken.size:
            return
        both = taken[double[taken]]
        self._column[at_row[taken] + row[taken]] = target[taken]
        self._column[at_row[both] + other[both]] = source[both]
        self._room[room_of[taken] + source[taken]] = left_new[taken]
        self._room[room_of[taken] + target[taken]] = gone_new[taken]
        moved = taken[third[taken]]
        self._room[room_of[moved] + origin[moved]] = back_new[moved]
        self._energy[taken] += change[taken]
        self._keep_best(taken)

    def _strain(self, column: Int64, room: Float64) -> Float64:
        """Return what empty units, or units too many, cost."""
        strain: Float64 = np.maximum(self._tables.price[column] * room, -self._penalty[column] * room)
        return strain

    def _keep_best(self, taken: npt.NDArray[np.intp]) -> None:
        better = taken[self._energy[taken] < self._best_energy - 1e-6]
        if not better.size:
            return
        feasible = (self._room.reshape(_COPIES, -1)[better, :-1] >= 0).all(axis=1)
        better = better[feasible]
        if better.size:
            copy = int(better[np.argmin(self._energy[better])])
            self._best_energy = float(self._energy[copy])
            self._best = self._column[copy * self._rows : (copy + 1) * self._rows].copy()

    def _adjust(self) -> None:
        """Make overload dearer when few cold copies keep the capacities, cheaper when most do."""
        cold = np.argsort(self._temperature, kind="stable")[: _COPIES // 2]
        feasible = float((self._room.reshape(_COPIES, -1)[cold, :-1] >= 0).all(axis=1).mean())
        if 0.1 <= feasible <= 0.3:
            return
        self._overload = float(np.clip(self._overload * (1.03 if feasible < 0.1 else 0.97), 0.05, 50.0))
        self._penalty = self._penalties()
        self._energy = self._energies()

    def _exchange(self) -> None:
        """Let neighbours in temperature change places where that is as likely as chance asks."""
        order = np.argsort(self._temperature, kind="stable")
        start = int(self._random.integers(2))
        cold, hot = order[start:-1:2], order[start + 1 :: 2]
        cold = cold[: hot.size]
        gain = (self._energy[cold] - self._energy[hot]) * (
            1 / self._temperature[cold] - 1 / self._temperature[hot]
        )
        swap = np.log(self._random.random(cold.size)) < gain
        cold, hot = cold[swap], hot[swap]
        self._temperature[cold], self._temperature[hot] = self._temperature[hot], self._temperature[cold]

    def _penalties(self) -> Float64:
        price = self._tables.price
        floor = float(price[:-1].mean()) if price.size > 1 else 0.0
        penalty: Float64 = self._overload * np.maximum(price, floor + 1e-9)
        penalty[-1] = 0.0
        return penalty

    def _energies(self) -> Float64:
        column = self._column.reshape(_COPIES, -1)
        regret = self._tables.regret[np.arange(self._rows), column].sum(axis=1)
        room = self._room.reshape(_COPIES, -1)
        strain = np.maximum(self._tables.price * room, -self._penalty * room).sum(axis=1)
        energies: Float64 = regret + strain
        return energies
