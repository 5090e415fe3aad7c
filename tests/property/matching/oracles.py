"""Slow and obvious answers to compare with, and the problems to ask them about."""

from itertools import product
from typing import Any

import numpy as np
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from matching import AssignmentProblem, InvalidProblem


def best_value(problem: AssignmentProblem, capacity: list[int] | None = None) -> int:
    """The optimum, by trying every choice of every group."""
    room = problem.capacity.tolist() if capacity is None else capacity
    arcs: list[list[int]] = [[-1] for _ in range(problem.num_groups)]
    for arc, group in enumerate(problem.arc_group.tolist()):
        arcs[group].append(arc)
    for group, pinned in enumerate(problem.pinned.tolist()):
        if pinned >= 0:
            arcs[group] = [pinned]
    values = [_value(problem, choice) for choice in product(*arcs) if _fits(problem, choice, room)]
    return max(values)


def _value(problem: AssignmentProblem, choice: tuple[int, ...]) -> int:
    return sum(
        int(problem.reward[group]) - int(problem.arc_cost[arc])
        for group, arc in enumerate(choice)
        if arc >= 0
    )


def _fits(problem: AssignmentProblem, choice: tuple[int, ...], room: list[int]) -> bool:
    left = list(room)
    for arc in choice:
        bin_ = int(problem.arc_bin[arc]) if arc >= 0 else -1
        while bin_ >= 0:
            left[bin_] -= int(problem.arc_load[arc])
            bin_ = int(problem.bin_parent[bin_])
    return min(left, default=0) >= 0


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
    num_groups, num_bins = draw(st.integers(0, 5)), draw(st.integers(0, 4))
    cells = [(group, bin_) for group in range(num_groups) for bin_ in range(num_bins)]
    pairs = draw(st.lists(st.sampled_from(cells), unique=True)) if cells else []
    few = st.integers(0, min(2, unit - 1))
    rewards = st.builds(lambda many, more: many * unit + more, st.integers(0, 9), few)
    costs = st.builds(lambda many, more: many * unit // 4 + more, st.integers(0, 9 if unit > 1 else 30), few)
    arrays: dict[str, Any] = {
        "reward": [draw(rewards) for _ in range(num_groups)],
        "arc_group": [group for group, _ in pairs],
        "arc_bin": [bin_ for _, bin_ in pairs],
        "arc_cost": [draw(costs) for _ in pairs],
        "capacity": [draw(st.integers(0, 3)) for _ in range(num_bins)],
        "bin_parent": [draw(st.integers(-1, bin_ - 1)) for bin_ in range(num_bins)],
    }
    if loads:
        arrays["arc_load"] = [draw(st.integers(0, 3)) for _ in pairs]
    pinned = [-1] * num_groups
    for arc in draw(st.lists(st.integers(0, len(pairs) - 1), max_size=2)) if pairs else []:
        pinned[pairs[arc][0]] = arc
    try:
        return AssignmentProblem(**arrays, pinned=pinned)
    except InvalidProblem:  # the pinned arcs do not fit; the rest always does
        return AssignmentProblem(**arrays)
