"""Invented territories as instances of ``attach``: communes, GPs, waiting households, travel.

Every number follows from the seed. Communes differ in size by two orders of magnitude, GPs settle in
the larger ones and some communes have none, places are 60 % of patients, rows come in random order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from benchmarks.quality.households import FOREIGN_LANGUAGES, Person, Random, people
from matching import Instance, Patient, Practitioner, Travel
from matching.policy import Policy
from matching.workload import workload_units

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ON = date(2026, 11, 2)
EARTH_RADIUS_M = 6_371_000
CENTRE_DEGREES = (48.66, 2.56)
DETOUR = 1.3
FARTHEST_M = 15_000
MOST_PAIRS = 20
PLACES_PER_PATIENT = 0.6

#: Households and GPs of each size the issue names; and 4,700 households, which are some 10,000 patients.
SIZES = {
    "300": (300, 40),
    "1000": (1_000, 60),
    "3000": (3_000, 100),
    "4700": (4_700, 150),
    "10000": (10_000, 300),
}
#: plain: everybody alone, unit loads. loads: everybody alone, workloads of 1 to 3 bind. households: all.
VARIANTS = ("plain", "loads", "households")


def territory(size: str, variant: str, seed: int) -> Instance:
    """Return the territory of a size and a variant named above.

    Raises
    ------
    ValueError
        When there is no such size or variant.
    """
    if size not in SIZES:
        raise ValueError(f"no size {size}: choose among {', '.join(SIZES)}")
    return invented(*SIZES[size], variant, seed)


def invented(num_households: int, num_practitioners: int, variant: str, seed: int) -> Instance:
    """Return a territory of any size; the same people and places in every variant.

    Raises
    ------
    ValueError
        When there is no such variant.
    """
    if variant not in VARIANTS:
        raise ValueError(f"no variant {variant}: choose among {', '.join(VARIANTS)}")
    random = np.random.default_rng([seed, num_households, num_practitioners])
    land = _Land.drawn(random, num_households, num_practitioners)
    persons = people(random, num_households, ON)
    order = random.permutation(len(persons))
    persons = [persons[row] for row in order.tolist()]
    near = _Near.of(land.home[[p.household for p in persons]], land.practice)
    practitioners = _practitioners(random, persons, num_practitioners, variant)
    patients = _patients(random, persons, near, variant)
    return Instance(
        patients=tuple(patients), practitioners=tuple(practitioners), travel=_travel(random, near), on=ON
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Land:
    """Latitude and longitude, in radians, of each household's home and each GP's practice."""

    home: Floats
    practice: Floats

    @classmethod
    def drawn(cls, random: Random, num_households: int, num_practitioners: int) -> "_Land":
        """Return communes around a few towns, homes in communes, practices in the larger ones."""
        num_communes = max(6, num_practitioners // 2)
        num_towns = max(2, num_communes // 12)
        half_side_m = 2_600 * num_communes**0.5
        town = random.uniform(-half_side_m, half_side_m, (num_towns, 2))
        centre = town[random.integers(num_towns, size=num_communes)]
        centre = centre + random.normal(0, half_side_m / 3, centre.shape)
        people_there = random.lognormal(0, 1.0, num_communes)
        appeal = people_there**1.1 * random.lognormal(0, 0.6, num_communes)
        home = centre[random.choice(num_communes, num_households, p=people_there / people_there.sum())]
        practice = centre[random.choice(num_communes, num_practitioners, p=appeal / appeal.sum())]
        return cls(
            home=_degrees_from_centre(home + random.normal(0, 1_300, home.shape)),
            practice=_degrees_from_centre(practice + random.normal(0, 500, practice.shape)),
        )


def _degrees_from_centre(east_north_m: Floats) -> Floats:
    """Return positions in metres around the centre as latitude and longitude in radians."""
    latitude, longitude = np.radians(CENTRE_DEGREES)
    north = latitude + east_north_m[:, 1] / EARTH_RADIUS_M
    east = longitude + east_north_m[:, 0] / (EARTH_RADIUS_M * np.cos(latitude))
    return np.stack([north, east], axis=1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Near:
    """Pairs of a patient and a near practitioner, by patient, nearest first, with metres of road."""

    patient: Ints
    practitioner: Ints
    distance_m: Ints

    @classmethod
    def of(cls, home: Floats, practice: Floats) -> "_Near":
        """Return up to 20 nearest practitioners of each patient within 15 km of road.

        Straight lines through the globe, from which the arc follows, let a k-d tree do the search.
        """
        nearest = min(MOST_PAIRS, len(practice))
        chord, who = cKDTree(_on_sphere(practice)).query(_on_sphere(home), k=[*range(1, nearest + 1)])
        distance_m = np.rint(2 * np.arcsin(chord / 2) * EARTH_RADIUS_M * DETOUR).astype(np.int64)
        patient, rank = np.nonzero(distance_m <= FARTHEST_M)
        return cls(patient=patient, practitioner=who[patient, rank], distance_m=distance_m[patient, rank])

    def one_of_the_first(self, within: int, num_patients: int, random: Random) -> list[str | None]:
        """Return for each patient the id of one of the nearest practitioners, None without any."""
        start = np.searchsorted(self.patient, np.arange(num_patients + 1))
        return [
            _key(int(self.practitioner[low + random.integers(min(within, high - low))]))
            if high > low
            else None
            for low, high in zip(start[:-1].tolist(), start[1:].tolist(), strict=True)
        ]


def _key(practitioner: int) -> str:
    return f"M{practitioner:04d}"


def _on_sphere(position: Floats) -> Floats:
    latitude, longitude = position[:, 0], position[:, 1]
    return np.stack(
        [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)],
        axis=1,
    )


def _travel(random: Random, near: _Near) -> Travel:
    """Return the pairs in random order: three minutes to start, then 30 to 50 km/h, faster when far."""
    order = random.permutation(near.patient.size)
    distance_m = near.distance_m[order]
    metres_per_s = (30 + 20 * distance_m / FARTHEST_M) / 3.6
    return Travel(
        patient=near.patient[order],
        practitioner=near.practitioner[order],
        distance_m=distance_m,
        duration_s=np.rint(180 + distance_m / metres_per_s).astype(np.int64),
    )


def _practitioners(
    random: Random, persons: Sequence[Person], num_practitioners: int, variant: str
) -> list[Practitioner]:
    places = _shared_out(random, round(PLACES_PER_PATIENT * len(persons)), num_practitioners)
    rules = Policy().workload
    units = np.mean([workload_units(p.needs, p.age, rules) for p in persons])
    return [
        _practitioner(random, _key(row), offered, float(units), variant)
        for row, offered in enumerate(places.tolist())
    ]


def _shared_out(random: Random, total: int, parts: int) -> Ints:
    """Return unequal whole parts of ``total``: some GPs offer a few places, some dozens."""
    return random.multinomial(total, random.dirichlet(np.full(parts, 1.6)))


def _practitioner(random: Random, key: str, places: int, units: float, variant: str) -> Practitioner:
    """Return a GP; workload is what binds under "loads", and what half of them state under "households"."""
    limits, own_limit = random.random(6), float(random.integers(6, 16))
    mix, eases = float(random.uniform(0.85, 1.1)), float(random.uniform(0.25, 0.5))
    workload = round(places * units * mix)
    states_workload = variant == "loads" or (variant == "households" and limits[0] < 0.5)
    return Practitioner(
        id=key,
        name=f"Dr {key}",
        places=3 * places if variant == "loads" else places,
        max_tier1=round(places * eases) if variant != "loads" and limits[1] < 0.35 else None,
        workload=workload if states_workload else None,
        age_min=int(random.choice((3, 6, 16))) if limits[2] < 0.15 else None,
        age_max=80 if limits[2] > 0.97 else None,
        home_visits=bool(limits[3] < 0.6),
        wheelchair_access=bool(limits[3] > 0.25),
        languages=frozenset({"fr", str(random.choice(FOREIGN_LANGUAGES))} if limits[4] < 0.35 else {"fr"}),
        gender="f" if random.random() < 0.5 else "m",
        max_km=own_limit if limits[5] < 0.15 else None,
        leaving_on=ON + timedelta(days=90) if limits[5] > 0.97 else None,
    )


def _patients(random: Random, persons: Sequence[Person], near: _Near, variant: str) -> list[Patient]:
    """Return the persons as patients, a few of whom, or whose household, already see a GP close by."""
    known = near.one_of_the_first(6, len(persons), random)
    sees = random.random(len(persons)) < 0.05
    followed = random.random(1 + max(p.household for p in persons)) < 0.06
    return [
        Patient(
            id=f"P{row:05d}",
            age=person.age,
            needs=person.needs,
            waiting_since=person.waiting_since,
            languages=person.languages,
            prefers_gender=person.prefers_gender,
            known_practitioner=known[row] if sees[row] else None,
            max_km=person.max_km,
            consent=person.consent,
            **(_household(person, known[row], followed[person.household]) if variant == "households" else {}),
        )
        for row, person in enumerate(persons)
    ]


def _household(person: Person, gp: str | None, followed: np.bool_) -> dict[str, Any]:
    return {
        "household": f"F{person.household:05d}",
        "together": person.asks_together,
        "household_practitioners": frozenset({gp} if followed and gp is not None else ()),
    }
