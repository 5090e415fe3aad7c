"""Places, workload, tier 1 and fair shares hold at once, as bins, with and without groups of several."""

from dataclasses import replace

import numpy as np
import pytest

from matching import BalanceRules, Instance, Needs, Patient, Policy, Practitioner, Solution, attach, verify
from matching.balance import fair_shares
from matching.candidates import candidates
from matching.priority import standing
from tests.unit.matching.builders import (
    POLICY,
    TODAY,
    TRAVEL_ONLY,
    instance,
    patient,
    practitioner,
    territory,
)

ALD = Needs(ald=True)  # two units of workload
BOUND = Needs(home_bound=True)  # three
UNBALANCED = Policy(balance=BalanceRules(tenths=0))


def placed(given: Instance, policy: Policy = POLICY) -> dict[str, str | None]:
    return {m.patient_id: m.practitioner_id for m in run(given, policy).matches}


def run(given: Instance, policy: Policy = POLICY) -> Solution:
    solution = attach(given, policy)
    assert verify(given, policy, solution) == []
    return solution


@pytest.mark.parametrize(
    ("changes", "num_placed"),
    [
        ({}, 3),
        ({"workload": 7}, 3),
        ({"workload": 6}, 2),
        ({"workload": 4}, 2),
        ({"workload": 3}, 1),
        ({"workload": 1}, 0),
        ({"workload": 6, "places": 1}, 1),
        ({"workload": 6, "max_tier1": 1}, 1),
        ({"max_tier1": 0}, 0),
    ],
)
def test_all_limits_hold_at_once(changes: dict[str, int], num_placed: int) -> None:
    three = [patient("a", needs=ALD), patient("b", needs=ALD), patient("c", needs=BOUND)]
    given = instance(three, [practitioner(**{"places": 3, "home_visits": True, **changes})])
    assert sum(d is not None for d in placed(given).values()) == num_placed


def test_a_household_takes_what_its_members_take() -> None:
    family = [
        patient("child", age=5, household="h"),
        patient("mother", age=40, household="h", needs=ALD),
    ]
    for changes, fits in (
        ({"places": 2, "workload": 3, "max_tier1": 1}, True),
        ({"places": 1}, False),
        ({"places": 2, "workload": 2}, False),
        ({"places": 2, "max_tier1": 0}, False),
    ):
        decided = set(placed(instance(family, [practitioner(**changes)])).values())
        assert decided == ({"d1"} if fits else {None})


def test_plain_cases_stay_a_flow() -> None:
    plain = replace(territory(80, 6, seed=3))
    alone = replace(plain, patients=tuple(replace(p, household=None) for p in plain.patients))
    assert candidates(alone, POLICY).problem.is_flow
    assert run(alone).place_price is not None
    loaded = replace(alone, practitioners=tuple(replace(d, workload=9) for d in alone.practitioners))
    assert not candidates(loaded, POLICY).problem.is_flow


def ill(number: int) -> list[Patient]:
    return [patient(f"i{n}", needs=ALD) for n in range(number)]


def gps(*places: int) -> list[Practitioner]:
    return [practitioner(f"d{j}", places=number) for j, number in enumerate(places)]


@pytest.mark.parametrize(
    ("num_ill", "num_well", "places", "first", "second"),
    [(3, 3, 4, 2, 3), (1, 9, 4, 1, 2), (2, 1, 3, 2, 3), (0, 5, 4, 0, 0), (4, 0, 2, 2, 3), (5, 5, 6, 3, 5)],
)
def test_the_fair_share_is_the_part_of_tier_1_rounded_up(
    num_ill: int, num_well: int, places: int, first: int, second: int
) -> None:
    people = ill(num_ill) + [patient(f"w{n}") for n in range(num_well)]
    given = instance([*people, patient("shy", needs=ALD, consent=False)], gps(places))
    standings = [standing(p, POLICY.tiers, TODAY) for p in given.patients]
    shares = fair_shares(given, standings, POLICY.balance)
    assert (shares.first.tolist(), shares.second.tolist()) == ([first], [second])


def near_the_first(extra_km: float) -> Instance:
    """Four of eight are ill, all live beside d0 and ``extra_km`` farther from d1; four places each."""
    people = ill(4) + [patient(f"w{n}") for n in range(4)]
    km = {(p.id, d): 1 + (d == "d1") * extra_km * (p in people[:4]) for p in people for d in ("d0", "d1")}
    return instance(people, gps(4, 4), km)


@pytest.mark.parametrize(
    ("tenths", "at_the_first"),
    [(0, 4), (9, 4), (11, 3), (19, 3), (21, 2), (1000, 2)],
)
def test_each_patient_above_the_share_is_worth_its_minutes(tenths: int, at_the_first: int) -> None:
    """One kilometre more is twenty tenths: the third costs ``tenths``, the fourth twice that."""
    policy = replace(TRAVEL_ONLY, balance=BalanceRules(tenths=tenths))
    decided = placed(near_the_first(1), policy)
    assert sum(d == "d0" for p, d in decided.items() if p.startswith("i")) == at_the_first


@pytest.mark.parametrize("tenths", [0, 11, 21])
def test_fair_shares_mean_the_same_with_a_household_anywhere(tenths: int) -> None:
    """Groups of several change the encoding of everybody; who is alone must not feel it."""
    policy = replace(TRAVEL_ONLY, balance=BalanceRules(tenths=tenths))
    given = near_the_first(1)
    one = attach(given, policy)
    asked = [replace(p, household="h", together=p.id in {"w0", "w1"}) for p in given.patients[4:6]]
    other = attach(replace(given, patients=(*given.patients[:4], *asked, *given.patients[6:])), policy)
    value = [sum((m.duration_s or 0) // 6 for m in s.matches) for s in (one, other)]
    at_first = [sum(m.practitioner_id == "d0" for m in s.matches if m.tier == 1) for s in (one, other)]
    assert at_first[0] == at_first[1]
    assert value[0] == value[1]


def test_a_household_is_spread_over_the_steps() -> None:
    """The couple, both ill, fills the share by one and exceeds it by one: it pays one step, not two."""
    couple = [patient(f"i{n}", age=40, needs=ALD, household="h", together=True) for n in range(2)]
    given = instance([*couple, patient("w0"), patient("w1")], gps(2))
    policy = replace(TRAVEL_ONLY, balance=BalanceRules(tenths=100))
    assert fair_shares(given, candidates(given, policy).standings, policy.balance).first.tolist() == [1]
    solution = run(given, policy)
    travel = sum((m.duration_s or 0) // 6 for m in solution.matches)
    assert solution.objective == 2 * solution.rank_values[1] - travel - 100


def test_fair_shares_never_cost_anybody_a_place() -> None:
    for seed in range(3):
        given = territory(120, 6, seed=seed)
        dear = Policy(balance=BalanceRules(tenths=10_000))
        of_rank = [
            np.bincount([m.rank for m in attach(given, p).matches if m.practitioner_id], minlength=4).tolist()
            for p in (UNBALANCED, dear)
        ]
        assert of_rank[0] == of_rank[1]
