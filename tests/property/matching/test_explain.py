"""Explanations on drawn territories: nobody without one, and none that the judge contradicts."""

import json
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from matching import Instance, Match, Policy, Solution, attach, verify
from matching.codes import CODES, RULE_CODES
from matching.explain import Explainer
from matching.model import Commitment
from matching.policy import BalanceRules, HouseholdRules
from matching.worth import place_values, value_of_places
from tests.property.matching.test_attach import instances
from tests.unit.matching.builders import POLICY

#: Everybody alone, no balance: a flow, whose prices are exact.
ALONE = Policy(balance=BalanceRules(tenths=0), households=HouseholdRules(bonus_tenths=0))


def alone(instance: Instance) -> Instance:
    """The same people without households, loads or earlier proposals."""
    patients = tuple(replace(p, household=None, together=False) for p in instance.patients)
    gps = tuple(replace(gp, workload=None) for gp in instance.practitioners)
    return replace(instance, patients=patients, practitioners=gps, commitments=())


def with_pair(instance: Instance, solution: Solution, patient_id: str, gp: str) -> list[str]:
    """What the judge finds wrong with proposing one patient to one GP, room and values apart."""
    row = next(i for i, p in enumerate(instance.patients) if p.id == patient_id)
    column = next(j for j, p in enumerate(instance.practitioners) if p.id == gp)
    travel = instance.travel
    pair = next(
        (i for i in range(travel.num_pairs) if travel.patient[i] == row and travel.practitioner[i] == column),
        None,
    )
    matches = list(solution.matches)
    matches[row] = replace(
        matches[row],
        practitioner_id=gp,
        distance_m=None if pair is None else int(travel.distance_m[pair]),
        duration_s=None if pair is None else int(travel.duration_s[pair]),
        reason=replace(matches[row].reason, code="placed"),
    )
    changed = replace(solution, matches=tuple(matches))
    return [v.code for v in verify(instance, POLICY, changed) if v.subject == patient_id]


@given(instances())
@settings(max_examples=25, deadline=None)
def test_everybody_has_an_explanation_that_json_can_hold(instance: Instance) -> None:
    solution = attach(instance, POLICY)
    explainer = Explainer(instance, POLICY, solution, time_box_s=0.3)
    for match in solution.matches:
        told = explainer.explain(match.patient_id)
        assert told.practitioner_id == match.practitioner_id
        reasons = (told.verdict, *told.facts, *told.nearby, *told.remedies)
        assert all(reason.code in CODES and reason.sentence.endswith(".") for reason in reasons)
        assert json.dumps(told.as_data())
        assert told.remedies or match.practitioner_id is not None


@given(instances())
@settings(max_examples=25, deadline=None)
def test_who_is_named_as_excluded_is_and_who_is_named_as_possible_is_not(instance: Instance) -> None:
    solution = attach(instance, POLICY)
    explainer = Explainer(instance, POLICY, solution, time_box_s=0.3)
    for match in solution.matches:
        if match.practitioner_id is not None:
            continue
        for reason in explainer.explain(match.patient_id).nearby:
            gp = str(reason.data["practitioner_id"])
            broken = set(with_pair(instance, solution, match.patient_id, gp)) & set(RULE_CODES)
            assert broken == set(reason.data["rules"])  # type: ignore[call-overload]
            assert (reason.code in RULE_CODES) == bool(broken)


@given(instances(), st.integers(0, 7), st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_a_forced_pair_loses_what_a_run_with_it_loses(instance: Instance, who: int, whom: int) -> None:
    instance = alone(instance)
    if not instance.patients or not instance.practitioners:
        return
    patient = instance.patients[who % len(instance.patients)]
    gp = instance.practitioners[whom % len(instance.practitioners)]
    solution = attach(instance, ALONE)
    reason = Explainer(instance, ALONE, solution).why_not(patient.id, gp.id)
    pinned = attach(
        replace(instance, commitments=(Commitment(patient_id=patient.id, practitioner_id=gp.id, firm=True),)),
        ALONE,
    )
    forced = next(m for m in pinned.matches if m.patient_id == patient.id)
    if "loss" not in reason.data:
        assert reason.code == "proposed" or forced.practitioner_id != gp.id
        return
    assert forced.practitioner_id == gp.id
    loss = reason.data["loss"]
    assert loss["proven"]  # type: ignore[index]
    if pinned.rank_values == solution.rank_values:
        assert loss["value"] == solution.objective - pinned.objective >= 0  # type: ignore[index]


@given(instances(), st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_prices_equal_runs_with_one_more_place(instance: Instance, which: int) -> None:
    instance = alone(instance)
    if not instance.practitioners:
        return
    which %= len(instance.practitioners)
    solution = attach(instance, ALONE)
    value = place_values(instance, solution)[which]
    worth = value_of_places(instance, ALONE, solution, {instance.practitioners[which].id: 1})
    assert value.basis == "exact"
    assert worth.effect.value == value.value
    assert worth.placed == (value.rank is not None)
    if value.rank is not None:
        # One more patient, and by rank exactly who the price says.
        assert sum(worth.by_tier) == 1


@given(instances(), st.integers(0, 7))
@settings(max_examples=25, deadline=None)
def test_what_is_said_to_help_does(instance: Instance, who: int) -> None:
    instance = alone(instance)
    if not instance.patients:
        return
    solution = attach(instance, ALONE)
    match: Match = solution.matches[who % len(instance.patients)]
    for reason in Explainer(instance, ALONE, solution).explain(match.patient_id).remedies:
        if reason.code == "more_places":
            gps = tuple(
                replace(gp, places=gp.places + int(str(reason.data["places"])))
                if gp.id == reason.data["practitioner_id"]
                else gp
                for gp in instance.practitioners
            )
            helped = attach(replace(instance, practitioners=gps), ALONE)
        elif reason.code == "go_farther":
            patients = tuple(
                replace(p, max_km=int(str(reason.data["needed_m"])) / 1000) if p.id == match.patient_id else p
                for p in instance.patients
            )
            helped = attach(replace(instance, patients=patients), ALONE)
        else:
            continue
        assert next(m for m in helped.matches if m.patient_id == match.patient_id).practitioner_id
