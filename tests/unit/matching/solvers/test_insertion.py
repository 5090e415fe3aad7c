"""Placing row by row: the same optimum and prices as the circulation, on territories of some size."""

import numba.core.caching
import numpy as np
import pytest

from benchmarks.speed.instances import clustered
from matching import AssignmentProblem, assign, verify_assignment
from matching.compiled import compiled
from matching.solvers import insertion
from matching.solvers.flow import by_circulation
from matching.solvers.network import Network, free_pieces


def _territory(num_groups: int, num_bins: int, seed: int, *, nested: bool) -> AssignmentProblem:
    """A clustered territory; ``nested``: every third bin stands in the one before it, some hold nobody."""
    arrays = clustered(num_groups, seed, num_bins=num_bins)
    parent, capacity = np.full(num_bins, -1), arrays.capacity.copy()
    if nested:
        parent[2::3] = np.arange(1, num_bins - 1, 3)
        parent[4::9] = np.arange(3, num_bins - 1, 9)
        capacity[5::7] = 0
    return AssignmentProblem(
        reward=arrays.reward, arc_group=arrays.arc_group, arc_bin=arrays.arc_bin,
        arc_cost=arrays.arc_cost, capacity=capacity, bin_parent=parent,
    )  # fmt: skip


def _network(problem: AssignmentProblem) -> Network:
    (piece,) = free_pieces(problem, 0)
    return piece


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize(("num_groups", "num_bins"), [(600, 20), (900, 60), (3000, 40)])
def test_the_answer_is_that_of_the_circulation(num_groups: int, num_bins: int, nested: bool) -> None:
    problem = _territory(num_groups, num_bins, 3, nested=nested)
    network = _network(problem)
    assert insertion.is_fit_for(network)
    choice, potential = insertion.placed_one_by_one(network)
    other, least = by_circulation(network)
    assert network.value(choice) == network.value(other)
    assert potential.tolist() == least.tolist()
    assert verify_assignment(problem, assign(problem)) == []


def test_many_bins_many_places_and_huge_numbers_go_the_other_way(monkeypatch: pytest.MonkeyPatch) -> None:
    network = _network(_territory(600, 20, 3, nested=False))
    for name, limit in (("_MOST_COLS", 19), ("_MOST_WISHES", 1000), ("_LARGEST", 5000)):
        with monkeypatch.context() as patch:
            patch.setattr(insertion, name, limit)
            assert not insertion.is_fit_for(network)
    assert insertion.is_fit_for(network)


def test_where_machine_code_can_be_kept_nowhere_each_process_compiles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(numba.core.caching.CacheImpl, "_locator_classes", [])

    def twice(number: int) -> int:
        return 2 * number

    with pytest.raises(RuntimeError, match="cannot cache"):
        numba.njit(cache=True)(twice)
    assert compiled(twice)(21) == 42
