"""``assign`` against brute force and against itself."""

from unittest.mock import patch

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import AssignmentProblem, Status, assign, verify_assignment
from matching.solvers import insertion, network
from matching.solvers.flow import by_circulation
from tests.property.draws import Draws, draws
from tests.property.matching.oracles import best_value, problems

UNITS = st.sampled_from([1, 10**6, 10**12, 10**17])


@given(UNITS.flatmap(lambda unit: problems(unit=unit)))
@settings(max_examples=250, deadline=None)
def test_equals_brute_force_at_any_magnitude(problem: AssignmentProblem) -> None:
    result = assign(problem)
    assert result.objective == result.bound == best_value(problem)
    assert result.status is Status.OPTIMAL
    assert verify_assignment(problem, result) == []


@given(problems(), st.data())
@settings(max_examples=200, deadline=None)
def test_a_price_is_what_one_more_place_would_bring(problem: AssignmentProblem, data: st.DataObject) -> None:
    result = assign(problem)
    roots = np.flatnonzero(problem.bin_parent < 0).tolist()
    if not roots:
        return
    bin_ = data.draw(st.sampled_from(roots))
    wider = problem.capacity.tolist()
    wider[bin_] += 1
    assert result.price is not None
    assert result.price[bin_] == best_value(problem, wider) - result.objective


@given(problems(loads=True))
@settings(max_examples=60, deadline=None)
def test_loads_equal_brute_force(problem: AssignmentProblem) -> None:
    result = assign(problem)
    assert result.objective == best_value(problem)
    assert result.status is Status.OPTIMAL
    assert verify_assignment(problem, result) == []


def renamed(references: np.ndarray, new_name: np.ndarray) -> np.ndarray:
    """References to rows after the rows were renamed; -1 stays."""
    return np.append(new_name, -1)[references]


@given(problems(), st.randoms(use_true_random=False), st.integers(-3, 3))
@settings(max_examples=150, deadline=None)
def test_the_order_of_rows_changes_neither_value_nor_prices(
    problem: AssignmentProblem, random: np.random.Generator, seed: int
) -> None:
    groups, bins = np.arange(problem.num_groups), np.arange(problem.num_bins)
    arcs = np.arange(problem.num_arcs)
    for rows in (groups, bins, arcs):
        random.shuffle(rows)
    shuffled = AssignmentProblem(
        reward=problem.reward[np.argsort(groups)],
        arc_group=groups[problem.arc_group[arcs]],
        arc_bin=bins[problem.arc_bin[arcs]],
        arc_cost=problem.arc_cost[arcs],
        capacity=problem.capacity[np.argsort(bins)],
        bin_parent=renamed(problem.bin_parent, bins)[np.argsort(bins)],
        pinned=renamed(problem.pinned, np.argsort(arcs))[np.argsort(groups)],
    )
    one, other = assign(problem), assign(shuffled, seed=seed)
    assert one.objective == other.objective
    assert one.price is not None
    assert other.price is not None
    assert one.price.tolist() == other.price[bins].tolist()


@given(problems(), draws(4))
@settings(max_examples=100, deadline=None)
def test_more_capacity_never_hurts(problem: AssignmentProblem, taken: Draws) -> None:
    more = taken.integers(0, 2, problem.num_bins)
    wider = AssignmentProblem(
        reward=problem.reward,
        arc_group=problem.arc_group,
        arc_bin=problem.arc_bin,
        arc_cost=problem.arc_cost,
        capacity=problem.capacity + np.array(more, np.int64),
        pinned=problem.pinned,
        bin_parent=problem.bin_parent,
    )
    assert assign(wider).objective >= assign(problem).objective


@given(problems())
@settings(max_examples=150, deadline=None)
def test_ordering_and_splitting_change_nothing(problem: AssignmentProblem) -> None:
    with patch.multiple(network, _MIN_ARCS=1, _CACHED_ARCS=0):
        result = assign(problem)
    assert verify_assignment(problem, result) == []
    assert result.status is Status.OPTIMAL
    assert result.objective == assign(problem).objective


@given(st.sampled_from([1, 10**6, 10**12]).flatmap(lambda unit: problems(unit=unit)))
@settings(max_examples=250, deadline=None)
def test_row_by_row_ends_where_the_circulation_does(problem: AssignmentProblem) -> None:
    for piece in network.free_pieces(problem, 0):
        assert insertion.is_fit_for(piece)
        choice, potential = insertion.placed_one_by_one(piece)
        other, least = by_circulation(piece)
        assert piece.value(choice) == piece.value(other)
        assert potential.tolist() == least.tolist()


@given(problems())
@settings(max_examples=100, deadline=None)
def test_out_of_time_is_sound_and_bounded(problem: AssignmentProblem) -> None:
    result = assign(problem, time_limit_s=0.0)
    assert verify_assignment(problem, result) == []
    assert result.objective <= best_value(problem) <= result.bound
