"""Unit loads: row by row where there are few bins (``insertion``), else a min-cost circulation by OR-Tools.

Value flows sink → group → bin → (containing bins) → sink. The empty circulation is feasible, so the
solver can be neither infeasible nor unbalanced. OR-Tools objects stay in this module.

References
----------
A. V. Goldberg (1997), "An efficient implementation of a scaling minimum-cost flow algorithm",
J. Algorithms 22(1), doi:10.1006/jagm.1995.0805: what OR-Tools implements.
R. K. Ahuja, T. L. Magnanti, J. B. Orlin (1993), "Network Flows", §9 and §10: reduced costs, scaling.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from matching.errors import CertificateFailed
from matching.solvers.network import Network
from matching.solvers.prices import dual_value, minimal_potentials, potentials_within, row_surplus
from matching.solvers.shortlist import shortlist

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

# Rounds of label correcting that a guessed choice gets: chains of bins are rarely longer.
_PATIENCE = 200


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Costs:
    """What a unit pays on the three kinds of arcs of a network."""

    to_row: Int64  # sink → group, minus the reward
    arc: Int64
    from_col: Int64  # bin → containing bin or sink

    def clipped(self, ceiling: int) -> "_Costs":
        """Return the same costs, none beyond ``ceiling`` on either side of zero."""
        return _Costs(
            to_row=np.clip(self.to_row, -ceiling, ceiling),
            arc=np.clip(self.arc, -ceiling, ceiling),
            from_col=np.clip(self.from_col, -ceiling, ceiling),
        )


def optimum(network: Network) -> tuple[Int64, Int64]:
    """Return an optimal choice, as ``optimal_choice``, and the least potentials, which prove it."""
    from matching.solvers import insertion  # noqa: PLC0415 - 0.4 s that only solving needs

    if insertion.is_fit_for(network):
        return insertion.placed_one_by_one(network)
    return by_circulation(network)


def by_circulation(network: Network) -> tuple[Int64, Int64]:
    """Return what ``optimum`` does, whatever the size of the network and of its numbers."""
    promising = shortlist(network)
    if promising is not None:
        choice = promising.in_the_whole(optimal_choice(promising.network), network.num_rows)
        potential = potentials_within(network, choice, _PATIENCE)
        if potential is not None and dual_value(network, potential) == network.value(choice):
            return choice, potential
    choice = optimal_choice(network)
    return choice, minimal_potentials(network, choice)


def optimal_choice(network: Network) -> Int64:
    """Return for each row the position of its arc in an optimal solution, -1 = not placed.

    Whatever the magnitude of the numbers: when they exceed the range of OR-Tools they are solved
    first coarsely, then exactly on reduced costs (see ``_refined``).
    """
    if max(int(network.reward.max()), int(network.cost.max())) > _cost_limit(network):
        return _refined(network)
    free = np.zeros(network.num_cols, np.int64)
    return _solve(network, _Costs(to_row=-network.reward, arc=network.cost, from_col=free))


def expected_s(num_arcs: int) -> float:
    """Return the seconds a solve of this size takes on the machine of benchmarks/README.md."""
    slowdown: float = max(1.0, num_arcs / 20_000) ** 0.37
    return 4e-7 * num_arcs * slowdown


def _cost_limit(network: Network) -> int:
    """Return the largest cost OR-Tools accepts: it scales by its number of nodes, sink, source and one.

    Half of it, because potentials, a few costs long, must fit as well.
    """
    nodes = network.num_rows + network.num_cols + 1
    return int((2**63 - 1) // (4 * (nodes + 3)))


def _solve(network: Network, costs: _Costs) -> Int64:
    from ortools.graph.python import min_cost_flow  # noqa: PLC0415 - 0.1 s that only solving needs

    rows = np.arange(network.num_rows, dtype=np.int32)
    cols = np.arange(network.num_cols, dtype=np.int32) + np.int32(network.num_rows)
    sink = np.int32(network.num_rows + network.num_cols)
    outer = np.where(network.parent >= 0, network.parent + np.int32(network.num_rows), sink)
    solver = min_cost_flow.SimpleMinCostFlow()
    add = solver.add_arcs_with_capacity_and_unit_cost
    arcs = add(network.row, cols[network.col], np.int64(1), costs.arc)
    add(sink, rows, np.int64(1), costs.to_row)
    add(cols, outer, network.capacity, costs.from_col)
    status = solver.solve()
    if status != solver.OPTIMAL:
        raise CertificateFailed(f"the min-cost flow solver answered {status.name}")
    taken = np.flatnonzero(solver.flows(arcs))
    choice = np.full(network.num_rows, -1, np.int64)
    choice[network.row[taken]] = taken
    return choice


def _refined(network: Network) -> Int64:
    """Solve with leading bits only, then with more bits on the reduced costs of what came out.

    Let costs equal ``2**k`` times the coarse ones plus less than ``2**k``. Under the coarse optimal
    potentials every residual arc then costs more than ``-2**k``. A simple cycle has at most ``longest``
    arcs, so one that improves holds no arc dearer than ``longest * 2**k``: clipping reduced costs
    there changes no optimal solution (the proximity argument of cost scaling).
    """
    limit, longest = _cost_limit(network), 2 * (network.num_cols + 2)
    most_bits = (limit // longest).bit_length() - 1
    largest = max(int(network.reward.max()), int(network.cost.max()))
    shift = max(0, largest.bit_length() - limit.bit_length() + 1)
    coarse = _shifted(network, shift)
    choice = optimal_choice(coarse)
    while shift:
        step = min(shift, most_bits)
        shift -= step
        finer = _shifted(network, shift)
        ceiling = longest << step
        choice = _solve(finer, _reduced(finer, coarse, choice, step).clipped(ceiling))
        coarse = finer
    return choice


def _shifted(network: Network, bits: int) -> Network:
    return replace(network, reward=network.reward >> bits, cost=network.cost >> bits)


def _reduced(finer: Network, coarse: Network, choice: Int64, bits: int) -> _Costs:
    """Return the costs of ``finer`` reduced by the potentials of the optimal ``choice`` of ``coarse``."""
    potential = minimal_potentials(coarse, choice)
    surplus = row_surplus(coarse, potential)
    row_potential = (coarse.reward - surplus) << bits
    return _Costs(
        to_row=row_potential - finer.reward,
        arc=finer.cost + (potential[finer.col] << bits) - row_potential[finer.row],
        from_col=(coarse.outer(potential) - potential) << bits,
    )
