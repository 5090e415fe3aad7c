"""Generalised assignment by patterns: prices of rows, dives, dives again around the best, the core.

What loads that differ by bin waste is seen by knapsacks, not by the linear relaxation: where a few
rows fill a column, the bound from patterns lies far below the linear one, and dives end near it.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count

import numpy as np

from matching.solvers.deadline import Deadline
from matching.solvers.weighted.dual import Dual, Float64
from matching.solvers.weighted.milp import solve_region
from matching.solvers.weighted.packing import Int64, Packing
from matching.solvers.weighted.patterns.ascent import Steps, ascend
from matching.solvers.weighted.patterns.dive import DiveRules, dived
from matching.solvers.weighted.patterns.proof import Proof, proof_of
from matching.solvers.weighted.patterns.table import Table, choice_in, home_of
from matching.solvers.weighted.region import region_of
from matching.solvers.weighted.search import BY_PROPAGATION, Budget, searched

_MOST_DIVES = 24  # without a limit of time
_WHOLE_DIVES = 4  # before those that keep a part of the best choice
_FREE_SHARES = (0.3, 0.45, 0.6)  # of the columns in one of these
_POLISH = replace(
    BY_PROPAGATION, side_by_side=1, budget=Budget(tries=10, idle_tries=10, arcs=120, most_arcs=2500)
)
_MOST_TO_PLACE = 3  # rows left out by a dive that polishing may place
_ARCS_PER_ROW = 8  # in the core
_CORE_WORK = 5_000_000  # nodes times arcs


def improved_by_patterns(dual: Dual, choice: Int64, deadline: Deadline, seed: int) -> tuple[Int64, int]:
    """Return the best choice found and a proven bound on the value of any.

    Parameters
    ----------
    dual : Dual
        Of the linear relaxation, of a packing that ``has_patterns``.
    choice : ndarray of int64, shape (num_rows,)
        The present one.
    deadline : Deadline
        Without one the work is limited, the same on every run.
    """
    priced = _priced(dual, deadline.part(0.25))
    most = min(dual.bound, priced.proof.bound)
    choice = _by_dives(priced, choice, most, deadline.part(0.75), seed)
    if most > dual.packing.value(choice) and deadline.remaining_s() > 0:
        choice, proven = _by_core(priced, choice, deadline)
        most = min(most, proven)
    return choice, most


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Priced:
    """A packing as a table, prices of its rows, what they prove, and how far prices typically move."""

    dual: Dual
    table: Table
    price: Float64
    proof: Proof
    unit: float


def _priced(dual: Dual, deadline: Deadline) -> _Priced:
    table, unit = Table.of(dual.packing), _spread(dual)
    steps = Steps(passes=400, hope=unit, least_hope=0.01 * unit, shrink=0.8, patience=8)
    ascent = ascend(table, dual.surplus / dual.scale, steps, deadline)
    proof = proof_of(dual.packing, table, ascent.price)
    return _Priced(dual=dual, table=table, price=ascent.price, proof=proof, unit=unit)


def _spread(dual: Dual) -> float:
    """Return by how much the second arc of a row is typically worse than its first, in units of gain."""
    packing = dual.packing
    order = np.lexsort((dual.regret, packing.row))
    several = np.flatnonzero(np.diff(packing.start) > 1)
    second = dual.regret[order[packing.start[several] + 1]]
    second = second[second > 0]
    return float(np.median(second)) / dual.scale if second.size else 1.0


def _by_dives(priced: _Priced, choice: Int64, most: int, deadline: Deadline, seed: int) -> Int64:
    """Return the choice improved by dives, each polished in a thread while the next one goes down."""
    packing, random = priced.dual.packing, np.random.default_rng(seed % 2**63)
    polished: Future[Int64] | None = None
    with ThreadPoolExecutor(1) as pool:
        for number in count():
            done = deadline.at_s == np.inf and number == _MOST_DIVES
            if done or packing.value(choice) == most or deadline.remaining_s() <= 0:
                break
            deadline.report(packing.base + packing.value(choice), packing.base + most)
            home = _dive(priced, choice, number, random, deadline)
            choice = _better(packing, choice, polished)
            # Not under the observer, who is only to be asked in this thread.
            polished = pool.submit(_polished, priced, home, choice, Deadline(deadline.at_s), seed + number)
        return _better(packing, choice, polished)


def _better(packing: Packing, choice: Int64, polished: "Future[Int64] | None") -> Int64:
    return choice if polished is None else max(choice, polished.result(), key=packing.value)


def _dive(
    priced: _Priced, choice: Int64, number: int, random: np.random.Generator, deadline: Deadline
) -> Int64 | None:
    """Dive with all columns free, or two times of three, after some, with a part of them."""
    table, packing = priced.table, priced.dual.packing
    free = np.ones(table.num_cols, dtype=bool)
    if number >= _WHOLE_DIVES and number % 3:
        free = random.random(table.num_cols) < random.choice(_FREE_SHARES)
    return dived(
        table, priced.price, home_of(packing, choice), free=free, above=packing.value(choice),
        rules=_dive_rules(priced, random), random=random, deadline=deadline,
    )  # fmt: skip


def _dive_rules(priced: _Priced, random: np.random.Generator) -> DiveRules:
    """Return rules that differ a little from dive to dive."""
    hope = priced.unit * float(random.choice([2.0, 4.0]))
    steps = Steps(passes=20, hope=hope, least_hope=0.0, shrink=0.9, patience=4)
    return DiveRules(steps=steps, noise=0.15, rounds=10)


def _polished(priced: _Priced, home: Int64 | None, choice: Int64, deadline: Deadline, seed: int) -> Int64:
    """Return the choice of a dive after a few neighbourhoods, when it may become better than the present."""
    if home is None:
        return choice
    found = choice_in(priced.dual.packing, home)
    if np.count_nonzero(found < 0) > np.count_nonzero(choice < 0) + _MOST_TO_PLACE:
        return found
    return searched(priced.dual, found, _POLISH, deadline, seed)


def _by_core(priced: _Priced, choice: Int64, deadline: Deadline) -> tuple[Int64, int]:
    """Return the choice after HiGHS over the options that prices leave, or those of least loss."""
    dual, proof = priced.dual, priced.proof
    packing = dual.packing
    value = packing.value(choice)
    hope = proof.hope(value)
    region = region_of(dual, choice, np.arange(packing.num_rows))
    region = region.within(
        (proof.arc_loss[region.arcs] <= hope) | (choice[packing.row[region.arcs]] == region.arcs),
        (proof.row_loss[region.unplaced] <= hope) | (choice[region.unplaced] < 0),
    )
    core = region.limited(choice, _ARCS_PER_ROW * packing.num_rows)
    answer = solve_region(core, choice, deadline=deadline, nodes=_CORE_WORK // max(1, core.arcs.size))
    better = choice if answer.choice is None else answer.choice
    return better, max(packing.value(better), value + answer.most_gain) if core.complete else proof.bound
