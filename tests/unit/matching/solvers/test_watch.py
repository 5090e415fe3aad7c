"""A solve tells how far it is, stops when asked to, and never falls behind where it began."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from matching import AssignmentProblem, Progress, Status, assign, verify_assignment
from matching.solvers.deadline import Deadline
from matching.solvers.greedy import greedy_arcs
from tests.unit.matching.solvers.test_weighted import territory


def linked(seed: int) -> AssignmentProblem:
    """Loads, a further use of every arc, and pairs of neighbours in the list."""
    base = territory(24, 4, seed)
    pairs = np.arange(0, 24, 4)
    return AssignmentProblem(
        reward=base.reward,
        arc_group=base.arc_group,
        arc_bin=base.arc_bin,
        arc_cost=base.arc_cost,
        arc_load=base.arc_load,
        capacity=np.concatenate([base.capacity, base.capacity // 2]),
        use_arc=np.arange(base.num_arcs),
        use_bin=base.arc_bin + 4,
        use_load=base.arc_group % 3,
        pair_first=pairs,
        pair_second=pairs + 1,
        pair_bonus=np.full(pairs.size, 300),
    )


def seen_by(answer: Callable[[int], bool]) -> tuple[list[Progress], Callable[[Progress], bool]]:
    """A watcher that answers by the number of its call, and what it was shown."""
    shown: list[Progress] = []

    def watch(progress: Progress) -> bool:
        shown.append(progress)
        return answer(len(shown))

    return shown, watch


@pytest.mark.parametrize("problem", [linked(1), territory(24, 4, 1)], ids=["linked", "own loads"])
def test_progress_only_gets_better_and_leads_to_the_answer(problem: AssignmentProblem) -> None:
    shown, watch = seen_by(lambda _: True)
    result = assign(problem, watch=watch)
    assert len(shown) > 1
    for before, after in pairwise(shown):
        assert before.best <= after.best <= after.bound <= before.bound
        assert before.elapsed_s <= after.elapsed_s
    assert shown[-1].best <= result.objective <= result.bound <= shown[-1].bound


@pytest.mark.parametrize("calls", [1, 2, 4])
def test_the_first_no_is_the_last_call(calls: int) -> None:
    problem = linked(2)
    shown, watch = seen_by(lambda number: number < calls)
    result = assign(problem, watch=watch)
    assert len(shown) <= calls
    greedy = greedy_arcs(problem)
    assert result.objective >= problem.value(greedy[greedy >= 0])
    assert verify_assignment(problem, result) == []


def test_a_flow_may_be_stopped_before_it_begins() -> None:
    problem = AssignmentProblem(
        reward=[9, 5], arc_group=[0, 0, 1], arc_bin=[0, 1, 0], arc_cost=[0, 4, 0], capacity=[1, 1]
    )
    shown, watch = seen_by(lambda _: False)
    result = assign(problem, watch=watch)
    assert (len(shown), result.status) == (1, Status.FEASIBLE)
    assert result.objective == 9  # the queue: the second group finds its only bin taken
    assert assign(problem, start=[1, 2], watch=watch).objective == 10


def test_what_is_known_already_is_not_given_up() -> None:
    problem = linked(1)
    best = assign(problem)
    again = assign(problem, time_limit_s=0.0, start=best.arc)
    assert again.objective == best.objective
    assert verify_assignment(problem, again) == []


def test_an_error_of_the_watcher_comes_out() -> None:
    def watch(_: Progress) -> bool:
        raise RuntimeError("nobody there")

    with pytest.raises(RuntimeError, match="nobody there"):
        assign(linked(1), watch=watch)


def test_a_part_of_the_time_is_never_more_than_what_is_left() -> None:
    assert Deadline().part(0.5).remaining_s() == float("inf")
    whole = Deadline.within(100.0)
    assert 0 < whole.part(0.5).remaining_s() <= 50.0
    stopped = Deadline.within(100.0, lambda _: False)
    stopped.report(1, 2)
    assert stopped.remaining_s() == stopped.part(0.5).remaining_s() == 0.0
