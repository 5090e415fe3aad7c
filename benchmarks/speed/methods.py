"""The methods measured, each from the same arrays to the value of an optimal assignment.

Each imports what it needs itself, so that the memory of one does not hold the libraries of another.
"""

# ruff: noqa: PLC0415

from collections.abc import Callable, Mapping

import numpy as np

from benchmarks.speed.instances import Arrays

# A dense matrix beyond this many cells takes gigabytes and, in SciPy, minutes.
MOST_CELLS = 10_000_000
_POT = ("POT==0.9.7.post1", "numpy", "scipy")
#: What peers need that Relais does not: installed in an environment of their own to be measured.
ELSEWHERE: Mapping[str, tuple[str, ...]] = {"POT": _POT, "POT sparse": _POT}


class NotProven(Exception):
    """The method ended without an optimum that it calls proven."""


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
        raise NotProven("OR-Tools did not answer OPTIMAL")
    return _value(arrays, np.flatnonzero(solver.flows(arcs)))


def scipy_dense(arrays: Arrays) -> int:
    """SciPy ``linear_sum_assignment`` on a dense matrix with one column per place."""
    from scipy.optimize import linear_sum_assignment

    # A pair without arc is worth nothing, like not being placed; arcs are worth more than nothing.
    places = np.repeat(_dense_gain(arrays), arrays.capacity, axis=1)
    rows, columns = linear_sum_assignment(places, maximize=True)
    return int(places[rows, columns].sum())


def scipy_sparse(arrays: Arrays) -> int:
    """SciPy ``min_weight_full_bipartite_matching``: one column per place, one more per group for "none"."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    seats = arrays.capacity[arrays.arc_bin]
    first_seat = np.cumsum(arrays.capacity) - arrays.capacity
    row = np.repeat(arrays.arc_group, seats).astype(np.int64)
    within = np.arange(row.size) - np.repeat(np.cumsum(seats) - seats, seats)
    col = np.repeat(first_seat[arrays.arc_bin], seats) + within
    gain = np.repeat(arrays.reward[arrays.arc_group] - arrays.arc_cost, seats)
    nowhere = np.arange(arrays.reward.size)
    num_places = int(arrays.capacity.sum())
    # Explicit zeros would vanish, so that every gain is one too high, of every row once.
    matrix = csr_array(
        (
            np.concatenate([gain, np.zeros(nowhere.size, np.int64)]) + 1.0,
            (np.concatenate([row, nowhere]), np.concatenate([col, num_places + nowhere])),
        ),
        shape=(nowhere.size, num_places + nowhere.size),
    )
    rows, columns = min_weight_full_bipartite_matching(matrix, maximize=True)
    return round(float(matrix[rows, columns].sum())) - nowhere.size


def highs(arrays: Arrays) -> int:
    """HiGHS as SciPy carries it: the linear programme, whose vertices are whole for unit loads."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array

    num_groups, num_arcs = arrays.reward.size, arrays.arc_cost.size
    rows = np.concatenate([arrays.arc_group, num_groups + arrays.arc_bin])
    matrix = csr_array(
        (np.ones(2 * num_arcs), (rows, np.tile(np.arange(num_arcs), 2))),
        shape=(num_groups + arrays.capacity.size, num_arcs),
    )
    high = np.concatenate([np.ones(num_groups), arrays.capacity])
    gain = (arrays.reward[arrays.arc_group] - arrays.arc_cost).astype(float)
    answer = linprog(-gain, A_ub=matrix, b_ub=high, bounds=(0, 1), method="highs")
    if answer.status != 0:
        raise NotProven(answer.message)
    return _value(arrays, np.flatnonzero(answer.x > 0.5))


def cp_sat(arrays: Arrays) -> int:
    """CP-SAT with two workers: one Boolean per arc."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    chosen = [model.new_bool_var("") for _ in range(arrays.arc_cost.size)]
    for members in _members(arrays.arc_group, arrays.reward.size):
        model.add_at_most_one(chosen[arc] for arc in members)
    for members, places in zip(
        _members(arrays.arc_bin, arrays.capacity.size), arrays.capacity.tolist(), strict=True
    ):
        model.add(cp_model.LinearExpr.sum([chosen[arc] for arc in members]) <= places)
    gain = arrays.reward[arrays.arc_group] - arrays.arc_cost
    model.maximize(cp_model.LinearExpr.weighted_sum(chosen, gain.tolist()))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 2
    if solver.solve(model) != cp_model.OPTIMAL:
        raise NotProven("CP-SAT did not answer OPTIMAL")
    return round(solver.objective_value)


def pot(arrays: Arrays) -> int:
    """POT ``ot.emd``: network simplex on the dense matrix, with one row and one column for "none"."""
    import ot

    cost = np.zeros((arrays.reward.size + 1, arrays.capacity.size + 1))
    cost[:-1, :-1] = -_dense_gain(arrays)
    plan = ot.emd(*_masses(arrays), cost, numItermax=100_000_000)
    return -round(float((plan * cost).sum()))


def pot_sparse(arrays: Arrays) -> int:
    """POT ``ot.emd`` on a sparse matrix: network simplex on the arcs as given, and those to "none"."""
    import ot
    from scipy.sparse import coo_matrix

    num_groups, num_bins = arrays.reward.size, arrays.capacity.size
    zero = float(arrays.reward.max()) + 1  # added to all costs: an entry of 0 would be no arc
    rows = np.concatenate([arrays.arc_group, np.arange(num_groups), np.full(num_bins + 1, num_groups)])
    cols = np.concatenate([arrays.arc_bin, np.full(num_groups, num_bins), np.arange(num_bins + 1)])
    gain = arrays.reward[arrays.arc_group] - arrays.arc_cost
    costs = np.concatenate([zero - gain, np.full(num_groups + num_bins + 1, zero)])
    matrix = coo_matrix((costs, (rows, cols)), shape=(num_groups + 1, num_bins + 1))
    leaving, arriving = _masses(arrays)
    _, found = ot.emd(leaving, arriving, matrix, numItermax=100_000_000, log=True)
    return round(zero * float(leaving.sum()) - float(found["cost"]))


def _masses(arrays: Arrays) -> tuple[np.ndarray, np.ndarray]:
    """Give what leaves each group and arrives in each bin, with a group and a bin for "none"."""
    leaving = np.concatenate([np.ones(arrays.reward.size), [float(arrays.capacity.sum())]])
    return leaving, np.concatenate([arrays.capacity.astype(float), [float(arrays.reward.size)]])


def _value(arrays: Arrays, taken: np.ndarray) -> int:
    return int(arrays.reward[arrays.arc_group[taken]].sum() - arrays.arc_cost[taken].sum())


def _dense_gain(arrays: Arrays) -> np.ndarray:
    gain = np.zeros((arrays.reward.size, arrays.capacity.size))
    gain[arrays.arc_group, arrays.arc_bin] = arrays.reward[arrays.arc_group] - arrays.arc_cost
    return gain


def _members(of: np.ndarray, num: int) -> list[list[int]]:
    """Return the arcs of each group, or of each bin."""
    members: list[list[int]] = [[] for _ in range(num)]
    for arc, place in enumerate(of.tolist()):
        members[place].append(arc)
    return members


#: The first two alternate in the measuring process; the others run once each in a process of their own.
METHODS: Mapping[str, Callable[[Arrays], int]] = {
    "relais assign": relais,
    "ortools raw": raw_ortools,
    "scipy dense": scipy_dense,
    "scipy sparse": scipy_sparse,
    "HiGHS": highs,
    "CP-SAT": cp_sat,
    "POT": pot,
    "POT sparse": pot_sparse,
}
ALTERNATING = ("relais assign", "ortools raw")


def why_not(name: str, arrays: Arrays) -> str | None:
    """Return why a method is left out here, None when it runs."""
    cells = arrays.reward.size * int(arrays.capacity.sum())
    if name == "scipy dense" and cells > MOST_CELLS:
        return f"not run: its matrix alone takes {cells * 8 / 1e9:,.1f} GB"
    if name == "POT" and arrays.reward.size * arrays.capacity.size > 10 * MOST_CELLS:
        return f"not run: several matrices of {arrays.reward.size * arrays.capacity.size * 8 / 1e9:,.1f} GB"
    return None
