"""Two processes within a time limit: neighbourhoods decided anew here, all rows at once aside."""

import numpy as np

from matching.solvers.deadline import Deadline
from matching.solvers.weighted.aside import Aside
from matching.solvers.weighted.dual import Dual, Float64
from matching.solvers.weighted.milp import solve_region
from matching.solvers.weighted.packing import Int64
from matching.solvers.weighted.proof import improved_by_core
from matching.solvers.weighted.region import region_of
from matching.solvers.weighted.rounding import split_rows, whole_part
from matching.solvers.weighted.search import BY_PROGRAMME, Search

_FIRST = 0.6  # of the time, for all rows over their two best arcs at each level of prices
_FIRST_ARCS = 150_000  # up to how many: beyond, neighbourhoods come near sooner
_TORN, _TORN_AGAIN = 0.15, 0.2  # of the time left, for rows that the relaxation tears
_LATER = 0.05  # of what they could win, left to later
_AT_ONCE, _FEW_ARCS = 0.5, 20_000  # of the time left, for all rows here, and up to how many arcs
_OF_EACH_LEVEL = 4  # options of a row then, where there are more
_TURN_S = 0.5  # between two looks aside
_FAR_BETTER = 0.25  # of the gap when the question aside was asked
_PATIENCE = 0.8  # of the time then left, before it is asked anew


def side_by_side(
    dual: Dual, share: Float64, choice: Int64, deadline: Deadline, seed: int, aside: Aside
) -> tuple[Int64, int]:
    """Return the choice improved until the deadline, or until it is proven, and a bound on any.

    Parameters
    ----------
    share : ndarray of float64, shape (num_arcs,)
        Part of its row that each arc takes in the relaxation.
    """
    packing, most = dual.packing, dual.bound
    asked = told = packing.value(choice)
    left_s, tried, could_win = deadline.remaining_s(), -1, most - asked
    aside.ask(dual, choice)
    if packing.num_arcs <= _FIRST_ARCS:
        choice, _ = improved_by_core(
            dual, choice, deadline.part(_FIRST), arcs=None, work=None, tolerance=_LATER
        )
    choice = _torn_anew(dual, share, choice, deadline.part(_TORN))
    is_near = dual.bound - packing.value(choice) <= _FAR_BETTER * (dual.bound - asked)
    search = None if is_near else Search(dual, BY_PROGRAMME, seed)  # what is near is first tried at once
    while deadline.remaining_s() > 0:
        heard = aside.heard()
        choice = choice if heard.choice is None else max(choice, heard.choice, key=packing.value)
        most = most if heard.most is None else min(most, heard.most)
        value = packing.value(choice)
        deadline.report(packing.base + value, packing.base + most)
        if most == value:
            break
        far_better = value - asked >= (1 - _FAR_BETTER) * could_win
        if far_better and deadline.remaining_s() <= _PATIENCE * left_s:  # fewer options can still help
            asked, told, left_s, could_win = value, value, deadline.remaining_s(), most - value
            aside.ask(dual, choice, from_choice=True)
        elif value > told:
            told = value
            aside.tell(choice)
        if search is not None and not search.ended:
            turn = _TURN_S / max(_TURN_S, deadline.remaining_s())
            choice = search.improved(choice, deadline.part(turn))
        elif value > tried:
            choice, proven = _at_once(dual, choice, deadline.part(_AT_ONCE))
            most, tried = min(most, proven), packing.value(choice)
        else:
            seed += 1
            search = Search(dual, BY_PROGRAMME, seed)
            choice = _torn_anew(dual, share, choice, deadline.part(_TORN_AGAIN))
    return choice, most


def _at_once(dual: Dual, choice: Int64, deadline: Deadline) -> tuple[Int64, int]:
    """Decide all rows at once here too, from a better choice than the one asked aside: over few options."""
    arcs = _FEW_ARCS if dual.packing.num_arcs <= _FEW_ARCS else None
    return improved_by_core(
        dual, choice, deadline, arcs=arcs, of_each_level=_OF_EACH_LEVEL, work=None, from_choice=True
    )


def _torn_anew(dual: Dual, share: Float64, choice: Int64, deadline: Deadline) -> Int64:
    """Decide anew, over all their options, the rows that the relaxation splits or decides otherwise.

    References
    ----------
    E. Danna, E. Rothberg, C. Le Pape (2005), "Exploring relaxation induced neighborhoods to improve MIP
    solutions", Mathematical Programming 102, doi:10.1007/s10107-004-0518-7.
    """
    torn = np.flatnonzero(split_rows(dual.packing, share) | (whole_part(dual.packing, share) != choice))
    region = region_of(dual, choice, torn)
    answer = solve_region(region, choice, deadline=deadline, nodes=None, tolerance=_LATER)
    return choice if answer.choice is None else answer.choice
