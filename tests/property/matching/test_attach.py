"""``attach`` on drawn territories: sound, in the right order, and never worse than by hand."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import BalanceRules, Instance, Needs, Patient, Policy, Practitioner, Travel, attach, verify
from matching.baselines import first_come_nearest, tiered_greedy
from matching.candidates import candidates
from matching.priority import standing
from tests.property.matching.oracles import most_placed
from tests.unit.matching.builders import POLICY, TODAY

UNBALANCED = Policy(balance=BalanceRules(tenths=0))
ANSWERS = st.sampled_from([None, True, False])
NEEDS = st.builds(
    Needs,
    chronic_needs=st.one_of(st.none(), st.integers(0, 4)),
    **dict.fromkeys(
        ("ald", "treatment_running_out", "recent_discharge", "pregnancy", "home_bound",
         "palliative", "disability", "c2s", "ame", "wheelchair"), ANSWERS
    ),
)  # fmt: skip
AGES = st.one_of(st.none(), st.integers(0, 100))
LANGUAGES = st.frozensets(st.sampled_from(["fr", "ar", "tr"]), max_size=2)
GENDERS = st.sampled_from([None, "f", "m"])


def people(index: int) -> st.SearchStrategy[Patient]:
    return st.builds(
        Patient,
        id=st.just(f"p{index}"),
        age=AGES,
        needs=NEEDS,
        waiting_since=st.integers(0, 400).map(lambda days: TODAY - timedelta(days=days)),
        languages=LANGUAGES,
        prefers_gender=GENDERS,
        known_practitioner=st.sampled_from([None, "d0", "d9"]),
        max_km=st.sampled_from([None, 5.0, 14.0]),
        consent=st.sampled_from([True, True, True, False]),
    )


def gps(index: int) -> st.SearchStrategy[Practitioner]:
    return st.builds(
        Practitioner,
        id=st.just(f"d{index}"),
        places=st.integers(0, 3),
        max_tier1=st.one_of(st.none(), st.integers(0, 2)),
        age_min=st.sampled_from([None, None, 6]),
        home_visits=st.booleans(),
        wheelchair_access=st.booleans(),
        languages=LANGUAGES,
        gender=GENDERS,
        max_km=st.sampled_from([None, 8.0]),
    )


@st.composite
def instances(draw: st.DrawFn) -> Instance:
    patients = tuple(draw(people(i)) for i in range(draw(st.integers(0, 8))))
    practitioners = tuple(draw(gps(j)) for j in range(draw(st.integers(0, 4))))
    cells = [(i, j) for i in range(len(patients)) for j in range(len(practitioners))]
    pairs = draw(st.lists(st.sampled_from(cells), unique=True)) if cells else []
    metres = [draw(st.integers(0, 16_000)) for _ in pairs]
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
def test_the_order_of_the_files_changes_nothing_for_anyone(
    instance: Instance, random: np.random.Generator
) -> None:
    rows, columns = np.arange(len(instance.patients)), np.arange(len(instance.practitioners))
    random.shuffle(rows)
    random.shuffle(columns)
    travel = instance.travel
    shuffled = replace(
        instance,
        patients=tuple(instance.patients[i] for i in rows),
        practitioners=tuple(instance.practitioners[j] for j in columns),
        travel=replace(
            travel,
            patient=np.argsort(rows)[travel.patient] if rows.size else travel.patient,
            practitioner=np.argsort(columns)[travel.practitioner] if columns.size else travel.practitioner,
        ),
    )
    one, other = attach(instance, POLICY), attach(shuffled, POLICY)
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


@given(people(0), st.data())
@settings(max_examples=300, deadline=None)
def test_answering_a_question_never_lowers_a_rank(patient: Patient, data: st.DataObject) -> None:
    silent = [name for name in Needs.__dataclass_fields__ if getattr(patient.needs, name) is None]
    answers = {
        name: data.draw(st.integers(0, 4) if name == "chronic_needs" else st.booleans(), name)
        for name in silent
    }
    answered = replace(patient, needs=replace(patient.needs, **answers))
    if patient.age is None:
        answered = replace(answered, age=data.draw(st.integers(0, 100), "age"))
    before, after = standing(patient, POLICY.tiers, TODAY), standing(answered, POLICY.tiers, TODAY)
    assert after.tier <= before.tier
    assert after.rank <= before.rank
