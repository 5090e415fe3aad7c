"""Large neighbourhood search: decide a few columns anew, as well as possible, again and again.

References
----------
É. Taillard, S. Voss (2002), "POPMUSIC: partial optimization metaheuristic under special intensification
conditions", doi:10.1007/978-1-4615-1507-4_27.
"""

from dataclasses import dataclass
from typing import Protocol

from matching.solvers.deadline import Deadline
from matching.solvers.weighted.answer import Answer
from matching.solvers.weighted.dual import Dual
from matching.solvers.weighted.milp import solve_region
from matching.solvers.weighted.neighbourhoods import Neighbourhoods
from matching.solvers.weighted.packing import Int64
from matching.solvers.weighted.propagation import improve_region
from matching.solvers.weighted.region import Region, region_of


class Improve(Protocol):
    """Decides a region anew within a time and its own limit of work."""

    def __call__(self, region: Region, choice: Int64, *, time_s: float, seed: int) -> Answer:
        """Return a better choice, if one is found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Work, not time, so that the same problem gets the same answer.

    Parameters
    ----------
    tries : int
        Neighbourhoods decided anew.
    idle_tries : int
        In a row without any improvement, after which the search ends.
    arcs, most_arcs : int
        Options in the first neighbourhoods, and in the largest.
    """

    tries: int
    idle_tries: int
    arcs: int
    most_arcs: int


def by_programme(region: Region, choice: Int64, *, time_s: float, seed: int) -> Answer:  # noqa: ARG001
    """Decide a region by HiGHS: strong where the relaxation is nearly whole, with hundreds of rows."""
    return solve_region(region, choice, time_s=time_s, nodes=200)


def by_propagation(region: Region, choice: Int64, *, time_s: float, seed: int) -> Answer:
    """Decide a region by CP-SAT: strong on a few dozen rows with loads that never fit exactly."""
    return improve_region(region, choice, time_s=time_s, work=0.3, seed=seed)


class _Size:
    """How much is decided anew: more as long as searches end, less when they do not."""

    def __init__(self, num_columns: int, budget: Budget) -> None:
        self._most_columns, self._most_arcs = float(num_columns), float(budget.most_arcs)
        self.columns, self.arcs = 4.0, float(budget.arcs)

    def adapt(self, answer: Answer, *, complete: bool) -> None:
        """Learn from one neighbourhood; ``complete``: the limit on arcs was not reached."""
        if not answer.finished:
            self.arcs = max(60.0, self.arcs * 0.85)
            self.columns = max(2.0, self.columns * 0.95)
        elif complete:
            self.columns = min(self._most_columns, self.columns * 1.1)
        else:
            self.arcs = min(self._most_arcs, self.arcs * 1.06)


def searched(
    dual: Dual, choice: Int64, improve: Improve, budget: Budget, deadline: Deadline, seed: int
) -> Int64:
    """Return the choice improved until the budget or the time is used up."""
    if not dual.packing.num_rows:
        return choice
    neighbourhoods, size, idle = Neighbourhoods(dual, seed), _Size(dual.packing.num_cols, budget), 0
    for attempt in range(budget.tries):
        if idle >= budget.idle_tries or deadline.remaining_s() <= 0 or _proven(dual, choice):
            break
        columns, rows = neighbourhoods.draw(choice, size.columns)
        region = region_of(dual, choice, rows).limited(choice, int(size.arcs))
        answer = improve(region, choice, time_s=deadline.remaining_s(), seed=attempt)
        choice = choice if answer.choice is None else answer.choice
        idle = idle + 1 if answer.choice is None else 0
        neighbourhoods.learn(columns, improved=answer.choice is not None)
        size.adapt(answer, complete=region.complete)
    return choice


def _proven(dual: Dual, choice: Int64) -> bool:
    return dual.bound == dual.packing.value(choice)
