"""``attach`` on drawn territories: sound, in the right order, and never worse than by hand."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import BalanceRules, Instance, Needs, Patient, Policy, Practitioner, Travel, attach, verify
from matching.baselines import first_come_nearest, tiered_greedy
from matching.candidates import candidates
from matching.priority import standing
from tests.property.draws import Draws, draws
from tests.property.matching.oracles import most_placed
from tests.unit.matching.builders import POLICY, TODAY, reordered

UNBALANCED = Policy(balance=BalanceRules(tenths=0))
ANSWERS = (None, True, False)
QUESTIONS = (
    "ald", "treatment_running_out", "recent_discharge", "pregnancy", "home_bound",
    "palliative", "disability", "c2s", "ame", "wheelchair",
)  # fmt: skip
LANGUAGES = ("fr", "ar", "tr")
#: More than the largest of these territories takes: 25 for a patient, 15 for a GP, 4 for a pair of them.
INSTANCE_BYTES = 8 * 25 + 4 * 15 + 8 * 4 * 4


def person(taken: Draws, index: int) -> Patient:
    return Patient(
        id=f"p{index}",
        age=taken.pick((None, taken.integer(0, 100))),
        needs=Needs(
            chronic_needs=taken.pick((None, taken.integer(0, 4))),
            **{question: taken.pick(ANSWERS) for question in QUESTIONS},
        ),
        waiting_since=TODAY - timedelta(days=taken.integer(0, 400)),
        languages=languages(taken),
        prefers_gender=taken.pick((None, "f", "m")),
        known_practitioner=taken.pick((None, "d0", "d9")),
        max_km=taken.pick((None, 5.0, 14.0)),
        consent=taken.pick((True, True, True, False)),
    )


def gp(taken: Draws, index: int) -> Practitioner:
    return Practitioner(
        id=f"d{index}",
        places=taken.integer(0, 3),
        max_tier1=taken.pick((None, taken.integer(0, 2))),
        age_min=taken.pick((None, None, 6)),
        home_visits=taken.flag(),
        wheelchair_access=taken.flag(),
        languages=languages(taken),
        gender=taken.pick((None, "f", "m")),
        max_km=taken.pick((None, 8.0)),
    )


def languages(taken: Draws) -> frozenset[str]:
    return frozenset(taken.shuffled(LANGUAGES, taken.integer(0, 2)))


@st.composite
def instances(draw: st.DrawFn) -> Instance:
    taken = draw(draws(INSTANCE_BYTES))
    patients = tuple(person(taken, i) for i in range(taken.integer(0, 8)))
    practitioners = tuple(gp(taken, j) for j in range(taken.integer(0, 4)))
    cells = taken.shuffled([(i, j) for i in range(len(patients)) for j in range(len(practitioners))])
    pairs = cells[: taken.integer(0, len(cells))]
    metres = taken.integers(0, 16_000, len(pairs))
    travel = Travel(
        patient=[i for i, _ in pairs],
        practitioner=[j for _, j in pairs],
        distance_m=metres,
        duration_s=[distance // 9 for distance in metres],
    )
    return Instance(patients=patients, practitioners=practitioners, travel=travel, on=TODAY)


@given(instances())
@settings(max_examples=80, deadline=None)
def test_always_sound_and_never_worse_than_by_hand(instance: Instance) -> None:
    solution = attach(instance, POLICY)
    assert verify(instance, POLICY, solution) == []
    for by_hand in (tiered_greedy(instance, POLICY), first_come_nearest(instance, POLICY)):
        assert by_hand.objective <= solution.objective
        assert verify(instance, POLICY, by_hand) == []


@given(instances())
@settings(max_examples=80, deadline=None)
def test_no_lower_rank_takes_a_place_a_higher_one_could_have(instance: Instance) -> None:
    solution, found = attach(instance, POLICY), candidates(instance, POLICY)
    rank = np.array([found.standings[row].rank for (row,) in found.grouping.members], np.int64)
    for highest in range(4):
        placed = sum(m.practitioner_id is not None and m.rank <= highest for m in solution.matches)
        assert placed == most_placed(found.problem, np.flatnonzero(rank <= highest))


@given(instances(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_the_files_changes_nothing_for_anyone(instance: Instance, random: Random) -> None:
    one, other = attach(instance, POLICY), attach(reordered(instance, random), POLICY)
    assert one.objective == other.objective
    decided = [{m.patient_id: m.practitioner_id for m in solution.matches} for solution in (one, other)]
    assert decided[0] == decided[1]


@given(instances(), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_one_more_place_is_worth_its_price(instance: Instance, which: int) -> None:
    if not instance.practitioners:
        return
    which %= len(instance.practitioners)
    opened = list(instance.practitioners)
    opened[which] = replace(opened[which], places=opened[which].places + 1)
    more = replace(instance, practitioners=tuple(opened))
    before, after = attach(instance, UNBALANCED), attach(more, UNBALANCED)
    assert before.place_price is not None
    assert after.objective - before.objective == before.place_price[which] >= 0
    # With more places the fair share of tier 1 can only grow: the price is what it is worth at least.
    before, after = attach(instance, POLICY), attach(more, POLICY)
    assert before.place_price is not None
    assert after.objective - before.objective >= before.place_price[which] >= 0


@given(draws(50))
@settings(max_examples=300, deadline=None)
def test_answering_a_question_never_lowers_a_rank(taken: Draws) -> None:
    patient = person(taken, 0)
    silent = [name for name in Needs.__dataclass_fields__ if getattr(patient.needs, name) is None]
    answers = {name: taken.integer(0, 4) if name == "chronic_needs" else taken.flag() for name in silent}
    answered = replace(patient, needs=replace(patient.needs, **answers))
    if patient.age is None:
        answered = replace(answered, age=taken.integer(0, 100))
    before, after = standing(patient, POLICY.tiers, TODAY), standing(answered, POLICY.tiers, TODAY)
    assert after.tier <= before.tier, answered
    assert after.rank <= before.rank, answered
