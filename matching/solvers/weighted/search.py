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


class Search:
    """Improves choices by one neighbourhood after the other; learns on the way where to look, and how far.

    Parameters
    ----------
    seed : int
        Of the draws.
    """

    def __init__(self, dual: Dual, method: Method, seed: int) -> None:
        self._dual, self._method = dual, method
        self._neighbourhoods, self._size = Neighbourhoods(dual, seed), _Size(dual, method.budget)
        self._tries = self._idle = 0

    @property
    def ended(self) -> bool:
        """Whether the budget is used up."""
        return self._tries >= self._method.budget.tries or self._idle >= self._method.budget.idle_tries

    def improved(self, choice: Int64, deadline: Deadline) -> Int64:
        """Return the choice improved until the budget or the time is used up.

        Neighbourhoods of a round are decided side by side from the same choice; each is taken over if it
        still fits, and still improves, once those before it are.
        """
        dual, packing = self._dual, self._dual.packing
        with ThreadPoolExecutor(self._method.side_by_side) as pool:
            # One alone needs no thread. Two HiGHS side by side hung once; the cause was not found.
            run: Callable[..., Iterator[Answer]] = pool.map if self._method.side_by_side > 1 else map
            while not self.ended:
                value = packing.value(choice)
                deadline.report(packing.base + value, packing.base + dual.bound)
                if deadline.remaining_s() <= 0 or dual.bound == value:
                    break
                trials = [self._trial(choice, self._tries + i) for i in range(self._method.side_by_side)]
                tasks = [
                    partial(
                        self._method.improve, trial.region, choice,
                        deadline=_allowed(deadline), seed=self._tries + i,
                    )
                    for i, trial in enumerate(trials)
                ]  # fmt: skip
                for trial, answer in zip(trials, run(_call, tasks), strict=True):
                    choice = self._learnt(trial, choice, answer)
                self._tries += len(trials)
        return choice

    def _trial(self, choice: Int64, number: int) -> _Trial:
        dual, every = self._dual, self._method.scatter_every
        if every and number % every == every - 1:
            rows = self._neighbourhoods.scatter(choice, int(self._size.rows))
            return _Trial(region=region_of(dual, choice, rows).limited(choice, 6 * rows.size), columns=None)
        columns, rows = self._neighbourhoods.draw(choice, self._size.columns)
        region = region_of(dual, choice, rows).limited(choice, int(self._size.arcs))
        return _Trial(region=region, columns=columns)

    def _learnt(self, trial: _Trial, choice: Int64, answer: Answer) -> Int64:
        """Return the choice with the answer taken over, when it is better."""
        better = _merged(trial.region, choice, answer)
        self._idle = self._idle + 1 if better is None else 0
        self._size.adapt(trial, answer)
        if trial.columns is not None:
            self._neighbourhoods.learn(trial.columns, improved=better is not None)
        return choice if better is None else better


def searched(dual: Dual, choice: Int64, method: Method, deadline: Deadline, seed: int) -> Int64:
    """Return the choice improved until the method's budget or the time is used up."""
    return Search(dual, method, seed).improved(choice, deadline) if dual.packing.num_rows else choice


def _call(task: Callable[[], Answer]) -> Answer:
    return task()


def _allowed(deadline: Deadline) -> Deadline:
    """Return the deadline of one neighbourhood: a small part of a limit, where there is one."""
    left_s = deadline.remaining_s()
    return deadline if left_s <= 1.0 else deadline.part(max(1.0 / left_s, 0.05))


def _merged(region: Region, choice: Int64, answer: Answer) -> Int64 | None:
    """Return ``choice`` with the answer's decisions about the region, when sound and better."""
    if answer.choice is None:
        return None
    decided = answer.choice[region.rows]
    return improvement(region, choice, decided[decided >= 0])
