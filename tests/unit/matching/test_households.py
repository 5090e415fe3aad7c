"""Who is placed together: each rule with whom it binds, whom it leaves free, and what a bonus is worth."""

from dataclasses import replace

import pytest

from matching import (
    Commitment,
    HouseholdRules,
    Needs,
    Patient,
    Policy,
    Practitioner,
    Solution,
    Status,
    attach,
    verify,
)
from matching.candidates import candidates
from tests.unit.matching.builders import POLICY, TRAVEL_ONLY, instance, patient, practitioner

ALL = Policy(households=HouseholdRules(together="all"))
ALD = Needs(ald=True)


def home(key: str, age: int | None = 40, **more: object) -> Patient:
    return patient(key, household="h", age=age, **more)


def bound(*members: Patient, policy: Policy = POLICY) -> list[tuple[str, ...]]:
    """The groups of several, as ids."""
    given = instance(list(members), [practitioner(places=9)])
    groups = candidates(given, policy).grouping.members
    return [tuple(given.patients[row].id for row in rows) for rows in groups if len(rows) > 1]


@pytest.mark.parametrize(
    ("members", "groups"),
    [
        ([home("a"), home("b")], []),
        ([home("child", 17), home("mother")], [("child", "mother")]),
        ([home("child", 18), home("mother")], []),
        ([home("child", None), home("mother")], []),
        ([home("child", 5), home("sister", 16)], [("child", "sister")]),
        ([home("child", 5), home("mother"), home("uncle")], [("child", "mother")]),
        ([home("child", 5), home("brother", 19)], []),
        ([home("child", 5), home("brother", 20)], [("brother", "child")]),
        ([home("child", 5), home("granny", 61)], []),
        ([home("child", 5), home("granny", 60)], [("child", "granny")]),
        ([home("child", 5), home("ill", needs=ALD), home("amy")], [("child", "ill")]),
        ([home("child", 5), home("amy"), home("bob", waited_days=1)], [("bob", "child")]),
        ([home("child", 5), home("ill", needs=ALD), home("zoe", together=True)], [("child", "zoe")]),
        ([home("a", together=True), home("b", together=True), home("c")], [("a", "b")]),
        ([home("a", together=True), home("b")], []),
        (
            [home("child", 5), home("mother", together=True), home("granny", 80, together=True)],
            [("child", "granny", "mother")],
        ),
        (
            [home("child", 5), home("mother"), home("x", 80, together=True), home("y", 81, together=True)],
            [("child", "mother"), ("x", "y")],
        ),
        ([home("child", 5), home("mother", consent=False)], []),
        ([home("child", 5), home("sister", 7), home("mother", consent=False)], [("child", "sister")]),
        ([patient("child", age=5), patient("mother", age=40)], []),
    ],
)
def test_who_is_bound(members: list[Patient], groups: list[tuple[str, ...]]) -> None:
    assert bound(*members) == groups
    assert bound(*members[::-1]) == groups


def test_the_policy_may_bind_everybody_who_consented() -> None:
    everybody = [home("a"), home("b"), home("c", 90), home("d", consent=False)]
    assert bound(*everybody, policy=ALL) == [("a", "b", "c")]


def placed(solution: Solution) -> dict[str, str | None]:
    return {m.patient_id: m.practitioner_id for m in solution.matches}


def solved(
    members: list[Patient], gps: list[Practitioner], policy: Policy = POLICY, **more: object
) -> Solution:
    given = replace(instance(members, gps), **more)
    solution = attach(given, policy)
    assert verify(given, policy, solution) == []
    return solution


FAMILY = [home("child", 5), home("mother"), home("father")]


def test_together_or_nobody() -> None:
    assert placed(solved(FAMILY[:2], [practitioner(places=2)])) == {"child": "d1", "mother": "d1"}
    one_each = [practitioner("d1"), practitioner("d2")]
    assert placed(solved(FAMILY[:2], one_each)) == {"child": None, "mother": None}
    third = placed(solved(FAMILY, one_each))  # the father is the child's adult, the mother is free
    assert (third["child"], third["father"]) == (None, None)
    assert third["mother"] is not None


def test_a_rule_that_excludes_one_excludes_all() -> None:
    adults = [practitioner(places=3, age_min=16)]
    assert placed(solved(FAMILY, adults)) == {"child": None, "mother": "d1", "father": None}


def test_whoever_did_not_consent_blocks_nobody() -> None:
    solution = solved(
        [home("child", 5), home("mother"), home("ill", consent=False)], [practitioner(places=2)]
    )
    assert placed(solution) == {"child": "d1", "mother": "d1", "ill": None}
    assert any("sans accord" in warning for warning in solution.warnings)


def test_one_who_asks_alone_is_told() -> None:
    solution = solved([home("a", together=True), home("b")], [practitioner()])
    assert any("rester avec leur foyer" in warning for warning in solution.warnings)
    assert solved([home("a", together=True), home("b", together=True)], [practitioner()]).warnings == ()


@pytest.mark.parametrize(("bonus", "same"), [(0, False), (119, False), (121, True)])
def test_the_bonus_is_worth_its_minutes(bonus: int, same: bool) -> None:
    """At one GP the couple travels six kilometres, twelve minutes, more."""
    couple = instance(
        [home("a"), home("b")],
        [practitioner("d1", places=2), practitioner("d2")],
        km={("a", "d1"): 1, ("b", "d1"): 9, ("b", "d2"): 3},
    )
    policy = replace(TRAVEL_ONLY, households=HouseholdRules(bonus_tenths=bonus))
    solution = attach(couple, policy)
    assert placed(solution) == {"a": "d1", "b": "d1" if same else "d2"}
    assert verify(couple, policy, solution) == []


def test_a_bonus_never_costs_somebody_a_place() -> None:
    solution = solved(
        [home("a"), home("b"), patient("ill", needs=ALD)],
        [practitioner("d1", places=2)],
        Policy(households=HouseholdRules(bonus_tenths=10_000)),
    )
    assert placed(solution)["ill"] == "d1"


def test_the_bonus_of_a_whole_household_is_one_per_further_group() -> None:
    three = instance([home("a"), home("b"), home("c")], [practitioner(places=3)])
    pairs = candidates(three, Policy(households=HouseholdRules(bonus_tenths=90))).grouping.pairs
    assert sum(bonus for _, _, bonus in pairs) == 2 * 90


def test_what_keeping_everybody_together_costs_is_told_by_tier() -> None:
    """Two places: the healthy couple takes them only if nobody ill is left to take one."""
    people = [home("ill", needs=ALD), home("well", 30), patient("sick", needs=ALD)]
    gps = [practitioner("d1", places=2, max_tier1=1), practitioner("d2")]
    solution = solved(people, gps, ALL)
    assert solution.price_of_together == (0, 0, 0)
    # Three of a household for two places: together nobody of them, one by one two of them.
    three = [home("a", needs=ALD), home("b", needs=Needs(c2s=True)), home("c")]
    assert solved(three, [practitioner(places=2)], ALL).price_of_together == (1, 1, 0)
    assert solved(three, [practitioner(places=2)]).price_of_together is None


def pin(key: str, gp: str) -> Commitment:
    return Commitment(patient_id=key, practitioner_id=gp, firm=True)


def test_a_promise_goes_before_the_household_and_the_household_follows() -> None:
    gps = [practitioner("d1", places=2), practitioner("d2", places=3)]
    followed = solved(FAMILY[:2], gps, commitments=(pin("mother", "d1"),))
    assert placed(followed) == {"mother": "d1", "child": "d1"}
    full = solved(
        FAMILY[:2], [practitioner("d1"), practitioner("d2", places=3)], commitments=(pin("mother", "d1"),)
    )
    assert placed(full) == {"mother": "d1", "child": None}
    assert full.status is Status.OPTIMAL
