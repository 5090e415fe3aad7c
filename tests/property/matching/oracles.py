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
    home = [_chain(problem, int(problem.arc_bin[arc]))[-1] if arc >= 0 else -1 for arc in choice]
    together = sum(
        int(bonus)
        for first, second, bonus in zip(
            problem.pair_first, problem.pair_second, problem.pair_bonus, strict=True
        )
        if home[first] == home[second] >= 0
    )
    return together + sum(
        int(problem.reward[group]) - int(problem.arc_cost[arc])
        for group, arc in enumerate(choice)
        if arc >= 0
    )


def _fits(problem: AssignmentProblem, choice: tuple[int, ...], room: list[int]) -> bool:
    left = list(room)
    for arc in choice:
        if arc >= 0:
            for bin_ in _chain(problem, int(problem.arc_bin[arc])):
                left[bin_] -= int(problem.arc_load[arc])
    for arc, direct, load in zip(problem.use_arc, problem.use_bin, problem.use_load, strict=True):
        if arc in choice:
            for bin_ in _chain(problem, int(direct)):
                left[bin_] -= int(load)
    return min(left, default=0) >= 0


def _chain(problem: AssignmentProblem, bin_: int) -> list[int]:
    chain = [bin_]
    while problem.bin_parent[chain[-1]] >= 0:
        chain.append(int(problem.bin_parent[chain[-1]]))
    return chain


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


def arrays_of(problem: AssignmentProblem) -> dict[str, Any]:
    """The arguments that give the same problem again."""
    return {name: getattr(problem, name) for name in AssignmentProblem.__slots__}


@st.composite
def linked_problems(draw: st.DrawFn, *, unit: int = 1) -> AssignmentProblem:
    """Tiny problems whose arcs use further bins, and whose groups would like to be in pairs."""
    problem = draw(problems(loads=draw(st.booleans()), unit=unit))
    root = [_chain(problem, bin_)[-1] for bin_ in range(problem.num_bins)]
    strangers = [
        (arc, bin_)
        for arc in range(problem.num_arcs)
        for bin_ in range(problem.num_bins)
        if root[bin_] != root[problem.arc_bin[arc]]
    ]
    couples = [(i, j) for i in range(problem.num_groups) for j in range(problem.num_groups) if i < j]
    uses = draw(st.lists(st.sampled_from(strangers), unique=True, max_size=8)) if strangers else []
    pairs = draw(st.lists(st.sampled_from(couples), unique=True, max_size=4)) if couples else []
    turned = [pair if draw(st.booleans()) else pair[::-1] for pair in pairs]
    arrays = arrays_of(problem) | {
        "use_arc": [arc for arc, _ in uses],
        "use_bin": [bin_ for _, bin_ in uses],
        "use_load": [draw(st.integers(0, 2)) for _ in uses],
        "pair_first": [first for first, _ in turned],
        "pair_second": [second for _, second in turned],
        "pair_bonus": [draw(st.integers(0, 8)) * unit for _ in turned],
    }
    try:
        return AssignmentProblem(**arrays)
    except InvalidProblem:  # the pinned arcs do not fit any more; the rest always does
        return AssignmentProblem(**arrays | {"pinned": None})
