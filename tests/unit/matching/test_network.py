"""Canonical order, locality and pieces: what happens before the solver is called."""

import numpy as np
import pytest

from matching import AssignmentProblem, assign
from matching.solvers import locality
from matching.solvers import network as networks
from matching.solvers.canonical import colours
from matching.solvers.locality import bin_order, components
from matching.solvers.network import free_pieces


def path(length: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The edges of a path whose bins are numbered at random."""
    number = np.random.default_rng(seed).permutation(length)
    return number[:-1], number[1:]


def test_components_are_named_by_their_smallest_bin() -> None:
    left, right = np.array([4, 2, 7]), np.array([1, 7, 5])
    assert components(8, left, right).tolist() == [0, 1, 2, 3, 1, 2, 6, 2]


@pytest.mark.parametrize("seed", range(5))
def test_a_shuffled_path_is_put_in_line(seed: int) -> None:
    left, right = path(40, seed)
    order, component = bin_order(40, left, right)
    place = np.argsort(order)
    assert (np.abs(place[left] - place[right]) == 1).all()
    assert component.tolist() == [0] * 40


def test_components_stay_together_in_the_order() -> None:
    left = np.concatenate([path(10, 1)[0] * 2, path(10, 2)[0] * 2 + 1])
    right = np.concatenate([path(10, 1)[1] * 2, path(10, 2)[1] * 2 + 1])
    order, component = bin_order(20, left, right)
    assert (np.diff(component[order]) != 0).sum() == 1
    assert sorted(order.tolist()) == list(range(20))


def test_very_deep_graphs_are_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locality, "_MAX_LEVELS", 3)
    order, _ = bin_order(30, *path(30, 0))
    assert sorted(order.tolist()) == list(range(30))


def test_bins_without_edges_keep_their_place() -> None:
    none = np.zeros(0, np.int64)
    order, component = bin_order(3, none, none)
    assert order.tolist() == component.tolist() == [0, 1, 2]


def test_colours_ignore_the_order_of_arcs_and_see_nesting() -> None:
    ints = np.int32
    given = {
        "reward": np.array([5, 5]),
        "capacity": np.array([1, 1]),
        "row": np.array([0, 0, 1], ints),
        "col": np.array([0, 1, 1], ints),
        "cost": np.array([2, 3, 3]),
    }
    flat, back = np.array([-1, -1], ints), [2, 0, 1]
    groups, bins = colours(**given, parent=flat, seed=1)
    shuffled = {key: value[back] if key in {"row", "col", "cost"} else value for key, value in given.items()}
    assert colours(**shuffled, parent=flat, seed=1)[0].tolist() == groups.tolist()
    assert colours(**given, parent=np.array([-1, 0], ints), seed=1)[1].tolist() != bins.tolist()
    assert colours(**given, parent=flat, seed=2)[0].tolist() != groups.tolist()
    assert len(set(groups.tolist())) == len(set(bins.tolist())) == 2


def grid(side: int, seed: int) -> AssignmentProblem:
    """A territory of ``side`` x ``side`` bins; each of four groups per bin reaches five of them."""
    random = np.random.default_rng(seed)
    x, y = np.meshgrid(np.arange(side), np.arange(side))
    home = np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), 4, axis=0)
    reach = (home[:, None, :] + [[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]]) % side
    number = random.permutation(side * side)
    rows = random.permutation(home.shape[0])
    return AssignmentProblem(
        reward=random.integers(100, 1000, home.shape[0]),
        arc_group=np.repeat(rows, 5),
        arc_bin=number[reach[..., 0] * side + reach[..., 1]].ravel(),
        arc_cost=random.integers(0, 100, home.shape[0] * 5),
        capacity=random.integers(0, 6, side * side),
    )


def test_neighbours_come_close_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "_CACHED_ARCS", 1)
    problem = grid(30, seed=1)
    (piece,) = free_pieces(problem, 0)
    home = piece.col[piece.start[:-1]]
    reach = np.abs(piece.col - home[piece.row]).mean()
    arbitrary = np.abs(problem.arc_bin.reshape(-1, 5) - problem.arc_bin.reshape(-1, 5)[:, :1]).mean()
    assert reach < 0.25 * arbitrary


def test_arcs_of_a_network_are_those_of_the_problem() -> None:
    problem = grid(12, seed=2)
    for piece in free_pieces(problem, 0):
        assert (np.diff(piece.row) >= 0).all()
        assert (problem.arc_group[piece.arc] == piece.group[piece.row]).all()
        assert (problem.arc_bin[piece.arc] == piece.bin[piece.col]).all()
        assert (problem.arc_cost[piece.arc] == piece.cost).all()


def test_tables_and_sorts_agree() -> None:
    keys = np.random.default_rng(0).integers(0, 50, 200)
    assert networks._distinct(keys, 50).tolist() == networks._distinct(keys, 10**9).tolist()


def test_splitting_changes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    left, right = grid(6, seed=3), grid(7, seed=4)
    both = AssignmentProblem(
        reward=np.concatenate([left.reward, right.reward]),
        arc_group=np.concatenate([left.arc_group, right.arc_group + left.num_groups]),
        arc_bin=np.concatenate([left.arc_bin, right.arc_bin + left.num_bins]),
        arc_cost=np.concatenate([left.arc_cost, right.arc_cost]),
        capacity=np.concatenate([left.capacity, right.capacity]),
    )
    monkeypatch.setattr(networks, "_MIN_ARCS", 1)
    monkeypatch.setattr(networks, "_CACHED_ARCS", 1)
    assert len(free_pieces(both, 0)) == 2
    assert assign(both).objective == assign(left).objective + assign(right).objective
