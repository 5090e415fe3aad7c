"""Loads other than 1 against brute force: the answer, and every bound on the way to it."""

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from matching import AssignmentProblem, Status, assign, verify_assignment
from matching.solvers.deadline import Deadline
from matching.solvers.greedy import greedy_arcs
from matching.solvers.weighted import highs, solve_weighted
from matching.solvers.weighted.cuts import Equations
from matching.solvers.weighted.dual import Dual, rounded
from matching.solvers.weighted.flow_prices import solve_flow
from matching.solvers.weighted.linear import solve_linear
from matching.solvers.weighted.packing import Packing, arcs_of, choice_of, packing_of
from matching.solvers.weighted.parity import tightened
from matching.solvers.weighted.programme import programme_of, values_of
from matching.solvers.weighted.proving import Sharpened, prove
from matching.solvers.weighted.region import region_of
from matching.solvers.weighted.unavoidable import Unavoidable
from tests.property.draws import draws
from tests.property.matching.oracles import (
    PROBLEM_BYTES,
    arrays_of,
    best_value,
    best_within,
    pinned_if_possible,
    problem_of,
    problems,
    sound_within,
)

BY_BIN = problems(loads=True)
SCALES = (1, 7, 10**6, 10**12, 10**17)


@st.composite
def own_loads(draw: st.DrawFn) -> AssignmentProblem:
    """Tiny problems whose groups have one load of 1 to 5 wherever they go."""
    taken = draw(draws(PROBLEM_BYTES + 20))
    unit = taken.pick(SCALES)
    problem = problem_of(taken, loads=False)
    load = np.array(taken.integers(1, 5, problem.num_groups), np.int64)
    return pinned_if_possible(
        arrays_of(problem)
        | {
            "reward": problem.reward * unit,
            "arc_cost": problem.arc_cost * unit,
            "arc_load": load[problem.arc_group],
            "capacity": taken.integers(0, 9, problem.num_bins),
        }
    )


@st.composite
def workloads(draw: st.DrawFn) -> AssignmentProblem:
    """Tiny problems of one place a group, whose bins each limit a workload of 1 to 3 a group as well."""
    taken = draw(draws(PROBLEM_BYTES + 20))
    problem = problem_of(taken, loads=False)
    units = np.array(taken.integers(1, 3, problem.num_groups), np.int64)
    limits = taken.integers(0, 6, problem.num_bins)
    return AssignmentProblem(
        reward=problem.reward,
        arc_group=problem.arc_group,
        arc_bin=problem.arc_bin,
        arc_cost=problem.arc_cost,
        capacity=np.concatenate([problem.capacity, np.array(limits, np.int64)]),
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


@given(ANY_LOADS, st.lists(st.floats(0, 40), min_size=8, max_size=8))
@settings(max_examples=200, deadline=None)
def test_any_prices_bound_and_divide_the_loss(problem: AssignmentProblem, prices: list[float]) -> None:
    packing = packing_of(problem, 0)
    dual = rounded(packing, np.array(prices[: packing.num_cols], np.float64))
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
        best = best_within(packing, region.arcs, region.unplaced)
        kept = problem.value(problem.pinned[problem.pinned >= 0])
        value, optimum = packing.value(choice), best_value(problem) - kept
        assert optimum <= value + region.most_gain
        assert optimum == value or best == optimum


@given(own_loads(), st.booleans())
@settings(max_examples=400, deadline=None)
def test_what_is_unavoidable_forbids_no_better_choice(problem: AssignmentProblem, from_nobody: bool) -> None:
    packing = packing_of(problem, 0)
    nobody = np.full(packing.num_rows, -1, np.int64)
    choice = nobody if from_nobody else choice_of(packing, greedy_arcs(problem), problem.num_arcs)
    for dual in (*_duals(packing), solve_linear(packing, Deadline())[0]):
        region = tightened(region_of(dual, choice, np.arange(packing.num_rows)))
        unavoidable = Unavoidable.of(region, choice)
        programme = programme_of(region, unavoidable=unavoidable)
        event("imposes a loss" if unavoidable else "imposes nothing")
        for better in sound_within(packing, region.arcs, region.unplaced):
            if packing.value(better) > packing.value(choice):
                assert values_of(programme, region, better) is not None


@given(st.one_of(own_loads(), workloads()))
@settings(max_examples=300, deadline=None)
def test_no_cut_excludes_a_whole_solution(problem: AssignmentProblem) -> None:
    packing = packing_of(problem, 0)
    nobody = np.full(packing.num_rows, -1, np.int64)
    for dual in (*_duals(packing), solve_linear(packing, Deadline())[0]):
        region = region_of(dual, nobody, np.arange(packing.num_rows))
        programme = programme_of(region)
        relaxation, equations = highs.Relaxation(programme), Equations(programme)
        if (solved := relaxation.solve(Deadline())) is None:
            continue
        cuts = equations.cuts(solved[0])
        event("cuts" if cuts.num else "no cuts")
        assert (cuts.matrix @ solved[0] > cuts.most).all()
        for sound in sound_within(packing, region.arcs, region.unplaced):
            values = values_of(programme, region, sound)
            assert values is None or (cuts.matrix @ values <= cuts.most).all()


@given(st.one_of(own_loads(), workloads()), st.lists(st.floats(-20, 20), min_size=1, max_size=8))
@settings(max_examples=200, deadline=None)
def test_any_prices_of_rows_bound_every_solution(problem: AssignmentProblem, prices: list[float]) -> None:
    packing = packing_of(problem, 0)
    dual = rounded(packing, np.full(packing.num_cols, 2.5))
    nobody = np.full(packing.num_rows, -1, np.int64)
    region = region_of(dual, nobody, np.arange(packing.num_rows))
    programme = programme_of(region)
    price = np.resize(prices, programme.low.size)
    proven = Sharpened.of(programme, price)
    for sound in sound_within(packing, region.arcs, region.unplaced):
        values = values_of(programme, region, sound)
        if values is not None:
            cost = programme.cost @ values
            assert proven.bound + proven.reduced @ values <= cost + 1e-9 * (1 + abs(cost) + abs(price).sum())


@given(st.one_of(own_loads(), workloads()))
@settings(max_examples=150, deadline=None)
def test_what_is_proven_equals_brute_force(problem: AssignmentProblem) -> None:
    packing = packing_of(problem, 0)
    choice = np.full(packing.num_rows, -1, np.int64)
    kept = problem.value(problem.pinned[problem.pinned >= 0])
    optimum = best_value(problem) - kept
    region = region_of(solve_linear(packing, Deadline())[0], choice, np.arange(packing.num_rows))
    programme = programme_of(region)
    known = values_of(programme, region, choice)
    if known is None or region.hope < 0:
        return
    said: list[float] = []
    outcome = prove(
        region,
        choice,
        programme,
        known,
        Deadline(),
        nodes=None,
        gap=0.8,
        news=lambda bound, _x: said.append(bound),
        told=None,
    )
    won = region.loss / region.dual.scale - min(programme.cost @ known, programme.cost @ outcome.x)
    best = optimum - packing.value(choice)
    event("improved" if best else "the best already")
    assert outcome.finished
    assert won == pytest.approx(best, abs=0.1 + 1e-9 * optimum)
    assert all(region.loss / region.dual.scale - bound >= best - 0.1 - 1e-9 * optimum for bound in said)


def _duals(packing: Packing) -> list[Dual]:
    flow = solve_flow(packing)
    flat = rounded(packing, np.full(packing.num_cols, 2.5))
    return [flat] if flow is None else [flat, flow.dual]


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
