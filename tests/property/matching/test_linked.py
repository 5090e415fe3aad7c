"""Problems with further uses and pairs against brute force and against themselves."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import AssignmentProblem, Status, assign, verify_assignment
from tests.property.draws import Draws, draws
from tests.property.matching.oracles import arrays_of, best_value, linked_problems


@given(linked_problems(), st.integers(-2, 2))
@settings(max_examples=150, deadline=None)
def test_equals_brute_force(problem: AssignmentProblem, seed: int) -> None:
    result = assign(problem, seed=seed)
    assert result.objective == best_value(problem)
    assert result.status is Status.OPTIMAL
    assert verify_assignment(problem, result) == []


@given(linked_problems())
@settings(max_examples=60, deadline=None)
def test_without_time_the_answer_is_sound_and_bounded(problem: AssignmentProblem) -> None:
    result = assign(problem, time_limit_s=0.0)
    assert verify_assignment(problem, result) == []
    assert result.objective <= best_value(problem) <= result.bound


@given(linked_problems(), draws(4))
@settings(max_examples=60, deadline=None)
def test_more_capacity_never_hurts(problem: AssignmentProblem, taken: Draws) -> None:
    more = np.array(taken.integers(0, 2, problem.num_bins), np.int64)
    wider = AssignmentProblem(**arrays_of(problem) | {"capacity": problem.capacity + more})
    assert assign(wider).objective >= assign(problem).objective


@given(linked_problems(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_rows_changes_no_value(problem: AssignmentProblem, random: np.random.Generator) -> None:
    one, other = assign(problem), assign(shuffled(problem, random))
    assert (one.objective, one.bound) == (other.objective, other.bound)


def shuffled(problem: AssignmentProblem, random: np.random.Generator) -> AssignmentProblem:
    """The same problem with all rows in another order; ``x_at[new] = old``."""
    group_at, bin_at, arc_at, use_at, pair_at = (
        _permutation(size, random)
        for size in (
            problem.num_groups, problem.num_bins, problem.num_arcs, problem.use_arc.size,
            problem.pair_first.size,
        )
    )  # fmt: skip
    group, bin_, arc = (np.append(np.argsort(at), -1) for at in (group_at, bin_at, arc_at))
    return AssignmentProblem(
        reward=problem.reward[group_at],
        arc_group=group[problem.arc_group[arc_at]],
        arc_bin=bin_[problem.arc_bin[arc_at]],
        arc_cost=problem.arc_cost[arc_at],
        arc_load=problem.arc_load[arc_at],
        capacity=problem.capacity[bin_at],
        pinned=arc[problem.pinned[group_at]],
        bin_parent=bin_[problem.bin_parent[bin_at]],
        use_arc=arc[problem.use_arc[use_at]],
        use_bin=bin_[problem.use_bin[use_at]],
        use_load=problem.use_load[use_at],
        pair_first=group[problem.pair_second[pair_at]],
        pair_second=group[problem.pair_first[pair_at]],
        pair_bonus=problem.pair_bonus[pair_at],
    )


def _permutation(size: int, random: np.random.Generator) -> np.ndarray:
    order = list(range(size))
    random.shuffle(order)
    return np.array(order, np.int64)
