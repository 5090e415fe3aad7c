"""Patterns: knapsacks against brute force, bounds that hold, dives that keep every rule."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from matching import AssignmentProblem, assign, verify_assignment
from matching.solvers.deadline import Deadline
from matching.solvers.greedy import greedy_arcs
from matching.solvers.weighted.dual import rounded
from matching.solvers.weighted.packing import Packing, choice_of, packing_of
from matching.solvers.weighted.patterns import has_patterns, improved_by_patterns, search
from matching.solvers.weighted.patterns.ascent import Steps, ascend
from matching.solvers.weighted.patterns.dive import DiveRules, dived
from matching.solvers.weighted.patterns.knapsack import best_patterns
from matching.solvers.weighted.patterns.merging import Merger
from matching.solvers.weighted.patterns.proof import proof_of
from matching.solvers.weighted.patterns.table import Table, choice_in, home_of

STEPS = Steps(passes=30, hope=5.0, least_hope=0.0, shrink=0.8, patience=4)
RULES = DiveRules(steps=STEPS, noise=0.15, rounds=20)


def problem_of(num_groups: int, num_bins: int, seed: int, *, room: float = 0.7) -> AssignmentProblem:
    """Loads of 0 to 9 that differ by bin, a third of the arcs missing, room for a part of the groups."""
    random = np.random.default_rng(seed)
    group, bin_ = np.nonzero(random.random((num_groups, num_bins)) < 0.7)
    load = random.integers(0, 10, group.size)
    return AssignmentProblem(
        reward=random.integers(0, 40, num_groups),
        arc_group=group,
        arc_bin=bin_,
        arc_cost=random.integers(0, 30, group.size),
        arc_load=load,
        capacity=np.full(num_bins, int(room * 4.5 * num_groups / num_bins)),
    )


def by_trying(packing: Packing) -> list[np.ndarray]:
    """Every choice that keeps the capacities."""
    arcs = [[-1, *range(packing.start[row], packing.start[row + 1])] for row in range(packing.num_rows)]
    choices = [np.array(choice, np.int64) for choice in product(*arcs)]
    return [choice for choice in choices if (packing.room(choice) >= 0).all()]


@pytest.mark.parametrize("seed", range(12))
def test_the_best_patterns_are_those_of_all_subsets(seed: int) -> None:
    random = np.random.default_rng(seed)
    profit, load = random.normal(1, 4, (4, 9)), random.integers(0, 12, (4, 9))
    capacity = random.integers(0, 30, 4)
    value, taken = best_patterns(profit, load, capacity)
    subsets = np.array(list(product([False, True], repeat=9)))
    best = np.where(subsets @ load.T <= capacity, subsets @ profit.T, -np.inf).max(axis=0)
    assert value == pytest.approx(best)
    assert (taken * profit).sum(axis=1) == pytest.approx(value)
    for known in (taken, np.zeros_like(taken)):
        assert best_patterns(profit, load, capacity, known)[0] == pytest.approx(best)
    assert ((taken * load).sum(axis=1) <= capacity).all()


def test_the_best_patterns_of_many_rows_are_those_of_a_plain_programme() -> None:
    random = np.random.default_rng(3)
    load = random.integers(1, 60, (3, 300))
    profit, capacity = load + random.normal(0, 5, load.shape) - 20, np.array([0, 90, 700])
    value, taken = best_patterns(profit, load, capacity)
    for column in range(3):
        best = np.zeros(capacity[column] + 1)
        for gain, weight in zip(profit[column], load[column], strict=True):
            if weight <= capacity[column]:
                best[weight:] = np.maximum(best[weight:], best[: best.size - weight] + gain)
        assert value[column] == pytest.approx(best[-1])
    assert ((taken * load).sum(axis=1) <= capacity).all()


def test_nothing_fits_nowhere() -> None:
    value, taken = best_patterns(np.ones((2, 3)), np.full((2, 3), 5), np.array([4, 0]))
    assert value.tolist() == [0, 0]
    assert not taken.any()
    assert best_patterns(np.ones((2, 0)), np.ones((2, 0), np.int64), np.array([4, 0]))[0].tolist() == [0, 0]


@pytest.mark.parametrize("seed", range(6))
def test_prices_prove_a_bound_and_losses_that_every_choice_keeps(seed: int) -> None:
    packing = packing_of(problem_of(5, 3, seed), seed)
    table, random = Table.of(packing), np.random.default_rng(seed)
    proof = proof_of(packing, table, random.uniform(0, 25, packing.num_rows))
    for choice in by_trying(packing):
        lost = proof.total - packing.value(choice) * proof.scale
        placed = choice >= 0
        assert lost >= proof.arc_loss[choice[placed]].max(initial=0)
        assert lost >= proof.row_loss[~placed].max(initial=0)
    assert (proof.arc_loss >= 0).all()


@pytest.mark.parametrize("seed", range(8))
def test_better_prices_still_bound_the_optimum(seed: int) -> None:
    packing = packing_of(problem_of(6, 3, seed), seed)
    table = Table.of(packing)
    optimum = max(packing.value(choice) for choice in by_trying(packing))
    high = np.full(packing.num_rows, 40.0)
    ascent = ascend(table, high, STEPS, Deadline())
    assert ascent.bound < 40 * packing.num_rows
    assert proof_of(packing, table, ascent.price).bound >= optimum
    assert ascent.bound >= optimum - 1e-6


@pytest.mark.parametrize("seed", range(8))
def test_the_search_reaches_the_optimum_of_small_problems(seed: int) -> None:
    packing = packing_of(problem_of(6, 3, seed), seed)
    optimum = max(packing.value(choice) for choice in by_trying(packing))
    dual, nothing = rounded(packing, np.ones(packing.num_cols)), np.full(packing.num_rows, -1, np.int64)
    choice, bound = improved_by_patterns(dual, nothing, Deadline(), seed)
    assert packing.value(choice) == optimum == bound
    assert (packing.room(choice) >= 0).all()


def test_a_dive_keeps_what_is_not_free_and_gives_up_below_what_is_known() -> None:
    packing = packing_of(problem_of(30, 5, 1), 1)
    table, random = Table.of(packing), np.random.default_rng(1)
    price, nobody = np.full(table.num_rows, 10.0), np.full(table.num_rows, -1)
    known: dict[str, Any] = {"rules": RULES, "random": random, "deadline": Deadline()}
    home = dived(table, price, nobody, free=np.ones(5, dtype=bool), above=-1, **known)
    assert home is not None
    assert table.fits(home)
    assert table.value(home) == packing.value(choice_in(packing, home)) > 0
    assert (home_of(packing, choice_in(packing, home)) == home).all()
    free = np.array([True, False, False, True, False])
    again = dived(table, price, home, free=free, above=-1, **known)
    assert again is not None
    stays = ~np.isin(home, [-1, 0, 3])
    assert (again[stays] == home[stays]).all()
    assert table.fits(again)
    assert dived(table, price, home, free=free, above=10**6, **known) is None


def test_patterns_are_for_columns_that_stand_alone() -> None:
    nested = AssignmentProblem(
        reward=[5, 5], arc_group=[0, 0, 1], arc_bin=[0, 1, 1], arc_cost=[0, 0, 0], arc_load=[1, 2, 3],
        capacity=[3, 3, 4], bin_parent=[2, -1, -1],
    )  # fmt: skip
    assert not has_patterns(packing_of(nested, 0), Deadline())
    assert has_patterns(packing_of(problem_of(6, 3, 1), 0), Deadline())
    assert not has_patterns(packing_of(problem_of(6, 3, 1), 0), Deadline.within(0.0))
    assert not has_patterns(packing_of(AssignmentProblem(
        reward=[5], arc_group=[0], arc_bin=[0], arc_cost=[0], arc_load=[2], capacity=[10**9],
    ), 0), Deadline())  # fmt: skip


def test_the_same_seed_gives_the_same_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_MOST_DIVES", 2)
    monkeypatch.setattr(search, "_CORE_WORK", 20_000)
    problem = problem_of(120, 15, 4)
    once, again = assign(problem, seed=5), assign(problem, seed=5)
    assert verify_assignment(problem, once) == []
    assert (once.arc == again.arc).all()
    assert once.bound == again.bound
    packing = packing_of(problem, 5)
    greedy = packing.value(choice_of(packing, greedy_arcs(problem), problem.num_arcs))
    assert greedy < once.objective <= once.bound


def test_without_time_the_greedy_comes_back_with_a_bound() -> None:
    problem = problem_of(120, 15, 4)
    result = assign(problem, time_limit_s=0.0)
    packing = packing_of(problem, 0)
    greedy = packing.value(choice_of(packing, greedy_arcs(problem), problem.num_arcs))
    assert verify_assignment(problem, result) == []
    assert greedy <= result.objective <= result.bound


@pytest.mark.parametrize("seed", range(6))
def test_a_merge_is_the_best_that_the_solutions_kept_can_be_made_of(seed: int) -> None:
    packing = packing_of(problem_of(6, 3, seed), 0)
    random, everything = np.random.default_rng(seed), by_trying(packing)
    kept = [everything[number] for number in random.choice(len(everything), 3, replace=False)]
    merger = Merger(rounded(packing, np.zeros(packing.num_cols)))
    merger._options = 0.0  # nothing but what the solutions hold
    for choice in kept[1:]:
        merger.add(choice)
    merged = merger.merged(kept[0], Deadline(), 1000)
    assert (packing.room(merged) >= 0).all()
    known = [set(column) | {-1} for column in np.stack(kept, axis=1).tolist()]
    made = [c for c in everything if all(arc in some for arc, some in zip(c.tolist(), known, strict=True))]
    best = max(packing.value(choice) for choice in made)
    assert max(map(packing.value, kept)) <= packing.value(merged) >= 0.98 * best
    again = merger.merged(merged, Deadline(), 1000)
    assert packing.value(again) >= packing.value(merged)
