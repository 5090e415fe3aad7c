"""Loads other than 1 as one plain integer programme."""

from typing import Any

import numpy as np
import pytest

from matching import AssignmentProblem, AssignmentResult, Status, verify_assignment
from matching.solvers import programme
from matching.solvers.deadline import Deadline

KNAPSACK: dict[str, Any] = {
    "reward": [10, 7, 7],
    "arc_group": [0, 1, 2],
    "arc_bin": [0, 0, 0],
    "arc_cost": [0, 0, 0],
    "arc_load": [3, 2, 2],
    "capacity": [4],
}


def solved(problem: AssignmentProblem, time_limit_s: float | None = None) -> AssignmentResult:
    return programme.solve_programme(problem, Deadline.within(time_limit_s))


def test_two_small_loads_beat_one_large_one() -> None:
    problem = AssignmentProblem(**KNAPSACK)
    result = solved(problem)
    assert result.arc.tolist() == [-1, 1, 2]
    assert (result.objective, result.bound, result.status) == (14, 14, Status.OPTIMAL)
    assert result.price is None
    assert verify_assignment(problem, result) == []


def test_loads_count_for_the_bin_above() -> None:
    problem = AssignmentProblem(
        **{**KNAPSACK, "capacity": [9, 4], "arc_bin": [1, 1, 0], "bin_parent": [-1, 0]}
    )
    result = solved(problem)
    assert result.arc.tolist() == [0, -1, 2]  # the inner bin holds 3 or 2, not both; 10 beats 7
    assert result.objective == 17


def test_pinned_loads_are_kept_and_counted() -> None:
    problem = AssignmentProblem(**{**KNAPSACK, "pinned": [0, -1, -1], "capacity": [5]})
    result = solved(problem)
    assert result.objective == 17
    assert result.arc[0] == 0


def test_nothing_that_fits_is_optimal_and_empty() -> None:
    problem = AssignmentProblem(**{**KNAPSACK, "capacity": [1]})
    result = solved(problem)
    assert (result.arc.tolist(), result.objective, result.status) == ([-1, -1, -1], 0, Status.OPTIMAL)


def test_out_of_time_the_greedy_stands_with_a_bound() -> None:
    random = np.random.default_rng(5)
    shape = (300, 15)
    problem = AssignmentProblem(
        reward=random.integers(50, 100, shape[0]),
        arc_group=np.repeat(np.arange(shape[0]), shape[1]),
        arc_bin=np.tile(np.arange(shape[1]), shape[0]),
        arc_cost=random.integers(0, 50, shape).ravel(),
        arc_load=random.integers(5, 25, shape).ravel(),
        capacity=[150] * shape[1],
    )
    result = solved(problem, time_limit_s=0.0)
    assert result.status is Status.FEASIBLE
    assert 0 < result.objective < result.bound
    assert verify_assignment(problem, result) == []


def test_numbers_too_large_for_floating_point_are_not_called_proven() -> None:
    big = 2**50
    problem = AssignmentProblem(**{**KNAPSACK, "reward": [10 * big, 7 * big, 7 * big]})
    result = solved(problem)
    assert result.objective == 14 * big
    assert result.status is Status.FEASIBLE
    assert result.bound == 24 * big


def test_a_rounded_answer_that_breaks_a_rule_is_dropped() -> None:
    problem = AssignmentProblem(**KNAPSACK)
    arcs = np.arange(3)
    too_much = np.array([1.0, 1.0, 0.0])
    assert programme._sound_answers(problem, arcs, too_much) == []
    assert programme._sound_answers(problem, arcs, None) == []
    twice = AssignmentProblem(
        reward=[5], arc_group=[0, 0], arc_bin=[0, 1], arc_cost=[0, 0], arc_load=[2, 2], capacity=[2, 2]
    )
    assert programme._sound_answers(twice, np.arange(2), np.array([1.0, 1.0])) == []


@pytest.mark.parametrize("bound", [None, np.inf, np.nan])
def test_without_a_bound_from_the_solver_the_exact_one_holds(bound: float | None) -> None:
    class Answer:
        mip_dual_bound = bound

    assert programme._upper_bound(AssignmentProblem(**KNAPSACK), np.arange(3), Answer()) == 24
