"""Dives: prices, then the pattern most often best for its column is kept, prices again, to the end.

References
----------
R. Sadykov, F. Vanderbeck, A. Pessoa, I. Tahiri, E. Uchoa (2019), "Primal heuristics for branch and
price: the assets of diving methods", doi:10.1287/ijoc.2018.0822.
"""

from dataclasses import dataclass

import numpy as np

from matching.solvers.deadline import Deadline
from matching.solvers.weighted.dual import Float64
from matching.solvers.weighted.packing import Bools, Int64
from matching.solvers.weighted.patterns.ascent import Steps, ascend
from matching.solvers.weighted.patterns.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class DiveRules:
    """How to dive.

    Parameters
    ----------
    steps : Steps
        Of prices before each decision.
    noise : float
        Added, up to so much, to the share of passes in which a pattern was best.
    rounds : int
        Decisions of about equally many columns each, were all columns free.
    """

    steps: Steps
    noise: float
    rounds: int


def dived(
    table: Table, price: Float64, home: Int64, *, free: Bools, above: float,
    rules: DiveRules, random: np.random.Generator, deadline: Deadline,
) -> Int64 | None:  # fmt: skip
    """Return a home for the rows of the free columns and for those without one.

    Parameters
    ----------
    price : ndarray of float64, shape (num_rows,)
        To start from.
    home : ndarray of int64, shape (num_rows,)
        Kept for rows whose column is not free.
    free : ndarray of bool, shape (num_cols,)
    above : float
        Value to be beaten.

    Returns
    -------
    ndarray of int64, shape (num_rows,), or None
        None when bounds exclude that the value is beaten. Unfinished when time is up.
    """
    home, price = home.copy(), price.copy()
    columns = np.flatnonzero(free)
    home[np.isin(home, columns)] = -1
    rows, at_a_time = np.flatnonzero(home < 0), max(1, table.num_cols // rules.rounds)
    while columns.size and rows.size:
        if deadline.observer is not None:
            deadline.observer.ask()
        left = table.part(columns, rows)
        ascent = ascend(left, price[rows], rules.steps, deadline)
        if deadline.remaining_s() <= 0:
            break
        if table.value(home) + ascent.bound < above + 1 - 1e-6:
            return None
        price[rows] = ascent.price
        kept = _kept(ascent.passes, at_a_time, rules.noise, random)
        for column, pattern in kept:
            home[rows[pattern]] = columns[column]
        columns = np.delete(columns, [column for column, _ in kept])
        rows = np.flatnonzero(home < 0)
    return home


def _kept(
    passes: list[Bools], count: int, noise: float, random: np.random.Generator
) -> list[tuple[int, Bools]]:
    """Return disjoint patterns of different columns, rather those that were best most often."""
    late = np.array(passes[len(passes) // 3 :])
    column, pattern, share = _distinct(late)
    kept: list[tuple[int, Bools]] = []
    covered = np.zeros(late.shape[2], dtype=bool)
    for best in np.argsort(-(share + noise * random.random(share.size)), kind="stable"):
        if len(kept) == count:
            break
        if column[best] not in [c for c, _ in kept] and not (covered & pattern[best]).any():
            kept.append((int(column[best]), pattern[best]))
            covered |= pattern[best]
    return kept


def _distinct(late: Bools) -> tuple[Int64, Bools, Float64]:
    """Return (column, pattern, share of passes) of the different patterns, shape (passes, columns, rows)."""
    columns, patterns, shares = [], [], []
    packed = np.packbits(late, axis=2)
    for column in range(late.shape[1]):
        _, first, count = np.unique(packed[:, column], axis=0, return_index=True, return_counts=True)
        columns.append(np.full(first.size, column))
        patterns.append(late[first, column])
        shares.append(count / late.shape[0])
    return np.concatenate(columns), np.concatenate(patterns), np.concatenate(shares)
