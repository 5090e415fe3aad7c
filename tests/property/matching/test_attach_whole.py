"""``attach`` with households, loads, pins and fair shares: sound, and as good as trying everything."""

from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from matching import Change, Commitment, Instance, Policy, Status, attach, verify
from matching.baselines import first_come_nearest, tiered_greedy
from matching.verify.case import Case
from tests.property.matching.whole_instances import (
    POLICIES,
    all_cases,
    best_value,
    placed_of_tier,
    whole_instances,
)
from tests.unit.matching.builders import reordered


@given(whole_instances(), POLICIES)
@settings(max_examples=60, deadline=None)
def test_as_good_as_trying_everything(instance: Instance, policy: Policy) -> None:
    solution = attach(instance, policy)
    assert verify(instance, policy, solution) == []
    assert solution.status is Status.OPTIMAL
    assert solution.objective == best_value(instance, policy, solution)
    for by_hand in (tiered_greedy(instance, policy), first_come_nearest(instance, policy)):
        assert by_hand.objective <= solution.objective
        price = (0, 0, 0) if policy.households.together == "all" else None
        assert verify(instance, policy, replace(by_hand, price_of_together=price)) == []


@given(whole_instances(), POLICIES)
@settings(max_examples=40, deadline=None)
def test_no_tier_3_takes_the_place_of_a_tier_1(instance: Instance, policy: Policy) -> None:
    """Letting go of any of tier 3 and sending anybody else elsewhere places no more of tier 1."""
    solution = attach(instance, policy)
    here = Case(instance, policy, solution)
    kept = {m.patient_id for m in solution.matches if m.practitioner_id and (m.rank < 3 or m.tier < 3)}
    for case in all_cases(instance, policy, solution):
        if kept <= {p for p, d in case.placed.items() if d}:
            assert placed_of_tier(case, 1) <= placed_of_tier(here, 1)


@given(whole_instances(most_patients=8), POLICIES, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_order_of_the_rows_changes_nothing(instance: Instance, policy: Policy, random: Random) -> None:
    one, other = attach(instance, policy), attach(reordered(instance, random), policy)
    assert one.objective == other.objective
    decided = [{m.patient_id: m.practitioner_id for m in solution.matches} for solution in (one, other)]
    assert decided[0] == decided[1]


@given(whole_instances(most_patients=6), POLICIES, st.integers(0, 2))
@settings(max_examples=40, deadline=None)
def test_one_more_place_never_makes_it_worse(instance: Instance, policy: Policy, which: int) -> None:
    instance = replace(instance, commitments=tuple(c for c in instance.commitments if not c.firm))
    opened = list(instance.practitioners)
    which %= len(opened)
    opened[which] = replace(opened[which], places=opened[which].places + 1)
    before = attach(instance, policy)
    after = attach(replace(instance, practitioners=tuple(opened)), policy)
    assert before.status is after.status is Status.OPTIMAL
    assert after.objective >= before.objective


@given(whole_instances(most_patients=7), POLICIES)
@settings(max_examples=40, deadline=None)
def test_a_second_run_moves_nobody(instance: Instance, policy: Policy) -> None:
    first = attach(instance, policy)
    stands = tuple(
        Commitment(patient_id=m.patient_id, practitioner_id=m.practitioner_id, firm=False)
        for m in first.matches
        if m.practitioner_id
    )
    again = attach(replace(instance, commitments=_with_firm(instance, first.changes, stands)), policy)
    assert [(m.patient_id, m.practitioner_id) for m in again.matches] == [
        (m.patient_id, m.practitioner_id) for m in first.matches
    ]
    assert again.changes == ()


def _with_firm(
    instance: Instance, changes: tuple[Change, ...], stands: tuple[Commitment, ...]
) -> tuple[Commitment, ...]:
    """Firm commitments that the first run kept stay firm."""
    moved = {c.patient_id for c in changes}
    firm = {c.patient_id for c in instance.commitments if c.firm} - moved
    return tuple(replace(c, firm=c.patient_id in firm) for c in stands)
