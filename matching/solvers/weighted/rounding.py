"""From the shares of a relaxation to a choice that keeps every capacity."""

import numpy as np

from matching.solvers.weighted.dual import Dual, Float64
from matching.solvers.weighted.packing import Bools, Int64, Packing

_WHOLE = 1 - 1e-6


def rounded_choice(dual: Dual, share: Float64) -> Int64:
    """Return the whole part of a relaxation, completed row by row where room is left.

    Parameters
    ----------
    share : ndarray of float64, shape (num_arcs,)
        Part of its row that each arc takes in the relaxation.
    """
    packing = dual.packing
    choice = whole_part(packing, share)
    if (packing.room(choice) < 0).any():  # the relaxation was right only within its tolerance
        choice[:] = -1
    return filled(dual, choice)


def whole_part(packing: Packing, share: Float64) -> Int64:
    """Return the arc that each row wholly takes in a relaxation, -1 where there is none."""
    whole = np.flatnonzero(share >= _WHOLE)
    choice = np.full(packing.num_rows, -1, np.int64)
    choice[packing.row[whole]] = whole
    return choice


def split_rows(packing: Packing, share: Float64) -> Bools:
    """Tell which rows take an arc in part, in a relaxation."""
    split = np.zeros(packing.num_rows, dtype=bool)
    split[packing.row[(share > 1 - _WHOLE) & (share < _WHOLE)]] = True
    return split


def filled(dual: Dual, choice: Int64) -> Int64:
    """Return the choice with unplaced rows put, greatest surplus first, where they fit at least regret."""
    packing, filling, choice = dual.packing, dual.packing.filling, choice.copy()
    room = packing.room(choice)
    waiting = np.flatnonzero(choice < 0)
    for row in waiting[np.argsort(-dual.surplus[waiting], kind="stable")].tolist():
        first = int(packing.start[row])
        arcs = first + np.argsort(dual.regret[first : packing.start[row + 1]], kind="stable")
        for arc in arcs[packing.gain[arcs] >= 0].tolist():
            entries = slice(int(filling.start[arc]), int(filling.start[arc + 1]))
            column, load = filling.col[entries], filling.load[entries]
            if (load <= room[column]).all():
                room[column] -= load
                choice[row] = arc
                break
    return choice
