"""Small instances, written by what is special about them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import numpy as np

from matching import Instance, Needs, Patient, Policy, Practitioner, SoftWeights, TierRules, Travel

TODAY = date(2026, 11, 21)
POLICY = Policy.default()

#: Travel is all that counts: no wish costs anything, no seniority.
TRAVEL_ONLY = Policy(
    weights=SoftWeights(language_tenths=0, gender_tenths=0, known_practitioner_tenths=0),
    tiers=TierRules(seniority_tenths_per_day=0),
)


def patient(key: str = "p1", *, waited_days: int = 0, needs: Needs | None = None, **more: object) -> Patient:
    """A patient of tier 3 who arrived today, unless said otherwise."""
    return Patient(id=key, needs=needs or Needs(), waiting_since=TODAY - timedelta(days=waited_days), **more)


def practitioner(key: str = "d1", *, places: int = 1, **more: object) -> Practitioner:
    """A GP with one place who sees everyone, unless said otherwise."""
    return Practitioner(id=key, places=places, **more)


def instance(
    patients: Sequence[Patient],
    practitioners: Sequence[Practitioner],
    km: Mapping[tuple[str, str], float] | None = None,
) -> Instance:
    """Everyone 3 km apart, or only the pairs of ``km``; a kilometre takes two minutes."""
    rows = {p.id: i for i, p in enumerate(patients)}
    columns = {p.id: i for i, p in enumerate(practitioners)}
    pairs = km if km is not None else {(p, d): 3.0 for p in rows for d in columns}
    metres = np.array([round(distance * 1000) for distance in pairs.values()], np.int32)
    return Instance(
        patients=tuple(patients),
        practitioners=tuple(practitioners),
        travel=Travel(
            patient=np.array([rows[p] for p, _ in pairs], np.int32),
            practitioner=np.array([columns[d] for _, d in pairs], np.int32),
            distance_m=metres,
            duration_s=(metres * 12 // 100).astype(np.int32),
        ),
        on=TODAY,
    )


def territory(num_patients: int, num_practitioners: int, seed: int) -> Instance:
    """A seeded territory in which every rule and every wish occurs."""
    random = np.random.default_rng(seed)

    def some(share: float) -> bool | None:
        return bool(random.random() < share) or (None if random.random() < 0.3 else False)

    patients = [
        patient(
            f"p{i:05d}",
            waited_days=int(random.exponential(60)),
            needs=Needs(
                ald=some(0.1),
                home_bound=some(0.05),
                c2s=some(0.1),
                wheelchair=some(0.03),
                chronic_needs=[None, 0, 1, 2][random.integers(4)],
            ),
            household=f"h{i // 2}" if random.random() < 0.2 else None,
            age=int(random.integers(0, 100)) if random.random() < 0.95 else None,
            languages=frozenset({"ar"}) if random.random() < 0.1 else frozenset(),
            prefers_gender=[None, None, None, "f", "m"][random.integers(5)],
            known_practitioner=f"d{random.integers(num_practitioners):04d}"
            if random.random() < 0.1
            else None,
            max_km=[None, None, 5.0, 12.0, 20.0][random.integers(5)],
            consent=bool(random.random() < 0.95),
        )
        for i in range(num_patients)
    ]
    each = max(1, int(0.6 * num_patients / num_practitioners))
    practitioners = [
        practitioner(
            f"d{j:04d}",
            places=int(random.integers(0, 2 * each + 1)),
            max_tier1=[None, None, max(1, each // 4)][random.integers(3)],
            age_min=[None, None, None, 6][random.integers(4)],
            home_visits=bool(random.random() < 0.5),
            wheelchair_access=bool(random.random() < 0.6),
            languages=frozenset({"ar", "en"}) if random.random() < 0.3 else frozenset(),
            gender=["f", "m"][random.integers(2)],
            max_km=[None, None, 8.0][random.integers(3)],
            leaving_on=TODAY + timedelta(days=90) if random.random() < 0.05 else None,
        )
        for j in range(num_practitioners)
    ]
    homes, offices = random.uniform(0, 15, (num_patients, 2)), random.uniform(0, 15, (num_practitioners, 2))
    distances = np.linalg.norm(homes[:, None, :] - offices[None, :, :], axis=2)
    rows, columns = np.nonzero(distances < 18)
    metres = (distances[rows, columns] * 1000).astype(np.int32)
    travel = Travel(
        patient=rows.astype(np.int32),
        practitioner=columns.astype(np.int32),
        distance_m=metres,
        duration_s=(metres // 10 + 60).astype(np.int32),
    )
    return Instance(patients=tuple(patients), practitioners=tuple(practitioners), travel=travel, on=TODAY)


def reordered(given: Instance, random: Random) -> Instance:
    """Put every list of an instance into another order."""
    patients, gps, pairs = (
        np.array(random.sample(range(num), num), np.intp)
        for num in (len(given.patients), len(given.practitioners), given.travel.num_pairs)
    )
    travel = given.travel
    return replace(
        given,
        patients=tuple(given.patients[i] for i in patients),
        practitioners=tuple(given.practitioners[i] for i in gps),
        travel=Travel(
            patient=np.argsort(patients)[travel.patient[pairs]],
            practitioner=np.argsort(gps)[travel.practitioner[pairs]],
            distance_m=travel.distance_m[pairs],
            duration_s=travel.duration_s[pairs],
        ),
        commitments=given.commitments[::-1],
    )
