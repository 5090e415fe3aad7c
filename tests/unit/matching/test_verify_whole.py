"""Households, loads, commitments, shares and the reserve: each broken solution is caught by its own rule."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from matching import (
    BalanceRules,
    Change,
    Commitment,
    HouseholdRules,
    Instance,
    Needs,
    OfferRules,
    Policy,
    Reason,
    ReserveRules,
    SoftWeights,
    Solution,
    StabilityRules,
    attach,
    verify,
)
from matching.verify.case import Case
from matching.verify.values import objective
from tests.unit.matching.builders import POLICY, instance, patient, practitioner

ALD = Needs(ald=True)


def codes(given: Instance, policy: Policy, solution: Solution) -> set[str]:
    return {violation.code for violation in verify(given, policy, solution)}


def moved(solution: Solution, **where: str | None) -> Solution:
    """The solution with some patients sent elsewhere, everybody three kilometres from everybody."""
    placed = Reason(code="placed", sentence="", data={})
    full = Reason(code="full", sentence="", data={})
    return replace(
        solution,
        matches=tuple(
            replace(
                m,
                practitioner_id=where[m.patient_id],
                distance_m=3000 if where[m.patient_id] else None,
                duration_s=360 if where[m.patient_id] else None,
                reason=placed if where[m.patient_id] else full,
            )
            if m.patient_id in where
            else m
            for m in solution.matches
        ),
    )


FAMILY = instance(
    [
        patient("child", age=5, household="h"),
        patient("mother", age=35, household="h"),
        patient("uncle", age=70, household="h"),
    ],
    [practitioner("d1", places=3), practitioner("d2", places=3, workload=3, max_tier1=1)],
)
ILL = instance(
    [patient("a", needs=ALD), patient("b", needs=ALD), patient("c")],
    [practitioner("d1", places=3), practitioner("d2", places=3, workload=3)],
)
ANNOUNCED = replace(
    ILL, commitments=(Commitment(patient_id="a", practitioner_id="d1", firm=True),)
)  # fmt: skip
UNEVEN = instance(  # half are ill, a fair share is two of four places; all three ill can only go to d1
    [*(patient(f"i{n}", needs=ALD) for n in range(3)), *(patient(f"w{n}") for n in range(3))],
    [practitioner("d1", places=4)],
    km={(f"i{n}", "d1"): 3 for n in range(3)},
)
MUST_MOVE = replace(
    instance([patient("c")], [practitioner("d1"), practitioner("d2", places=0)]),
    commitments=(Commitment(patient_id="c", practitioner_id="d2", firm=False),),
)
EARLIER = replace(ILL, commitments=(Commitment(patient_id="c", practitioner_id="d2", firm=False),))
AT_ONCE = Policy(offers=OfferRules(at_once=1))


@pytest.mark.parametrize(
    ("given", "policy", "spoil", "code"),
    [
        (FAMILY, POLICY, lambda s: moved(s, child="d1", mother="d2"), "household"),
        (FAMILY, POLICY, lambda s: moved(s, child=None), "household"),
        (FAMILY, POLICY, lambda s: moved(s, child=None, mother=None, uncle="d1"), "objective"),
        (
            FAMILY,
            Policy(households=HouseholdRules(together="all")),
            lambda s: moved(s, uncle=None),
            "household",
        ),
        (FAMILY, POLICY, lambda s: moved(s, child="d2", mother="d2", uncle="d1"), "objective"),
        (ILL, POLICY, lambda s: moved(s, a="d2", b="d2"), "workload"),
        (ILL, AT_ONCE, lambda s: moved(s, a="d1", b="d1"), "at_once"),
        (ANNOUNCED, POLICY, lambda s: moved(s, a="d2"), "changes"),
        (ANNOUNCED, POLICY, lambda s: untrue(moved(s, a="d2"), "a", "d1", "d2", "leaving"), "firm_moved"),
        (
            ANNOUNCED,
            POLICY,
            lambda s: untrue(moved(s, a="d2"), "a", "d1", "d2", "over_capacity"),
            "firm_moved",
        ),
        (ANNOUNCED, POLICY, lambda s: untrue(moved(s, a="d2"), "a", "d1", "d2", "better"), "firm_moved"),
        (ANNOUNCED, POLICY, lambda s: untrue(s, "a", "d1", "d1", "better"), "changes"),
        (EARLIER, POLICY, lambda s: untrue(moved(s, c="d1"), "c", "d2", "d1", "gone"), "change_reason"),
        (EARLIER, POLICY, lambda s: untrue(moved(s, c="d1"), "c", "d2", "d1", "better"), "objective"),
    ],
)
def test_a_broken_solution_is_caught(
    given: Instance, policy: Policy, spoil: Callable[[Solution], Solution], code: str
) -> None:
    sound = attach(given, policy)
    assert codes(given, policy, sound) == set()
    assert code in codes(given, policy, spoil(sound))


def untrue(solution: Solution, key: str, before: str, after: str, code: str) -> Solution:
    reason = Reason(code=code, sentence="", data={})
    return replace(solution, changes=(Change(patient_id=key, before=before, after=after, reason=reason),))


@pytest.mark.parametrize(
    ("given", "one", "other"),
    [
        (
            FAMILY,
            {"households": HouseholdRules(bonus_tenths=0)},
            {"households": HouseholdRules(bonus_tenths=7)},
        ),
        (
            MUST_MOVE,
            {"stability": StabilityRules(move_tenths=1)},
            {"stability": StabilityRules(move_tenths=9)},
        ),
        (UNEVEN, {"balance": BalanceRules(tenths=0)}, {"balance": BalanceRules(tenths=5)}),
        (
            instance(
                [patient("a", household_practitioners=frozenset({"d9"}))],
                [practitioner("d1"), practitioner("d2")],
            ),
            {"weights": SoftWeights(household_followed_tenths=0)},
            {"weights": SoftWeights(household_followed_tenths=8)},
        ),
    ],
)
def test_each_soft_rule_changes_the_score(
    given: Instance, one: dict[str, Any], other: dict[str, Any]
) -> None:
    """The same proposals are worth something else: the judge that does not know the rule is caught."""
    first, second = Policy(**one), Policy(**other)
    solution = attach(given, first)
    assert codes(given, first, solution) == set()
    assert "objective" in codes(given, second, solution)


def test_the_reserve_is_charged_to_the_last_rank_only() -> None:
    policy = Policy(reserve=ReserveRules(horizon_days=60))
    given = instance([patient("a", needs=ALD), patient("c")], [practitioner("d1", places=9)])
    solution = attach(given, policy)
    assert codes(given, policy, solution) == set()
    assert "objective" in codes(given, policy, replace(solution, reserve_price=(5,)))
    for broken in (None, (1, 2), (-1,)):
        assert "reserve_price" in codes(given, policy, replace(solution, reserve_price=broken))
    nobody = moved(solution, c=None)
    for price in (0, 5):
        spared = replace(nobody, reserve_price=(price,))
        assert value(given, policy, spared) == value(given, policy, nobody)


def value(given: Instance, policy: Policy, solution: Solution) -> int:
    return objective(Case(given, policy, solution))


def test_a_firm_one_too_many_must_really_be_too_many() -> None:
    both = tuple(Commitment(patient_id=p, practitioner_id="d2", firm=True) for p in ("a", "b"))
    given = replace(ILL, commitments=both)  # two units each, three offered
    solution = attach(given, POLICY)
    assert [c.reason.code for c in solution.changes] == ["over_capacity"]
    assert codes(given, POLICY, solution) == set()
    roomy = replace(
        given, practitioners=(given.practitioners[0], replace(given.practitioners[1], workload=4))
    )
    assert "firm_moved" in codes(roomy, POLICY, solution)
