"""Places kept for later: off by default, paid by the last rank only, none unused by the needy of today."""

from dataclasses import replace

import numpy as np
import pytest

from matching import Instance, Needs, Policy, ReserveRules, Solution, attach, verify
from matching.baselines import tiered_greedy
from matching.reserve import reserve_price
from tests.unit.matching.builders import POLICY, instance, patient, practitioner, territory

ALD = Needs(ald=True)
RESERVE = Policy(reserve=ReserveRules(horizon_days=60, scenarios=10))


def waiting(num_ill: int, num_well: int, places: int) -> Instance:
    ill = [patient(f"i{n}", needs=ALD, waited_days=n % 10) for n in range(num_ill)]
    well = [patient(f"w{n}", waited_days=n) for n in range(num_well)]
    return instance([*ill, *well], [practitioner(places=places)])


def placed(solution: Solution, first: str) -> int:
    return sum(m.practitioner_id is not None for m in solution.matches if m.patient_id.startswith(first))


def test_off_by_default() -> None:
    given = waiting(6, 6, 8)
    assert reserve_price(given, POLICY) is None
    assert attach(given, POLICY).reserve_price is None


def test_the_well_wait_for_the_ill_who_will_come() -> None:
    """Six came in 90 days, four are expected in 60: of the two places left today none is given away."""
    given = waiting(6, 6, 8)
    solution = attach(given, RESERVE)
    assert verify(given, RESERVE, solution) == []
    assert (placed(attach(given, POLICY), "w"), placed(solution, "w")) == (2, 0)
    assert placed(solution, "i") == 6


def test_room_for_all_reserves_nothing() -> None:
    given = waiting(6, 6, 40)
    solution = attach(given, RESERVE)
    assert solution.reserve_price == (0,)
    assert placed(solution, "w") == 6


def test_without_recent_signals_nobody_is_expected() -> None:
    old = [patient("i", needs=ALD, waited_days=200), patient("w")]
    given = instance(old, [practitioner(places=2)])
    assert attach(given, RESERVE).reserve_price == (0,)


def test_a_long_wait_and_an_announcement_pay_nothing() -> None:
    given = waiting(6, 6, 8)
    long_wait = replace(given.patients[-1], waiting_since=given.on.replace(year=given.on.year - 1))
    solution = attach(replace(given, patients=(*given.patients[:-1], long_wait)), RESERVE)
    assert solution.matches[-1].practitioner_id == "d1"


@pytest.mark.parametrize("seed", range(3))
def test_nobody_of_tier_1_or_2_is_left_out_for_it(seed: int) -> None:
    drawn = territory(120, 6, seed=seed)
    given = replace(drawn, patients=tuple(replace(p, household=None) for p in drawn.patients))
    usual, kept = attach(given, POLICY), attach(given, RESERVE, seed=seed)
    assert verify(given, RESERVE, kept) == []
    for rank in range(3):
        counts = [
            sum(m.practitioner_id is not None and m.rank == rank for m in s.matches) for s in (usual, kept)
        ]
        assert counts[1] >= counts[0]
    assert tiered_greedy(given, RESERVE).objective <= attach(given, RESERVE).objective


def test_the_seed_decides_and_nothing_else() -> None:
    given = territory(100, 5, seed=1)
    prices = [reserve_price(given, RESERVE, seed=seed) for seed in (1, 1, 2)]
    assert np.array_equal(prices[0], prices[1])
    assert not np.array_equal(prices[0], prices[2])
