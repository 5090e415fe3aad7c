"""The end: all rows at once, over the options that reduced costs leave, solved to the last unit."""

from collections.abc import Callable

import numpy as np

from matching.solvers.deadline import Deadline
from matching.solvers.weighted import levels
from matching.solvers.weighted.answer import Answer
from matching.solvers.weighted.blocks import packed
from matching.solvers.weighted.dual import Dual
from matching.solvers.weighted.milp import solve_region
from matching.solvers.weighted.packing import Int64
from matching.solvers.weighted.parity import tightened
from matching.solvers.weighted.region import region_of

News = Callable[[Int64 | None, int], None]
"""Told a better choice, if there is one, and a bound on the value of any."""

# Per option: HiGHS looks at the clock only once it has simplified a programme.
_PRESOLVE_S = 1e-4
# Per arc: so are whole loads counted at one go.
_PACKING_S = 5e-5


def improved_by_core(
    dual: Dual,
    choice: Int64,
    deadline: Deadline,
    *,
    arcs: int | None,
    work: int | None,
    of_each_level: int = 2,
    tolerance: float = 0.0,
    from_choice: bool = False,
    news: News | None = None,
    told: Callable[[], Int64 | None] | None = None,
) -> tuple[Int64, int]:
    """Return the choice, improved over at most ``arcs`` options of least regret, and a proven bound.

    With None, over the ``of_each_level`` best of each row at each level of prices instead.

    The bound is on the value of any choice. It meets the value when all options that could help were
    among those looked at and HiGHS came to the end. ``work`` limits nodes times arcs. A part
    ``tolerance`` of what could be won is left to later. ``from_choice`` and ``told``: see ``solve_region``.
    ``news`` is told of choices and bounds on the way.
    """
    packing = dual.packing
    too_late = deadline.remaining_s() <= _PACKING_S * packing.num_arcs
    value = packing.value(choice)
    if dual.bound == value or not packing.num_rows or too_late:
        return choice, dual.bound
    region = tightened(packed(region_of(dual, choice, np.arange(packing.num_rows))))
    most = value + region.most_gain
    deadline.report(packing.base + value, packing.base + most)
    core = (
        levels.of_each_level(region, choice, of_each_level) if arcs is None else region.limited(choice, arcs)
    )
    if deadline.remaining_s() <= _PRESOLVE_S * core.arcs.size:
        return choice, most

    def tell(answer: Answer) -> None:
        assert news is not None  # noqa: S101 - only passed on when it is there
        news(answer.choice, value + answer.most_gain if core.complete else most)

    if news is not None:
        news(None, most)
    answer = solve_region(
        core,
        choice,
        deadline=deadline,
        nodes=None if work is None else max(20, work // max(1, core.arcs.size)),
        tolerance=tolerance,
        from_choice=from_choice,
        news=None if news is None else tell,
        told=told,
    )
    better = choice if answer.choice is None else answer.choice
    if core.complete:
        most = max(packing.value(better), value + answer.most_gain)
    return better, most
