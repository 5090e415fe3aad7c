"""What a solver made of a region, checked in exact integers."""

from dataclasses import dataclass

import numpy as np

from matching.solvers.weighted.packing import Int64
from matching.solvers.weighted.region import Region


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """What came out.

    Parameters
    ----------
    choice : ndarray of int64, shape (num_rows,), or None
        A better choice for all rows of the packing, None when none was found.
    finished : bool
        Whether the search came to its end: nothing over these options beats the better choice.
    most_gain : int
        Proven: no choice over the options of the region is worth more than the present one plus this.
    """

    choice: Int64 | None
    finished: bool
    most_gain: int


def improvement(region: Region, choice: Int64, taken: Int64) -> Int64 | None:
    """Return the choice that decides the region by the arcs ``taken``, if it is sound and better."""
    packing = region.packing
    new = choice.copy()
    new[region.rows] = -1
    new[packing.row[taken]] = taken
    one_each = np.unique(packing.row[taken]).size == taken.size
    sound = one_each and (packing.room(new) >= 0).all()
    return new if sound and packing.value(new) > packing.value(choice) else None
