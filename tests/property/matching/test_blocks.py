"""Knapsacks of all that a bin offers against brute force: no improvement is ever excluded."""

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from matching import AssignmentProblem
from matching.solvers.deadline import Deadline
from matching.solvers.greedy import greedy_arcs
from matching.solvers.weighted.blocks import packed
from matching.solvers.weighted.dual import rounded
from matching.solvers.weighted.linear import solve_linear
from matching.solvers.weighted.packing import choice_of, packing_of
from matching.solvers.weighted.parity import tightened
from matching.solvers.weighted.region import region_of
from tests.property.matching.oracles import best_value, best_within, linked_problems, problems
from tests.property.matching.test_weighted import own_loads, workloads

ANY = st.one_of(linked_problems(), workloads(), own_loads(), problems(loads=True))


# Two want the one place of a bin in another whose four units cost nothing: a single unit is left to win.
_FREE_UNITS = AssignmentProblem(
    reward=[0, 3, 0, 0, 2],
    arc_group=[0, 1, 1, 0, 0, 1, 2, 2, 2, 3, 3, 3, 4],
    arc_bin=[0, 2, 1, 1, 2, 0, 0, 1, 2, 0, 1, 2, 1],
    arc_cost=[0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    capacity=[0, 1, 0, 0, 4, 0],
    use_arc=range(13),
    use_bin=[3, 5, 4, 4, 5, 3, 3, 4, 5, 3, 4, 5, 4],
    use_load=[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2],
)


@example(problem=_FREE_UNITS, any_prices=[0.0] * 8, from_nobody=False)
@given(ANY, st.lists(st.floats(0, 12), min_size=8, max_size=8), st.booleans())
@settings(max_examples=150, deadline=None)
def test_blocks_never_exclude_an_improvement(
    problem: AssignmentProblem, any_prices: list[float], from_nobody: bool
) -> None:
    packing = packing_of(problem, 0)
    prices = np.array(any_prices[: packing.num_cols], np.float64)
    nobody = np.full(packing.num_rows, -1, np.int64)
    greedy = choice_of(packing, greedy_arcs(problem), problem.num_arcs)
    choice = nobody if from_nobody else greedy
    optimum = best_value(problem) - problem.value(problem.pinned[problem.pinned >= 0])
    for dual in (rounded(packing, prices), solve_linear(packing, Deadline())[0]):
        whole = region_of(dual, choice, np.arange(packing.num_rows))
        for region in (packed(whole), tightened(packed(whole))):
            assert optimum <= packing.value(choice) + region.most_gain
            assert region.least >= whole.least
            if optimum > packing.value(choice):
                assert best_within(packing, region.arcs, region.unplaced) == optimum


def test_whole_loads_of_two_kinds_close_the_gap_of_the_relaxation() -> None:
    # Two places and three units of work: of three groups of two units, only one fits.
    problem = AssignmentProblem(
        reward=[60, 60, 60], arc_group=[0, 1, 2], arc_bin=[0, 0, 0], arc_cost=[0, 0, 0],
        capacity=[2, 3], use_arc=[0, 1, 2], use_bin=[1, 1, 1], use_load=[2, 2, 2],
    )  # fmt: skip
    packing = packing_of(problem, 0)
    dual, _ = solve_linear(packing, Deadline())
    choice = choice_of(packing, greedy_arcs(problem), problem.num_arcs)
    region = region_of(dual, choice, np.arange(3))
    assert (dual.bound, packing.value(choice), region.most_gain) == (90, 60, 30)
    assert packed(region).most_gain == 0
