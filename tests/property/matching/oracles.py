"""Slow and obvious answers to compare with, and the problems to ask them about."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from matching import AssignmentProblem, InvalidProblem
from matching.solvers.weighted.packing import Packing
from tests.property.draws import Draws, draws

#: More than the largest of the tiny problems takes: 20 cells in an order, with a cost and a load each.
PROBLEM_BYTES = 120


def best_value(problem: AssignmentProblem, capacity: list[int] | None = None) -> int:
    """The optimum, by trying every choice of every group; exact at any magnitude."""
    room = problem.capacity.tolist() if capacity is None else capacity
    options: list[list[int]] = [[-1] for _ in range(problem.num_groups)]
    for arc, group in enumerate(problem.arc_group.tolist()):
        options[group].append(arc)
    for group, pinned in enumerate(problem.pinned.tolist()):
        if pinned >= 0:
            options[group] = [pinned]
    choices = every_choice(options)
    fits = (_loads(problem)[choices].sum(axis=1) <= room).all(axis=1)
    return int(_values(problem, choices[fits]).max())


def every_choice(options: list[list[int]]) -> np.ndarray:
    """Every way to take one option of each row: one line each, a column per row."""
    columns = np.meshgrid(*(np.array(row, np.int64) for row in options), indexing="ij")
    return np.stack([column.ravel() for column in columns], axis=1) if columns else np.zeros((1, 0), np.int64)


def _values(problem: AssignmentProblem, choices: np.ndarray) -> np.ndarray:
    """What each choice is worth, in Python's integers."""
    gain = [*(problem.reward[problem.arc_group] - problem.arc_cost).tolist(), 0]
    values = np.array(gain, object)[choices].sum(axis=1)
    home = np.array([*(_chain(problem, bin_)[-1] for bin_ in problem.arc_bin.tolist()), -1])[choices]
    for first, second, bonus in zip(
        problem.pair_first, problem.pair_second, problem.pair_bonus.tolist(), strict=True
    ):
        values = values + bonus * ((home[:, first] == home[:, second]) & (home[:, first] >= 0)).astype(object)
    return values


def _loads(problem: AssignmentProblem) -> np.ndarray:
    """What each arc, and no arc in the last row, takes of each bin."""
    loads = np.zeros((problem.num_arcs + 1, problem.num_bins), np.int64)
    own = zip(range(problem.num_arcs), problem.arc_bin.tolist(), problem.arc_load.tolist(), strict=True)
    uses = zip(problem.use_arc.tolist(), problem.use_bin.tolist(), problem.use_load.tolist(), strict=True)
    for arc, bin_, load in (*own, *uses):
        loads[arc, _chain(problem, bin_)] += load
    return loads


def _chain(problem: AssignmentProblem, bin_: int) -> list[int]:
    chain = [bin_]
    while problem.bin_parent[chain[-1]] >= 0:
        chain.append(int(problem.bin_parent[chain[-1]]))
    return chain


def best_within(packing: Packing, arcs: np.ndarray, unplaced: np.ndarray) -> int | None:
    """The best value over the options of a region, None when they hold no sound choice."""
    return max((packing.value(choice) for choice in sound_within(packing, arcs, unplaced)), default=None)


def sound_within(packing: Packing, arcs: np.ndarray, unplaced: np.ndarray) -> np.ndarray:
    """Every sound choice over the options of a region: one line each."""
    options: list[list[int]] = [[] for _ in range(packing.num_rows)]
    for row in unplaced.tolist():
        options[row].append(-1)
    for arc in arcs.tolist():
        options[int(packing.row[arc])].append(arc)
    filled = np.zeros((packing.num_arcs + 1, packing.num_cols), np.int64)
    filling = packing.filling
    np.add.at(filled, (filling.arc, filling.col), filling.load)
    choices = every_choice(options)
    sound: np.ndarray = choices[(filled[choices].sum(axis=1) <= packing.capacity).all(axis=1)]
    return sound


def most_placed(problem: AssignmentProblem, groups: np.ndarray) -> int:
    """How many of some groups can be placed together: a maximum flow of units, costs ignored."""
    kept = np.isin(problem.arc_group, groups)
    first_bin = 1 + problem.num_groups
    sink = first_bin + problem.num_bins
    outer = np.where(problem.bin_parent >= 0, first_bin + problem.bin_parent, sink)
    tails = [np.zeros(groups.size, int), 1 + problem.arc_group[kept], first_bin + np.arange(problem.num_bins)]
    heads = [1 + groups, first_bin + problem.arc_bin[kept], outer]
    room = [np.ones(groups.size, int), np.ones(kept.sum(), int), problem.capacity]
    graph = csr_array(
        (np.concatenate(room).astype(np.int32), (np.concatenate(tails), np.concatenate(heads))),
        shape=(sink + 1, sink + 1),
    )
    return int(maximum_flow(graph, 0, sink).flow_value)


@st.composite
def problems(draw: st.DrawFn, *, loads: bool = False, unit: int = 1) -> AssignmentProblem:
    """Tiny problems with bins in bins and pinned arcs; numbers around multiples of ``unit``."""
    return problem_of(draw(draws(PROBLEM_BYTES)), loads=loads, unit=unit)


def problem_of(taken: Draws, *, loads: bool, unit: int = 1) -> AssignmentProblem:
    """The tiny problem that drawn numbers describe."""
    num_groups, num_bins = taken.integer(0, 5), taken.integer(0, 4)
    pairs = _some_pairs(taken, num_groups, num_bins)
    few, num_pairs = min(2, unit - 1), len(pairs)
    rewards = taken.integers(0, 9, num_groups), taken.integers(0, few, num_groups)
    costs = taken.integers(0, 9 if unit > 1 else 30, num_pairs), taken.integers(0, few, num_pairs)
    arrays: dict[str, Any] = {
        "reward": [many * unit + more for many, more in zip(*rewards, strict=True)],
        "arc_group": [group for group, _ in pairs],
        "arc_bin": [bin_ for _, bin_ in pairs],
        "arc_cost": [many * unit // 4 + more for many, more in zip(*costs, strict=True)],
        "capacity": taken.integers(0, 3, num_bins),
        "bin_parent": [taken.integer(-1, bin_ - 1) for bin_ in range(num_bins)],
    }
    if loads:
        arrays["arc_load"] = taken.integers(0, 3, num_pairs)
    pinned = [-1] * num_groups
    for arc in taken.integers(0, num_pairs - 1, taken.integer(0, 2)) if pairs else []:
        pinned[pairs[arc][0]] = arc
    return pinned_if_possible(arrays | {"pinned": pinned})


def _some_pairs(taken: Draws, num_groups: int, num_bins: int) -> list[tuple[int, int]]:
    """Some of the cells, in any order; few in most problems, all of them in some."""
    cells = taken.shuffled([(group, bin_) for group in range(num_groups) for bin_ in range(num_bins)])
    return cells[: taken.integer(0, len(cells))]


def pinned_if_possible(arrays: dict[str, Any]) -> AssignmentProblem:
    """The problem of these arrays, without its pins when they do not fit."""
    try:
        return AssignmentProblem(**arrays)
    except InvalidProblem:  # the rest always fits
        return AssignmentProblem(**arrays | {"pinned": None})


def arrays_of(problem: AssignmentProblem) -> dict[str, Any]:
    """The arguments that give the same problem again."""
    return {name: getattr(problem, name) for name in AssignmentProblem.__slots__}


@st.composite
def linked_problems(draw: st.DrawFn, *, unit: int = 1) -> AssignmentProblem:
    """Tiny problems whose arcs use further bins, and whose groups would like to be in pairs."""
    taken = draw(draws(PROBLEM_BYTES + 100))
    problem = problem_of(taken, loads=taken.flag(), unit=unit)
    root = [_chain(problem, bin_)[-1] for bin_ in range(problem.num_bins)]
    strangers = [
        (arc, bin_)
        for arc in range(problem.num_arcs)
        for bin_ in range(problem.num_bins)
        if root[bin_] != root[problem.arc_bin[arc]]
    ]
    couples = [(i, j) for i in range(problem.num_groups) for j in range(problem.num_groups) if i < j]
    uses = taken.shuffled(strangers, 8)[: taken.integer(0, 8)]
    pairs = taken.shuffled(couples, 4)[: taken.integer(0, 4)]
    turned = [pair if taken.flag() else pair[::-1] for pair in pairs]
    return pinned_if_possible(
        arrays_of(problem)
        | {
            "use_arc": [arc for arc, _ in uses],
            "use_bin": [bin_ for _, bin_ in uses],
            "use_load": taken.integers(0, 2, len(uses)),
            "pair_first": [first for first, _ in turned],
            "pair_second": [second for _, second in turned],
            "pair_bonus": [bonus * unit for bonus in taken.integers(0, 8, len(turned))],
        }
    )
