"""What prices prove: weak duality in exact integers, straight from the arrays of the problem."""

import numpy as np
import numpy.typing as npt

from matching.exact import exact_dot, exact_sum
from matching.nesting import with_outer
from matching.problem import AssignmentProblem

Int64 = npt.NDArray[np.int64]

LARGEST = np.iinfo(np.int64).max


def bound_from_prices(problem: AssignmentProblem, price: Int64) -> int:
    """Return the upper bound on the objective that ``price`` ≥ 0 proves for unit loads.

    Every unit of capacity left by pinned arcs is sold at its price, and every free group keeps the
    best gain that remains after paying the price of a bin and of all bins above it.
    """
    free = problem.pinned < 0
    potential = with_outer(price, problem.bin_parent)
    # The least that each group would pay; sums stop at the largest number instead of wrapping around.
    to_pay = np.minimum(potential[problem.arc_bin.astype(np.intp)], LARGEST - problem.arc_cost)
    to_pay += problem.arc_cost
    least = np.full(problem.num_groups, LARGEST)
    np.minimum.at(least, problem.arc_group.astype(np.intp), to_pay)
    surplus = np.maximum(problem.reward - least, 0)
    kept = problem.value(problem.pinned[~free])
    return kept + exact_dot(problem.free_capacity(), price) + exact_sum(surplus[free])
