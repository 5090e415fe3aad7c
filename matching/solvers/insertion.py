"""Unit loads solved to the optimum by placing one row after the other, in compiled code.

Each row pushes along the cheapest chain of moves to a place with room, to a row that is worth less there,
or back out: a shortest path on the graph of the columns, of which there are few, under potentials that keep
all its steps from being negative. Of the members of a column only the cheapest move to each other column
matters; a table holds it, and is mended where they come and go. What the potentials are when the last row
has been placed are the least ones: each was raised only as far as somebody's wish for the column asks.

The table takes columns times columns, what it is mended from places times columns, and a path looks at whole
lines of it: where these are many, or numbers near the limits of 64 bits, ``flow`` has another way.

References
----------
N. Tomizawa (1971), doi:10.1002/net.3230010206, and J. Edmonds, R. M. Karp (1972),
doi:10.1145/321694.321699: shortest augmenting paths under potentials.
G. Demange, D. Gale, M. Sotomayor (1986), "Multi-item auctions", doi:10.1086/261411: why they are least.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from matching.compiled import compiled
from matching.solvers.network import Network
from matching.solvers.prices import never_falling_inwards

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

_MOST_COLS = 400
_MOST_WISHES = 10_000_000  # of 8 bytes
_LARGEST = 2**58
# No move at all: more than any distance, and far enough from the limit that sums do not reach it.
_NEVER = 2**61
# How a path comes to a column, where not by the move of a member of another.
_STAYS_OUT, _FROM_NEW = -1, -2


def is_fit_for(network: Network) -> bool:
    """Tell whether a network has few enough columns and places, and numbers small enough."""
    largest = max(int(network.reward.max()), int(network.cost.max()))
    places = min(network.num_arcs, int(network.capacity.sum()))
    small = network.num_cols <= _MOST_COLS and places * (network.num_cols + 1) <= _MOST_WISHES
    return small and largest <= _LARGEST


def placed_one_by_one(network: Network) -> tuple[Int64, Int64]:
    """Return an optimal choice, the arc of each row or -1, and the least potentials that prove it.

    Rows that could gain most come first: fewer of them have to leave again.
    """
    greatest = network.reward - np.minimum.reduceat(network.cost, network.start[:-1])
    inner = np.flatnonzero(network.parent >= 0)
    num_inner = np.bincount(network.parent[inner], minlength=network.num_cols)
    columns = _Columns(
        capacity=network.capacity,
        parent=network.parent,
        inner_start=np.concatenate([[0], np.cumsum(num_inner)]),
        inner=inner[np.argsort(network.parent[inner], kind="stable")],
        used=np.zeros(network.num_cols, np.int64),
        potential=np.zeros(network.num_cols + 1, np.int64),
    )
    rows = _Rows(start=network.start, col=network.col, cost=network.cost, reward=network.reward)
    choice = np.full(network.num_rows, -1, np.int64)
    _insert(np.argsort(-greatest, kind="stable"), rows, columns, choice)
    return choice, never_falling_inwards(columns.potential[:-1], network)


class _Rows(NamedTuple):
    """Rows of a network, as there."""

    start: Int64
    col: Int32
    cost: Int64
    reward: Int64


class _Columns(NamedTuple):
    """Columns of a network, those inside each at ``inner[inner_start[i]:inner_start[i + 1]]``.

    Parameters
    ----------
    used : ndarray of int64, shape (num_cols,)
        Rows in each column and all inside it; changes.
    potential : ndarray of int64, shape (num_cols + 1,)
        Changes; the last one, of not being placed, stays 0.
    """

    capacity: Int64
    parent: Int32
    inner_start: Int64
    inner: Int64
    used: Int64
    potential: Int64


class _Paths(NamedTuple):
    """Cheapest paths of the new row to each column; the last one is not being placed.

    Parameters
    ----------
    distance : ndarray of int64, shape (num_cols + 1,)
    waiting : ndarray of int64, shape (num_cols + 1,)
        The same for columns that paths have not been extended from.
    via : ndarray of int64, shape (num_cols + 1,)
        The column before, plus ``num_cols + 1`` where the step is one of nesting.
    """

    distance: Int64
    waiting: Int64
    via: Int64


class _Members(NamedTuple):
    """Who is where, and the cheapest moves; the last column of a line is not being placed.

    Parameters
    ----------
    choice, seat : ndarray of int64, shape (num_rows,)
        Arc and seat of each row that is placed.
    start : ndarray of int64, shape (num_cols + 1,)
        ``start[i]:start[i + 1]`` are the seats of column ``i``: as many as could be taken.
    who : ndarray of int64, shape (num_seats,)
        Row on each seat.
    stack, top : ndarrays of int64, shapes (num_seats,), (num_cols,)
        Free seats of each column, from its start up to ``top``, the next to be taken.
    wish : ndarray of int64, shape (num_seats * (num_cols + 1),)
        What each member would pay to move: for each column its destinations, for each of these its seats.
    more, mover : ndarray of int64, shape (num_cols, num_cols + 1)
        The least of these, and the row that would pay it.
    lost : ndarray of bool, shape (num_cols, num_cols + 1)
        Where that row has left, so that the least is not known.
    any_lost : ndarray of bool, shape (num_cols,)
    """

    choice: Int64
    seat: Int64
    start: Int64
    who: Int64
    stack: Int64
    top: Int64
    wish: Int64
    more: Int64
    mover: Int64
    lost: Booleans
    any_lost: Booleans


@compiled
def _insert(order: Int64, rows: _Rows, columns: _Columns, choice: Int64) -> None:
    """Place the rows in their ``order``; ``choice`` and what changes of the columns are written to."""
    nowhere = columns.capacity.size
    members = _nobody(rows.col, columns.capacity, choice)
    paths = _Paths(
        np.empty(nowhere + 1, np.int64), np.empty(nowhere + 1, np.int64), np.empty(nowhere + 1, np.int64)
    )
    for new in order:
        surplus = _surplus(new, rows, columns.potential)
        if surplus > 0:
            end = _begin(new, surplus, rows, columns, paths)
            if end == nowhere:
                end = _extend(columns, members, paths)
                _pay(paths.distance[end], paths.distance, columns.potential)
            _shift(new, end, paths.via, rows, columns, members)


@compiled
def _surplus(new: int, rows: _Rows, potential: Int64) -> int:
    """Return the most that a row could gain beyond potentials, at least nothing."""
    cost, col = rows.cost, rows.col
    surplus = 0
    for arc in range(rows.start[new], rows.start[new + 1]):
        surplus = max(surplus, rows.reward[new] - cost[arc] - potential[col[arc]])
    return surplus


@compiled
def _begin(new: int, surplus: int, rows: _Rows, columns: _Columns, paths: _Paths) -> int:
    """Let a path follow each arc of the new row; return a best column, if one has room, else nowhere."""
    cost, col, potential = rows.cost, rows.col, columns.potential
    distance, via, nowhere = paths.distance, paths.via, columns.capacity.size
    distance[:] = _NEVER
    distance[nowhere], via[nowhere] = surplus, _STAYS_OUT
    end = nowhere
    for arc in range(rows.start[new], rows.start[new + 1]):
        to = col[arc]
        distance[to] = surplus - (rows.reward[new] - cost[arc] - potential[to])
        via[to] = _FROM_NEW
        if distance[to] == 0 and columns.used[to] < columns.capacity[to] and columns.parent[to] < 0:
            end = to
    return end


@compiled
def _extend(columns: _Columns, members: _Members, paths: _Paths) -> int:
    """Extend the shortest path until it ends with room or nowhere; return where."""
    potential, used, capacity = columns.potential, columns.used, columns.capacity
    distance, waiting, via = paths.distance, paths.waiting, paths.via
    more, any_lost, nowhere = members.more, members.any_lost, capacity.size
    waiting[:] = distance
    while True:
        here, near = nowhere, distance[nowhere]
        for to in range(nowhere):
            if waiting[to] < near:
                here, near = to, waiting[to]
        if here == nowhere:
            return here
        waiting[here] = _NEVER
        if used[here] < capacity[here] and columns.parent[here] < 0:
            return here
        if any_lost[here]:
            _mend(here, members)
        beside = near - potential[here]
        for to in range(nowhere + 1):
            far = beside + more[here, to] + potential[to]
            nearer = far < distance[to]
            distance[to] = far if nearer else distance[to]
            waiting[to] = far if nearer else waiting[to]
            via[to] = here if nearer else via[to]
        _extend_by_nesting(here, beside, columns, paths)


@compiled
def _extend_by_nesting(here: int, beside: int, columns: _Columns, paths: _Paths) -> None:
    """Let one more in a column be one more in that around it, or take the place of one inside it."""
    step, outer = columns.capacity.size + 1 + here, columns.parent[here]
    if outer >= 0 and columns.used[here] < columns.capacity[here]:
        far = beside + columns.potential[outer]
        if far < paths.distance[outer]:
            paths.distance[outer] = paths.waiting[outer] = far
            paths.via[outer] = step
    for place in range(columns.inner_start[here], columns.inner_start[here + 1]):
        to = columns.inner[place]
        far = beside + columns.potential[to]
        if columns.used[to] > 0 and far < paths.distance[to]:
            paths.distance[to] = paths.waiting[to] = far
            paths.via[to] = step


@compiled
def _pay(way: int, distance: Int64, potential: Int64) -> None:
    """Raise potentials until the shortest path, ``way`` long, costs nothing more."""
    for to in range(potential.size - 1):
        potential[to] += max(way - distance[to], 0)


@compiled
def _nobody(col: Int32, capacity: Int64, choice: Int64) -> _Members:
    """Return columns without members."""
    num_cols = capacity.size
    asked = np.zeros(num_cols, np.int64)
    for to in col:
        asked[to] += 1
    start = np.zeros(num_cols + 1, np.int64)
    for to in range(num_cols):
        start[to + 1] = start[to] + min(asked[to], capacity[to])
    num_seats = start[num_cols]
    return _Members(
        choice,
        np.zeros(choice.size, np.int64),
        start,
        np.full(num_seats, -1),
        np.arange(num_seats),
        start[1:] - 1,
        np.full(num_seats * (num_cols + 1), _NEVER),
        np.full((num_cols, num_cols + 1), _NEVER),
        np.full((num_cols, num_cols + 1), -1),
        np.zeros((num_cols, num_cols + 1), np.bool_),
        np.zeros(num_cols, np.bool_),
    )


@compiled
def _shift(new: int, end: int, via: Int64, rows: _Rows, columns: _Columns, members: _Members) -> None:
    """Let everybody on the path to ``end`` move one on, from the last to the new row."""
    used, nowhere, here = columns.used, columns.used.size, end
    if end < nowhere:
        used[end] += 1
    elif via[end] != _STAYS_OUT:
        here = via[end]
        _leave(members.mover[here, nowhere], rows, members)
    while here < nowhere:
        before = via[here]
        if before > nowhere:
            before -= nowhere + 1
            if columns.parent[before] == here:
                used[before] += 1
            else:
                used[here] -= 1
        elif before == _FROM_NEW:
            _join(new, here, rows, members)
            before = nowhere
        else:
            who = members.mover[before, here]
            _leave(who, rows, members)
            _join(who, here, rows, members)
        here = before


@compiled
def _leave(who: int, rows: _Rows, members: _Members) -> None:
    """Take a row from its seat; the moves that nobody else would have made as cheaply are lost."""
    col, more, mover, lost, wish = rows.col, members.more, members.mover, members.lost, members.wish
    nowhere, here, seat = more.shape[0], col[members.choice[who]], members.seat[who]
    first = members.start[here]
    width = members.start[here + 1] - first
    base = first * nowhere + seat
    for arc in range(rows.start[who], rows.start[who + 1]):
        to = col[arc]
        wish[base + to * width] = _NEVER
        if mover[here, to] == who:
            more[here, to] = _NEVER
            lost[here, to] = True
    wish[base + nowhere * width] = _NEVER
    if mover[here, nowhere] == who:
        more[here, nowhere] = _NEVER
        lost[here, nowhere] = True
    members.any_lost[here] = True
    members.top[here] += 1
    members.stack[members.top[here]] = seat
    members.who[seat] = members.choice[who] = -1


@compiled
def _join(who: int, here: int, rows: _Rows, members: _Members) -> None:
    """Give a row a free seat of a column that an arc of its leads to."""
    col, cost, more, mover, lost, wish = (
        rows.col, rows.cost, members.more, members.mover, members.lost, members.wish
    )  # fmt: skip
    home = rows.start[who]
    while col[home] != here:
        home += 1
    seat = members.stack[members.top[here]]
    members.top[here] -= 1
    members.seat[who], members.who[seat], members.choice[who] = seat, who, home
    nowhere, first = more.shape[0], members.start[here]
    width = members.start[here + 1] - first
    base = first * nowhere + seat
    for arc in range(rows.start[who], rows.start[who + 1]):
        to = col[arc]
        extra = cost[arc] - cost[home]
        wish[base + to * width] = extra
        if extra < more[here, to] and not lost[here, to]:
            more[here, to] = extra
            mover[here, to] = who
    extra = rows.reward[who] - cost[home]
    wish[base + nowhere * width] = extra
    if extra < more[here, nowhere] and not lost[here, nowhere]:
        more[here, nowhere] = extra
        mover[here, nowhere] = who


@compiled
def _mend(here: int, members: _Members) -> None:
    """Find the cheapest moves from a column anew where they are lost."""
    more, mover, lost, wish, who = members.more, members.mover, members.lost, members.wish, members.who
    nowhere, first = more.shape[0], members.start[here]
    width = members.start[here + 1] - first
    for to in range(nowhere + 1):
        if lost[here, to]:
            base = first * (nowhere + 1) + to * width
            least, cheapest = _NEVER, -1
            for place in range(width):
                if wish[base + place] < least:
                    least, cheapest = wish[base + place], who[first + place]
            more[here, to], mover[here, to], lost[here, to] = least, cheapest, False
    members.any_lost[here] = False
