"""Loads other than 1, on problems small enough to be worked out by hand."""

import os
from typing import Any

import numpy as np
import pytest

from matching import AssignmentProblem, Status, assign, verify_assignment
from matching.solvers.deadline import Deadline
from matching.solvers.greedy import greedy_arcs
from matching.solvers.weighted import highs, solve_weighted
from matching.solvers.weighted.answer import Answer, improvement
from matching.solvers.weighted.cuts import Equations
from matching.solvers.weighted.dual import Dual, rounded, scale_for
from matching.solvers.weighted.flow_prices import solve_flow
from matching.solvers.weighted.linear import solve_linear
from matching.solvers.weighted.milp import _most_gain, solve_region
from matching.solvers.weighted.packing import Packing, choice_of, packing_of
from matching.solvers.weighted.parity import tightened
from matching.solvers.weighted.programme import programme_of, values_of
from matching.solvers.weighted.propagation import improve_region
from matching.solvers.weighted.proving import Sharpened
from matching.solvers.weighted.quiet import without_output
from matching.solvers.weighted.region import region_of
from matching.solvers.weighted.rounding import rounded_choice
from matching.solvers.weighted.subgradient import approximate_prices
from matching.solvers.weighted.unavoidable import Unavoidable

KNAPSACK: dict[str, Any] = {
    "reward": [10, 7, 7],
    "arc_group": [0, 1, 2],
    "arc_bin": [0, 0, 0],
    "arc_cost": [0, 0, 0],
    "arc_load": [3, 2, 2],
    "capacity": [4],
}


def packed(**changes: Any) -> Packing:
    return packing_of(AssignmentProblem(**{**KNAPSACK, **changes}), 0)


def territory(num_groups: int, num_bins: int, seed: int, *, by_bin: bool = False) -> AssignmentProblem:
    """Loads of 1 to 3, three ranks of rewards, a little less capacity than asked for."""
    random = np.random.default_rng(seed)
    near = np.argsort(random.random((num_groups, num_bins)), axis=1)[:, : min(8, num_bins)]
    load = random.integers(1, 4, num_groups)
    arc_load = np.repeat(load, near.shape[1])
    if by_bin:
        arc_load = random.integers(1, 9, arc_load.size)
    return AssignmentProblem(
        reward=random.integers(1, 4, num_groups) * 20_000 + random.integers(0, 50, num_groups),
        arc_group=np.repeat(np.arange(num_groups), near.shape[1]),
        arc_bin=near.ravel(),
        arc_cost=random.integers(0, 600, arc_load.size),
        arc_load=arc_load,
        capacity=np.full(num_bins, int(0.7 * arc_load.mean() * num_groups / num_bins)),
    )


def test_two_small_loads_beat_one_large_one() -> None:
    problem = AssignmentProblem(**KNAPSACK)
    result = assign(problem)
    assert result.arc.tolist() == [-1, 1, 2]
    assert (result.objective, result.bound, result.status) == (14, 14, Status.OPTIMAL)
    assert result.price is None
    assert verify_assignment(problem, result) == []


def test_loads_count_for_the_bin_above() -> None:
    problem = AssignmentProblem(
        **{**KNAPSACK, "capacity": [9, 4], "arc_bin": [1, 1, 0], "bin_parent": [-1, 0]}
    )
    result = assign(problem)
    assert result.arc.tolist() == [0, -1, 2]  # the inner bin holds 3 or 2, not both; 10 beats 7
    assert result.objective == 17


def test_pinned_loads_are_kept_and_counted() -> None:
    problem = AssignmentProblem(**{**KNAPSACK, "pinned": [0, -1, -1], "capacity": [5]})
    result = assign(problem)
    assert result.objective == 17
    assert result.arc[0] == 0


def test_nothing_that_fits_is_optimal_and_empty() -> None:
    result = assign(AssignmentProblem(**{**KNAPSACK, "capacity": [1]}))
    assert (result.arc.tolist(), result.objective, result.status) == ([-1, -1, -1], 0, Status.OPTIMAL)


def test_loads_may_depend_on_the_bin() -> None:
    problem = AssignmentProblem(
        reward=[50, 50],
        arc_group=[0, 0, 1, 1],
        arc_bin=[0, 1, 0, 1],
        arc_cost=[1, 5, 2, 9],
        arc_load=[4, 1, 4, 2],
        capacity=[4, 2],
    )
    result = assign(problem)
    assert result.arc.tolist() == [1, 2]  # 45 + 48; the other way round 49 + 41
    assert (result.objective, result.status) == (93, Status.OPTIMAL)


def test_a_load_of_nothing_takes_no_room() -> None:
    problem = AssignmentProblem(**{**KNAPSACK, "arc_load": [0, 2, 2], "capacity": [2]})
    assert assign(problem).objective == 17


@pytest.mark.parametrize("by_bin", [False, True])
def test_out_of_time_the_greedy_is_the_floor_and_there_is_a_bound(by_bin: bool) -> None:
    problem = territory(300, 15, 5, by_bin=by_bin)
    greedy = greedy_arcs(problem)
    result = assign(problem, time_limit_s=0.0)
    assert problem.value(greedy[greedy >= 0]) <= result.objective < result.bound
    assert result.status is Status.FEASIBLE
    assert verify_assignment(problem, result) == []


def test_workloads_are_proven_whatever_the_order_of_rows() -> None:
    problem = territory(80, 6, 1)
    result = assign(problem)
    assert result.status is Status.OPTIMAL
    assert verify_assignment(problem, result) == []
    back = np.arange(problem.num_arcs)[::-1]
    reversed_ = AssignmentProblem(
        reward=problem.reward,
        arc_group=problem.arc_group[back],
        arc_bin=problem.arc_bin[back],
        arc_cost=problem.arc_cost[back],
        arc_load=problem.arc_load[back],
        capacity=problem.capacity,
    )
    assert assign(reversed_, seed=3).objective == result.objective


def test_losses_beyond_63_bits_are_no_obstacle() -> None:
    small = territory(60, 6, 2, by_bin=True)
    large = AssignmentProblem(
        reward=small.reward * 10**12,
        arc_group=small.arc_group,
        arc_bin=small.arc_bin,
        arc_cost=small.arc_cost * 10**12,
        arc_load=small.arc_load,
        capacity=small.capacity,
    )
    packing = packing_of(large, 0)
    dual, _ = solve_linear(packing, Deadline())
    assert rounded(packing, np.zeros(packing.num_cols)).total > 2**63
    assert dual.bound <= 1.001 * 10**12 * solve_linear(packing_of(small, 0), Deadline())[0].bound


def test_the_same_problem_and_seed_give_the_same_answer() -> None:
    problem = territory(20, 4, 2, by_bin=True)
    one, other = (solve_weighted(problem, Deadline(), 7) for _ in range(2))
    assert one.arc.tolist() == other.arc.tolist()
    assert one.bound == other.bound


def test_numbers_too_large_for_floating_point_are_only_proven_exactly() -> None:
    big = 2**50
    problem = AssignmentProblem(**{**KNAPSACK, "reward": [10 * big, 7 * big, 7 * big]})
    result = assign(problem)
    assert result.objective == 14 * big
    assert result.bound >= result.objective
    assert (result.status is Status.OPTIMAL) == (result.bound == result.objective)


def test_the_parts_of_the_loss_add_up() -> None:
    packing = packed()
    dual = Dual(packing=packing, price=np.array([3]), promise=np.zeros((2, 0), np.int64), scale=1)
    # Surpluses 10 - 9 = 1, 7 - 6 = 1 twice; capacity sold for 12.
    assert sorted(dual.surplus.tolist()) == [1, 1, 1]
    assert dual.bound == 15
    alone = np.full(3, -1)
    heavy = int(np.argmax(packing.load))
    alone[packing.row[heavy]] = heavy
    assert dual.row_loss(alone).tolist().count(1) == 2  # those left out
    assert dual.total - packing.value(alone) == 2 + 3 * 1  # and one unit left empty


def test_prices_are_fractions_with_a_denominator_that_fits() -> None:
    packing = packed()
    assert rounded(packing, np.array([10 / 3])).price.tolist() == [10 * 720_720 // 3]
    assert rounded(packing, np.array([np.nan])).price.tolist() == [0]
    huge = packed(reward=[2**58, 7, 7])
    assert scale_for(huge, 0.0) * 2**58 <= 2**60


def test_the_flow_in_units_gives_the_relaxation_and_its_price() -> None:
    packing = packed()
    flow = solve_flow(packing)
    assert flow is not None
    # Per unit 7/2 beats 10/3: both loads of 2, nothing is left, and a unit more is worth 10/3.
    assert flow.dual.bound == 14
    assert flow.dual.price[0] / flow.dual.scale == pytest.approx(10 / 3)


def test_no_flow_where_loads_depend_on_the_bin() -> None:
    assert solve_flow(packing_of(territory(20, 4, 1, by_bin=True), 0)) is None


def test_approximate_prices_come_close_to_the_relaxation() -> None:
    packing = packing_of(territory(200, 8, 3, by_bin=True), 0)
    approximate = rounded(packing, approximate_prices(packing, Deadline()))
    exact, share = solve_linear(packing, Deadline())
    worth = float((share * packing.gain).sum())
    assert worth <= exact.total / exact.scale * (1 + 1e-9)
    assert exact.bound <= worth + 1
    assert exact.total / exact.scale <= approximate.total / approximate.scale <= 1.01 * worth
    choice = rounded_choice(exact, share)
    assert (packing.room(choice) >= 0).all()
    assert packing.value(choice) > 0.9 * worth


@pytest.mark.parametrize(
    ("capacity", "bound", "least"),
    [
        ([4], 12, 3),  # one unit of room 4 stays empty whatever is chosen
        ([4, 5], 27, 9),  # one and two units, though 9 units could hold three loads: each cluster counts
    ],
)
def test_whole_loads_cost_what_no_sum_of_loads_fills(capacity: list[int], bound: int, least: int) -> None:
    num = 2 * len(capacity)  # two loads of 3 want each room
    problem = AssignmentProblem(
        reward=[9] * num,
        arc_group=list(range(num)),
        arc_bin=[group // 2 for group in range(num)],
        arc_cost=[0] * num,
        arc_load=[3] * num,
        capacity=capacity,
    )
    packing = packing_of(problem, 0)
    flow = solve_flow(packing)
    assert flow is not None
    assert flow.dual.bound == bound
    choice = choice_of(packing, greedy_arcs(problem), problem.num_arcs)
    region = tightened(region_of(flow.dual, choice, np.arange(num)))
    assert region.least == least * flow.dual.scale
    assert region.most_gain == 0


@pytest.mark.parametrize("solver", ["programme", "propagation"])
def test_a_region_is_decided_as_well_as_possible(solver: str) -> None:
    problem = territory(40, 4, 4)
    packing = packing_of(problem, 0)
    dual = rounded(packing, approximate_prices(packing, Deadline()))
    choice = choice_of(packing, greedy_arcs(problem), problem.num_arcs)
    region = region_of(dual, choice, np.arange(packing.num_rows))
    if solver == "programme":
        answer = solve_region(region, choice, deadline=Deadline(), nodes=10_000)
        assert answer.most_gain == assign(problem).objective - packing.value(choice)
    else:
        answer = improve_region(region, choice, time_s=60.0, work=20.0, seed=1)
    assert answer.finished
    assert answer.choice is not None
    assert packing.value(answer.choice) == assign(problem).objective


@pytest.mark.parametrize("helped", [False, True])
def test_a_choice_found_elsewhere_is_taken_up_and_no_worse_one_looked_for(helped: bool) -> None:
    problem = territory(120, 8, 4)
    packing = packing_of(problem, 0)
    dual, _ = solve_linear(packing, Deadline())
    choice = choice_of(packing, greedy_arcs(problem), problem.num_arcs)
    best = choice_of(packing, assign(problem).arc, problem.num_arcs)
    heard: list[Answer] = []
    answer = solve_region(
        region_of(dual, choice, np.arange(packing.num_rows)),
        choice,
        deadline=Deadline(),
        nodes=None,
        news=heard.append,
        told=lambda: best if helped else None,
    )
    found = [packing.value(news.choice) for news in heard if news.choice is not None]
    assert any(value < packing.value(best) for value in found) != helped
    assert answer.choice is not None
    assert packing.value(answer.choice) == packing.value(best)


def test_whole_loads_are_paid_from_the_first_relaxation_on() -> None:
    # Three units of work, groups of two: the relaxation takes one and a half of them, and loses nothing.
    packing = packed(reward=[7, 7, 6], arc_load=[2, 2, 2], capacity=[3])
    dual, _ = solve_linear(packing, Deadline())
    choice = np.array([-1, -1, 2])
    region = region_of(dual, choice, np.arange(3))
    plain, paid = programme_of(region), programme_of(region, unavoidable=Unavoidable.of(region, choice))
    relaxed = [highs.solve(each, Deadline(), whole=False).bound for each in (plain, paid)]
    assert relaxed == pytest.approx([0, 3.5])
    assert values_of(paid, region, choice) is not None


@pytest.mark.parametrize(("load", "capacity"), [(2, 3), (3, 7), (3, 5), (4, 11)])
def test_cuts_say_what_whole_loads_exclude(load: int, capacity: int) -> None:
    num = 2 * (capacity // load) + 2  # two more than fit into both rooms
    problem = AssignmentProblem(
        reward=[7] * (num - 1) + [6],
        arc_group=np.repeat(np.arange(num), 2),
        arc_bin=np.tile([0, 1], num),
        arc_cost=np.zeros(2 * num, np.int64),
        arc_load=np.full(2 * num, load),
        capacity=[capacity, capacity],
    )
    packing = packing_of(problem, 0)
    nobody = np.full(num, -1)
    region = region_of(rounded(packing, np.zeros(2)), nobody, np.arange(num))
    programme = programme_of(region, covering=False)
    relaxation, equations = highs.Relaxation(programme), Equations(programme)
    x, _ = relaxation.solve(Deadline()) or pytest.fail("not solved")
    cuts = equations.cuts(x)
    assert cuts.num
    relaxation.add(cuts.matrix, cuts.most)
    x, price = relaxation.solve(Deadline()) or pytest.fail("not solved")
    assert Sharpened.of(relaxation.programme, price).bound == pytest.approx(7 + 6)


def test_a_limited_region_keeps_the_present_choice_and_says_it_is_not_complete() -> None:
    problem = territory(40, 6, 4)
    packing = packing_of(problem, 0)
    dual = rounded(packing, np.zeros(packing.num_cols))
    choice = choice_of(packing, greedy_arcs(problem), problem.num_arcs)
    region = region_of(dual, choice, np.arange(packing.num_rows)).limited(choice, 30)
    assert not region.complete
    assert np.isin(choice[choice >= 0], region.arcs).all()


def test_an_unsound_or_useless_answer_is_dropped() -> None:
    packing = packed()
    dual = rounded(packing, np.zeros(1))
    nobody, everybody = np.full(3, -1), np.arange(3)
    region = region_of(dual, nobody, np.arange(3))
    assert improvement(region, nobody, everybody) is None  # 7 units do not fit into 4
    assert improvement(region, nobody, nobody[:0]) is None  # worth no more than before
    light = np.flatnonzero(packing.load == 2)
    better = improvement(region, nobody, light)
    assert better is not None
    assert packing.value(better) == 14


@pytest.mark.parametrize("bound", [-np.inf, np.inf, np.nan])
def test_without_a_bound_from_the_solver_the_exact_one_holds(bound: float) -> None:
    packing = packed()
    region = region_of(rounded(packing, np.zeros(1)), np.full(3, -1), np.arange(3))
    assert _most_gain(region, bound) == 24


def test_too_much_to_add_up_in_64_bits_is_left_alone() -> None:
    packing = packed(reward=[2**60, 2**60, 2**60], capacity=[7])
    region = region_of(rounded(packing, np.zeros(1)), np.full(3, -1), np.arange(3))
    assert improve_region(region, np.full(3, -1), time_s=1.0, work=1.0, seed=0).choice is None


def test_what_compiled_code_prints_goes_nowhere(capfd: pytest.CaptureFixture[str]) -> None:
    with without_output():
        os.write(1, b"noise")
    os.write(1, b"kept")
    assert capfd.readouterr().out == "kept"
