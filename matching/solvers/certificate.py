"""What prices prove: weak duality in exact integers, straight from the arrays of the problem."""

import numpy as np
import numpy.typing as npt

from matching.exact import exact_dot, exact_sum
from matching.nesting import with_outer
from matching.problem import AssignmentProblem

Int64 = npt.NDArray[np.int64]


def bound_from_prices(problem: AssignmentProblem, price: Int64) -> int:
    """Return the upper bound on the objective that ``price`` ≥ 0 proves for unit loads.

    Every unit of capacity left by pinned arcs is sold at its price, and every free group keeps the
    best gain that remains after paying the price of a bin and of all bins above it.
    """
    free = problem.pinned < 0
    surplus = np.zeros(problem.num_groups, np.int64)
    potential = with_outer(price, problem.bin_parent)
    gain = problem.reward[problem.arc_group] - problem.arc_cost - potential[problem.arc_bin]
    np.maximum.at(surplus, problem.arc_group, gain)
    kept = problem.value(problem.pinned[~free])
    return kept + exact_dot(problem.free_capacity(), price) + exact_sum(surplus[free])
