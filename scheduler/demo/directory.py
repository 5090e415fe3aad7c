"""The structures, GPs and intakes of the demo; all invented."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from stdnum import luhn

from matching.model import Gender
from scheduler.demo.chance import drawn, shares, stream
from scheduler.demo.values import DemoIntake, DemoPractitioner, DemoStructure
from scheduler.demo.words import FEMALE_NAMES, MALE_NAMES, PRACTITIONER_NAMES, STREETS, STRUCTURE_NAMES
from scheduler.territory.communes import Commune
from scheduler.territory.names import fold_name

NUM_PRACTITIONERS = 40
NUM_VOLUNTEERS = 12
_GPS_PER_STRUCTURE = 4
_KM_PER_DEGREE = 111.2
_SPOKEN = {
    (): 0.5,
    ("en",): 0.25,
    ("ar",): 0.08,
    ("pt",): 0.05,
    ("en", "es"): 0.05,
    ("tr",): 0.04,
    ("ta",): 0.03,
}

# One line per volunteer: what each accepts. Places add up to 230, which a CPTS of this size would be
# proud of and which still leaves most of the list waiting: the choice has to matter.
_OFFERS = (
    DemoIntake(places=30, max_tier1=15, home_visits=True),
    DemoIntake(places=28, max_tier1=14, workload=40),
    DemoIntake(places=25, age_min=16, home_visits=True),
    DemoIntake(places=24, max_tier1=8, max_km=8.0),
    DemoIntake(places=22, max_tier1=12),
    DemoIntake(places=20, age_max=75),
    DemoIntake(places=18, home_visits=True, max_km=12.0),
    DemoIntake(places=16, max_tier1=6, age_min=6),
    DemoIntake(places=15),
    DemoIntake(places=12, max_tier1=12, home_visits=True),
    DemoIntake(places=12, workload=14),
    DemoIntake(places=8, max_tier1=2, age_max=60),
)
_LEAVING_IN_DAYS = {8: 600, 10: 120}  # by row of _OFFERS: one leaves too soon to receive anybody


def demo_structures(seed: int, communes: Sequence[Commune]) -> tuple[DemoStructure, ...]:
    """Return the structures, enough of them in each commune for its share of the GPs."""
    rng = stream(seed, "structures")
    structures: list[DemoStructure] = []
    for commune, num_gps in zip(communes, _gps_per_commune(communes), strict=True):
        for _ in range(math.ceil(num_gps / _GPS_PER_STRUCTURE)):
            structures.append(_structure(rng, len(structures), commune))
    return tuple(structures)


def demo_practitioners(
    seed: int, communes: Sequence[Commune], structures: Sequence[DemoStructure]
) -> tuple[DemoPractitioner, ...]:
    """Return the GPs, spread over the communes in proportion to their inhabitants."""
    rng = stream(seed, "practitioners")
    family_names = rng.sample(PRACTITIONER_NAMES, NUM_PRACTITIONERS)
    practitioners: list[DemoPractitioner] = []
    for commune, num_gps in zip(communes, _gps_per_commune(communes), strict=True):
        local = [structure for structure in structures if structure.insee == commune.insee]
        for turn in range(num_gps):
            number = len(practitioners) + 1
            finess = local[turn % len(local)].finess
            practitioners.append(_practitioner(rng, number, family_names[number - 1], finess))
    return tuple(practitioners)


def demo_intakes(practitioners: Sequence[DemoPractitioner], today: date) -> tuple[DemoIntake, ...]:
    """Return what the volunteers accept; they are spread evenly over the list of GPs, hence the communes."""
    step = len(practitioners) / NUM_VOLUNTEERS
    intakes = []
    for row, offer in enumerate(_OFFERS):
        days = _LEAVING_IN_DAYS.get(row)
        leaving_on = None if days is None else today + timedelta(days=days)
        volunteer = practitioners[int(row * step)]
        intakes.append(replace(offer, practitioner_id=volunteer.rpps, leaving_on=leaving_on))
    return tuple(intakes)


def fictitious_rpps(number: int) -> str:
    """Return the RPPS number of the GP of this number: "9990", seven figures, the last a true check digit."""
    body = f"9990{number:06d}"
    return body + str(luhn.calc_check_digit(body))


def fictitious_finess(number: int) -> str:
    """Return a FINESS number of department "00", which does not exist, with a true check digit."""
    body = f"00{number:06d}"
    return body + str(luhn.calc_check_digit(body))


def _gps_per_commune(communes: Sequence[Commune]) -> list[int]:
    return shares(NUM_PRACTITIONERS, [commune.population for commune in communes])


def _structure(rng: Random, row: int, commune: Commune) -> DemoStructure:
    kind, word = ("msp", "Maison de santé") if row % 3 == 0 else ("cabinet", "Cabinet médical")
    north_km, east_km = rng.gauss(0, 0.5), rng.gauss(0, 0.5)
    return DemoStructure(
        finess=fictitious_finess(row + 1),
        name=f"{word} {STRUCTURE_NAMES[row]} (fictif)",
        kind=kind,
        insee=commune.insee,
        address=f"{rng.randint(1, 90)} {rng.choice(STREETS)}",
        latitude=round(commune.latitude + north_km / _KM_PER_DEGREE, 5),
        longitude=round(
            commune.longitude + east_km / (_KM_PER_DEGREE * math.cos(math.radians(commune.latitude))), 5
        ),
        wheelchair_access=row % 5 != 4,
    )


def _practitioner(rng: Random, number: int, family_name: str, finess: str) -> DemoPractitioner:
    gender: Gender = "f" if rng.random() < 0.52 else "m"  # half of the GPs in France are women
    given_name = rng.choice(FEMALE_NAMES if gender == "f" else MALE_NAMES)
    mailbox = ".".join(fold_name(name).replace(" ", "-") for name in (given_name, family_name))
    return DemoPractitioner(
        rpps=fictitious_rpps(number),
        family_name=family_name,
        given_name=given_name,
        gender=gender,
        languages=("fr", *drawn(rng, _SPOKEN)),
        finess=finess,
        phone=f"019900{number:04d}",
        email=f"dr.{mailbox}@example.org",
    )
