"""Tiers, ranks and the weights that keep them apart."""

from datetime import date
from itertools import product

import pytest

from matching import InvalidInstance, Needs
from matching.policy import TierRules
from matching.priority import LARGEST, rank_values, standing, tier_of
from tests.unit.matching.builders import TODAY, patient

RULES = TierRules()
FIRST = ["ald", "treatment_running_out", "recent_discharge", "pregnancy", "home_bound", "palliative"]
SECOND = ["disability", "c2s", "ame"]


@pytest.mark.parametrize("need", FIRST)
def test_one_need_of_the_first_line_is_tier_1(need: str) -> None:
    assert tier_of(Needs(**{need: True}), 30, RULES) == 1
    assert tier_of(Needs(**{need: False}), 30, RULES) == 3


@pytest.mark.parametrize("need", SECOND)
def test_one_need_of_the_second_line_is_tier_2(need: str) -> None:
    assert tier_of(Needs(**{need: True}), 30, RULES) == 2
    assert tier_of(Needs(**{need: None}), 30, RULES) == 3


def test_age_and_chronic_needs_are_tier_2_from_their_limits_on() -> None:
    assert [tier_of(Needs(), age, RULES) for age in (None, 0, 70, 71)] == [3, 3, 3, 2]
    assert [tier_of(Needs(chronic_needs=n), 30, RULES) for n in (None, 0, 1, 2, 5)] == [3, 3, 3, 2, 2]
    assert tier_of(Needs(wheelchair=True), 30, RULES) == 3


@pytest.mark.parametrize(
    ("need", "tier", "longest"), [({"ald": True}, 1, 14), ({"c2s": True}, 2, 60), ({}, 3, 180)]
)
def test_the_longest_wait_counts_one_rank_higher(need: dict[str, bool], tier: int, longest: int) -> None:
    before = standing(patient(needs=Needs(**need), waited_days=longest - 1), RULES, TODAY)
    after = standing(patient(needs=Needs(**need), waited_days=longest), RULES, TODAY)
    assert (before.tier, before.rank) == (tier, tier)
    assert (after.tier, after.rank) == (tier, tier - 1)


def test_seniority_grows_with_the_days_up_to_its_cap() -> None:
    rules = TierRules(seniority_tenths_per_day=3, seniority_cap_days=10)
    days = [standing(patient(waited_days=d), rules, TODAY).seniority_tenths for d in (0, 4, 10, 400)]
    assert days == [0, 12, 30, 30]
    assert standing(patient(waited_days=400), rules, date(2026, 11, 22)).waited_days == 401


def test_answering_never_lowers_a_rank() -> None:
    for need, answer in product([*FIRST, *SECOND, "wheelchair"], [True, False]):
        assert tier_of(Needs(**{need: answer}), None, RULES) <= tier_of(Needs(), None, RULES)
    for count, age in product(range(5), [0, 50, 90]):
        assert tier_of(Needs(chronic_needs=count), age, RULES) <= tier_of(Needs(), None, RULES)


def test_with_unit_loads_ranks_are_one_weight_apart() -> None:
    values = rank_values(num_patients=50, path_length=7, largest_cost=100, largest_seniority=365)
    weight = 7 * 100 + 365 + 1
    assert values == (4 * weight, 3 * weight, 2 * weight, weight)
    nothing = rank_values(num_patients=0, path_length=0, largest_cost=0, largest_seniority=0)
    assert nothing == (4, 3, 2, 1)


def test_with_loads_one_of_a_rank_outweighs_as_many_as_its_place_could_hold() -> None:
    zeroth, first, second, third = rank_values(
        num_patients=50, path_length=7, largest_cost=100, largest_seniority=365, largest_load=6
    )
    assert third == 7 * 100 + 6 * 365 + 1
    for above, below in ((zeroth, first), (first, second), (second, third)):
        assert above > 6 * (below + 365) + 7 * 100


def test_values_that_could_overflow_are_refused() -> None:
    patients, bins = 10**6, 10**4
    largest = LARGEST // (4 * patients * bins) - 10**4
    rank_values(num_patients=patients, path_length=bins, largest_cost=largest, largest_seniority=365)
    for changes in ({"largest_cost": 2 * largest}, {"largest_load": 3}):
        given = {
            "num_patients": patients,
            "path_length": bins,
            "largest_cost": largest,
            "largest_seniority": 365,
        }
        with pytest.raises(InvalidInstance, match="départager les rangs"):
            rank_values(**{**given, **changes})
