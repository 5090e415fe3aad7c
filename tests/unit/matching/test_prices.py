"""Prices: the least potentials, what they prove, and what is refused."""

import numpy as np
import pytest

from matching import AssignmentProblem, CertificateFailed, assign
from matching.solvers import prices
from matching.solvers.certificate import bound_from_prices
from matching.solvers.network import Network, free_pieces
from matching.solvers.prices import dual_value, minimal_potentials, upper_bound_potentials


def network(problem: AssignmentProblem) -> Network:
    (piece,) = free_pieces(problem, 0)
    return piece


def chain(length: int) -> AssignmentProblem:
    """Group i may go to bins i and i + 1; one group too many wants in at bin 0."""
    groups = np.arange(length)
    return AssignmentProblem(
        reward=[1000] * length + [500],
        arc_group=[*groups, *groups[:-1], length],
        arc_bin=[*groups, *(groups[:-1] + 1), 0],
        arc_cost=[1] * length + [4] * (length - 1) + [0],
        capacity=[1] * length,
    )


def test_a_price_runs_along_a_whole_chain() -> None:
    # Everyone sits in their own bin. A place at the far end is worth a shift of everybody by one:
    # 500 for the newcomer minus 3 per move.
    result = assign(chain(6))
    assert result.price is not None
    assert result.price.tolist() == [500, 497, 494, 491, 488, 485]


def test_prices_are_the_least_that_prove_the_optimum() -> None:
    problem = chain(6)
    result = assign(problem)
    assert result.price is not None
    assert bound_from_prices(problem, result.price) == result.objective
    for bin_ in range(problem.num_bins):
        lower = result.price.copy()
        lower[bin_] -= 1
        assert bound_from_prices(problem, lower) > result.objective


def test_an_improvable_choice_has_no_potentials() -> None:
    problem = AssignmentProblem(
        reward=[9, 9],
        arc_group=[0, 0, 1, 1],
        arc_bin=[0, 1, 0, 1],
        arc_cost=[1, 5, 5, 1],
        capacity=[1, 1],
    )
    piece = network(problem)
    swapped = np.array([np.flatnonzero((piece.row == r) & (piece.cost == 5))[0] for r in range(2)])
    with pytest.raises(CertificateFailed, match="improved"):
        minimal_potentials(piece, swapped)


def test_any_potentials_bound_the_optimum_from_above() -> None:
    problem = chain(5)
    piece, optimum = network(problem), assign(problem).objective
    empty = np.full(piece.num_rows, -1, np.int64)
    assert dual_value(piece, np.zeros(piece.num_cols, np.int64)) >= optimum
    assert dual_value(piece, upper_bound_potentials(piece, empty)) >= optimum


def test_potentials_never_fall_from_a_bin_to_one_inside() -> None:
    problem = AssignmentProblem(
        reward=[10, 10, 10],
        arc_group=[0, 1, 2],
        arc_bin=[0, 0, 1],
        arc_cost=[0, 1, 2],
        capacity=[1, 1],
        bin_parent=[-1, 0],
    )
    piece = network(problem)
    potential = upper_bound_potentials(piece, np.full(3, -1, np.int64))
    assert (potential >= piece.outer(potential)).all()


def test_many_bins_use_sorting_instead_of_a_table() -> None:
    pair, weight = np.array([13, 2, 13, 5]), np.array([5, -2, 7, 0])
    by_table = prices._strongest(pair, weight, 16)
    by_sorting = prices._strongest(pair, weight, 400_000_000)
    for distinct, strongest in (by_table, by_sorting):
        assert distinct.tolist() == [2, 5, 13]
        assert strongest.tolist() == [-2, 0, 7]
