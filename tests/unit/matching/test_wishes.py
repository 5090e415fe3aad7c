"""Each wish changes the score, and never excludes."""

from typing import Any

import pytest

from matching import Instance, Policy, SoftWeights, attach, verify
from tests.unit.matching.builders import POLICY, instance, patient, practitioner

WEIGHTS = POLICY.weights

#: patient, a practitioner who meets the wish, one who does not, what that costs
CASES = [
    ({"languages": {"tr", "ar"}}, {"languages": {"ar"}}, {"languages": {"en"}}, WEIGHTS.language_tenths),
    ({"languages": {"fr"}}, {"languages": {"en"}}, None, 0),
    ({"languages": set()}, {"languages": {"en"}}, None, 0),
    ({"prefers_gender": "f"}, {"gender": "f"}, {"gender": "m"}, WEIGHTS.gender_tenths),
    ({"prefers_gender": "f"}, {"gender": "f"}, {"gender": None}, WEIGHTS.gender_tenths),
    ({"prefers_gender": None}, {"gender": "m"}, None, 0),
    ({"known_practitioner": "good"}, {}, {}, WEIGHTS.known_practitioner_tenths),
    ({"known_practitioner": None}, {}, None, 0),
]


def frozen(attributes: dict[str, Any]) -> dict[str, Any]:
    return {key: frozenset(v) if isinstance(v, set) else v for key, v in attributes.items()}


def alone_with(wishing: dict[str, Any], practitioner_id: str, has: dict[str, Any]) -> Instance:
    return instance([patient(**frozen(wishing))], [practitioner(practitioner_id, **frozen(has))])


@pytest.mark.parametrize(("wishing", "good", "bad", "cost"), CASES)
def test_an_unmet_wish_costs_its_weight(
    wishing: dict[str, Any], good: dict[str, Any], bad: dict[str, Any] | None, cost: int
) -> None:
    met = alone_with(wishing, "good", good)
    kept = attach(met, POLICY)
    assert verify(met, POLICY, kept) == []
    if bad is None:
        assert "non respectés" not in kept.matches[0].reason.sentence
        return
    unmet = alone_with(wishing, "bad", bad)
    missed = attach(unmet, POLICY)
    assert missed.matches[0].practitioner_id == "bad"
    assert kept.objective - missed.objective == cost
    assert verify(unmet, POLICY, missed) == []
    assert kept.matches[0].reason.data["wishes_met"] == missed.matches[0].reason.data["wishes_unmet"]


def test_a_wish_is_worth_a_detour_of_its_weight_and_no_more() -> None:
    woman, man = practitioner("woman", gender="f"), practitioner("man", gender="m")
    policy = Policy(weights=SoftWeights(gender_tenths=60))  # six minutes, three kilometres

    def chosen(woman_km: float) -> str | None:
        both = instance(
            [patient(prefers_gender="f")],
            [woman, man],
            km={("p1", "woman"): woman_km, ("p1", "man"): 2.0},
        )
        return attach(both, policy).matches[0].practitioner_id

    assert chosen(woman_km=4.9) == "woman"
    assert chosen(woman_km=5.1) == "man"


def test_more_than_64_languages_are_told_apart() -> None:
    many = [f"{a}{b}" for a in "abcdefgh" for b in "abcdefghij"]
    everyone = instance(
        [patient(f"p{i}", languages=frozenset({code})) for i, code in enumerate(many)],
        [practitioner(f"d{i}", languages=frozenset({code})) for i, code in enumerate(many)],
    )
    solution = attach(everyone, POLICY)
    assert verify(everyone, POLICY, solution) == []
    assert all(match.practitioner_id == f"d{match.patient_id[1:]}" for match in solution.matches)
