"""Each hard rule: a case it allows, a case it forbids."""

from datetime import timedelta
from typing import Any

import pytest

from matching import Needs, Policy, ReachRules, attach, verify
from matching.eligibility import RULES, Pairs, eligibility, first_broken
from tests.unit.matching.builders import POLICY, TODAY, instance, patient, practitioner

Case = tuple[str, dict[str, Any], dict[str, Any], float]

ALLOWED: list[Case] = [
    ("distance", {}, {}, 10.0),
    ("distance", {"max_km": 15.0}, {}, 15.0),
    ("distance", {"max_km": 3.0}, {}, 3.0),
    ("consent", {"consent": True}, {}, 1.0),
    ("leaving", {}, {"leaving_on": TODAY + timedelta(days=181)}, 1.0),
    ("age_unknown", {"age": None}, {}, 1.0),
    ("age_range", {"age": 6}, {"age_min": 6, "age_max": 15}, 1.0),
    ("age_range", {"age": 15}, {"age_min": 6, "age_max": 15}, 1.0),
    ("home_visits", {"needs": Needs(home_bound=True)}, {"home_visits": True}, 1.0),
    ("home_visits", {"needs": Needs(home_bound=None)}, {}, 1.0),
    ("wheelchair", {"needs": Needs(wheelchair=True)}, {"wheelchair_access": True}, 1.0),
    ("wheelchair", {"needs": Needs(wheelchair=False)}, {}, 1.0),
    ("practitioner_distance", {}, {"max_km": 4.0}, 4.0),
    ("no_places", {}, {"places": 1}, 1.0),
]

FORBIDDEN: list[Case] = [
    ("distance", {}, {}, 10.001),
    ("distance", {"max_km": 40.0}, {}, 15.001),
    ("distance", {"max_km": 3.0}, {}, 3.5),
    ("consent", {"consent": False}, {}, 1.0),
    ("leaving", {}, {"leaving_on": TODAY + timedelta(days=180)}, 1.0),
    ("leaving", {}, {"leaving_on": TODAY - timedelta(days=1)}, 1.0),
    ("age_unknown", {"age": None}, {"age_min": 6}, 1.0),
    ("age_unknown", {"age": None}, {"age_max": 15}, 1.0),
    ("age_range", {"age": 5}, {"age_min": 6}, 1.0),
    ("age_range", {"age": 16}, {"age_max": 15}, 1.0),
    ("home_visits", {"needs": Needs(home_bound=True)}, {}, 1.0),
    ("wheelchair", {"needs": Needs(wheelchair=True)}, {}, 1.0),
    ("practitioner_distance", {}, {"max_km": 4.0}, 4.001),
    ("no_places", {}, {"places": 0}, 1.0),
]


def broken_rules(case: Case, policy: Policy = POLICY) -> list[str]:
    """The rules that exclude the one pair of a case, as the vectorised code sees them."""
    _, patient_has, practitioner_has, km = case
    one = instance([patient(**patient_has)], [practitioner(**practitioner_has)], km={("p1", "d1"): km})
    judged = eligibility(Pairs.of(one, policy))
    if not judged.pair.size:
        return ["distance"]
    return [rule.code for i, rule in enumerate(RULES) if judged.broken[0] >> i & 1]


@pytest.mark.parametrize("case", ALLOWED, ids=str)
def test_a_rule_allows(case: Case) -> None:
    assert broken_rules(case) == []
    one = instance([patient(**case[1])], [practitioner(**case[2])], km={("p1", "d1"): case[3]})
    solution = attach(one, POLICY)
    assert solution.matches[0].practitioner_id == "d1"
    assert verify(one, POLICY, solution) == []


@pytest.mark.parametrize("case", FORBIDDEN, ids=str)
def test_a_rule_forbids(case: Case) -> None:
    assert broken_rules(case) == [case[0]]
    one = instance([patient(**case[1])], [practitioner(**case[2])], km={("p1", "d1"): case[3]})
    assert attach(one, POLICY).matches[0].practitioner_id is None


def test_every_rule_has_both_cases() -> None:
    codes = {rule.code for rule in RULES}
    assert codes == {case[0] for case in ALLOWED} == {case[0] for case in FORBIDDEN}


def test_limits_come_from_the_policy() -> None:
    tight = Policy(reach=ReachRules(max_km=5, max_km_with_consent=8, leaving_horizon_days=0))
    assert broken_rules(("distance", {}, {}, 6.0), tight) == ["distance"]
    assert broken_rules(("distance", {"max_km": 12.0}, {}, 8.0), tight) == []
    assert broken_rules(("leaving", {}, {"leaving_on": TODAY + timedelta(days=1)}, 1.0), tight) == []


def test_a_pair_may_break_several_rules_and_the_first_is_named() -> None:
    case: Case = ("", {"age": 3, "needs": Needs(home_bound=True)}, {"age_min": 6, "places": 0}, 1.0)
    assert broken_rules(case) == ["age_range", "home_visits", "no_places"]
    one = instance([patient(**case[1])], [practitioner(**case[2])], km={("p1", "d1"): 1.0})
    judged = eligibility(Pairs.of(one, POLICY))
    assert RULES[first_broken(judged.broken)[0]].code == "age_range"


def test_gps_without_places_stay_in_the_problem_for_their_price() -> None:
    closed = instance([patient()], [practitioner(places=0)])
    solution = attach(closed, POLICY)
    assert solution.matches[0].reason.code == "excluded"
    assert solution.place_price is not None
    assert solution.place_price[0] > 0
