"""Prices of rows by subgradient steps: what remains for the columns are knapsacks.

A row that asks ``price`` for being placed leaves each column the pattern of greatest profit. The sum
of prices and of these profits bounds every solution, more tightly than prices of capacity do.

References
----------
M. L. Fisher (1981), "The Lagrangian relaxation method for solving integer programming problems",
doi:10.1287/mnsc.27.1.1, §5 on generalised assignment; P. M. Camerini, L. Fratta, F. Maffioli (1975),
"On improving relaxation methods by modified gradient techniques", doi:10.1007/BFb0120697.
"""

from dataclasses import dataclass

import numpy as np

from matching.solvers.deadline import Deadline
from matching.solvers.weighted.dual import Float64
from matching.solvers.weighted.packing import Bools
from matching.solvers.weighted.patterns.knapsack import best_patterns
from matching.solvers.weighted.patterns.table import Table

_MEMORY = 0.7  # of the last direction kept in the next


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """How long prices are moved, and how far at a time.

    Parameters
    ----------
    passes : int
        Knapsacks of all columns solved, at most.
    hope : float
        By how much the bound is first hoped to fall, in units of gain.
    least_hope : float
        The end, when hope has become as small.
    shrink : float
        Factor of hope when the bound did not fall enough ``patience`` times.
    """

    passes: int
    hope: float
    least_hope: float
    shrink: float
    patience: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ascent:
    """The best prices found, their bound (floating point), and the patterns of every pass."""

    price: Float64
    bound: float
    passes: list[Bools]


def ascend(table: Table, price: Float64, steps: Steps, deadline: Deadline) -> Ascent:
    """Return better prices of rows than ``price``, shape (num_rows,), all ≥ 0."""
    best, least = price, np.inf
    direction, hope, waited = np.zeros_like(price), steps.hope, 0
    seen: list[Bools] = []
    for _ in range(steps.passes):
        if hope < steps.least_hope or deadline.remaining_s() <= 0:
            break
        known = seen[-1] if seen else None
        value, taken = best_patterns(table.gain - price, table.load, table.capacity, known)
        seen.append(taken)
        bound = float(price.sum() + value.sum())
        waited = 0 if bound < least - 0.02 * hope else waited + 1
        if bound < least:
            least, best = bound, price
        slope = 1.0 - taken.sum(axis=0)
        slope[(price <= 0) & (slope > 0)] = 0.0
        if not slope.any():
            break
        if waited > steps.patience:
            price, hope, waited = best, hope * steps.shrink, 0
            continue
        direction = slope + _MEMORY * direction
        price = np.maximum(price - _step(slope, direction, bound - least + hope) * direction, 0.0)
    return Ascent(price=best, bound=least, passes=seen)


def _step(slope: Float64, direction: Float64, hoped: float) -> float:
    along, norm = float(slope @ direction), float(slope @ slope)
    return hoped / max(along, 0.1 * norm)
