"""Loads other than 1 against brute force: the answer, and every bound on the way to it."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import AssignmentProblem, InvalidProblem, Status, assign, verify_assignment
from matching.solvers.deadline import Deadline
from matching.solvers.greedy import greedy_arcs
from matching.solvers.weighted import solve_weighted
from matching.solvers.weighted.dual import Dual, rounded
from matching.solvers.weighted.flow_prices import solve_flow
from matching.solvers.weighted.linear import solve_linear
from matching.solvers.weighted.packing import Packing, arcs_of, choice_of, packing_of
from matching.solvers.weighted.parity import tightened
from matching.solvers.weighted.region import region_of
from tests.property.matching.oracles import best_value, problems

BY_BIN = problems(loads=True)
SCALES = st.sampled_from([1, 7, 10**6, 10**12, 10**17])


@st.composite
def own_loads(draw: st.DrawFn) -> AssignmentProblem:
    """Tiny problems whose groups have one load of 1 to 5 wherever they go."""
    problem = draw(problems())
    load = np.array([draw(st.integers(1, 5)) for _ in range(problem.num_groups)], np.int64)
    capacity = [draw(st.integers(0, 9)) for _ in range(problem.num_bins)]
    unit = draw(SCALES)
    arrays: dict[str, Any] = {
        "reward": problem.reward * unit,
        "arc_group": problem.arc_group,
        "arc_bin": problem.arc_bin,
        "arc_cost": problem.arc_cost * unit,
        "arc_load": load[problem.arc_group],
        "capacity": capacity,
        "bin_parent": problem.bin_parent,
    }
    try:
        return AssignmentProblem(**arrays, pinned=problem.pinned)
    except InvalidProblem:  # the pinned arcs do not fit; the rest always does
        return AssignmentProblem(**arrays)


@st.composite
def workloads(draw: st.DrawFn) -> AssignmentProblem:
    """Tiny problems of one place a group, whose bins each limit a workload of 1 to 3 a group as well."""
    problem = draw(problems())
    units = np.array([draw(st.integers(1, 3)) for _ in range(problem.num_groups)], np.int64)
    limits = [draw(st.integers(0, 6)) for _ in range(problem.num_bins)]
    return AssignmentProblem(
        reward=problem.reward,
        arc_group=problem.arc_group,
        arc_bin=problem.arc_bin,
        arc_cost=problem.arc_cost,
        capacity=np.concatenate([problem.capacity, limits]),
        bin_parent=np.concatenate([problem.bin_parent, np.full(problem.num_bins, -1)]),
        use_arc=np.arange(problem.num_arcs),
        use_bin=problem.arc_bin + problem.num_bins,
        use_load=units[problem.arc_group],
    )


ANY_LOADS = st.one_of(BY_BIN, own_loads(), workloads())


@given(ANY_LOADS, st.integers(-2, 2))
@settings(max_examples=200, deadline=None)
def test_equals_brute_force(problem: AssignmentProblem, seed: int) -> None:
    result = solve_weighted(problem, Deadline(), seed)
    assert result.objective == best_value(problem)
    assert result.bound >= result.objective
    assert verify_assignment(problem, result) == []
    if int(problem.reward.max(initial=0)) < 10**9:  # beyond, floating-point bounds are not believed
        assert result.status is Status.OPTIMAL


@given(ANY_LOADS)
@settings(max_examples=100, deadline=None)
def test_without_time_the_greedy_is_the_floor_and_the_bound_holds(problem: AssignmentProblem) -> None:
    result = assign(problem, time_limit_s=0.0)
    greedy = greedy_arcs(problem)
    assert problem.value(greedy[greedy >= 0]) <= result.objective
    assert result.bound >= best_value(problem)
    assert verify_assignment(problem, result) == []


@given(ANY_LOADS, st.data())
@settings(max_examples=200, deadline=None)
def test_any_prices_bound_and_divide_the_loss(problem: AssignmentProblem, data: st.DataObject) -> None:
    packing = packing_of(problem, 0)
    prices = [data.draw(st.floats(0, 40)) for _ in range(packing.num_cols)]
    dual = rounded(packing, np.array(prices, np.float64))
    kept = problem.value(problem.pinned[problem.pinned >= 0])
    assert kept + dual.bound >= best_value(problem)
    choice = choice_of(packing, greedy_arcs(problem), problem.num_arcs)
    lost = dual.row_loss(choice).sum() + (dual.price * packing.room(choice)).sum()
    assert dual.total - dual.scale * packing.value(choice) == lost
    assert (dual.regret >= 0).all()
    assert arcs_of(packing, choice, problem).tolist() == greedy_arcs(problem).tolist()


@given(own_loads())
@settings(max_examples=100, deadline=None)
def test_the_flow_and_the_programme_find_the_same_relaxation(problem: AssignmentProblem) -> None:
    packing = packing_of(problem, 0)
    flow = solve_flow(packing)
    if flow is None:
        return
    relaxed, share = solve_linear(packing, Deadline())
    worth = float((flow.units * packing.gain / np.maximum(packing.load, 1)).sum())
    assert flow.dual.total / flow.dual.scale <= worth * (1 + 1e-9) + 1 + packing.num_arcs / flow.dual.scale
    assert relaxed.total / relaxed.scale >= worth * (1 - 1e-6) - 1e-6
    assert float((share * packing.gain).sum()) <= worth * (1 + 1e-6) + 1e-6


@given(st.one_of(own_loads(), workloads()))
@settings(max_examples=250, deadline=None)
def test_whole_loads_never_exclude_the_optimum(problem: AssignmentProblem) -> None:
    packing = packing_of(problem, 0)
    for dual in _duals(packing):
        choice = choice_of(packing, greedy_arcs(problem), problem.num_arcs)
        region = tightened(region_of(dual, choice, np.arange(packing.num_rows)))
        best = _best_within(packing, region.arcs, region.unplaced)
        kept = problem.value(problem.pinned[problem.pinned >= 0])
        value, optimum = packing.value(choice), best_value(problem) - kept
        assert optimum <= value + region.most_gain
        assert optimum == value or best == optimum


def _duals(packing: Packing) -> list[Dual]:
    flow = solve_flow(packing)
    flat = rounded(packing, np.full(packing.num_cols, 2.5))
    return [flat] if flow is None else [flat, flow.dual]


def _best_within(packing: Packing, arcs: np.ndarray, unplaced: np.ndarray) -> int | None:
    """The best value over the options of a region, None when they hold no sound choice."""
    options: list[list[int]] = [[] for _ in range(packing.num_rows)]
    for row in unplaced.tolist():
        options[row].append(-1)
    for arc in arcs.tolist():
        options[int(packing.row[arc])].append(arc)
    best = None
    partial = [np.zeros(0, np.int64)]
    for row_options in options:
        partial = [np.append(p, arc) for p in partial for arc in row_options]
    for choice in partial:
        if (packing.room(choice) >= 0).all():
            value = packing.value(choice)
            best = value if best is None else max(best, value)
    return best


@given(own_loads(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_rows_changes_no_value(problem: AssignmentProblem, random: np.random.Generator) -> None:
    arcs = np.arange(problem.num_arcs)
    random.shuffle(arcs)
    place = np.append(np.argsort(arcs), -1)
    shuffled = AssignmentProblem(
        reward=problem.reward,
        arc_group=problem.arc_group[arcs],
        arc_bin=problem.arc_bin[arcs],
        arc_cost=problem.arc_cost[arcs],
        arc_load=problem.arc_load[arcs],
        capacity=problem.capacity,
        bin_parent=problem.bin_parent,
        pinned=place[problem.pinned],
    )
    one, other = assign(problem), assign(shuffled)
    assert (one.objective, one.bound) == (other.objective, other.bound)
