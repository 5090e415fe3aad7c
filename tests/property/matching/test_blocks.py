"""Knapsacks of all that a bin offers against brute force: no improvement is ever excluded."""

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import AssignmentProblem
from matching.solvers.deadline import Deadline
from matching.solvers.greedy import greedy_arcs
from matching.solvers.weighted.blocks import packed
from matching.solvers.weighted.dual import rounded
from matching.solvers.weighted.linear import solve_linear
from matching.solvers.weighted.packing import Packing, choice_of, packing_of
from matching.solvers.weighted.parity import tightened
from matching.solvers.weighted.region import Region, region_of
from tests.property.matching.oracles import best_value, linked_problems, problems
from tests.property.matching.test_weighted import own_loads, workloads

ANY = st.one_of(linked_problems(), workloads(), own_loads(), problems(loads=True))


@given(ANY, st.data())
@settings(max_examples=150, deadline=None)
def test_blocks_never_exclude_an_improvement(problem: AssignmentProblem, data: st.DataObject) -> None:
    packing = packing_of(problem, 0)
    prices = np.array([data.draw(st.floats(0, 12)) for _ in range(packing.num_cols)], np.float64)
    nobody = np.full(packing.num_rows, -1, np.int64)
    greedy = choice_of(packing, greedy_arcs(problem), problem.num_arcs)
    choice = data.draw(st.sampled_from([nobody, greedy]))
    optimum = best_value(problem) - problem.value(problem.pinned[problem.pinned >= 0])
    for dual in (rounded(packing, prices), solve_linear(packing, Deadline())[0]):
        whole = region_of(dual, choice, np.arange(packing.num_rows))
        for region in (packed(whole), tightened(packed(whole))):
            assert optimum <= packing.value(choice) + region.most_gain
            assert region.least >= whole.least
            if optimum > packing.value(choice):
                assert best_within(packing, region) == optimum


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


def best_within(packing: Packing, region: Region) -> int:
    """The best value over the options of a region, by trying all."""
    options: list[list[int]] = [[] for _ in range(packing.num_rows)]
    for row in region.unplaced.tolist():
        options[row].append(-1)
    for arc in region.arcs.tolist():
        options[int(packing.row[arc])].append(arc)
    tried = (np.array(choice, np.int64) for choice in product(*options))
    return max((packing.value(choice) for choice in tried if (packing.room(choice) >= 0).all()), default=-1)
