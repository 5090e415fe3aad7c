"""What prices prove: the Lagrangian bound in exact integers, and what each choice falls short of it.

For any prices ≥ 0 of the units of capacity, no solution is worth more than the capacity sold at these
prices plus what every group keeps at best (weak duality). The difference, a solution's *loss*, is a
sum of parts ≥ 0: the regret of each group (best surplus minus that of its arc, or the whole best
surplus where it is not placed), the price of every unit left empty, and what was promised to one side
of a link whose other side does not come. So an arc whose regret exceeds the loss of a known solution
is in no better one.

References
----------
M. L. Fisher (1981), "The Lagrangian relaxation method for solving integer programming problems",
Management Science 27(1), doi:10.1287/mnsc.27.1.1; reduced-cost fixing.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from matching.exact import exact_dot, exact_sum
from matching.solvers.weighted.equation import Equation, equation_of
from matching.solvers.weighted.packing import Int64, Packing

Float64 = npt.NDArray[np.float64]

# Scaled values stay below this, so that sums of a few of them cannot leave 63 bits.
_LARGEST = 2**60


@dataclass(frozen=True, kw_only=True, eq=False)
class Dual:
    """Prices and promises as fractions with one denominator, and what follows from them.

    Parameters
    ----------
    price : ndarray of int64, shape (num_cols,)
        Of a unit of each column's own capacity, in ``1 / scale``, ≥ 0.
    promise : ndarray of int64, shape (2, num_links)
        What each side of each link gains by going there; both add up to the bonus, ≥ 0.
    scale : int
        All regrets, surpluses and losses are whole multiples of ``1 / scale`` too.
    """

    packing: Packing
    price: Int64
    promise: Int64
    scale: int

    @cached_property
    def kept(self) -> Int64:
        """Gain of each arc, promises included, once all that it fills is paid for."""
        kept: Int64 = self.packing.gain * self.scale - self.packing.filling.paid(self.price)
        links = self.packing.links
        np.add.at(kept, links.arc, self.promise[links.side, links.link])
        return kept

    @cached_property
    def surplus(self) -> Int64:
        """What each row keeps at best, ≥ 0: also what not placing it loses."""
        if not self.packing.num_rows:
            return np.zeros(0, np.int64)
        return np.maximum(np.maximum.reduceat(self.kept, self.packing.start[:-1]), 0)

    @cached_property
    def regret(self) -> Int64:
        """What each arc loses against the best of its row, ≥ 0."""
        return self.surplus[self.packing.row] - self.kept

    @cached_property
    def total(self) -> int:
        """The bound times ``scale``."""
        return exact_dot(self.packing.capacity, self.price) + exact_sum(self.surplus)

    @cached_property
    def equation(self) -> Equation | None:
        """Where whole loads add up under these prices."""
        return equation_of(self.packing, self.price)

    @property
    def bound(self) -> int:
        """Greatest objective that the prices do not exclude."""
        return self.total // self.scale

    def row_loss(self, choice: Int64) -> Int64:
        """Return the part of the loss that lies in each row."""
        return np.where(choice >= 0, self.regret[choice], self.surplus)

    def link_loss(self, choice: Int64) -> Int64:
        """Return what each link loses: a promise kept to one side only."""
        first, second = self.packing.links.there(self.packing.home(choice))
        alone: Int64 = self.promise[0] * (first & ~second) + self.promise[1] * (second & ~first)
        return alone


def rounded(packing: Packing, price: Float64, promise: Float64 | None = None) -> Dual:
    """Return the dual of floating-point prices and promises, as fine as 63 bits allow.

    Parameters
    ----------
    promise : ndarray of float64, shape (num_links,), optional
        To the first side of each link; half the bonus by default.
    """
    price = np.maximum(np.nan_to_num(price, nan=0.0, posinf=0.0), 0.0)
    scale, bonus = scale_for(packing, float(price.sum())), packing.links.bonus
    half = bonus / 2 if promise is None else promise
    first = np.clip(np.rint(half * scale).astype(np.int64), 0, bonus * scale)
    return Dual(
        packing=packing,
        price=np.rint(price * scale).astype(np.int64),
        promise=np.stack([first, bonus * scale - first]),
        scale=scale,
    )


def better(one: Dual, other: Dual) -> Dual:
    """Return the dual of the lower bound, ``one`` when equal."""
    return other if other.total * one.scale < one.total * other.scale else one


def scale_for(packing: Packing, largest_price: float) -> int:
    """Return a denominator that divides well and keeps every scaled value far inside 63 bits."""
    load = int(packing.filling.load.max(initial=1))
    gain = int(np.abs(packing.gain).max(initial=1)) + exact_sum(packing.links.bonus)
    largest = max(gain, int(largest_price + 1) * load)
    scale = 720_720  # all loads up to 16 divide it
    while scale > 1 and largest * scale > _LARGEST:
        scale = scale // 2 if scale % 2 == 0 else scale - 1
    return scale
