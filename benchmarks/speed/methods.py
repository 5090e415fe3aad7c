"""The methods measured, each from the same arrays to the value of an optimal assignment.

Each imports what it needs itself, so that the memory of one does not hold the libraries of another.
"""

# ruff: noqa: PLC0415

from collections.abc import Callable, Mapping

import numpy as np

from benchmarks.speed.instances import Arrays

# A dense matrix beyond this many cells takes gigabytes and, in SciPy, minutes.
MOST_CELLS = 10_000_000


def relais(arrays: Arrays) -> int:
    """``matching.assign``, its checks of the arrays, prices and certificate included."""
    from matching import AssignmentProblem, assign

    problem = AssignmentProblem(
        reward=arrays.reward,
        arc_group=arrays.arc_group,
        arc_bin=arrays.arc_bin,
        arc_cost=arrays.arc_cost,
        capacity=arrays.capacity,
    )
    return assign(problem).objective


def raw_ortools(arrays: Arrays) -> int:
    """OR-Tools ``SimpleMinCostFlow`` on the arcs as given: one node per group and bin, one sink."""
    from ortools.graph.python import min_cost_flow

    groups = np.arange(arrays.reward.size, dtype=np.int32)
    bins = np.arange(arrays.capacity.size, dtype=np.int32) + np.int32(groups.size)
    sink = np.int32(groups.size + bins.size)
    solver = min_cost_flow.SimpleMinCostFlow()
    add = solver.add_arcs_with_capacity_and_unit_cost
    arcs = add(arrays.arc_group, bins[arrays.arc_bin], np.int64(1), arrays.arc_cost)
    add(groups, sink, np.int64(1), arrays.reward)
    add(bins, sink, arrays.capacity, np.int64(0))
    solver.set_nodes_supplies(groups, np.ones(groups.size, np.int64))
    solver.set_node_supply(int(sink), -groups.size)
    if solver.solve() != solver.OPTIMAL:
        raise RuntimeError("OR-Tools did not answer OPTIMAL")
    taken = np.flatnonzero(solver.flows(arcs))
    return int(arrays.reward[arrays.arc_group[taken]].sum() - arrays.arc_cost[taken].sum())


def scipy_dense(arrays: Arrays) -> int:
    """SciPy ``linear_sum_assignment`` on a dense matrix with one column per place."""
    from scipy.optimize import linear_sum_assignment

    gain = np.zeros((arrays.reward.size, arrays.capacity.size))
    gain[arrays.arc_group, arrays.arc_bin] = arrays.reward[arrays.arc_group] - arrays.arc_cost
    # A pair without arc is worth nothing, like not being placed; arcs are worth more than nothing.
    places = np.repeat(gain, arrays.capacity, axis=1)
    rows, columns = linear_sum_assignment(places, maximize=True)
    return int(places[rows, columns].sum())


METHODS: Mapping[str, Callable[[Arrays], int]] = {
    "relais assign": relais,
    "ortools raw": raw_ortools,
    "scipy dense": scipy_dense,
}


def why_not(name: str, arrays: Arrays) -> str | None:
    """Return why a method is left out at this size, None when it runs."""
    cells = arrays.reward.size * int(arrays.capacity.sum())
    if name == "scipy dense" and cells > MOST_CELLS:
        return f"not run: its matrix alone takes {cells * 8 / 1e9:,.1f} GB"
    return None
