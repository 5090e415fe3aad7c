"""The end: all rows at once, over the options that reduced costs leave, solved to the last unit."""

import numpy as np

from matching.solvers.deadline import Deadline
from matching.solvers.weighted.blocks import packed
from matching.solvers.weighted.dual import Dual
from matching.solvers.weighted.milp import solve_region
from matching.solvers.weighted.packing import Int64
from matching.solvers.weighted.parity import tightened
from matching.solvers.weighted.region import region_of

# Per option: HiGHS looks at the clock only once it has simplified a programme.
_PRESOLVE_S = 1e-4


def improved_by_core(
    dual: Dual, choice: Int64, deadline: Deadline, *, arcs: int, work: int, tolerance: float = 0.0
) -> tuple[Int64, int]:
    """Return the choice, improved over at most ``arcs`` options of least regret, and a proven bound.

    The bound is on the value of any choice. It meets the value when all options that could help were
    among those looked at and HiGHS came to the end. ``work`` limits nodes times arcs; ``tolerance`` is
    the part of what could be won that need not be looked for.
    """
    packing = dual.packing
    if dual.bound == packing.value(choice) or not packing.num_rows:
        return choice, dual.bound
    region = tightened(packed(region_of(dual, choice, np.arange(packing.num_rows))))
    most = packing.value(choice) + region.most_gain
    core = region.limited(choice, arcs)
    if deadline.remaining_s() <= _PRESOLVE_S * core.arcs.size:
        return choice, most
    nodes = max(20, work // max(1, core.arcs.size))
    answer = solve_region(core, choice, deadline=deadline, nodes=nodes, tolerance=tolerance)
    better = choice if answer.choice is None else answer.choice
    if core.complete:
        most = max(packing.value(better), packing.value(choice) + answer.most_gain)
    return better, most
