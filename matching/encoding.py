"""How places, workload, tier-1 limits and fair shares become bins, and who takes what of them, arcs.

While everybody is placed alone, what a GP offers nests: the bins of the tier-1 steps lie in the bin of
the tier-1 limit, in that of the places, and without a stated workload the problem stays a flow. With
groups of several a tier-1 member takes of the tier-1 bins less than the group takes of the places, so
these bins stand beside the places, as further uses.

Fair shares: a step is a bin whose arcs cost more. A tier-1 patient has one arc per step, a group with
``k`` of them one arc per way to spread ``k`` over the steps.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Int64 = npt.NDArray[np.int64]

NO_LIMIT = 2**31 - 1
#: What a tier-1 patient costs on each step, in multiples of ``balance.tenths``.
STEP_FACTORS = (0, 1, 2)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Demand:
    """What each group takes: people, people of tier 1, units of workload; shape (num_groups,)."""

    people: Int64
    tier1: Int64
    units: Int64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Supply:
    """What each GP offers, ``NO_LIMIT`` where they do not say; shape (num_practitioners,).

    ``first`` and ``second`` are the tier-1 patients from which the steps of the fair share begin.
    """

    places: Int64
    tier1: Int64
    workload: Int64
    first: Int64
    second: Int64
    step_tenths: int

    def most_tier1(self) -> Int64:
        """Return the most tier-1 patients each could ever get, had they one place more."""
        return np.minimum(self.places + 1, self.tier1)

    def steps(self) -> Int64:
        """Return how many steps each GP's tier-1 patients can reach: 1 to 3."""
        if not self.step_tenths:
            return np.ones(self.places.size, np.int64)
        most = self.most_tier1()
        return 1 + (most > self.first) + (most > self.second)

    def step_rooms(self) -> Int64:
        """Return how many tier-1 patients each step holds, shape (num_practitioners, 3)."""
        return np.stack([self.first, self.second - self.first, np.full_like(self.first, NO_LIMIT)], axis=1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Encoded:
    """Bins and arcs; bin ``j`` counts the places of practitioner ``j``, the others follow.

    Parameters
    ----------
    origin : ndarray of int64, shape (num_arcs,)
        Which of the given (group, practitioner) pairs each arc stands for.
    bin, step_cost : ndarray of int64, shape (num_arcs,)
        Bin of each arc; what it pays for going beyond fair shares, in tenths of a minute.
    """

    origin: Int64
    bin: Int64
    step_cost: Int64
    capacity: Int64
    parent: Int64
    use_arc: Int64
    use_bin: Int64
    use_load: Int64


def encode(group: Int64, practitioner: Int64, demand: Demand, supply: Supply) -> Encoded:
    """Return the bins of all GPs and the arcs of all possible (group, practitioner) pairs."""
    if (demand.people == 1).all():
        return _nested(group, practitioner, demand, supply)
    return _beside(group, practitioner, demand, supply)


class _Arcs(NamedTuple):
    """Some of the arcs: the pairs they stand for, their bin, and what they pay for their steps."""

    origin: Int64
    bin: Int64
    step_cost: Int64


class _Uses(NamedTuple):
    arc: Int64
    bin: Int64
    load: Int64


class _Bins:
    """Bins in the making."""

    def __init__(self, places: Int64) -> None:
        self.capacity = [places]
        self.parent = [np.full(places.size, -1, np.int64)]
        self._num = places.size

    def add(self, capacity: Int64, where: npt.NDArray[np.bool_], parent: Int64 | int = -1) -> Int64:
        """Add a bin per practitioner ``where`` holds; return its number per practitioner, -1 = none."""
        number = np.full(where.size, -1, np.int64)
        number[where] = self._num + np.arange(int(where.sum()))
        self._num += int(where.sum())
        self.capacity.append(capacity[where])
        self.parent.append(np.broadcast_to(np.asarray(parent, np.int64), where.shape)[where])
        return number


def _nested(group: Int64, practitioner: Int64, demand: Demand, supply: Supply) -> Encoded:
    bins = _Bins(supply.places)
    limited = supply.tier1 < NO_LIMIT
    tier1 = bins.add(supply.tier1, limited, np.arange(limited.size))
    tier1 = np.where(limited, tier1, np.arange(limited.size))
    steps, rooms = supply.steps(), supply.step_rooms()
    is_tier1 = demand.tier1[group] > 0
    stepped = is_tier1 & (steps[practitioner] > 1)
    plain = np.flatnonzero(~stepped)
    arcs = [
        _Arcs(
            plain,
            np.where(is_tier1[plain], tier1[practitioner[plain]], practitioner[plain]),
            np.zeros(plain.size, np.int64),
        )
    ]
    for step, factor in enumerate(STEP_FACTORS):
        bin_ = bins.add(rooms[:, step], (steps > 1) & (steps > step), tier1)
        here = np.flatnonzero(stepped & (bin_[practitioner] >= 0))
        cost = np.full(here.size, factor * supply.step_tenths, np.int64)
        arcs.append(_Arcs(here, bin_[practitioner[here]], cost))
    joined = _joined(arcs)
    return _encoded(bins, joined, [_workload(bins, joined, group, practitioner, demand, supply)])


def _beside(group: Int64, practitioner: Int64, demand: Demand, supply: Supply) -> Encoded:
    bins = _Bins(supply.places)
    tier1 = bins.add(supply.tier1, supply.tier1 < NO_LIMIT)
    steps, rooms = supply.steps(), supply.step_rooms()
    step_bin = [bins.add(rooms[:, s], (steps > 1) & (steps > s)) for s in range(len(STEP_FACTORS))]
    taken = demand.tier1[group]
    stepped = (taken > 0) & (steps[practitioner] > 1)
    plain = np.flatnonzero(~stepped)
    arcs = [_Arcs(plain, practitioner[plain], np.zeros(plain.size, np.int64))]
    spread = [np.zeros((plain.size, len(STEP_FACTORS)), np.int64)]
    for here, shares in _spreads(taken, stepped, practitioner, steps, rooms):
        # Arcs of one group to one GP need different bins: each way to spread has its own, never full.
        occurs = np.bincount(practitioner[here], minlength=steps.size) > 0
        ways = bins.add(supply.places, occurs, np.arange(steps.size))
        cost = int(np.dot(shares, STEP_FACTORS)) * supply.step_tenths
        arcs.append(_Arcs(here, ways[practitioner[here]], np.full(here.size, cost, np.int64)))
        spread.append(np.broadcast_to(np.array(shares, np.int64), (here.size, len(STEP_FACTORS))))
    joined, on_step = _joined(arcs), np.concatenate(spread)
    gp = practitioner[joined.origin]
    uses = [_uses(tier1[gp], taken[joined.origin])]
    uses += [_uses(step_bin[s][gp], on_step[:, s]) for s in range(len(STEP_FACTORS))]
    uses.append(_workload(bins, joined, group, practitioner, demand, supply))
    return _encoded(bins, joined, uses)


def _spreads(
    taken: Int64, stepped: npt.NDArray[np.bool_], practitioner: Int64, steps: Int64, rooms: Int64
) -> Iterator[tuple[Int64, tuple[int, ...]]]:
    """Yield each way to spread tier-1 members over the steps, and the pairs that can use it."""
    for number in np.unique(taken[stepped]).tolist():
        for shares in _compositions(number, len(STEP_FACTORS)):
            fits = (rooms >= shares).all(axis=1) & (steps > max(s for s, n in enumerate(shares) if n))
            here = np.flatnonzero(stepped & (taken == number) & fits[practitioner])
            if here.size:
                yield here, shares


def _compositions(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    """Yield every way to write ``total`` as an ordered sum, the first parts largest first."""
    for bars in combinations(range(total + parts - 1), parts - 1):
        cuts = (-1, *bars, total + parts - 1)
        yield tuple(after - before - 1 for before, after in pairwise(cuts))


def _workload(
    bins: _Bins, arcs: _Arcs, group: Int64, practitioner: Int64, demand: Demand, supply: Supply
) -> _Uses:
    number = bins.add(supply.workload, supply.workload < NO_LIMIT)
    return _uses(number[practitioner[arcs.origin]], demand.units[group[arcs.origin]])


def _uses(bin_: Int64, load: Int64) -> _Uses:
    """Return the uses of a bin per arc, -1 = none."""
    arc = np.flatnonzero((bin_ >= 0) & (load > 0))
    return _Uses(arc, bin_[arc], load[arc])


def _joined(arcs: list[_Arcs]) -> _Arcs:
    return _Arcs(*(np.concatenate(column) for column in zip(*arcs, strict=True)))


def _encoded(bins: _Bins, arcs: _Arcs, uses: list[_Uses]) -> Encoded:
    use_arc, use_bin, use_load = (np.concatenate(column) for column in zip(*uses, strict=True))
    return Encoded(
        origin=arcs.origin,
        bin=arcs.bin,
        step_cost=arcs.step_cost,
        capacity=np.concatenate(bins.capacity),
        parent=np.concatenate(bins.parent),
        use_arc=use_arc,
        use_bin=use_bin,
        use_load=use_load,
    )
