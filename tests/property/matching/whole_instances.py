"""Tiny instances with everything in them, and the best there is by trying every assignment."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import product

import numpy as np
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
from tests.property.draws import Draws, draws
from tests.unit.matching.builders import TODAY

NEEDS = (
    Needs(),
    Needs(),
    Needs(ald=True),
    Needs(home_bound=True),
    Needs(c2s=True),
    Needs(ald=True, disability=True),
)
POLICIES = st.sampled_from(
    [
        Policy(),
        Policy(households=HouseholdRules(bonus_tenths=1000)),
        Policy(households=HouseholdRules(together="all")),
        Policy(offers=OfferRules(at_once=1)),
    ]
)


#: More than the largest of these instances takes: 7 for a patient, 5 for a GP, 2 for a pair of them.
INSTANCE_BYTES = 8 * 7 + 3 * 5 + 8 * 3 * 2 + 10


def person(taken: Draws, index: int) -> Patient:
    return Patient(
        id=f"p{index}",
        household=taken.pick((None, "h", "h", "k")),
        together=taken.pick((False, False, True)),
        household_practitioners=taken.pick((frozenset(), frozenset({"d1"}), frozenset({"gone"}))),
        age=taken.pick((None, 4, 15, 35, 40, 90)),
        needs=taken.pick(NEEDS),
        waiting_since=TODAY - timedelta(days=taken.pick((0, 20, 200))),
        consent=taken.pick((True, True, True, True, False)),
    )


def gp(taken: Draws, index: int) -> Practitioner:
    return Practitioner(
        id=f"d{index}",
        places=taken.integer(0, 3),
        workload=taken.pick((None, None, 2, 3, 5)),
        max_tier1=taken.pick((None, None, 1)),
        age_min=taken.pick((None, None, 16)),
        home_visits=taken.flag(),
    )


@st.composite
def whole_instances(draw: st.DrawFn, most_patients: int = 5) -> Instance:
    taken = draw(draws(INSTANCE_BYTES))
    patients = tuple(person(taken, i) for i in range(taken.integer(1, most_patients)))
    practitioners = tuple(gp(taken, j) for j in range(taken.integer(1, 3)))
    cells = [(i, j) for i in range(len(patients)) for j in range(len(practitioners))]
    pairs = [cell for cell in cells if taken.pick((True, True, True, False))]
    metres = [taken.pick((500, 2000, 6000, 9000)) for _ in pairs]
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
                practitioner_id=taken.pick(("d0", "d1", "gone")),
                firm=taken.flag(),
            )
            for p in taken.shuffled(patients, taken.integer(0, 2))
        ),
    )


def all_cases(instance: Instance, policy: Policy, like: Solution) -> Iterator[Case]:
    """Every assignment that breaks no hard rule and keeps the firm commitments that ``like`` keeps.

    Built from the rules of the judge alone: neither the arcs nor the values of the solving code.
    """
    sound = Case(instance, policy, like)
    nobody = [_match_of(instance, policy, row, None) for row in range(len(instance.patients))]
    alone = []
    for row, p in enumerate(instance.patients):
        gps = [sound.announced[p.id]] if p.id in sound.announced else [None, *sound.practitioners]
        seen = [_match_of(instance, policy, row, d) for d in gps]
        cases = ((m, _case(instance, policy, like, [*nobody[:row], m, *nobody[row + 1 :]])) for m in seen)
        alone.append([m for m, case in cases if m.practitioner_id is None or not list(_broken_matches(case))])
    for matches in product(*alone):
        case = _case(instance, policy, like, matches)
        if not list(overfull_practitioners(case)) and not list(_broken_households(case)):
            yield case


def _case(instance: Instance, policy: Policy, like: Solution, matches: Sequence[Match]) -> Case:
    return Case(instance, policy, replace(like, matches=tuple(matches), status=Status.FEASIBLE))


def _match_of(instance: Instance, policy: Policy, row: int, practitioner_id: str | None) -> Match:
    """The proposal of one GP, or of none, to one patient."""
    p, travel = instance.patients[row], instance.travel
    column = next((j for j, d in enumerate(instance.practitioners) if d.id == practitioner_id), -1)
    here = np.flatnonzero((travel.patient == row) & (travel.practitioner == column)).tolist()
    return Match(
        patient_id=p.id,
        practitioner_id=practitioner_id,
        tier=tier(p, policy),
        rank=rank(p, policy, instance.on),
        waited_days=(instance.on - p.waiting_since).days,
        distance_m=int(travel.distance_m[here[0]]) if here else None,
        duration_s=int(travel.duration_s[here[0]]) if here else None,
        reason=Reason(code="placed" if practitioner_id else "full", sentence="", data={}),
    )


def best_value(instance: Instance, policy: Policy, like: Solution) -> int:
    return max(objective(case) for case in all_cases(instance, policy, like))


def placed_of_tier(case: Case, wanted: int) -> int:
    return sum(
        case.placed[p.id] is not None and tier(p, case.policy) == wanted for p in case.instance.patients
    )
