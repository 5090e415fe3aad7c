"""Solutions merged: the best one over what several good ones decide differently, and what loses least.

References
----------
E. Rothberg (2007), "An evolutionary algorithm for polishing mixed integer programming solutions",
doi:10.1287/ijoc.1060.0189; W. Cook, P. Seymour (2003), "Tour merging via branch-decomposition",
doi:10.1287/ijoc.15.3.233.
"""

import numpy as np

from matching.solvers.deadline import Deadline
from matching.solvers.weighted.dual import Dual
from matching.solvers.weighted.milp import solve_region
from matching.solvers.weighted.packing import Int64
from matching.solvers.weighted.region import region_of

_MOST_KEPT, _FEWEST_KEPT = 12, 2
_OPTIONS_PER_ROW = 1.3  # that lose least, beside those of the solutions kept, to begin with
_MORE, _LESS = 1.1, 0.8  # of them, after a merge that ended, and after one that did not
_LATER = 0.02  # of what could be won, left to later
_PAUSE = 3  # additions without a merge, where merges of the least size do not end


class Merger:
    """Keeps the best solutions seen, merges them, and learns with how many options a merge ends in time."""

    def __init__(self, dual: Dual) -> None:
        self._dual = dual
        self._kept: list[Int64] = []
        self._by_regret = np.argsort(dual.regret, kind="stable")
        self._most_kept, self._options = _MOST_KEPT, _OPTIONS_PER_ROW * dual.packing.num_rows
        self._pause = 0

    def add(self, choice: Int64) -> None:
        """Keep a solution among the best, once."""
        if not any(np.array_equal(choice, kept) for kept in self._kept):
            self._kept.append(choice)
            self._kept.sort(key=self._dual.packing.value, reverse=True)
            del self._kept[_MOST_KEPT:]

    def merged(self, choice: Int64, deadline: Deadline, nodes: int | None) -> Int64:
        """Return the best choice over the options of the solutions kept, at least as good as ``choice``.

        Parameters
        ----------
        nodes : int or None
            Of HiGHS, where there is no limit of time.
        """
        self.add(choice)
        self._pause = max(0, self._pause - 1)
        if self._pause or len(self._kept) < _FEWEST_KEPT:
            return choice
        packing = self._dual.packing
        wanted = np.zeros(packing.num_arcs, dtype=bool)
        for kept in self._kept[: self._most_kept]:
            wanted[kept[kept >= 0]] = True
        wanted[choice[choice >= 0]] = True
        wanted[self._by_regret[: int(self._options)]] = True
        region = region_of(self._dual, choice, np.arange(packing.num_rows))
        core = region.within(wanted[region.arcs], np.ones(region.unplaced.size, dtype=bool))
        answer = solve_region(core, choice, deadline=deadline, nodes=nodes, tolerance=_LATER)
        self._adapt(finished=answer.finished)
        if answer.choice is None:
            return choice
        self.add(answer.choice)
        return answer.choice

    def _adapt(self, *, finished: bool) -> None:
        if finished:
            self._options = min(float(self._by_regret.size), self._options * _MORE)
            self._most_kept = min(_MOST_KEPT, self._most_kept + 1)
        elif self._most_kept == _FEWEST_KEPT:
            self._pause = _PAUSE
        else:
            self._options *= _LESS
            self._most_kept -= 1
