"""A second process decides all rows at once; it can be asked anew, killed, and may die."""

import signal
import time
from collections.abc import Iterator

import numpy as np
import pytest

from benchmarks.quality.gap_instances import generated
from matching import AssignmentProblem, Status, assign, verify_assignment
from matching.solvers.weighted import aside as module
from matching.solvers.weighted import solve
from matching.solvers.weighted.aside import Aside, Child, Heard
from matching.solvers.weighted.dual import Dual
from matching.solvers.weighted.flow_prices import solve_flow
from matching.solvers.weighted.packing import packing_of
from matching.solvers.weighted.patterns import search

LONGEST_S = 60.0


def territory(num_groups: int = 200, num_bins: int = 12) -> AssignmentProblem:
    random = np.random.default_rng(5)
    near = np.argsort(random.random((num_groups, num_bins)), axis=1)[:, :8]
    return AssignmentProblem(
        reward=random.integers(1, 4, num_groups) * 20_000,
        arc_group=np.repeat(np.arange(num_groups), 8),
        arc_bin=near.ravel(),
        arc_cost=random.integers(0, 600, near.size),
        arc_load=np.repeat(random.integers(1, 4, num_groups), 8),
        capacity=np.full(num_bins, int(1.4 * num_groups / num_bins)),
    )


def dual_of(problem: AssignmentProblem) -> Dual:
    flow = solve_flow(packing_of(problem, 0))
    assert flow is not None
    return flow.dual


@pytest.fixture(scope="module")
def aside() -> Iterator[Aside]:
    """One process for those that only ask; it is started on purpose where its end is the matter."""
    with Aside() as one:
        yield one


@pytest.fixture(scope="module")
def optimum() -> int:
    """What one process alone finds, without a limit of time."""
    return assign(territory()).objective


def heard_to_the_end(aside: Aside) -> list[Heard]:
    """Listen until nothing is asked any more."""
    everything, until_s = [aside.heard()], time.monotonic() + LONGEST_S
    while not everything[-1].idle:
        assert time.monotonic() < until_s
        time.sleep(0.01)
        everything.append(aside.heard())
    return everything


def test_it_finds_the_optimum_and_proves_it(aside: Aside, optimum: int) -> None:
    problem = territory()
    dual = dual_of(problem)
    nobody = np.full(dual.packing.num_rows, -1)
    aside.ask(dual, nobody)
    news = heard_to_the_end(aside)
    choice = next(heard.choice for heard in reversed(news) if heard.choice is not None)
    most = min(heard.most for heard in news if heard.most is not None)
    assert dual.packing.value(choice) == most == optimum


def test_the_last_question_counts(aside: Aside) -> None:
    dual = dual_of(territory())
    nobody = np.full(dual.packing.num_rows, -1)
    for _ in range(3):
        aside.ask(dual, nobody)
    assert not aside.heard().idle
    assert heard_to_the_end(aside)[-1].idle


def test_it_is_gone_when_it_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    children = []

    class Noted(Child):
        def __init__(self) -> None:
            super().__init__()
            children.append(self)

    monkeypatch.setattr(module, "Child", Noted)
    with Aside() as aside:
        aside.ask(dual_of(territory()), np.full(200, -1))
    assert [child.process.returncode for child in children] == [-signal.SIGKILL] * 2


class Endless:
    """In place of a dual, a question that is never answered."""

    @property
    def packing(self) -> None:
        time.sleep(10 * LONGEST_S)


@pytest.mark.parametrize("asked", [False, True])
def test_it_ends_with_whoever_asked(asked: bool) -> None:
    child = Child()
    if asked:
        child.ask(Endless(), None, False)
        child._outbox.put(None)
        child._speaker.join(LONGEST_S)  # the question is written
    assert child.process.stdin is not None
    child.process.stdin.close()
    assert child.process.wait(LONGEST_S) == 0
    child.end()


def test_with_a_limit_of_time_the_optimum_is_proven_by_two(
    monkeypatch: pytest.MonkeyPatch, optimum: int
) -> None:
    problem, started = territory(), []

    class Noted(Aside):
        def __init__(self) -> None:
            started.append(self)
            super().__init__()

    monkeypatch.setattr(solve, "Aside", Noted)
    monkeypatch.setattr(solve, "num_processors", lambda: 2)
    result = assign(problem, time_limit_s=LONGEST_S)
    assert len(started) == 1
    assert result.status is Status.OPTIMAL
    assert result.objective == optimum
    assert not verify_assignment(problem, result)


def test_loads_that_differ_by_bin_are_proven_aside_where_nothing_is_proven_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = generated("c", 5, 40, 1).problem()
    known = assign(problem)
    assert known.status is Status.OPTIMAL
    monkeypatch.setattr(solve, "_SMALL_ARCS", 100)
    monkeypatch.setattr(search, "_ARCS_PER_ROW", 0)
    monkeypatch.setattr(solve, "num_processors", lambda: 2)
    result = assign(problem, time_limit_s=LONGEST_S)
    assert (result.status, result.objective) == (Status.OPTIMAL, known.objective)
    assert not verify_assignment(problem, result)


class Dead(Child):
    def __init__(self) -> None:
        super().__init__()
        self.process.kill()


def test_when_it_dies_loads_that_differ_by_bin_are_proven_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "Child", Dead)
    monkeypatch.setattr(solve, "_SMALL_ARCS", 100)
    monkeypatch.setattr(solve, "num_processors", lambda: 2)
    problem = generated("c", 5, 40, 1).problem()
    assert assign(problem, time_limit_s=10).status is Status.OPTIMAL


def test_when_it_dies_the_search_goes_on_alone(monkeypatch: pytest.MonkeyPatch, optimum: int) -> None:
    monkeypatch.setattr(module, "Child", Dead)
    monkeypatch.setattr(solve, "num_processors", lambda: 2)
    problem = territory()
    result = assign(problem, time_limit_s=LONGEST_S)
    assert not verify_assignment(problem, result)
    assert result.objective == optimum
