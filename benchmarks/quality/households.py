"""People who wait for a GP, household by household, with needs that follow age.

Shares are round numbers close to the French ones: households by kind (INSEE, recensement 2021, tableau
FAM1), long-term illness by age (Assurance maladie, ALD 2022: about 5 % before 40, half after 75),
C2S (about 11 %), AME (about 0.6 %). They make territories plausible; nothing is inferred from them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from matching import Needs

Random = np.random.Generator
Ints = npt.NDArray[np.int64]

KINDS = ("single", "elderly single", "couple", "elderly couple", "parents", "one parent")
KIND_SHARES = (0.28, 0.13, 0.12, 0.11, 0.26, 0.10)
CHILDREN_SHARES = (0.42, 0.38, 0.16, 0.04)
FOREIGN_LANGUAGES = ("ar", "pt", "tr", "en", "ta", "uk")
#: Ages up to each bound, and the chance of a long-term illness there.
ALD_BY_AGE = ((17, 0.03), (39, 0.05), (59, 0.13), (74, 0.34), (130, 0.55))


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One member of a household, without name or place.

    Parameters
    ----------
    household : int
        Row of the household.
    asks_together : bool
        Whether this person asks to stay with the household.
    """

    household: int
    age: int | None
    needs: Needs
    waiting_since: date
    languages: frozenset[str]
    prefers_gender: str | None
    max_km: float | None
    consent: bool
    asks_together: bool


def people(random: Random, num_households: int, on: date) -> list[Person]:
    """Return the members of all households, households in order."""
    kinds = random.choice(len(KINDS), num_households, p=KIND_SHARES)
    return [
        person
        for row, kind in enumerate(kinds.tolist())
        for person in _members(random, row, _ages(random, KINDS[kind]), on)
    ]


def _ages(random: Random, kind: str) -> list[int]:
    """Return the ages of the members, adults first."""
    if kind.startswith("elderly"):
        first = int(np.clip(random.normal(77, 7), 65, 101))
    elif kind in ("parents", "one parent"):
        first = int(np.clip(random.normal(38, 7), 19, 58))
    else:
        first = int(np.clip(random.gamma(5, 8), 18, 66))
    ages = [first]
    if kind in ("couple", "elderly couple", "parents"):
        ages.append(int(np.clip(first + random.normal(0, 4), 18, 101)))
    if kind in ("parents", "one parent"):
        num_children = 1 + int(random.choice(len(CHILDREN_SHARES), p=CHILDREN_SHARES))
        ages += random.integers(0, min(18, first - 17), num_children).tolist()
    return ages


def _members(random: Random, household: int, ages: Sequence[int], on: date) -> list[Person]:
    """Return the members; date, languages, distance, cover and the wish to stay together are shared."""
    waiting_since = on - timedelta(days=int(min(random.exponential(120), 1500)))
    languages = frozenset[str]()
    if random.random() < 0.08:
        spoken = {str(random.choice(FOREIGN_LANGUAGES))}
        languages = frozenset(spoken | ({"fr"} if random.random() < 0.5 else set()))
    max_km = None if random.random() < 0.7 else float(random.integers(3, 16))
    c2s, ame = bool(random.random() < 0.11), bool(random.random() < 0.01)
    asks_together = len(ages) > 1 and bool(random.random() < 0.15)
    return [
        Person(
            household=household,
            age=age if random.random() > 0.02 else None,
            needs=_needs(random, age, c2s=c2s, ame=ame),
            waiting_since=waiting_since,
            languages=languages,
            prefers_gender=str(random.choice(("f", "m"), p=(0.8, 0.2))) if random.random() < 0.1 else None,
            max_km=max_km,
            consent=bool(random.random() > 0.02),
            asks_together=asks_together,
        )
        for age in ages
    ]


def _needs(random: Random, age: int, *, c2s: bool, ame: bool) -> Needs:
    """Return needs whose chance grows with age; one answer in twelve is missing."""
    old = max(0.0, (age - 60) / 40)
    ald = next(chance for last, chance in ALD_BY_AGE if age <= last)

    def answered(chance: float) -> bool | None:
        return None if random.random() < 1 / 12 else bool(random.random() < chance)

    return Needs(
        ald=answered(ald),
        treatment_running_out=answered(0.02 + 0.06 * old),
        recent_discharge=answered(0.01 + 0.04 * old),
        pregnancy=answered(0.02) if 18 <= age <= 45 else None,
        home_bound=answered(0.3 * old * old),
        palliative=answered(0.001 + 0.01 * old),
        disability=answered(0.03 + 0.08 * old),
        c2s=c2s,
        ame=ame,
        wheelchair=answered(0.004 + 0.05 * old),
        chronic_needs=None if random.random() < 0.3 else int(random.poisson(0.1 + age / 60)),
    )
