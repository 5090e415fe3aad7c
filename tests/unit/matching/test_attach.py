"""``attach`` on instances small enough to be decided by hand."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import numpy as np
import pytest

from matching import InvalidInstance, Needs, Solution, Status, Travel, attach, verify
from matching.baselines import first_come_nearest, tiered_greedy
from matching.candidates import travel_tenths
from tests.unit.matching.builders import (
    POLICY,
    TODAY,
    TRAVEL_ONLY,
    instance,
    patient,
    practitioner,
    reordered,
    territory,
)

ALD = Needs(ald=True)


def chosen(solution: Solution) -> dict[str, str | None]:
    return {match.patient_id: match.practitioner_id for match in solution.matches}


def test_nobody_and_nothing_is_an_answer() -> None:
    for empty in (instance([], []), instance([patient()], []), instance([], [practitioner()])):
        solution = attach(empty, POLICY)
        assert (solution.objective, solution.status) == (0, Status.OPTIMAL)
        assert verify(empty, POLICY, solution) == []


def test_the_higher_tier_goes_first_however_far() -> None:
    two = instance(
        [patient("well", waited_days=170), patient("ill", needs=ALD)],
        [practitioner()],
        km={("well", "d1"): 0.1, ("ill", "d1"): 10.0},
    )
    assert chosen(attach(two, POLICY)) == {"well": None, "ill": "d1"}


def test_a_long_wait_goes_before_an_equal_tier() -> None:
    two = instance([patient("new"), patient("old", waited_days=180)], [practitioner()])
    solution = attach(two, POLICY)
    assert chosen(solution) == {"new": None, "old": "d1"}
    assert [(m.tier, m.rank) for m in solution.matches] == [(3, 3), (3, 2)]


def test_two_of_a_tier_beat_one_who_is_nearer() -> None:
    # d1 is nearest for both; only "flexible" can also go to d2, far away.
    chain = instance(
        [patient("flexible"), patient("stuck")],
        [practitioner("d1"), practitioner("d2")],
        km={("flexible", "d1"): 0.1, ("flexible", "d2"): 9.9, ("stuck", "d1"): 5.0},
    )
    assert chosen(attach(chain, TRAVEL_ONLY)) == {"flexible": "d2", "stuck": "d1"}


def test_within_a_rank_travel_and_seniority_decide() -> None:
    def winner(waited_days: int) -> str:
        two = instance(
            [patient("near"), patient("senior", waited_days=waited_days)],
            [practitioner()],
            km={("near", "d1"): 2.0, ("senior", "d1"): 3.0},
        )
        return next(p for p, d in chosen(attach(two, POLICY)).items() if d)

    # One kilometre more is two minutes, twenty tenths: one tenth per day of waiting.
    assert winner(waited_days=19) == "near"
    assert winner(waited_days=21) == "senior"


def test_tier_1_fills_no_more_than_its_share() -> None:
    three = instance(
        [patient("a", needs=ALD), patient("b", needs=ALD), patient("c")],
        [practitioner(places=3, max_tier1=1)],
    )
    solution = attach(three, POLICY)
    assert sorted(p for p, d in chosen(solution).items() if d) in (["a", "c"], ["b", "c"])
    assert verify(three, POLICY, solution) == []
    # One more place would be empty: what is short is the share of tier 1.
    assert solution.place_price == (0,)


def test_a_place_is_worth_whom_it_lets_in() -> None:
    def objective(places: int) -> int:
        queue = instance([patient("a"), patient("b"), patient("c")], [practitioner(places=places)])
        solution = attach(queue, POLICY)
        assert solution.place_price is not None
        prices.append(solution.place_price[0])
        return solution.objective

    prices: list[int] = []
    values = [objective(places) for places in range(5)]
    assert prices[:4] == np.diff(values).tolist()


def test_a_run_without_time_says_so() -> None:
    hurried = attach(territory(300, 12, seed=1), POLICY, time_limit_s=0.0)
    assert hurried.status is Status.FEASIBLE
    assert hurried.place_price is None
    assert hurried.bound > hurried.objective
    assert any("prouver" in warning for warning in hurried.warnings)


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_the_rows_does_not_matter(seed: int) -> None:
    given = territory(90, 6, seed=seed)
    one, other = attach(given, POLICY), attach(reordered(given, Random(seed)), POLICY)
    assert chosen(one) == chosen(other)
    assert one.objective == other.objective


def test_not_even_when_everyone_is_alike() -> None:
    crowd = instance([patient(f"p{i}") for i in range(9)], [practitioner("d1", places=2), practitioner("d2")])
    answers = {
        tuple(sorted(chosen(attach(reordered(crowd, Random(seed)), POLICY)).items())) for seed in range(5)
    }
    assert len(answers) == 1


@pytest.mark.parametrize("seed", range(3))
def test_never_below_what_is_done_by_hand(seed: int) -> None:
    given = territory(100, 6, seed=seed)
    best = attach(given, POLICY)
    for by_hand in (tiered_greedy(given, POLICY), first_come_nearest(given, POLICY)):
        assert by_hand.objective <= best.objective <= by_hand.bound
        assert verify(given, POLICY, by_hand) == []
        assert by_hand.warnings == ()
    hurried = attach(given, POLICY, time_limit_s=0.0)
    assert tiered_greedy(given, POLICY).objective <= hurried.objective


def test_first_come_serves_by_date_and_takes_the_nearest() -> None:
    queue = instance(
        [patient("late", needs=ALD), patient("early", waited_days=30)],
        [practitioner("near"), practitioner("far")],
        km={("late", "near"): 1, ("late", "far"): 9, ("early", "near"): 1, ("early", "far"): 9},
    )
    assert chosen(first_come_nearest(queue, POLICY)) == {"late": "far", "early": "near"}
    assert chosen(tiered_greedy(queue, POLICY)) == {"late": "near", "early": "far"}


def test_the_longest_possible_travel_still_fits() -> None:
    century = np.array([2**31 - 1])
    far = Travel(patient=[0], practitioner=[0], distance_m=[1], duration_s=century)
    one = replace(instance([patient()], [practitioner()]), travel=far)
    solution = attach(one, POLICY)
    assert solution.rank_weight > 2**28
    assert solution.matches[0].practitioner_id == "d1"
    assert verify(one, POLICY, solution) == []


def test_travel_is_counted_in_tenths_of_a_minute() -> None:
    assert travel_tenths(np.array([0, 2, 3, 8, 9, 60])).tolist() == [0, 0, 1, 1, 2, 10]


def test_waiting_and_travel_are_reported_as_given() -> None:
    one = instance([patient(waited_days=33)], [practitioner()], km={("p1", "d1"): 4.2})
    (match,) = attach(one, POLICY).matches
    assert (match.waited_days, match.distance_m, match.duration_s) == (33, 4200, 504)
    assert one.patients[0].waiting_since == TODAY - timedelta(days=33)
    with pytest.raises(InvalidInstance):
        replace(one, on=TODAY - timedelta(days=40))
