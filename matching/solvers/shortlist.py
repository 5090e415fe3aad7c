"""The groups that have a chance, in a smaller network that is solved faster and then proven to be enough.

Rewards often stand in levels, far apart: a group of a lower level gets a place only where those above
leave some. Where the levels above ask for clearly more than there is, all around a group, it is left
out; and the gaps between levels are cut down, because a smaller range of costs means fewer phases of
scaling. Both are guesses. What comes out is checked against every arc of the whole network
(``flow.optimum``), which decides alone whether it is right.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from matching.solvers.network import Network

Int64 = npt.NDArray[np.int64]

# Below this many arcs there is nothing to win.
_MIN_ARCS = 5_000
# What is asked beyond the places around a group before those below are left out, when it can go to few
# of the columns; when it can go to all of them, nothing beyond is needed.
_MARGIN = 0.15
# Share of all pairs of rows and columns from which far arcs can be left out as well, and the part kept:
# where everybody could go nearly everywhere, prices differ little, and few go far.
_DENSE = 0.9
_NEAR = 0.7
# Gap that remains between two levels, in largest costs: longer detours for one more group are rare.
_GAP_COSTS = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shortlist:
    """A smaller network with the arcs of some rows only, and where they stand in the whole.

    Parameters
    ----------
    network : Network
        With rewards moved closer together.
    row, arc : ndarray of int64
        Row of the whole of each row, position in the whole of each arc.
    """

    network: Network
    row: Int64
    arc: Int64

    def in_the_whole(self, choice: Int64, num_rows: int) -> Int64:
        """Return a choice in this network as a choice in the whole one."""
        whole = np.full(num_rows, -1, np.int64)
        whole[self.row] = np.where(choice >= 0, self.arc[choice], -1)
        return whole


def shortlist(network: Network) -> Shortlist | None:
    """Return the part of a network worth trying first, None when it is small or has one level."""
    if network.num_arcs < _MIN_ARCS:
        return None
    distinct, which = np.unique(network.reward, return_inverse=True)
    gap, largest = np.diff(distinct, prepend=0), _GAP_COSTS * int(network.cost.max())
    level = np.cumsum(gap > largest)
    if level[-1] == level[0]:
        return None
    closer = replace(network, reward=np.cumsum(np.minimum(gap, largest))[which])
    return _part(closer, ~_outbid(network, (level - level[0])[which]))


def _outbid(network: Network, level: Int64) -> npt.NDArray[np.bool_]:
    """Tell for which rows the levels above alone crowd all places around.

    A row asks each of its columns for an equal share of a place. Places are summed over the columns a row
    can go to, so that one column that happens to be small does not decide.
    """
    degree = np.diff(network.start)
    col = network.col.astype(np.intp)
    places = np.add.reduceat(network.capacity[col], network.start[:-1])
    share = 1 / degree
    crowded = (1 + _MARGIN * (1 - degree / network.num_cols)) * places
    outbid = np.zeros(network.num_rows, dtype=bool)
    for above in range(int(level.max()), 0, -1):
        asked = np.where(level >= above, share, 0.0)
        wanted = np.bincount(col, weights=network.along_arcs(asked), minlength=network.num_cols)
        outbid |= (level < above) & (np.add.reduceat(wanted[col], network.start[:-1]) >= crowded)
    return outbid


def _near(network: Network) -> npt.NDArray[np.bool_]:
    """Tell which arcs cost little more than the cheapest of their row: the cheaper part of all of them."""
    more = network.cost - network.along_arcs(np.minimum.reduceat(network.cost, network.start[:-1]))
    last = int(_NEAR * more.size)
    near: npt.NDArray[np.bool_] = more <= np.partition(more, last)[last]
    return near


def _part(network: Network, kept: npt.NDArray[np.bool_]) -> Shortlist:
    """Return the network of the rows that are ``kept``; where most columns are in reach, of near arcs."""
    here = network.along_arcs(kept)
    if network.num_arcs >= _DENSE * network.num_rows * network.num_cols:
        here &= _near(network)
    arc = np.flatnonzero(here)
    row = np.flatnonzero(kept)
    place = np.cumsum(kept, dtype=np.int32) - np.int32(1)
    at = place[network.row[arc]]
    part = replace(
        network,
        group=network.group[row],
        arc=network.arc[arc],
        reward=network.reward[row],
        start=np.concatenate([[0], np.cumsum(np.bincount(at, minlength=row.size))]),
        row=at,
        col=network.col[arc],
        cost=network.cost[arc],
    )
    return Shortlist(network=part, row=row, arc=arc)
