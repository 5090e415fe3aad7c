"""Duals of a unit-load problem, computed after the solve by label correcting, and what they prove.

The potential of a bin is what a unit must bring to use it and every bin above it; its price is the
potential minus that of the bin above. Least potentials solve

    potential[b] >= 0,    potential[b] >= potential[parent of b]
    potential[b] >= gain of an unplaced group in b
    potential[b] >= potential[h] + cost[g, h] - cost[g, b]        for g placed in h
    potential[parent of b] >= potential[b]                        for b with room left

from below. If the solution is optimal this ends, and the dual value equals the objective.

References
----------
R. K. Ahuja, T. L. Magnanti, J. B. Orlin (1993), "Network Flows", §5.4 (label correcting) and §9.4
(complementary slackness).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matching.errors import CertificateFailed
from matching.exact import exact_dot, exact_sum
from matching.nesting import with_inner
from matching.solvers.network import Network

Int64 = npt.NDArray[np.int64]


def minimal_potentials(network: Network, choice: Int64) -> Int64:
    """Return the least potential of each column that is consistent with an optimal ``choice``.

    Parameters
    ----------
    choice : ndarray of int64, shape (num_rows,)
        Position of each row's arc, -1 = not placed.

    Raises
    ------
    CertificateFailed
        When ``choice`` can be improved: then no potentials are consistent with it.
    """
    potential = potentials_within(network, choice, network.num_cols + 1)
    if potential is None:
        raise CertificateFailed("the assignment can be improved along a cycle")
    return potential


def potentials_within(network: Network, choice: Int64, rounds: int) -> Int64 | None:
    """Return the least potentials consistent with ``choice``, None when ``rounds`` do not settle them.

    They settle if the choice is optimal and ``rounds`` exceeds the number of columns, but may settle for
    others too: only an equal ``dual_value`` proves anything.
    """
    constraints = _Constraints.of(network, choice)
    potential, settled = constraints.raise_potentials(constraints.floor, rounds)
    return potential if settled else None


def dual_value(network: Network, potential: Int64) -> int:
    """Return the exact dual value of potentials that never fall from a bin to one inside it."""
    price = potential - network.outer(potential)
    return exact_dot(network.capacity, price) + exact_sum(row_surplus(network, potential))


def row_surplus(network: Network, potential: Int64) -> Int64:
    """Return what each row keeps of its best gain after paying potentials, ≥ 0."""
    best = np.maximum.reduceat(network.gain() - potential[network.col], network.start[:-1])
    return np.maximum(best, 0)


def upper_bound_potentials(network: Network, choice: Int64) -> Int64:
    """Return potentials that give a low dual value next to a good but unproven ``choice``.

    Any potentials give a valid bound. An improvable choice makes label correcting climb for ever
    along some cycle, so it is stopped after growing numbers of rounds and the lowest value is kept.
    """
    constraints = _Constraints.of(network, choice)
    candidates = [np.zeros(network.num_cols, np.int64)]
    potential = constraints.floor
    for rounds in (0, 1, 3, 12, 48):
        potential, settled = constraints.raise_potentials(potential, rounds)
        candidates.append(never_falling_inwards(potential, network))
        if settled:
            break
    return min(candidates, key=lambda candidate: dual_value(network, candidate))


@dataclass(frozen=True, slots=True, eq=False)
class _Constraints:
    """Lower bounds on potentials, and differences between them, grouped by the bin they push up.

    Parameters
    ----------
    floor : ndarray of int64, shape (num_cols,)
    source, weight : ndarray of int64, shape (num_edges,)
        ``potential[target] >= potential[source] + weight``, edges sorted by target.
    target, start : ndarray of int64, shape (num_targets,)
        Distinct targets and the first edge of each.
    ceiling : int
        No potential above the largest reward can be needed.
    """

    floor: Int64
    source: Int64
    weight: Int64
    target: Int64
    start: Int64
    ceiling: int

    @classmethod
    def of(cls, network: Network, choice: Int64) -> "_Constraints":
        """Collect the constraints that complementary slackness with ``choice`` imposes.

        Not being placed is one more column, of potential 0: a group there would give up its reward.
        """
        nowhere, placed = network.num_cols, choice >= 0
        home = np.where(placed, network.col[choice], nowhere)
        given_up = np.where(placed, network.cost[choice], network.reward)
        pair = network.along_arcs(home) + network.col.astype(np.int64) * (nowhere + 1)
        pair, weight = _strongest(pair, network.along_arcs(given_up) - network.cost, nowhere * (nowhere + 1))
        target, source = pair // (nowhere + 1), pair % (nowhere + 1)
        from_nowhere = source == nowhere
        floor = np.zeros(network.num_cols, np.int64)
        floor[target[from_nowhere]] = np.maximum(weight[from_nowhere], 0)
        outer, inner = _nesting_edges(network, home)
        source = np.concatenate([source[~from_nowhere], outer])
        target = np.concatenate([target[~from_nowhere], inner])
        weight = np.concatenate([weight[~from_nowhere], np.zeros(outer.size, np.int64)])
        if outer.size:
            order = np.argsort(target, kind="stable")
            source, target, weight = source[order], target[order], weight[order]
        start = np.flatnonzero(np.diff(target, prepend=-1))
        ceiling = int(network.reward.max(initial=0))
        return cls(floor, source, weight, target[start], start, ceiling)

    def raise_potentials(self, potential: Int64, rounds: int) -> tuple[Int64, bool]:
        """Apply all constraints up to ``rounds`` times; also tell whether all of them hold."""
        potential = potential.copy()
        if not self.source.size:
            return potential, True
        for _ in range(rounds):
            wanted = np.maximum.reduceat(potential[self.source] + self.weight, self.start)
            raised = np.minimum(wanted, self.ceiling) > potential[self.target]
            if not raised.any():
                return potential, True
            potential[self.target[raised]] = np.minimum(wanted[raised], self.ceiling)
        return potential, False


def _strongest(pair: Int64, weight: Int64, end: int) -> tuple[Int64, Int64]:
    """Return the distinct pairs, all below ``end``, in order, and the greatest weight of each."""
    if end <= 4 * pair.size + 1_000_000:
        none = np.iinfo(np.int64).min
        table = np.full(end, none)
        np.maximum.at(table, pair, weight)
        distinct = np.flatnonzero(table > none)
        return distinct, table[distinct]
    order = np.argsort(pair)
    distinct, start = np.unique(pair[order], return_index=True)
    return distinct, np.maximum.reduceat(weight[order], start)


def _nesting_edges(network: Network, home: npt.NDArray[np.signedinteger]) -> tuple[Int64, Int64]:
    """Return the edges, of weight 0, from each bin to those inside it, and back where room is left."""
    inner = np.flatnonzero(network.parent >= 0)
    outer = network.parent[inner].astype(np.int64)
    used = np.bincount(home, minlength=network.num_cols)[: network.num_cols]
    used = with_inner(used, network.parent)
    slack = used[inner] < network.capacity[inner]
    return np.concatenate([outer, inner[slack]]), np.concatenate([inner, outer[slack]])


def never_falling_inwards(potential: Int64, network: Network) -> Int64:
    """Raise potentials of inner bins to those of the bins that contain them, which keeps them valid."""
    while True:
        outer = network.outer(potential)
        if (outer <= potential).all():
            return potential
        potential = np.maximum(potential, outer)
