"""The plain programme means what the assignment problem means: all solvers agree with brute force."""

from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest

from benchmarks.quality.plain_model import SOLVERS
from matching import AssignmentProblem


def _tiny(seed: int) -> AssignmentProblem:
    """Return five groups at three bins, one inside another, a common pool, two pairs, one pin."""
    random = np.random.default_rng(seed)
    group, bin_ = np.divmod(np.arange(15), 3)
    used = np.flatnonzero(bin_ != 2)
    return AssignmentProblem(
        reward=random.integers(20, 60, 5),
        arc_group=group,
        arc_bin=bin_,
        arc_cost=random.integers(0, 30, 15),
        arc_load=random.integers(1, 4, 15),
        capacity=[4, 6, 3, 4],
        bin_parent=[-1, 0, -1, -1],
        pinned=[1, -1, -1, -1, -1],
        use_arc=used,
        use_bin=np.full(used.size, 3),
        use_load=random.integers(0, 3, used.size),
        pair_first=[1, 4],
        pair_second=[2, 3],
        pair_bonus=[25, 40],
    )


def _sound(problem: AssignmentProblem) -> Iterator[np.ndarray]:
    for bins in product((-1, 0, 1, 2), repeat=5):
        arcs = np.array([3 * g + b for g, b in enumerate(bins) if b >= 0], np.int64)
        if bins[0] == 1 and (problem.used_capacity(arcs) <= problem.capacity).all():
            yield arcs


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_solver_finds_the_best_and_bounds_it(solver: str, seed: int) -> None:
    problem = _tiny(seed)
    best = max(problem.value(arcs) for arcs in _sound(problem))
    answer = SOLVERS[solver](problem, 20.0, 1)
    assert answer.arcs is not None
    assert problem.value(answer.arcs) == best
    assert answer.bound == best


def test_nothing_to_place_is_no_trouble() -> None:
    problem = AssignmentProblem(reward=[5], arc_group=[0], arc_bin=[0], arc_cost=[1], capacity=[0])
    answer = SOLVERS["HiGHS"](problem, 5.0, 1)
    assert answer.arcs is not None
    assert not answer.arcs.size
