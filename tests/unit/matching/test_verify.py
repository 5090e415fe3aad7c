"""Each check of ``verify`` kills a solution broken in just that way."""

from dataclasses import replace
from typing import Any

import pytest

from matching import Instance, Match, Needs, Policy, Solution, Status, attach, verify
from tests.unit.matching.builders import POLICY, TODAY, instance, patient, practitioner, territory

GIVEN = instance(
    [
        patient("ill", needs=Needs(ald=True), waited_days=20, age=40),
        patient("child", age=4),
        patient("bound", needs=Needs(home_bound=True, wheelchair=True), age=None),
        patient("shy", consent=False, age=40),
        patient("far", max_km=1.0, age=40),
    ],
    [
        practitioner("open", places=2, max_tier1=1, home_visits=True, wheelchair_access=True),
        practitioner("adults", places=3, age_min=16, max_km=2.0),
        practitioner("leaver", places=1, leaving_on=TODAY),
        practitioner("closed", places=0),
    ],
    km={
        (p, d): 3.0
        for p in ("ill", "child", "bound", "shy", "far")
        for d in ("open", "adults", "leaver", "closed")
        if (p, d) != ("child", "leaver")
    },
)
SOUND = attach(GIVEN, POLICY)


def codes(solution: Solution, given: Instance = GIVEN, policy: Policy = POLICY) -> set[str]:
    return {violation.code for violation in verify(given, policy, solution)}


def with_match(key: str, **changes: Any) -> Solution:
    """The sound solution with one match changed."""
    matches = [replace(m, **changes) if m.patient_id == key else m for m in SOUND.matches]
    return replace(SOUND, matches=tuple(matches))


def placed(key: str, practitioner_id: str) -> Solution:
    """The sound solution with one patient sent to a practitioner."""
    reason = next(m.reason for m in SOUND.matches if m.reason.code == "placed")
    return with_match(key, practitioner_id=practitioner_id, distance_m=3000, duration_s=360, reason=reason)


def test_the_sound_solution_passes() -> None:
    assert codes(SOUND) == set()
    assert {m.patient_id for m in SOUND.matches if m.practitioner_id == "open"} == {"ill", "child"}


@pytest.mark.parametrize(
    ("key", "practitioner_id", "code"),
    [
        ("far", "open", "distance"),
        ("shy", "open", "consent"),
        ("ill", "leaver", "leaving"),
        ("bound", "adults", "age_unknown"),
        ("child", "adults", "age_range"),
        ("bound", "leaver", "home_visits"),
        ("bound", "leaver", "wheelchair"),
        ("ill", "adults", "practitioner_distance"),
        ("ill", "closed", "no_places"),
        ("ill", "closed", "places"),
        ("bound", "open", "places"),
        ("bound", "open", "max_tier1"),
        ("child", "leaver", "no_travel"),
        ("ill", "stranger", "unknown_practitioner"),
    ],
)
def test_a_forbidden_proposal_is_caught(key: str, practitioner_id: str, code: str) -> None:
    assert code in codes(placed(key, practitioner_id))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"tier": 2}, "tier"),
        ({"rank": 1}, "rank"),
        ({"waited_days": 21}, "waited_days"),
        ({"distance_m": 2999}, "travel"),
        ({"duration_s": 1}, "travel"),
        ({"reason": SOUND.matches[3].reason}, "reason"),
        ({"practitioner_id": None}, "reason"),
        ({"practitioner_id": None}, "objective"),
    ],
)
def test_a_wrong_match_is_caught(changes: dict[str, Any], code: str) -> None:
    assert code in codes(with_match("ill", **changes))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"matches": SOUND.matches[:-1]}, "patients"),
        ({"matches": SOUND.matches[::-1]}, "patients"),
        ({"objective": SOUND.objective + 1, "bound": SOUND.bound + 1}, "objective"),
        ({"bound": SOUND.bound - 1}, "bound"),
        ({"bound": SOUND.bound + 1}, "status"),
        ({"status": Status.FEASIBLE}, "status"),
        ({"rank_weight": 100}, "rank_weight"),
        ({"rank_weight": SOUND.rank_weight + 1}, "rank_weight"),
        ({"rank_values": (9, *SOUND.rank_values[1:])}, "rank_values"),
        ({"rank_values": tuple(v + 1 for v in SOUND.rank_values)}, "objective"),
        ({"place_price": (0,)}, "place_price"),
        ({"relaxed_price": (0, 0, 0, -1)}, "relaxed_price"),
        ({"reserve_price": (0, 0, 0, 0)}, "reserve_price"),
        ({"price_of_together": (0, 0, 0)}, "price_of_together"),
    ],
)
def test_a_wrong_total_is_caught(changes: dict[str, Any], code: str) -> None:
    assert code in codes(replace(SOUND, **changes))


def test_another_policy_judges_differently() -> None:
    strict = Policy.from_toml("[reach]\nmax_km = 2\nmax_km_with_consent = 2")
    assert "distance" in codes(SOUND, policy=strict)
    patient_first = Policy.from_toml("[tiers]\nlongest_wait_days = [30, 60, 180]")
    assert "rank" in codes(SOUND, policy=patient_first)


@pytest.mark.parametrize("seed", range(5))
def test_everything_attach_returns_is_sound(seed: int) -> None:
    given = territory(100, 6, seed=seed)
    assert codes(attach(given, POLICY), given) == set()
    assert codes(attach(given, POLICY, time_limit_s=0.0), given) == set()


def test_a_match_is_a_plain_value() -> None:
    assert isinstance(SOUND.matches[0], Match)
    assert {m.patient_id: m.tier for m in SOUND.matches} == {
        "ill": 1, "child": 3, "bound": 1, "shy": 3, "far": 3
    }  # fmt: skip
