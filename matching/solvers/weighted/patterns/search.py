"""Generalised assignment by patterns: prices of rows, dives, what they found merged, the core.

What loads that differ by bin waste is seen by knapsacks, not by the linear relaxation: where a few
rows fill a column, the bound from patterns lies far below the linear one, and dives end near it.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count
from time import monotonic

import numpy as np

from matching.solvers.deadline import Deadline
from matching.solvers.weighted.aside import Aside
from matching.solvers.weighted.dual import Dual, Float64
from matching.solvers.weighted.milp import solve_region
from matching.solvers.weighted.packing import Int64, Packing
from matching.solvers.weighted.patterns.ascent import Steps, ascend
from matching.solvers.weighted.patterns.dive import DiveRules, dived
from matching.solvers.weighted.patterns.merging import Merger
from matching.solvers.weighted.patterns.proof import Proof, proof_of
from matching.solvers.weighted.patterns.table import Table, choice_in, home_of
from matching.solvers.weighted.region import Region, region_of
from matching.solvers.weighted.rounding import filled
from matching.solvers.weighted.search import BY_PROPAGATION, Budget, searched

_MOST_DIVES, _FEWEST_DIVES = 24, 2  # in each turn, without a limit of time
_DIVES_TIMES_CELLS = 200_000_000  # in each turn as well
_WHOLE_DIVES = 4  # before those that keep a part of the best choice
_FREE_SHARES = (0.4, 0.6, 0.75)  # of the columns in one of these
_POLISH = replace(
    BY_PROPAGATION, side_by_side=1, budget=Budget(tries=10, idle_tries=10, arcs=120, most_arcs=2500)
)
_MOST_TO_PLACE = 3  # rows left out by a dive that polishing may place
_MERGE_S, _MERGE_SHARE = 5.0, 0.04  # at most for one merge; of the time left where a dive took less
_LAST_SHARE = 0.9  # of the time left, in which a dive once begun may end
_SHARES = (0.4, 0.7, 1.0)  # of the time left for dives, with a core after each
_ARCS_PER_ROW = 5  # up to which HiGHS may find its way through a core
_CORE_WORK = 5_000_000  # nodes times arcs


def improved_by_patterns(
    dual: Dual, choice: Int64, deadline: Deadline, seed: int, aside: Aside | None = None
) -> tuple[Int64, int]:
    """Return the best choice found and a proven bound on the value of any.

    Parameters
    ----------
    dual : Dual
        Of the linear relaxation, of a packing that ``has_patterns``.
    choice : ndarray of int64, shape (num_rows,)
        The present one.
    deadline : Deadline
        Without one the work is limited, the same on every run.
    aside : Aside, optional
        Asked about all rows at once, which is sooner proven there where patterns waste little.
    """
    beside = _Beside.asked(aside, dual, choice)
    priced = _priced(dual, deadline.part(0.25))
    most = min(dual.bound, priced.proof.bound)
    merger = Merger(dual)
    for turn, share in enumerate(_SHARES):
        choice, most = _by_dives(priced, merger, choice, most, deadline, share, seed + turn, beside)
        if most == dual.packing.value(choice) or deadline.remaining_s() <= 0:
            break
        core = _core(priced, choice)
        if beside.idle and core.arcs.size <= _ARCS_PER_ROW * dual.packing.num_rows:
            nodes = _CORE_WORK // max(1, core.arcs.size)
            answer = solve_region(core, choice, deadline=deadline.part(0.5), nodes=nodes)
            most = min(most, dual.packing.value(choice) + answer.most_gain)
            choice = choice if answer.choice is None else answer.choice
    return choice, most


@dataclass(slots=True, eq=False)
class _Beside:
    """A process that decides all rows at once, if there is one.

    Parameters
    ----------
    told : int
        Value of the best choice it knows.
    idle : bool
        Nothing will come any more, or there is none.
    """

    aside: Aside | None
    packing: Packing
    told: int
    idle: bool

    @classmethod
    def asked(cls, aside: Aside | None, dual: Dual, choice: Int64) -> "_Beside":
        """Ask for something better than a choice."""
        if aside is not None:
            aside.ask(dual, choice)
        return cls(aside, dual.packing, dual.packing.value(choice), idle=aside is None)

    def news(self, choice: Int64, most: int) -> tuple[Int64, int]:
        """Return choice and bound, or better ones that came from there; a better one from here is told."""
        if self.aside is None:
            return choice, most
        heard = self.aside.heard()
        self.idle = heard.idle
        best = choice if heard.choice is None else max(choice, heard.choice, key=self.packing.value)
        if best is choice and (value := self.packing.value(choice)) > self.told:
            self.told = value
            self.aside.tell(choice)
        return best, most if heard.most is None else min(most, heard.most)


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
    steps = Steps(passes=300, hope=unit, least_hope=0.02 * unit, shrink=0.7, patience=5)
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


def _by_dives(
    priced: _Priced, merger: Merger, choice: Int64, most: int, deadline: Deadline, share: float, seed: int,
    beside: _Beside,
) -> tuple[Int64, int]:  # fmt: skip
    """Return the choice improved by dives and merges, and a bound on the value of any.

    A thread polishes what dives found, or else the best. With a limit of time, dives begin in a share of what
    is left, and end in nearly all of it; none waits for the polishing of another.
    """
    packing, random = priced.dual.packing, np.random.default_rng(seed % 2**63)
    last = deadline.part(_LAST_SHARE)
    until = last.part(share)
    limited, most_dives = deadline.at_s < np.inf, _DIVES_TIMES_CELLS // priced.table.num_cells
    most_dives = max(_FEWEST_DIVES, min(_MOST_DIVES, most_dives))
    polished: Future[Int64] | None = None
    found = choice
    with ThreadPoolExecutor(1) as pool:
        for number in count():
            choice, most = beside.news(choice, most)
            done = not limited and number == most_dives
            if done or packing.value(choice) == most or until.remaining_s() <= 0:
                break
            deadline.report(packing.base + packing.value(choice), packing.base + most)
            began = monotonic()
            found = _promising(priced.dual, found, _dive(priced, choice, number, random, last))
            choice = max(choice, found, key=packing.value)
            merger.add(found)
            choice = _merged(merger, choice, last, monotonic() - began)
            if polished is None or polished.done() or not limited:
                choice = _better(packing, choice, polished)
                # Not under the observer, who is only to be asked in this thread.
                alone = Deadline(deadline.at_s)
                polished = pool.submit(searched, priced.dual, found, _POLISH, alone, seed + number)
                found = choice
        return beside.news(_better(packing, choice, polished), most)


def _merged(merger: Merger, choice: Int64, deadline: Deadline, dive_s: float) -> Int64:
    """Return the choice merged with others within a work budget, or about the time that a dive took.

    Where many rows fill a column, dives are quick and bounds tight: merges then find more, given their time.
    """
    if deadline.at_s == np.inf:
        return merger.merged(choice, deadline, _CORE_WORK // max(1, 2 * choice.size))
    left_s = max(deadline.remaining_s(), 1e-3)
    share = min(1.0, min(_MERGE_S, max(dive_s, _MERGE_SHARE * left_s)) / left_s)
    return merger.merged(choice, deadline.part(share), None)


def _promising(dual: Dual, found: Int64, home: Int64 | None) -> Int64:
    """Return what to polish next: what a dive found, completed, unless it leaves out many more rows."""
    if home is None:
        return found
    dived_to = filled(dual, choice_in(dual.packing, home))
    lost = np.count_nonzero(dived_to < 0) - np.count_nonzero(found < 0)
    return dived_to if lost <= _MOST_TO_PLACE else found


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


def _core(priced: _Priced, choice: Int64) -> Region:
    """Return the region of all rows with the options that row prices leave as well."""
    packing, proof = priced.dual.packing, priced.proof
    hope = proof.hope(packing.value(choice))
    region = region_of(priced.dual, choice, np.arange(packing.num_rows))
    return region.within(
        (proof.arc_loss[region.arcs] <= hope) | (choice[packing.row[region.arcs]] == region.arcs),
        (proof.row_loss[region.unplaced] <= hope) | (choice[region.unplaced] < 0),
    )
