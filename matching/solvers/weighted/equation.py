"""Priced columns where each row takes one load wherever it goes: loads and empty units add up there.

"Loads placed inside + units left empty = capacity" is one equation in whole numbers, from which bounds
(``parity``) and cuts (``programme``) follow that single columns do not give.
"""

from dataclasses import dataclass

import numpy as np

from matching.exact import exact_dot
from matching.solvers.weighted.packing import Bools, Int64, Packing


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Equation:
    """The columns of the equation, and who takes part.

    Parameters
    ----------
    column : ndarray of bool, shape (num_cols,)
    inside : ndarray of bool, shape (num_arcs,)
        Whether the arc fills one of these columns; it never fills two.
    load : ndarray of int64, shape (num_rows,)
        What the row takes there, 0 where no arc of it leads inside.
    """

    column: Bools
    inside: Bools
    load: Int64


def equation_of(packing: Packing, price: Int64) -> Equation | None:
    """Return the equation of most value: over the arcs' own outermost columns, or over further uses.

    None where loads differ by column, or nothing is priced.
    """
    own = np.zeros(packing.num_cols, dtype=bool)
    own[packing.root[packing.col]] = True
    outermost = (packing.parent < 0) & (price > 0)
    found = [_over(packing, outermost & columns) for columns in (own, ~own)]
    return max(
        (equation for equation in found if equation is not None),
        key=lambda equation: exact_dot(packing.capacity[equation.column], price[equation.column]),
        default=None,
    )


def _over(packing: Packing, column: Bools) -> Equation | None:
    filling = packing.filling
    entries = np.flatnonzero(column[filling.col])
    arc, load = filling.arc[entries], filling.load[entries]
    row = packing.row[arc]
    by_row = np.zeros(packing.num_rows, np.int64)
    by_row[row] = load
    if not entries.size or np.unique(arc).size < arc.size or (by_row[row] != load).any():
        return None
    inside = np.zeros(packing.num_arcs, dtype=bool)
    inside[arc] = True
    return Equation(column=column, inside=inside, load=by_row)
