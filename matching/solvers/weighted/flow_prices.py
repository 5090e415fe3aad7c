"""The linear relaxation when a group's load is the same everywhere: a min-cost flow in units of load.

A group of load 3 sends 3 units, each worth a third of its gain. The flow and its duals are those of
the relaxation, found by OR-Tools in the time of a unit-load problem.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from matching.exact import exact_sum
from matching.nesting import with_inner, with_outer
from matching.solvers.network import Network
from matching.solvers.prices import minimal_potentials
from matching.solvers.weighted.dual import Dual
from matching.solvers.weighted.filling import ragged
from matching.solvers.weighted.packing import Int32, Int64, Packing

# Kept free below the largest cost OR-Tools accepts, for its potentials.
_HEADROOM = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flow:
    """Units of load on each arc in an optimal relaxation, and its least prices."""

    units: Int64
    dual: Dual


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Layer:
    """What the flow sees of the loads: one column per arc, and the columns above it.

    Parameters
    ----------
    load : ndarray of int64, shape (num_rows,)
        Of each row, wherever it goes.
    col : ndarray of int64, shape (num_arcs,)
        Where each arc goes; ``num_cols`` where that is not limited.
    """

    load: Int64
    col: Int64


def solve_flow(packing: Packing) -> Flow | None:
    """Return the optimal flow in units, None when loads differ by bin or costs are out of range.

    Where arcs have further uses the flow is a relaxation of the relaxation: it sees their own bins or,
    if that bounds better, the largest of their uses. Bonuses are promised in halves.
    """
    flows = [flow for layer in _layers(packing) if (flow := _flow(packing, layer)) is not None]
    return min(flows, key=lambda flow: Fraction(flow.dual.total, flow.dual.scale), default=None)


def _layers(packing: Packing) -> list[_Layer]:
    """Return the own bins of arcs, and their largest further uses, as far as rows have one load there."""
    own = packing.row_load
    layers = [] if own is None or not own.size else [_Layer(load=own, col=packing.col)]
    arc, col, load = packing.filling.arc, packing.filling.col, packing.filling.load
    further = np.flatnonzero(packing.root[col] != packing.root[packing.col[arc]])
    if further.size:
        # Sorted by arc, then load; of equal loads the innermost column comes last.
        depth = with_outer(np.ones(packing.num_cols, np.int64), packing.parent)
        order = further[np.lexsort((col[further], depth[col[further]], load[further], arc[further]))]
        largest = order[np.append(np.diff(arc[order]) > 0, True)]
        row, by_row = packing.row[arc[largest]], np.ones(packing.num_rows, np.int64)
        by_row[row] = load[largest]
        if (by_row[row] == load[largest]).all():
            goes = np.full(packing.num_arcs, packing.num_cols)
            goes[arc[largest]] = col[largest]
            layers.append(_Layer(load=by_row, col=goes))
    return layers


def _flow(packing: Packing, layer: _Layer) -> Flow | None:
    scale = _scale(packing, layer.load)
    if scale is None:
        return None
    links = packing.links
    first = links.bonus * scale // 2
    promise = np.stack([first, links.bonus * scale - first])
    gain = packing.gain * scale
    np.add.at(gain, links.arc, promise[links.side, links.link])
    network = _Columns.of(packing, layer, gain // layer.load[packing.row])
    units = network.units()
    if units is None:
        return None
    price = network.prices(units)[: packing.num_cols]
    price[~packing.filling.reached(packing.num_cols)] = 0  # nobody pays for what others make superfluous
    return Flow(units=units, dual=Dual(packing=packing, price=price, promise=promise, scale=scale))


def _scale(packing: Packing, load: Int64) -> int | None:
    """Return the least common multiple of the loads, or a smaller denominator when it is too fine."""
    nodes = packing.num_rows + packing.num_cols + 4
    limit = (2**63 - 1) // (_HEADROOM * nodes) // max(1, _largest_gain(packing))
    exact = int(np.lcm.reduce(np.unique(load))) if int(load.max()) <= 20 else limit + 1
    if exact <= limit:
        return exact
    return min(limit, 720_720) if limit >= 1 else None


def _largest_gain(packing: Packing) -> int:
    bonuses = exact_sum(packing.pairs.bonus)
    return int(np.abs(packing.gain).max(initial=1)) + bonuses


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Columns:
    """The network of a layer: rows of a packing, its columns and one without limit.

    Parameters
    ----------
    worth : ndarray of int64, shape (num_arcs,)
        Of a unit on each arc.
    """

    packing: Packing
    load: Int64
    col: Int64
    worth: Int64
    capacity: Int64
    parent: Int32

    @classmethod
    def of(cls, packing: Packing, layer: _Layer, worth: Int64) -> "_Columns":
        """Return the network in which a unit on each arc is worth so much."""
        total, capacity = int(layer.load.sum()), packing.capacity
        if packing.is_tree:  # else what further uses make superfluous still says where to stop
            capacity = np.where(packing.filling.reached(packing.num_cols), capacity, total)
        return cls(
            packing=packing,
            load=layer.load,
            col=layer.col,
            worth=worth,
            capacity=np.append(np.minimum(capacity, total), total),
            parent=np.append(packing.parent, np.int32(-1)),
        )

    def units(self) -> Int64 | None:
        """Return the units on each arc in an optimal flow."""
        from ortools.graph.python import min_cost_flow  # noqa: PLC0415 - 0.1 s that only solving needs

        packing, num_cols = self.packing, self.capacity.size
        rows = np.arange(packing.num_rows, dtype=np.int32)
        cols = np.arange(num_cols, dtype=np.int32) + np.int32(packing.num_rows)
        sink = np.int32(packing.num_rows + num_cols)
        outer = np.where(self.parent >= 0, self.parent + np.int32(packing.num_rows), sink)
        solver = min_cost_flow.SimpleMinCostFlow()
        add = solver.add_arcs_with_capacity_and_unit_cost
        arcs = add(rows[packing.row], cols[self.col], self.load[packing.row], -self.worth)
        add(sink, rows, self.load, np.int64(0))
        add(cols, outer, self.capacity, np.int64(0))
        if solver.solve() != solver.OPTIMAL:
            return None
        units: Int64 = np.asarray(solver.flows(arcs), np.int64)
        return units

    def prices(self, units: Int64) -> Int64:
        """Return the least optimal prices of a unit.

        Every arc that carries something becomes a unit row of its own, so does what a row keeps back;
        bins are given room for these rows exactly where the flow leaves room.
        """
        packing = self.packing
        sent = np.add.reduceat(units, packing.start[:-1])
        carrying = np.flatnonzero(units)
        back = np.flatnonzero(sent < self.load)
        origin = np.concatenate([packing.row[carrying], back])
        arc, unit = ragged(packing.start, origin)
        start = np.concatenate([[0], np.cumsum(np.bincount(unit, minlength=origin.size))])
        choice = np.full(origin.size, -1, np.int64)
        own = slice(0, carrying.size)
        choice[own] = carrying - packing.start[origin[own]] + start[:-1][own]
        top, num_cols = int(self.worth.max(initial=0)), self.capacity.size
        homes = with_inner(np.bincount(self.col[carrying], minlength=num_cols), self.parent)
        direct = np.bincount(self.col, weights=units, minlength=num_cols).astype(np.int64)
        unit_rows = Network(
            group=origin.astype(np.int32),
            bin=np.arange(num_cols, dtype=np.int32),
            arc=arc.astype(np.int32),
            reward=np.full(origin.size, top, np.int64),
            start=start,
            row=unit.astype(np.int32),
            col=self.col[arc].astype(np.int32),
            cost=top - self.worth[arc],
            capacity=homes + (with_inner(direct, self.parent) < self.capacity),
            parent=self.parent,
        )
        potential = minimal_potentials(unit_rows, choice)
        return potential - unit_rows.outer(potential)
