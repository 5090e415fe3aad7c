"""The waiting list of the demo: invented patients in plausible proportions.

What is taken from a source
    15.5 % of the inhabitants without a médecin traitant, 1.8 % of these in ALD: project document of the
    CPTS Sénart. In all France 11 % of the adults had none in mid-2021, of whom 620,000 in ALD (CNAM).
    Populations: INSEE.

What is assumed, because no source was found for a waiting list
    A list holds who was signalled, not who is without a GP: nurses, pharmacists and hospitals signal the
    ill. One in three ALD patients without a GP is on it; they make a fifth of the list. Households:
    two persons in three are alone on the list, others are couples or parents with their minor
    children; one household in three asks for one GP. Needs, languages, C2S and AME follow the weights
    below: more of each than in the population, since these are the people who do not find a GP by
    themselves. One question in twelve is unanswered. Signals arrive over ten months, more of them lately,
    since those of old have been placed or left.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from matching import Needs
from matching.model import Gender
from scheduler.demo.chance import drawn, stream, weighted_sample
from scheduler.demo.values import DemoReferral
from scheduler.demo.words import FEMALE_NAMES, MALE_NAMES, PATIENT_NAMES, STREETS
from scheduler.territory.communes import Commune
from scheduler.territory.names import fold_name

NUM_REFERRALS = 600
SHARE_WITHOUT_GP = 0.155
SHARE_ALD_AMONG_THEM = 0.018
ALD_SIGNALLED = 1 / 3

_HOUSEHOLDS = {"alone": 0.80, "couple": 0.08, "parent": 0.07, "family": 0.05}
_AGES_ALONE = {(18, 29): 0.15, (30, 44): 0.20, (45, 59): 0.22, (60, 74): 0.23, (75, 96): 0.20}
_LANGUAGES: dict[tuple[str, ...], float] = {
    (): 0.86, ("ar",): 0.04, ("pt",): 0.02, ("en",): 0.02, ("tr",): 0.02, ("es",): 0.01, ("ta",): 0.01,
    ("ln", "fr"): 0.01, ("ro",): 0.01,
}  # fmt: skip
_SIGNALLED_BY = {
    "infirmier": 0.34, "pharmacie": 0.22, "dac": 0.12, "cpam": 0.12, "prado": 0.08, "hopital": 0.07,
    "ccas": 0.05,
}  # fmt: skip
_COVER = {"c2s": 0.16, "ame": 0.025, "": 0.815}
_ALD_WEIGHT_BY_AGE = ((18, 0.3), (40, 1.0), (60, 3.0), (75, 6.0), (131, 8.0))
_UNANSWERED = 1 / 12
_NO_CONSENT = 0.02
_AGREES_TO_15_KM = 0.2
_ASKS_TOGETHER = 3  # one household in so many
_KNOWS_A_GP = 0.05
_WAIT_MEAN_DAYS = 90
_WAIT_MAX_DAYS = 300
_RECENT_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class _Home:
    """What the members of a household share."""

    key: str | None
    family_name: str
    insee: str
    address: str
    phone: str
    languages: tuple[str, ...]
    cover: str
    consent: bool
    together: bool
    max_km: float | None
    waiting_since: date
    signalled_by: str


def demo_referrals(
    seed: int, communes: Sequence[Commune], practitioner_ids: Sequence[str], num_ald: int, today: date
) -> tuple[DemoReferral, ...]:
    """Return the waiting list.

    Parameters
    ----------
    practitioner_ids : sequence of str
        GPs whom a patient may already see without having declared them.
    num_ald : int
        ALD patients without a GP on the territory, of whom one in three is on the list.

    Returns
    -------
    tuple of DemoReferral
        In the order of signalling.
    """
    rng = stream(seed, "referrals")
    people: list[DemoReferral] = []
    while len(people) < NUM_REFERRALS:
        people += _household(rng, communes, len(people), NUM_REFERRALS - len(people), today)
    in_ald = {
        person.id
        for person in weighted_sample(
            rng, people, [_ald_weight(p.age(today)) for p in people], round(num_ald * ALD_SIGNALLED)
        )
    }
    people = [_with_needs(rng, person, person.id in in_ald, today) for person in people]
    people = [_with_habits(rng, person, practitioner_ids) for person in people]
    people.sort(key=lambda person: (person.waiting_since, person.id))
    return tuple(replace(person, id=f"D-{row:03d}") for row, person in enumerate(people, start=1))


def _household(
    rng: Random, communes: Sequence[Commune], row: int, room: int, today: date
) -> list[DemoReferral]:
    ages = _ages(rng)[:room]
    home = _home(rng, communes, row, len(ages), today)
    return [_person(rng, home, f"{row + member:03d}", age, today) for member, age in enumerate(ages)]


def _ages(rng: Random) -> list[int]:
    """Return the ages of a household, adults first: a child is never without a parent."""
    kind = drawn(rng, _HOUSEHOLDS)
    if kind == "alone":
        return [rng.randint(*drawn(rng, _AGES_ALONE))]
    if kind == "couple":
        first = rng.randint(25, 90)
        return [first, min(96, max(18, first + rng.randint(-6, 6)))]
    parent = rng.randint(22, 52)
    youngest_parent = 19
    oldest_child = min(17, parent - youngest_parent)
    children = [rng.randint(0, oldest_child) for _ in range(drawn(rng, {1: 0.5, 2: 0.35, 3: 0.15}))]
    adults = [parent] if kind == "parent" else [parent, max(20, parent + rng.randint(-5, 5))]
    return [*adults, *sorted(children, reverse=True)]


def _home(rng: Random, communes: Sequence[Commune], row: int, size: int, today: date) -> _Home:
    waited_days = min(_WAIT_MAX_DAYS, int(rng.expovariate(1 / _WAIT_MEAN_DAYS)))
    return _Home(
        key=f"F-{row:03d}" if size > 1 else None,
        family_name=rng.choice(PATIENT_NAMES),
        insee=drawn(rng, {commune.insee: commune.population for commune in communes}),
        address=f"{rng.randint(1, 120)} {rng.choice(STREETS)}",
        phone=f"063998{row:04d}",
        languages=drawn(rng, _LANGUAGES),
        cover=drawn(rng, _COVER),
        consent=rng.random() >= _NO_CONSENT,
        together=size > 1 and row % _ASKS_TOGETHER == 0,
        max_km=15.0 if rng.random() < _AGREES_TO_15_KM else None,
        waiting_since=today - timedelta(days=waited_days),
        signalled_by=drawn(rng, _SIGNALLED_BY),
    )


def _person(rng: Random, home: _Home, number: str, age: int, today: date) -> DemoReferral:
    gender: Gender = "f" if rng.random() < 0.54 else "m"
    given_name = rng.choice(FEMALE_NAMES if gender == "f" else MALE_NAMES)
    mailbox = ".".join(fold_name(name) for name in (given_name, home.family_name))
    return DemoReferral(
        id=number,
        family_name=home.family_name,
        given_name=given_name,
        gender=gender,
        birth_date=_birth_date(rng, age, today),
        phone=home.phone,
        email=f"{mailbox}.{number}@example.org",
        address=home.address,
        insee=home.insee,
        household=home.key,
        needs=Needs(c2s=home.cover == "c2s", ame=home.cover == "ame"),
        languages=home.languages,
        prefers_gender=None,
        known_practitioner=None,
        max_km=home.max_km,
        consent=home.consent,
        together=home.together,
        waiting_since=home.waiting_since,
        signalled_by=home.signalled_by,
    )


def _birth_date(rng: Random, age: int, today: date) -> date:
    """Return a birth date that makes someone `age` years old today."""
    last_birthday = today - timedelta(days=rng.randint(0, 364))
    day = min(last_birthday.day, 28)  # 29 February has no anniversary three years in four
    return date(last_birthday.year - age, last_birthday.month, day)


def _with_needs(rng: Random, person: DemoReferral, ald: bool, today: date) -> DemoReferral:
    age = person.age(today)
    old = age >= 75
    home_bound = rng.random() < (0.18 if old else 0.03 if age >= 60 else 0.005)
    disability = rng.random() < 0.05
    just_signalled = (today - person.waiting_since).days <= _RECENT_DAYS
    discharged = person.signalled_by in {"prado", "hopital"} or rng.random() < (0.12 if old else 0.05)
    fertile = person.gender == "f" and 20 <= age <= 42
    answers = {
        "treatment_running_out": rng.random() < (0.30 if ald else 0.04),
        "recent_discharge": just_signalled and discharged,
        "pregnancy": fertile and rng.random() < 0.06,
        "home_bound": home_bound,
        "palliative": age >= 60 and rng.random() < 0.005,
        "disability": disability,
        "wheelchair": rng.random() < (0.30 if home_bound or disability else 0.003),
    }
    told = {name: None if rng.random() < _UNANSWERED else answer for name, answer in answers.items()}
    chronic = 0 if ald or age < 35 else drawn(rng, {0: 0.55, 1: 0.25, 2: 0.14, 3: 0.06})
    needs = replace(
        person.needs, ald=ald, chronic_needs=None if rng.random() < _UNANSWERED else chronic, **told
    )
    return replace(person, needs=needs)


def _with_habits(rng: Random, person: DemoReferral, practitioner_ids: Sequence[str]) -> DemoReferral:
    wishes_woman = person.gender == "f" and rng.random() < 0.08
    knows = rng.random() < _KNOWS_A_GP
    return replace(
        person,
        prefers_gender="f" if wishes_woman else None,
        known_practitioner=rng.choice(practitioner_ids) if knows else None,
    )


def _ald_weight(age: int) -> float:
    return next(weight for below, weight in _ALD_WEIGHT_BY_AGE if age < below)
