"""Deferred acceptance (Gale and Shapley, GPs as hospitals) by the ``matching`` package of the registry.

The package is named like ours, so it runs in a virtual environment of its own.

It knows places only. Each household that must stay together is given to it as one patient, and each GP
with as many places as average groups fit into everything the GP limits; GPs without places are left out.
Afterwards, at each GP, the groups of greatest reward are kept as long as all fit. Places freed that way
stay free, which is what the method leaves, not a failure of the package.
"""

import json
import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.environments import environment
from matching import AssignmentProblem

PACKAGE = "matching==1.4.3"
WORKER = Path(__file__).with_name("deferred_worker.py")

Ints = npt.NDArray[np.int64]


class DeferredFailed(Exception):
    """The package gave up; the message is the name of its exception."""


def deferred_acceptance(problem: AssignmentProblem, limit_s: float) -> tuple[Ints, float]:
    """Return the arcs kept, and the seconds the package took.

    Raises
    ------
    DeferredFailed
        When the package raises, or takes longer than ``limit_s``.
    """
    market = _Market(problem)
    try:
        done = subprocess.run(
            [str(environment(PACKAGE)), "-I", str(WORKER)],
            input=json.dumps(market.described()),
            capture_output=True, text=True, check=False, timeout=limit_s + 5,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise DeferredFailed("stopped at the limit") from error
    if done.returncode:
        raise DeferredFailed(done.stderr.strip().rsplit("\n", 1)[-1])
    answer = json.loads(done.stdout)
    if "error" in answer:
        raise DeferredFailed(f"{answer['error']} after {answer['seconds']:.0f} s")
    return market.fitting({int(p): int(gp) for p, gp in answer["placed"].items()}), float(answer["seconds"])


class _Market:
    """Groups and outermost bins with the preferences of both sides."""

    def __init__(self, problem: AssignmentProblem) -> None:
        self._problem = problem
        root = np.arange(problem.num_bins)
        while (problem.bin_parent[root] >= 0).any():
            root = np.where(problem.bin_parent[root] >= 0, problem.bin_parent[root], root)
        self._places = _average_groups(problem, root)
        by_cost = np.lexsort((problem.arc_bin, problem.arc_cost, problem.arc_group))
        #: Arcs of each (group, outermost bin), cheapest first; groups in order, near GPs first.
        self._arcs: dict[tuple[int, int], list[int]] = {}
        for arc in by_cost.tolist():
            gp = int(root[problem.arc_bin[arc]])
            if self._places[gp] > 0:
                self._arcs.setdefault((int(problem.arc_group[arc]), gp), []).append(arc)

    def described(self) -> dict[str, object]:
        """Return the market as the worker reads it: patients prefer cheap arcs, GPs great rewards."""
        patients: dict[str, list[str]] = {}
        asked: dict[int, list[int]] = {}
        for group, gp in self._arcs:
            patients.setdefault(str(group), []).append(str(gp))
            asked.setdefault(gp, []).append(group)
        return {
            "patients": patients,
            "gps": {str(gp): [str(group) for group in self._ranked(gp, asked[gp])] for gp in asked},
            "places": {str(gp): int(self._places[gp]) for gp in asked},
        }

    def _ranked(self, gp: int, groups: list[int]) -> list[int]:
        reward, cost = self._problem.reward, self._problem.arc_cost
        return sorted(groups, key=lambda g: (-int(reward[g]), int(cost[self._arcs[g, gp][0]]), g))

    def fitting(self, placed: dict[int, int]) -> Ints:
        """Return an arc for each placed group, greatest reward first, as long as everything fits."""
        room, kept = _Room(self._problem), []
        for group in sorted(placed, key=lambda g: (-int(self._problem.reward[g]), g)):
            arc = next((a for a in self._arcs[group, placed[group]] if room.take(a)), None)
            if arc is not None:
                kept.append(arc)
        return np.array(kept, np.int64)


def _average_groups(problem: AssignmentProblem, root: Ints) -> Ints:
    """Return how many groups of average load each outermost bin has room for.

    Further uses count where nearly all who could come take part, not limits on some patients only.
    """
    places = problem.capacity.copy()
    could_come = np.bincount(root[problem.arc_bin], minlength=places.size)
    for gp, bin_, load in (
        (root[problem.arc_bin], root[problem.arc_bin], problem.arc_load),
        (root[problem.arc_bin[problem.use_arc]], problem.use_bin, problem.use_load),
    ):
        num, total = np.bincount(bin_, minlength=places.size), np.bincount(bin_, load, places.size)
        fitting = np.floor(problem.capacity * num / np.maximum(total, 1)).astype(np.int64)
        of_all = num[bin_] >= 0.9 * could_come[gp]
        np.minimum.at(places, gp[of_all], fitting[bin_[of_all]])
    return places


class _Room:
    """What is left of every capacity."""

    def __init__(self, problem: AssignmentProblem) -> None:
        self._left = problem.capacity.tolist()
        self._parent = problem.bin_parent.tolist()
        self._taken = [
            [(bin_, load)]
            for bin_, load in zip(problem.arc_bin.tolist(), problem.arc_load.tolist(), strict=True)
        ]
        for arc, bin_, load in zip(
            problem.use_arc.tolist(), problem.use_bin.tolist(), problem.use_load.tolist(), strict=True
        ):
            self._taken[arc].append((bin_, load))

    def take(self, arc: int) -> bool:
        """Take what the arc needs if it fits, at every level; tell whether it did."""
        needed = [(above, load) for bin_, load in self._taken[arc] for above in self._and_above(bin_)]
        if any(self._left[bin_] < load for bin_, load in needed):
            return False
        for bin_, load in needed:
            self._left[bin_] -= load
        return True

    def _and_above(self, bin_: int) -> list[int]:
        levels = []
        while bin_ >= 0:
            levels.append(bin_)
            bin_ = self._parent[bin_]
        return levels
