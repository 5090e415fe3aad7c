"""``assign`` on problems small enough to be worked out by hand."""

import numpy as np
import pytest

from matching import AssignmentProblem, CertificateFailed, Status, assign, verify_assignment
from matching.solvers import dispatch, flow, network
from matching.solvers.flow import expected_s, optimum
from matching.solvers.network import Network, free_pieces


def test_two_groups_one_place_the_greater_reward_wins() -> None:
    problem = AssignmentProblem(
        reward=[10, 12], arc_group=[0, 1], arc_bin=[0, 0], arc_cost=[1, 4], capacity=[1]
    )
    result = assign(problem)
    # 10 - 1 = 9 beats 12 - 4 = 8; the second place would add those 8.
    assert result.arc.tolist() == [0, -1]
    assert (result.objective, result.bound, result.status) == (9, 9, Status.OPTIMAL)
    assert result.price is not None
    assert result.price.tolist() == [8]
    assert verify_assignment(problem, result) == []


def test_a_chain_moves_one_group_to_let_another_in() -> None:
    problem = AssignmentProblem(
        reward=[100, 100],
        arc_group=[0, 0, 1],
        arc_bin=[0, 1, 0],
        arc_cost=[1, 30, 5],
        capacity=[1, 1],
    )
    result = assign(problem)
    assert result.arc.tolist() == [1, 2]
    assert result.objective == 70 + 95
    assert result.price is not None
    # One more place in bin 0 lets group 0 come back from 30 to 1.
    assert result.price.tolist() == [29, 0]


def test_an_arc_dearer_than_the_reward_is_never_used() -> None:
    problem = AssignmentProblem(reward=[5], arc_group=[0], arc_bin=[0], arc_cost=[6], capacity=[1])
    assert assign(problem).arc.tolist() == [-1]


@pytest.mark.parametrize(("groups", "bins"), [(0, 0), (0, 2), (3, 0), (3, 2)])
def test_without_arcs_nobody_is_placed(groups: int, bins: int) -> None:
    problem = AssignmentProblem(
        reward=[1] * groups, arc_group=[], arc_bin=[], arc_cost=[], capacity=[1] * bins
    )
    result = assign(problem)
    assert result.arc.tolist() == [-1] * groups
    assert (result.objective, result.bound) == (0, 0)
    assert verify_assignment(problem, result) == []


def test_a_bin_inside_another_uses_both_capacities() -> None:
    problem = AssignmentProblem(
        reward=[50, 40, 30],
        arc_group=[0, 1, 2],
        arc_bin=[1, 1, 0],  # two of the first tier, one of the others
        arc_cost=[0, 0, 0],
        capacity=[2, 1],
        bin_parent=[-1, 0],
    )
    result = assign(problem)
    assert result.arc.tolist() == [0, -1, 2]
    assert result.price is not None
    # The inner place is short (40 waits); the outer bin is full, but nobody else waits for it.
    assert result.price.tolist() == [0, 40]
    assert verify_assignment(problem, result) == []


def test_pinned_arcs_stay_even_at_a_loss() -> None:
    problem = AssignmentProblem(
        reward=[1, 100],
        arc_group=[0, 1],
        arc_bin=[0, 0],
        arc_cost=[9, 0],
        capacity=[1],
        pinned=[0, -1],
    )
    result = assign(problem)
    assert result.arc.tolist() == [0, -1]
    assert result.objective == -8
    assert result.price is not None
    assert result.price.tolist() == [100]
    assert verify_assignment(problem, result) == []


def test_a_bin_that_cannot_fill_up_decides_alone() -> None:
    problem = AssignmentProblem(
        reward=[9, 9, 9],
        arc_group=[0, 0, 1, 1, 2, 2],
        arc_bin=[0, 1, 0, 1, 0, 1],
        arc_cost=[1, 2, 3, 2, 1, 5],
        capacity=[3, 1],
    )
    kept = sorted(int(arc) for piece in free_pieces(problem, 0) for arc in piece.arc)
    assert kept == [0, 2, 3, 4]  # arcs 1 and 5 cost more than the roomy bin 0
    assert assign(problem).objective == 8 + 7 + 8


def test_pieces_that_share_nothing_are_solved_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_MIN_ARCS", 1)
    monkeypatch.setattr(network, "_CACHED_ARCS", 1)
    problem = AssignmentProblem(
        reward=[9, 9, 9, 9],
        arc_group=[0, 1, 2, 3, 3],
        arc_bin=[0, 0, 1, 2, 4],
        arc_cost=[1, 2, 1, 1, 3],
        capacity=[1, 1, 0, 7, 1],
    )
    pieces = free_pieces(problem, 0)
    assert sorted(piece.num_arcs for piece in pieces) == [1, 2, 2]
    result = assign(problem)
    assert result.arc.tolist() == [0, -1, 2, 4]
    assert verify_assignment(problem, result) == []


def test_numbers_beyond_the_range_of_the_solver_stay_exact() -> None:
    # OR-Tools refuses costs above 2**63 / (2 * (nodes + 3)); the difference that decides is 1.
    big = 2**60
    problem = AssignmentProblem(
        reward=[big, big + 1, big],
        arc_group=[0, 0, 1, 2],
        arc_bin=[0, 1, 0, 1],
        arc_cost=[5, 3, 0, 2],
        capacity=[1, 1],
    )
    result = assign(problem)
    assert result.arc.tolist() == [-1, 2, 3]
    assert result.objective == 2 * big + 1 - 2
    assert result.status is Status.OPTIMAL
    assert verify_assignment(problem, result) == []


def clustered(num_groups: int, seed: int) -> AssignmentProblem:
    random = np.random.default_rng(seed)
    num_bins = max(2, num_groups // 20)
    arc_bin = (
        np.arange(num_groups)[:, None] // 20 + random.integers(0, 3, (num_groups, 1)) + [0, 1]
    ) % num_bins
    return AssignmentProblem(
        reward=random.integers(5_000, 90_000, num_groups),
        arc_group=np.repeat(np.arange(num_groups), 2),
        arc_bin=arc_bin.ravel(),
        arc_cost=random.integers(0, 5_000, 2 * num_groups),
        capacity=random.integers(0, 25, num_bins),
    )


def test_without_time_the_greedy_is_returned_with_a_valid_bound() -> None:
    problem = clustered(2_000, seed=3)
    optimum, hurried = assign(problem), assign(problem, time_limit_s=0.0)
    assert optimum.status is Status.OPTIMAL
    assert hurried.status is Status.FEASIBLE
    assert hurried.price is None
    assert hurried.objective <= optimum.objective <= hurried.bound
    # Prices from a few rounds of label correcting, not merely "everyone gets their best".
    assert hurried.bound <= 1.05 * optimum.objective
    assert verify_assignment(problem, hurried) == []


def test_with_enough_time_the_limit_changes_nothing() -> None:
    problem = clustered(500, seed=4)
    assert assign(problem, time_limit_s=60.0).arc.tolist() == assign(problem).arc.tolist()


def test_the_limit_is_checked_between_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_MIN_ARCS", 1)
    monkeypatch.setattr(network, "_CACHED_ARCS", 1)
    problem = AssignmentProblem(
        reward=[9, 9, 9, 9],
        arc_group=[0, 0, 1, 2, 2, 3],
        arc_bin=[0, 1, 0, 2, 3, 2],
        arc_cost=[1, 2, 1, 1, 2, 1],
        capacity=[1, 1, 1, 1],
    )
    spent = iter([10.0, 0.0])
    monkeypatch.setattr(dispatch.Deadline, "remaining_s", lambda _: next(spent))
    result = assign(problem, time_limit_s=10.0)
    assert verify_assignment(problem, result) == []
    assert result.bound == 30  # each piece is worth 15; the prices found for the second prove it
    assert result.objective == 15 + 8  # where the greedy gives group 2 the place that 3 needed


def test_a_wrong_answer_of_the_solver_is_never_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = AssignmentProblem(
        reward=[10, 12], arc_group=[0, 1], arc_bin=[0, 0], arc_cost=[1, 4], capacity=[1]
    )

    def worse(piece: Network) -> tuple[np.ndarray, np.ndarray]:
        best, potential = optimum(piece)
        return np.where(best >= 0, -1, np.arange(piece.num_rows)), potential

    monkeypatch.setattr(dispatch, "optimum", worse)
    with pytest.raises(CertificateFailed):
        assign(problem)


def test_a_refusal_of_the_solver_is_an_error_not_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "_cost_limit", lambda _: 2**63 - 1)
    problem = AssignmentProblem(
        reward=[2**62, 2**61], arc_group=[0, 1], arc_bin=[0, 0], arc_cost=[0, 0], capacity=[1]
    )
    with pytest.raises(CertificateFailed, match="BAD_COST_RANGE"):
        assign(problem)


def test_expected_time_grows_faster_than_the_arcs() -> None:
    assert expected_s(10_000) == pytest.approx(0.004)
    assert expected_s(2_000_000) > 100 * expected_s(20_000)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_shuffled_rows_get_the_same_answer(seed: int) -> None:
    problem = clustered(800, seed=seed)
    random = np.random.default_rng(seed)
    group, bin_ = random.permutation(problem.num_groups), random.permutation(problem.num_bins)
    arcs = random.permutation(problem.num_arcs)
    reward, capacity = np.empty_like(problem.reward), np.empty_like(problem.capacity)
    reward[group], capacity[bin_] = problem.reward, problem.capacity
    shuffled = AssignmentProblem(
        reward=reward,
        arc_group=group[problem.arc_group[arcs]],
        arc_bin=bin_[problem.arc_bin[arcs]],
        arc_cost=problem.arc_cost[arcs],
        capacity=capacity,
    )
    one, other = assign(problem), assign(shuffled)
    assert other.objective == one.objective
    back = other.arc[group]
    assert np.where(back >= 0, arcs[back], -1).tolist() == one.arc.tolist()
    assert one.price is not None
    assert other.price is not None
    assert other.price[bin_].tolist() == one.price.tolist()


def test_the_seed_chooses_among_equals_and_nothing_else() -> None:
    equals = AssignmentProblem(
        reward=[7] * 12,
        arc_group=np.repeat(np.arange(12), 2),
        arc_bin=[0, 1] * 12,
        arc_cost=[1] * 24,
        capacity=[3, 3],
    )
    answers = {seed: assign(equals, seed=seed) for seed in range(8)}
    assert {answer.objective for answer in answers.values()} == {36}
    assert assign(equals, seed=-5).arc.tolist() == assign(equals, seed=-5).arc.tolist()
