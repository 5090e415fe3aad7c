"""Invented territories: reproducible, of the stated sizes, with what each variant promises."""

from collections import Counter

import numpy as np
import pytest

from benchmarks.quality.territories import FARTHEST_M, MOST_PAIRS, VARIANTS, invented, territory
from matching import Instance


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_same_seed_draws_the_same_territory(variant: str) -> None:
    first, second = invented(40, 9, variant, seed=3), invented(40, 9, variant, seed=3)
    assert first.patients == second.patients
    assert first.practitioners == second.practitioners
    assert (first.travel.duration_s == second.travel.duration_s).all()


def test_another_seed_draws_another() -> None:
    assert invented(40, 9, "plain", seed=3).patients != invented(40, 9, "plain", seed=4).patients


def test_the_smallest_size_is_what_it_says() -> None:
    instance = territory("300", "households", seed=1)
    sizes = Counter(p.household for p in instance.patients)
    assert len(sizes) == 300
    assert len(instance.practitioners) == 40
    assert 1.8 < len(instance.patients) / 300 < 2.6
    assert max(sizes.values()) >= 4
    assert sum(p.places for p in instance.practitioners) == round(0.6 * len(instance.patients))


def test_travel_keeps_the_nearest_within_fifteen_km() -> None:
    travel = invented(200, 60, "plain", seed=5).travel
    assert travel.distance_m.max() <= FARTHEST_M
    assert np.bincount(travel.patient).max() == MOST_PAIRS
    assert (travel.duration_s > 180).all()


def test_variants_keep_the_people_and_change_what_binds() -> None:
    plain, loads, households = (invented(60, 9, variant, seed=2) for variant in VARIANTS)
    assert _needs(plain) == _needs(loads) == _needs(households)
    assert not any(p.household for p in (*plain.patients, *loads.patients))
    assert all(p.workload is None for p in plain.practitioners)
    assert all(p.workload is not None and p.max_tier1 is None for p in loads.practitioners)
    assert any(p.together for p in households.patients)
    assert any(p.household_practitioners for p in households.patients)
    assert any(p.workload is not None for p in households.practitioners)


def test_a_child_never_waits_alone() -> None:
    patients = invented(300, 9, "households", seed=6).patients
    assert {p.household for p in patients} == {p.household for p in patients if (p.age or 18) >= 18}


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match="no size"):
        territory("7", "plain", seed=1)
    with pytest.raises(ValueError, match="no variant"):
        invented(10, 3, "other", seed=1)


def _needs(instance: Instance) -> list[object]:
    return [(p.id, p.age, p.needs, p.waiting_since) for p in instance.patients]
