"""The shortlist is a guess that may be wrong; the answer may not."""

import numpy as np
import pytest

from benchmarks.speed.instances import Arrays, clustered
from matching import AssignmentProblem
from matching.solvers import flow, shortlist
from matching.solvers.flow import by_circulation, optimal_choice
from matching.solvers.network import Network, free_pieces
from matching.solvers.prices import dual_value, minimal_potentials


def _network(arrays: Arrays) -> Network:
    (piece,) = free_pieces(
        AssignmentProblem(
            reward=arrays.reward, arc_group=arrays.arc_group, arc_bin=arrays.arc_bin,
            arc_cost=arrays.arc_cost, capacity=arrays.capacity,
        ),
        0,
    )  # fmt: skip
    return piece


@pytest.mark.parametrize("num_groups", [400, 3000])
def test_the_answer_is_that_of_the_whole_network(num_groups: int) -> None:
    network = _network(clustered(num_groups, seed=2))
    choice, potential = by_circulation(network)
    assert network.value(choice) == network.value(optimal_choice(network))
    assert dual_value(network, potential) == network.value(choice)
    assert (potential == minimal_potentials(network, choice)).all()


def test_those_surely_outbid_are_left_out() -> None:
    network = _network(clustered(3000, seed=2))
    part = shortlist.shortlist(network)
    assert part is not None
    assert part.row.size < 0.85 * network.num_rows
    lowest = network.reward == network.reward.min()
    assert set(np.setdiff1d(np.arange(network.num_rows), part.row)) <= set(np.flatnonzero(lowest))
    whole = part.in_the_whole(optimal_choice(part.network), network.num_rows)
    assert network.value(whole) == network.value(optimal_choice(network))


def test_a_wrong_guess_costs_time_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    network = _network(clustered(400, seed=2))
    monkeypatch.setattr(shortlist, "_outbid", lambda of, _: of.reward == of.reward.max())
    part = shortlist.shortlist(network)
    assert part is not None
    whole = part.in_the_whole(optimal_choice(part.network), network.num_rows)
    assert network.value(whole) < network.value(optimal_choice(network))
    choice, _ = by_circulation(network)
    assert network.value(choice) == network.value(optimal_choice(network))


def test_the_order_of_rewards_survives_moving_them_closer() -> None:
    network = _network(clustered(400, seed=2))
    part = shortlist.shortlist(network)
    assert part is not None
    before, after = network.reward[part.row], part.network.reward
    assert (np.argsort(before, kind="stable") == np.argsort(after, kind="stable")).all()
    assert after.max() < before.max()


def test_small_networks_and_those_of_one_level_are_solved_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shortlist.shortlist(_network(clustered(100, seed=2))) is None
    arrays = clustered(400, seed=2)
    level = Arrays(
        reward=np.full_like(arrays.reward, 5_000), arc_group=arrays.arc_group, arc_bin=arrays.arc_bin,
        arc_cost=arrays.arc_cost, capacity=arrays.capacity,
    )  # fmt: skip
    assert shortlist.shortlist(_network(level)) is None
    monkeypatch.setattr(flow, "shortlist", lambda _: None)
    network = _network(arrays)
    assert dual_value(network, by_circulation(network)[1]) == network.value(by_circulation(network)[0])
