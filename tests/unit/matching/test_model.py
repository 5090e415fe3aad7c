"""Constructors of the domain values refuse nonsense, in French, naming the row."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from matching import Commitment, Instance, InvalidInstance, Needs, Travel
from tests.unit.matching.builders import instance, patient, practitioner


def travel(**changes: object) -> Travel:
    columns: dict[str, object] = {"patient": [0], "practitioner": [0], "distance_m": [10], "duration_s": [5]}
    return Travel(**{key: np.array(value) for key, value in {**columns, **changes}.items()})


def committed(*patients: str) -> Instance:
    return replace(
        instance([patient()], [practitioner()]),
        commitments=tuple(Commitment(patient_id=p, practitioner_id="gone", firm=True) for p in patients),
    )


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: Needs(chronic_needs=-1), "besoins chroniques"),
        (lambda: patient(age=-1), "patient p1"),
        (lambda: patient(age=131), "130 ans"),
        (lambda: patient(max_km=-2.0), "distance"),
        (lambda: patient(max_km=float("nan")), "distance"),
        (lambda: practitioner(places=-1), "médecin d1"),
        (lambda: practitioner(max_tier1=-1), "priorité 1"),
        (lambda: practitioner(workload=-1), "unités de charge"),
        (lambda: committed("p1", "p1"), "engagement : patient p1 présent 2 fois"),
        (lambda: committed("stranger"), "engagement : patient stranger inconnu"),
        (lambda: practitioner(age_min=7, age_max=6), "âge minimal"),
        (lambda: practitioner(max_km=float("inf")), "distance"),
        (lambda: travel(distance_m=[1, 2]), "longueur"),
        (lambda: travel(duration_s=[2**31]), "colonne duration_s"),
        (lambda: travel(duration_s=[0.5]), "colonne duration_s"),
        (lambda: instance([patient(), patient()], []), "patient p1 : identifiant présent 2 fois"),
        (lambda: instance([], [practitioner(), practitioner()]), "médecin d1"),
        (lambda: instance([patient(waited_days=-1)], []), "à venir"),
    ],
)
def test_nonsense_is_refused(build: Callable[[], object], said: str) -> None:
    with pytest.raises(InvalidInstance, match=said):
        build()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"patient": [1]}, "trajet 0 : patient inconnu"),
        ({"practitioner": [-1]}, "médecin inconnu"),
        ({"distance_m": [-1]}, "distance négative"),
        ({"duration_s": [-1]}, "durée négative"),
        ({key: [value] * 2 for key, value in {"patient": 0, "practitioner": 0, "distance_m": 1,
                                              "duration_s": 1}.items()}, "deux fois"),
    ],
)  # fmt: skip
def test_broken_travel_is_refused(changes: dict[str, object], said: str) -> None:
    sound = instance([patient()], [practitioner()])
    with pytest.raises(InvalidInstance, match=said):
        replace(sound, travel=travel(**changes))


def test_all_problems_of_an_instance_come_at_once() -> None:
    with pytest.raises(InvalidInstance) as refusal:
        instance([patient(), patient(waited_days=-3)], [practitioner(), practitioner()])
    assert len(refusal.value.problems) == 3


def test_travel_has_int32_columns() -> None:
    assert travel().patient.dtype == np.int32
    assert travel().num_pairs == 1
    with pytest.raises(ValueError, match="read-only"):
        travel().distance_m[0] = 3
