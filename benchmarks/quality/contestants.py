"""One method on one territory: solved, judged by ``verify``, measured; what a child process does.

Each runs alone in a fresh process, so that its peak memory is its own and no library disturbs another.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from time import perf_counter

import numpy as np

from benchmarks.quality.deferred import DeferredFailed, deferred_acceptance
from benchmarks.quality.measures import Measures, worth_of_ranks
from benchmarks.quality.plain_model import SOLVERS, Answer
from benchmarks.quality.territories import territory
from benchmarks.speed.machine import peak_memory_mb
from matching import AssignmentProblem, AssignmentResult, Instance, Policy, Solution, Status, assign, verify
from matching.attach import solution_of
from matching.baselines import first_come_nearest, tiered_greedy
from matching.candidates import Candidates, candidates
from matching.verify import verify_assignment

RELAIS = "Relais"
DEFERRED = "deferred acceptance"
#: Methods that search for as long as they may; the others answer at once.
EXACT = (RELAIS, *SOLVERS)
BY_HAND: Mapping[str, Callable[[Instance, Policy], Solution]] = {
    "first come, nearest": first_come_nearest,
    "tiered greedy": tiered_greedy,
}
METHODS = (*EXACT, DEFERRED, *BY_HAND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One method on one territory within one limit."""

    method: str
    size: str
    variant: str
    seed: int
    limit_s: float

    def key(self) -> dict[str, object]:
        """Return what names this measurement in a file of rows."""
        return asdict(self)


def measured(task: Task) -> dict[str, object]:
    """Return the row of one task: values, status, seconds, memory, measures, violations."""
    instance, policy = territory(task.size, task.variant, task.seed), Policy.default()
    found = candidates(instance, policy)
    before_mb, start = peak_memory_mb(), perf_counter()
    try:
        outcome = _solved(task, instance, policy, found)
    except DeferredFailed as error:
        return {**task.key(), "status": "failed", "note": str(error), "seconds": perf_counter() - start}
    solution = outcome.solution
    row = {
        **task.key(),
        "status": outcome.status,
        "seconds": round(outcome.seconds, 3),
        "peak_mb": round(outcome.peak_mb - before_mb),
        "bound": outcome.bound,
        "num_arcs": found.problem.num_arcs,
        "num_patients": len(instance.patients),
    }
    if solution is None:
        return row
    measures = Measures.of(instance, solution)
    return {
        **row,
        "objective": solution.objective,
        "minutes_part": solution.objective - worth_of_ranks(measures.placed_of_rank, solution.rank_weight),
        "violations": [*outcome.violations, *(v.code for v in verify(instance, policy, solution))],
        **asdict(measures),
    }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Outcome:
    """What came out, the bound as claimed (None without), and what ``verify_assignment`` says of it."""

    solution: Solution | None
    bound: int | None
    status: str
    seconds: float
    peak_mb: float
    violations: tuple[str, ...] = ()


def _solved(task: Task, instance: Instance, policy: Policy, found: Candidates) -> _Outcome:
    start = perf_counter()
    if task.method in BY_HAND:
        solution = BY_HAND[task.method](instance, policy)
        return _Outcome(solution=solution, bound=None, status="heuristic",
                        seconds=perf_counter() - start, peak_mb=peak_memory_mb())  # fmt: skip
    if task.method == RELAIS:
        result = assign(found.problem, task.limit_s, task.seed)
        seconds, claimed = perf_counter() - start, result.bound
    else:
        answer, seconds = _by_peer(task, found.problem)
        if answer.arcs is None:
            return _Outcome(solution=None, bound=answer.bound, status="no solution",
                            seconds=seconds, peak_mb=peak_memory_mb())  # fmt: skip
        result, claimed = _as_result(found.problem, answer), answer.bound
    peak_mb = peak_memory_mb()
    proven = claimed is not None and claimed <= result.objective
    return _Outcome(
        solution=solution_of(instance, policy, found, result),
        bound=claimed,
        status="optimal" if proven else "heuristic" if claimed is None else "feasible",
        seconds=seconds,
        peak_mb=peak_mb,
        violations=tuple(v.code for v in verify_assignment(found.problem, result)),
    )


def _by_peer(task: Task, problem: AssignmentProblem) -> tuple[Answer, float]:
    start = perf_counter()
    if task.method == DEFERRED:
        arcs, seconds = deferred_acceptance(problem, task.limit_s)
        return Answer(arcs=arcs, bound=None), seconds
    answer = SOLVERS[task.method](problem, task.limit_s, task.seed)
    return answer, perf_counter() - start


def _as_result(problem: AssignmentProblem, answer: Answer) -> AssignmentResult:
    """Return a peer's arcs as a result of ours; a bound below its own value is the value (see status)."""
    arc = np.full(problem.num_groups, -1, np.int32)
    arcs = np.zeros(0, np.int64) if answer.arcs is None else answer.arcs
    arc[problem.arc_group[arcs]] = arcs
    objective = problem.value(arc[arc >= 0])
    everything = int(problem.reward.sum()) + int(problem.pair_bonus.sum())
    bound = max(objective, everything if answer.bound is None else answer.bound)
    return AssignmentResult(
        arc=arc,
        status=Status.OPTIMAL if bound == objective else Status.FEASIBLE,
        objective=objective,
        bound=bound,
        price=None,
    )
