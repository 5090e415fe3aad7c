"""Levels of prices: every row keeps options of each, and what it has."""

import numpy as np
import pytest

from matching import AssignmentProblem
from matching.solvers.weighted.dual import rounded
from matching.solvers.weighted.levels import levels, of_each_level
from matching.solvers.weighted.packing import packing_of
from matching.solvers.weighted.region import region_of

PRICES = np.array([0.0, 3.0, 1_000.0, 1_002.0, 1_001.0, 90_000.0])


@pytest.mark.parametrize("seed", range(4))
def test_each_row_keeps_its_two_best_options_of_each_level(seed: int) -> None:
    random = np.random.default_rng(seed)
    num_groups, num_bins = 12, PRICES.size
    problem = AssignmentProblem(
        reward=random.integers(200_000, 300_000, num_groups),
        arc_group=np.repeat(np.arange(num_groups), num_bins),
        arc_bin=np.tile(np.arange(num_bins), num_groups),
        arc_cost=random.integers(0, 50, num_groups * num_bins),
        arc_load=np.repeat(random.integers(1, 4, num_groups), num_bins),
        capacity=np.full(num_bins, 3),
    )
    packing = packing_of(problem, seed)
    price = np.zeros(packing.num_cols)
    price[packing.column] = PRICES
    dual = rounded(packing, price)
    level = levels(dual)
    by_bin = problem.arc_bin[packing.arc]
    expected = np.array([0, 0, 1, 1, 1, 2])[by_bin]
    assert (level == expected).all()

    choice = np.full(packing.num_rows, -1, np.int64)
    choice[0] = packing.start[0] + int(random.integers(num_bins))
    region = region_of(dual, choice, np.arange(packing.num_rows))
    few = of_each_level(region, choice, 2)
    assert choice[0] in few.arcs
    row, loss = packing.row[region.arcs], region.arc_loss
    for one in range(packing.num_rows):
        for at in range(3):
            here = np.flatnonzero((row == one) & (level[region.arcs] == at))
            best = region.arcs[here[np.argsort(loss[here], kind="stable")[:2]]]
            assert set(best.tolist()) <= set(few.arcs.tolist())
    assert few.arcs.size < region.arcs.size
    assert not few.complete
    assert (few.unplaced == region.unplaced).all()
