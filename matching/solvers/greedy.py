"""The queue: whoever stands first takes the cheapest bin that still has room.

What a careful person does by hand. It is the floor under every other method, and what is kept where
a time limit leaves no time for better. A plain loop over the groups, meant to be read.
"""

from collections import Counter
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from matching.problem import AssignmentProblem
from matching.solvers.network import Network

Int64 = npt.NDArray[np.int64]


def greedy_arcs(
    problem: AssignmentProblem, queue: Iterable[int] | None = None, liking: Int64 | None = None
) -> Int64:
    """Return the chosen arc of each group, -1 = none, pinned arcs kept.

    Parameters
    ----------
    queue : iterable of int, optional
        Groups in the order they are served; by default by descending reward, then row.
    liking : ndarray of int64, shape (num_arcs,), optional
        What a group looks at to choose, least first; by default the cost of the arc.
    """
    wanted = (problem.arc_cost if liking is None else liking).tolist()
    by_group = np.argsort(problem.arc_group, kind="stable")
    start = np.searchsorted(problem.arc_group[by_group], np.arange(problem.num_groups + 1))
    bins = _Bins(problem.free_capacity(), problem.bin_parent)
    further = _Further(problem)
    free = problem.pinned < 0
    served = [g for g in (_by_reward(problem.reward) if queue is None else queue) if free[g]]
    chosen = problem.pinned.astype(np.int64)
    cost, bin_of, load = problem.arc_cost.tolist(), problem.arc_bin.tolist(), problem.arc_load.tolist()
    reward = problem.reward.tolist()
    for group in served:
        arcs = by_group[start[group] : start[group + 1]].tolist()
        for arc in sorted(arcs, key=lambda a: (wanted[a], bin_of[a])):
            wishes = [(bin_of[arc], load[arc]), *further.of(arc)]
            if cost[arc] <= reward[group] and bins.take(wishes):
                chosen[group] = arc
                break
    return chosen


def greedy_choice(network: Network) -> Int64:
    """Return what ``greedy_arcs`` would choose, as the position of each row's arc, -1 = none."""
    bins = _Bins(network.capacity, network.parent)
    choice = np.full(network.num_rows, -1, np.int64)
    cost, col, start = network.cost.tolist(), network.col.tolist(), network.start.tolist()
    bin_of = network.bin[network.col].tolist()
    for row in np.lexsort((network.group, -network.reward)).tolist():
        arcs = range(start[row], start[row + 1])
        for arc in sorted(arcs, key=lambda a: (cost[a], bin_of[a])):
            if bins.take([(col[arc], 1)]):
                choice[row] = arc
                break
    return choice


class _Bins:
    """Room left in bins and in the bins that contain them."""

    def __init__(self, capacity: Int64, parent: npt.NDArray[np.int32]) -> None:
        self._room = capacity.tolist()
        self._parent = parent.tolist()

    def take(self, wishes: Iterable[tuple[int, int]]) -> bool:
        """Use each (bin, load) wished for, of the bin and all above it, if all have that much room."""
        taken: Counter[int] = Counter()
        for bin_, load in wishes:
            above = bin_
            while above >= 0:
                taken[above] += load
                above = self._parent[above]
        if any(self._room[bin_] < load for bin_, load in taken.items()):
            return False
        for bin_, load in taken.items():
            self._room[bin_] -= load
        return True


class _Further:
    """What arcs use besides their own bin; few arcs are asked about."""

    def __init__(self, problem: AssignmentProblem) -> None:
        by_arc = np.argsort(problem.use_arc, kind="stable")
        self._start = np.searchsorted(problem.use_arc[by_arc], np.arange(problem.num_arcs + 1)).tolist()
        self._bin = problem.use_bin[by_arc].tolist()
        self._load = problem.use_load[by_arc].tolist()

    def of(self, arc: int) -> Iterable[tuple[int, int]]:
        """Return each (bin, load)."""
        here = slice(self._start[arc], self._start[arc + 1])
        return zip(self._bin[here], self._load[here], strict=True)


def _by_reward(reward: Int64) -> list[int]:
    order: list[int] = np.argsort(-reward, kind="stable").tolist()
    return order
