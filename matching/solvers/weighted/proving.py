"""Proving that little can beat a known solution: prices sharpened by cuts, few options, then the others.

The prices of the relaxation do not know what whole loads cost, so thousands of options look worth a try.
Rounding cuts (``cuts``), and what clusters of columns cannot avoid (``unavoidable``), make up for most of
that within a few seconds. Under the prices with them, what is best uses nearly only options that cost next
to nothing, which are decided within a second; and what costs more than can still be won need not be decided.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from matching.solvers.deadline import Deadline
from matching.solvers.weighted import highs
from matching.solvers.weighted.cuts import Equations
from matching.solvers.weighted.dual import Float64
from matching.solvers.weighted.packing import Bools, Int64
from matching.solvers.weighted.parity import tightened
from matching.solvers.weighted.programme import Programme
from matching.solvers.weighted.region import Region
from matching.solvers.weighted.unavoidable import Unavoidable

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Rounds of cuts at most; and what part of the gap a round must close, or the next one.
_ROUNDS, _LITTLE = 8, 0.03
_FINE = 2**20  # parts into which the gap is divided where losses are counted in whole numbers
_FEW, _FEW_NODES = 1.5, 100  # variables for each row and column that are decided first, and how long


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sharpened:
    """What prices of the rows of a programme with cuts prove, whichever they are: HiGHS need not be trusted.

    Parameters
    ----------
    bound : float
        No solution costs less.
    reduced : ndarray of float64, shape (num_variables,)
        What a solution costs beyond that, at least, for each unit of a variable.
    programme : Programme
        With the cuts as further rows.
    price : ndarray of float64, shape (num_rows,)
    """

    bound: float
    reduced: Float64
    programme: Programme
    price: Float64

    @classmethod
    def of(cls, programme: Programme, price: Float64) -> "Sharpened":
        """Add up what prices prove."""
        side = np.where(price > 0, programme.low, programme.high)
        price = np.where(np.isfinite(side), price, 0)
        reduced = programme.cost - programme.matrix.T @ price
        bound = price @ np.where(price == 0, 0, side) + np.minimum(reduced, 0) @ programme.most
        return cls(bound=float(bound), reduced=np.maximum(reduced, 0), programme=programme, price=price)

    def priced(self, num_first: int) -> Programme:
        """Return the programme with its first rows, and of the others those that have a price."""
        kept = (np.arange(self.price.size) < num_first) | (self.price != 0)
        matrix = self.programme.matrix.tocsr()[kept].tocsc()
        return replace(
            self.programme, matrix=matrix, low=self.programme.low[kept], high=self.programme.high[kept]
        )


def prove(
    region: Region,
    choice: Int64,
    programme: Programme,
    known: Float64,
    deadline: Deadline,
    *,
    nodes: int | None,
    gap: float,
    news: highs.News | None,
    told: highs.Told | None,
) -> highs.Outcome:
    """Look for what costs ``gap`` less than a known solution, or prove that there is nothing.

    Parameters
    ----------
    region, choice, programme, known
        What is decided, the present choice, and both as a programme and the values of its variables.
    nodes, gap, news, told
        See ``highs.solve``.
    """
    sharpening = _Sharpening(region, programme, known, gap=gap, tell=news or (lambda _bound, _x: None))
    sharpening.cut(deadline)
    while sharpening.is_worth_more and sharpening.count_whole_loads(choice):
        sharpening.cut(deadline)
    sharpening.decide_few(deadline)
    return sharpening.decide_rest(deadline, nodes=nodes, told=told)


class _Sharpening:
    """What is known of a programme: a solution, and what it costs at least."""

    def __init__(
        self, region: Region, programme: Programme, known: Float64, *, gap: float, tell: highs.News
    ) -> None:
        self._region, self._programme, self._known = region, programme, known
        self._gap, self._tell = gap, tell
        self._relaxation, self._equations = highs.Relaxation(programme), Equations(programme)
        self._best: Sharpened | None = None
        self._possible = np.ones(programme.cost.size, dtype=bool)  # once whole loads are counted
        self.is_worth_more = True

    @property
    def _open(self) -> float:
        """What may still be won."""
        return np.inf if self._best is None else float(self._programme.cost @ self._known) - self._best.bound

    def cut(self, deadline: Deadline) -> None:
        """Solve the relaxation and cut off what it says, as long as that closes the gap."""
        before, num_little = self._open, 0
        for _ in range(_ROUNDS):
            solved = self._relaxation.solve(deadline)
            if solved is None:
                break
            x, price = solved
            last, now = self._open, Sharpened.of(self._relaxation.programme, price)
            if self._best is None or now.bound > self._best.bound:
                self._best = now
                self._tell(now.bound, None)
            num_little = num_little + 1 if last - self._open <= _LITTLE * self._open else 0
            if self._open <= self._gap or num_little > 1:
                break
            cuts = self._equations.cuts(x)
            if not cuts.num:
                break
            self._relaxation.add(cuts.matrix, cuts.most)
        self.is_worth_more = self._gap < self._open < (1 - _LITTLE) * before

    def count_whole_loads(self, choice: Int64) -> bool:
        """Add what clusters of columns cannot avoid under the prices so far; tell whether it is anything."""
        assert self._best is not None  # noqa: S101 - there was a cut worth something
        under = _under(self._best, self._region, self._open, self._gap)
        self._possible &= _possible(under, self._programme)
        unavoidable = Unavoidable.of(under, choice)
        if unavoidable is None:
            return False
        self._relaxation.add(_as_row(unavoidable, self._programme), -np.ones(1))
        return True

    def decide_few(self, deadline: Deadline) -> None:
        """Look for a better solution among the variables that cost least under the prices with cuts."""
        if self._best is None:
            return
        reduced, useful = self._best.reduced, self._useful()
        num_few = int(_FEW * (self._programme.num_rows + self._programme.columns.size))
        if useful.sum() > num_few:
            few = reduced <= np.partition(reduced, num_few)[num_few]
            useful &= few | (self._known > 0) | ~self._programme.whole
        with_cuts = self._best.priced(self._programme.low.size)
        outcome = _of_part(with_cuts, useful, self._known, deadline, nodes=_FEW_NODES, gap=self._gap)
        if outcome.x is not None and self._programme.cost @ (outcome.x - self._known) < 0:
            self._known = outcome.x
            self._tell(self._best.bound, outcome.x)

    def decide_rest(self, deadline: Deadline, *, nodes: int | None, told: highs.Told | None) -> highs.Outcome:
        """Decide over everything that may still be of use; cuts make a search of many variables slower."""
        useful, bound = self._useful(), -np.inf if self._best is None else self._best.bound
        outcome = _of_part(
            self._programme,
            useful,
            self._known,
            deadline,
            nodes=nodes,
            gap=self._gap,
            tell=self._tell,
            told=told,
        )
        return replace(outcome, bound=max(bound, outcome.bound))

    def _useful(self) -> Bools:
        """Tell which variables a better solution may use, or the known one does."""
        most = self._programme.cost @ self._known - self._gap
        worth = self._possible.copy()
        if self._best is not None:
            worth &= self._best.bound + self._best.reduced < most
        return worth | (self._known > 0) | ~self._programme.whole


def _under(sharp: Sharpened, region: Region, left: float, gap: float) -> Region:
    """Return the region under sharpened prices: what options lose at least, while ``left`` may be won."""
    unit = left / _FINE
    ends = np.cumsum([region.arcs.size, region.unplaced.size, sharp.programme.columns.size])
    whole = np.minimum(sharp.reduced / unit, 2 * _FINE).astype(np.int64)
    arc, out, empty, _ = np.split(whole, ends)
    price = np.zeros_like(region.dual.price)
    price[sharp.programme.columns] = empty
    dual = replace(region.dual, price=price, scale=max(1, int(gap / unit)))
    return replace(region, dual=dual, arc_loss=arc, out_loss=out, loss=_FINE + 1, least=0)


def _possible(under: Region, programme: Programme) -> Bools:
    """Tell which variables a better choice may use, once whole loads are counted."""
    left = tightened(under)
    possible = np.ones(programme.cost.size, dtype=bool)
    possible[: under.arcs.size] = np.isin(under.arcs, left.arcs)
    possible[under.arcs.size :][: under.unplaced.size] = np.isin(under.unplaced, left.unplaced)
    return possible


def _as_row(unavoidable: Unavoidable, programme: Programme) -> "csr_array":
    """Return "the dear options make up a whole together" with a sign, as a row to stay below -1."""
    from scipy.sparse import csr_array  # noqa: PLC0415 - 0.1 s, only needed to solve

    parts = [unavoidable.arc, unavoidable.out, unavoidable.empty[programme.columns]]
    row = np.zeros(programme.cost.size)
    row[: sum(part.size for part in parts)] = -np.concatenate(parts)
    return csr_array(row[None, :])


def _of_part(
    programme: Programme,
    kept: Bools,
    known: Float64,
    deadline: Deadline,
    *,
    nodes: int | None,
    gap: float,
    tell: highs.News | None = None,
    told: highs.Told | None = None,
) -> highs.Outcome:
    """Solve over some of the variables; the others are not used."""

    def of_all(x: Float64) -> Float64:
        values = np.zeros(kept.size)
        values[kept] = x
        return values

    def elsewhere() -> Float64 | None:
        x = None if told is None else told()
        return x[kept] if x is not None and not x[~kept].any() else None

    outcome = highs.solve(
        programme.only(kept),
        deadline,
        whole=True,
        nodes=nodes,
        gap=gap,
        known=known[kept],
        proving=True,
        news=None if tell is None else lambda bound, x: tell(bound, None if x is None else of_all(x)),
        told=None if told is None else elsewhere,
    )
    return outcome if outcome.x is None else replace(outcome, x=of_all(outcome.x))
