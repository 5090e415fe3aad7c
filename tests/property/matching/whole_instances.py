"""Tiny instances with everything in them, and the best there is by trying every assignment."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product

from hypothesis import strategies as st

from matching import (
    Commitment,
    HouseholdRules,
    Instance,
    Match,
    Needs,
    OfferRules,
    Patient,
    Policy,
    Practitioner,
    Reason,
    Solution,
    Status,
    Travel,
)
from matching.verify.attachment import _broken_households, _broken_matches
from matching.verify.capacity import overfull_practitioners
from matching.verify.case import Case
from matching.verify.people import rank, tier
from matching.verify.values import objective
from tests.unit.matching.builders import TODAY

NEEDS = st.sampled_from(
    [
        Needs(),
        Needs(),
        Needs(ald=True),
        Needs(home_bound=True),
        Needs(c2s=True),
        Needs(ald=True, disability=True),
    ]
)
POLICIES = st.sampled_from(
    [
        Policy(),
        Policy(households=HouseholdRules(bonus_tenths=1000)),
        Policy(households=HouseholdRules(together="all")),
        Policy(offers=OfferRules(at_once=1)),
    ]
)


def people(index: int) -> st.SearchStrategy[Patient]:
    return st.builds(
        Patient,
        id=st.just(f"p{index}"),
        household=st.sampled_from([None, "h", "h", "k"]),
        together=st.sampled_from([False, False, True]),
        household_practitioners=st.sampled_from([frozenset(), frozenset({"d1"}), frozenset({"gone"})]),
        age=st.sampled_from([None, 4, 15, 35, 40, 90]),
        needs=NEEDS,
        waiting_since=st.sampled_from([0, 20, 200]).map(lambda days: TODAY - timedelta(days=days)),
        consent=st.sampled_from([True, True, True, True, False]),
    )


def gps(index: int) -> st.SearchStrategy[Practitioner]:
    return st.builds(
        Practitioner,
        id=st.just(f"d{index}"),
        places=st.integers(0, 3),
        workload=st.sampled_from([None, None, 2, 3, 5]),
        max_tier1=st.sampled_from([None, None, 1]),
        age_min=st.sampled_from([None, None, 16]),
        home_visits=st.sampled_from([True, False]),
    )


@st.composite
def whole_instances(draw: st.DrawFn, most_patients: int = 5) -> Instance:
    patients = tuple(draw(people(i)) for i in range(draw(st.integers(1, most_patients))))
    practitioners = tuple(draw(gps(j)) for j in range(draw(st.integers(1, 3))))
    cells = [(i, j) for i in range(len(patients)) for j in range(len(practitioners))]
    pairs = [cell for cell in cells if draw(st.sampled_from([True, True, True, False]))]
    metres = [draw(st.sampled_from([500, 2000, 6000, 9000])) for _ in pairs]
    who = draw(st.lists(st.sampled_from(patients), unique_by=lambda p: p.id, max_size=2))
    return Instance(
        patients=patients,
        practitioners=practitioners,
        travel=Travel(
            patient=[i for i, _ in pairs],
            practitioner=[j for _, j in pairs],
            distance_m=metres,
            duration_s=[distance // 9 for distance in metres],
        ),
        on=TODAY,
        commitments=tuple(
            Commitment(
                patient_id=p.id,
                practitioner_id=draw(st.sampled_from(["d0", "d1", "gone"])),
                firm=draw(st.booleans()),
            )
            for p in who
        ),
    )


def all_cases(instance: Instance, policy: Policy, like: Solution) -> Iterator[Case]:
    """Every assignment that breaks no hard rule and keeps the firm commitments that ``like`` keeps.

    Built from the rules of the judge alone: neither the arcs nor the values of the solving code.
    """
    sound = Case(instance, policy, like)
    options = [
        [sound.announced[p.id]]
        if p.id in sound.announced
        else [None, *(d.id for d in instance.practitioners)]
        for p in instance.patients
    ]
    alone = [
        [
            d
            for d in options[i]
            if d is None or not list(_broken_matches(case_of(instance, policy, like, {p.id: d})))
        ]
        for i, p in enumerate(instance.patients)
    ]
    ids = [p.id for p in instance.patients]
    for choice in product(*alone):
        case = case_of(instance, policy, like, dict(zip(ids, choice, strict=True)))
        if not list(overfull_practitioners(case)) and not list(_broken_households(case)):
            yield case


def best_value(instance: Instance, policy: Policy, like: Solution) -> int:
    return max(objective(case) for case in all_cases(instance, policy, like))


def placed_of_tier(case: Case, wanted: int) -> int:
    return sum(
        case.placed[p.id] is not None and tier(p, case.policy) == wanted for p in case.instance.patients
    )


def case_of(instance: Instance, policy: Policy, like: Solution, placed: dict[str, str | None]) -> Case:
    """The case in which these patients are placed so, and nobody else."""
    rows = {p.id: i for i, p in enumerate(instance.patients)}
    columns = {d.id: j for j, d in enumerate(instance.practitioners)}
    travel = instance.travel
    journeys = {
        pair: (int(travel.distance_m[k]), int(travel.duration_s[k]))
        for k, pair in enumerate(zip(travel.patient.tolist(), travel.practitioner.tolist(), strict=True))
    }
    matches = []
    for p in instance.patients:
        d = placed.get(p.id)
        journey = journeys.get((rows[p.id], columns[d]), (None, None)) if d else (None, None)
        matches.append(
            Match(
                patient_id=p.id,
                practitioner_id=d,
                tier=tier(p, policy),
                rank=rank(p, policy, instance.on),
                waited_days=(instance.on - p.waiting_since).days,
                distance_m=journey[0],
                duration_s=journey[1],
                reason=Reason(code="placed" if d else "full", sentence="", data={}),
            )
        )
    return Case(instance, policy, replace(like, matches=tuple(matches), status=Status.FEASIBLE))
