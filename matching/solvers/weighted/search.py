"""Large neighbourhood search: decide a few columns anew, as well as possible, again and again.

References
----------
É. Taillard, S. Voss (2002), "POPMUSIC: partial optimization metaheuristic under special intensification
conditions", doi:10.1007/978-1-4615-1507-4_27.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from matching.solvers.deadline import Deadline
from matching.solvers.weighted.answer import Answer, improvement
from matching.solvers.weighted.dual import Dual
from matching.solvers.weighted.milp import solve_region
from matching.solvers.weighted.neighbourhoods import Neighbourhoods
from matching.solvers.weighted.packing import Int64
from matching.solvers.weighted.propagation import improve_region
from matching.solvers.weighted.region import Region, region_of

_TOLERANCE = 0.05  # part of a neighbourhood's loss that is left to later, smaller losses


class Improve(Protocol):
    """Decides a region anew before a deadline and within its own limit of work."""

    def __call__(self, region: Region, choice: Int64, *, deadline: Deadline, seed: int) -> Answer:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """How neighbourhoods are drawn and decided.

    Parameters
    ----------
    side_by_side : int
        Neighbourhoods decided at the same time, each in a thread.
    scatter_every : int
        Every how many neighbourhoods one of scattered rows comes, 0 = never.
    """

    improve: Improve
    budget: Budget
    side_by_side: int
    scatter_every: int


def _by_programme(region: Region, choice: Int64, *, deadline: Deadline, seed: int) -> Answer:  # noqa: ARG001
    return solve_region(region, choice, deadline=deadline, nodes=100, tolerance=_TOLERANCE)


def _by_propagation(region: Region, choice: Int64, *, deadline: Deadline, seed: int) -> Answer:
    return improve_region(region, choice, time_s=deadline.remaining_s(), work=0.05, seed=seed)


#: Loads of the item alone make a nearly whole relaxation: HiGHS decides hundreds of rows at once.
BY_PROGRAMME = Method(
    improve=_by_programme,
    budget=Budget(tries=400, idle_tries=25, arcs=1500, most_arcs=2500),
    side_by_side=1,
    scatter_every=0,
)
#: Loads that differ by bin never fit exactly: CP-SAT decides a few dozen rows, two sets at a time.
BY_PROPAGATION = Method(
    improve=_by_propagation,
    budget=Budget(tries=1500, idle_tries=150, arcs=120, most_arcs=2500),
    side_by_side=2,
    scatter_every=3,
)


class _Size:
    """How much is decided anew: more as long as searches end, less when they do not."""

    def __init__(self, dual: Dual, budget: Budget) -> None:
        self._most_columns, self._most_arcs = float(dual.packing.num_cols), float(budget.most_arcs)
        self._most_rows = float(dual.packing.num_rows)
        self.columns, self.arcs, self.rows = 4.0, float(budget.arcs), 25.0

    def adapt(self, tried: "_Trial", answer: Answer) -> None:
        """Learn from one neighbourhood."""
        if tried.columns is None:
            self.rows = min(self._most_rows, max(8.0, self.rows * (1.05 if answer.finished else 0.93)))
        elif not answer.finished:
            self.arcs = max(60.0, self.arcs * 0.85)
            self.columns = max(2.0, self.columns * 0.95)
        elif tried.region.complete:
            self.columns = min(self._most_columns, self.columns * 1.1)
        else:
            self.arcs = min(self._most_arcs, self.arcs * 1.1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Trial:
    """A neighbourhood; ``columns`` None when its rows were scattered."""

    region: Region
    columns: Int64 | None


def searched(dual: Dual, choice: Int64, method: Method, deadline: Deadline, seed: int) -> Int64:
    """Return the choice improved until the budget or the time is used up.

    Neighbourhoods of a round are decided side by side from the same choice; each is taken over if it
    still fits, and still improves, once those before it are.
    """
    if not dual.packing.num_rows:
        return choice
    neighbourhoods, size = Neighbourhoods(dual, seed), _Size(dual, method.budget)
    idle = tries = 0
    with ThreadPoolExecutor(method.side_by_side) as pool:
        # One alone needs no thread. Two HiGHS side by side hung once; the cause was not found.
        run: Callable[..., Iterator[Answer]] = pool.map if method.side_by_side > 1 else map
        while tries < method.budget.tries and idle < method.budget.idle_tries:
            packing, value = dual.packing, dual.packing.value(choice)
            deadline.report(packing.base + value, packing.base + dual.bound)
            if deadline.remaining_s() <= 0 or dual.bound == value:
                break
            round_ = [
                _trial(dual, choice, neighbourhoods, size, method, tries + i)
                for i in range(method.side_by_side)
            ]
            tasks = [
                partial(method.improve, trial.region, choice, deadline=_allowed(deadline), seed=tries + i)
                for i, trial in enumerate(round_)
            ]
            answers = run(_call, tasks)
            tries += len(round_)
            for trial, answer in zip(round_, answers, strict=True):
                better = _merged(trial.region, choice, answer)
                idle = idle + 1 if better is None else 0
                choice = choice if better is None else better
                size.adapt(trial, answer)
                if trial.columns is not None:
                    neighbourhoods.learn(trial.columns, improved=better is not None)
    return choice


def _call(task: Callable[[], Answer]) -> Answer:
    return task()


def _allowed(deadline: Deadline) -> Deadline:
    """Return the deadline of one neighbourhood: a small part of a limit, where there is one."""
    left_s = deadline.remaining_s()
    return deadline if left_s <= 1.0 else deadline.part(max(1.0 / left_s, 0.05))


def _trial(
    dual: Dual, choice: Int64, neighbourhoods: Neighbourhoods, size: _Size, method: Method, number: int
) -> _Trial:
    if method.scatter_every and number % method.scatter_every == method.scatter_every - 1:
        rows = neighbourhoods.scatter(choice, int(size.rows))
        return _Trial(region=region_of(dual, choice, rows).limited(choice, 6 * rows.size), columns=None)
    columns, rows = neighbourhoods.draw(choice, size.columns)
    return _Trial(region=region_of(dual, choice, rows).limited(choice, int(size.arcs)), columns=columns)


def _merged(region: Region, choice: Int64, answer: Answer) -> Int64 | None:
    """Return ``choice`` with the answer's decisions about the region, when sound and better."""
    if answer.choice is None:
        return None
    decided = answer.choice[region.rows]
    return improvement(region, choice, decided[decided >= 0])
