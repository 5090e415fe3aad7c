"""The linear relaxation when a group's load is the same everywhere: a min-cost flow in units of load.

A group of load 3 sends 3 units, each worth a third of its gain. The flow and its duals are those of
the relaxation, found by OR-Tools in the time of a unit-load problem.
"""

from dataclasses import dataclass

import numpy as np

from matching.nesting import with_inner
from matching.solvers.network import Network
from matching.solvers.prices import minimal_potentials
from matching.solvers.weighted.dual import Dual
from matching.solvers.weighted.packing import Int64, Packing

# Kept free below the largest cost OR-Tools accepts, for its potentials.
_HEADROOM = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flow:
    """Units of load on each arc in an optimal relaxation, and its least prices."""

    units: Int64
    dual: Dual


def solve_flow(packing: Packing) -> Flow | None:
    """Return the optimal flow in units; None when loads differ by bin, or costs are out of range."""
    load = packing.row_load
    if load is None or not load.size:
        return None
    scale = _scale(packing, load)
    if scale is None:
        return None
    worth = packing.gain * scale // load[packing.row]
    units = _units(packing, load, worth)
    if units is None:
        return None
    price = _prices(packing, load, worth, units)
    return Flow(units=units, dual=Dual(packing=packing, price=price, scale=scale))


def _scale(packing: Packing, load: Int64) -> int | None:
    """Return the least common multiple of the loads, or a smaller denominator when it is too fine."""
    nodes = packing.num_rows + packing.num_cols + 4
    limit = (2**63 - 1) // (_HEADROOM * nodes) // max(1, int(packing.gain.max(initial=1)))
    exact = int(np.lcm.reduce(np.unique(load))) if int(load.max()) <= 20 else limit + 1
    if exact <= limit:
        return exact
    return min(limit, 720_720) if limit >= 1 else None


def _units(packing: Packing, load: Int64, worth: Int64) -> Int64 | None:
    from ortools.graph.python import min_cost_flow  # noqa: PLC0415 - 0.1 s that only solving needs

    rows = np.arange(packing.num_rows, dtype=np.int32)
    cols = np.arange(packing.num_cols, dtype=np.int32) + np.int32(packing.num_rows)
    sink = np.int32(packing.num_rows + packing.num_cols)
    outer = np.where(packing.parent >= 0, packing.parent + np.int32(packing.num_rows), sink)
    solver = min_cost_flow.SimpleMinCostFlow()
    add = solver.add_arcs_with_capacity_and_unit_cost
    arcs = add(rows[packing.row], cols[packing.col], load[packing.row], -worth)
    add(sink, rows, load, np.int64(0))
    add(cols, outer, np.minimum(packing.capacity, load.sum()), np.int64(0))
    if solver.solve() != solver.OPTIMAL:
        return None
    units: Int64 = np.asarray(solver.flows(arcs), np.int64)
    return units


def _prices(packing: Packing, load: Int64, worth: Int64, units: Int64) -> Int64:
    """Return the least optimal prices of a unit.

    Every arc that carries something becomes a unit row of its own, so does what a row keeps back;
    bins are given room for these rows exactly where the flow leaves room.
    """
    sent = np.add.reduceat(units, packing.start[:-1])
    carrying = np.flatnonzero(units)
    back = np.flatnonzero(sent < load)
    origin = np.concatenate([packing.row[carrying], back])
    first, count = packing.start[origin], packing.start[origin + 1] - packing.start[origin]
    start = np.concatenate([[0], np.cumsum(count)])
    arc = np.arange(start[-1]) - np.repeat(start[:-1] - first, count)
    choice = np.full(origin.size, -1, np.int64)
    choice[: carrying.size] = carrying - first[: carrying.size] + start[: carrying.size]
    top = int(worth.max(initial=0))
    homes = with_inner(np.bincount(packing.col[carrying], minlength=packing.num_cols), packing.parent)
    used = with_inner(
        np.bincount(packing.col, weights=units, minlength=packing.num_cols).astype(np.int64), packing.parent
    )
    unit_rows = Network(
        group=origin.astype(np.int32),
        bin=np.arange(packing.num_cols, dtype=np.int32),
        arc=arc.astype(np.int32),
        reward=np.full(origin.size, top, np.int64),
        start=start,
        row=np.repeat(np.arange(origin.size, dtype=np.int32), count),
        col=packing.col[arc].astype(np.int32),
        cost=top - worth[arc],
        capacity=homes + (used < packing.capacity),
        parent=packing.parent,
    )
    potential = minimal_potentials(unit_rows, choice)
    outer: Int64 = np.where(packing.parent >= 0, potential[packing.parent], 0)
    return potential - outer
