"""Who lives in the simulated CPTS: sixty GPs with habits, patients signalled every working day."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

from sqlmodel import Session

from matching.model import Needs
from scheduler.accounts.actor import Actor
from scheduler.demo.directory import fictitious_rpps
from scheduler.directory import IntakeGiven
from scheduler.referrals.own_intake import set_intake
from scheduler.referrals.values import ConsentGiven, Identity, Signal
from scheduler.rows import id_of
from scheduler.store.tables import (
    Account,
    ConsentHow,
    Gender,
    Grant,
    Practice,
    Practitioner,
    Role,
    Territory,
    TerritoryCommune,
)
from scheduler.territory.communes import communes

TOWN = ("77445", "77122", "77296", "77251", "77067", "77326", "77495", "77384")
ZONE = "Europe/Paris"

_SYLLABLES = (
    *("ba", "ce", "di", "fo", "gu", "la", "me", "ni"),
    *("po", "ru", "sa", "te", "vi", "zo", "cha", "bre"),
)


_WITH_MAIL, _WITH_PHONE = 0.65, 0.9
_ADULT, _WITH_OTHERS = 18, 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """How a GP answers offers: how many of ten, how often they say yes, within how many hours."""

    answers: float
    accepts: float
    slowest_hours: int


KEEN = Habit(answers=0.98, accepts=0.92, slowest_hours=20)
CHOOSY = Habit(answers=0.95, accepts=0.6, slowest_hours=50)
SILENT = Habit(answers=0.35, accepts=0.8, slowest_hours=70)


@dataclass(slots=True, kw_only=True)
class Doctor:
    """A GP of the simulation, who may leave."""

    practitioner_id: int
    practice_id: int
    actor: Actor
    habit: Habit
    leaving_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """The CPTS, with who acts for it."""

    territory_id: int
    coordinator: Actor
    signallers: tuple[Actor, Actor]
    doctors: tuple[Doctor, ...]


def settle_town(session: Session, rng: Random, *, num_gps: int, places: int, now: datetime) -> Town:
    """Add the territory, its people and the GPs' first places."""
    territory = Territory(slug="simulation", name="CPTS simulée", zone=ZONE)
    session.add(territory)
    session.flush()
    territory_id = id_of(territory)
    session.add_all(TerritoryCommune(territory_id=territory_id, insee=insee) for insee in TOWN)
    coordinator = _account(session, territory_id, Role.COORDINATOR, None, now, "coordination")
    signallers = tuple(
        _account(session, territory_id, Role.SIGNALLER, None, now, name) for name in ("infirmiere", "dac")
    )
    doctors = []
    for number in range(num_gps):
        doctor = _doctor(session, rng, territory_id, number, now)
        set_intake(
            session,
            coordinator,
            doctor.practitioner_id,
            IntakeGiven(practice_id=doctor.practice_id, places=places, home_visits=number % 3 == 0),
            now=now,
        )
        doctors.append(doctor)
    return Town(
        territory_id=territory_id,
        coordinator=coordinator,
        signallers=(signallers[0], signallers[1]),
        doctors=tuple(doctors),
    )


def homes_of(rng: Random, today: date, num: int) -> Iterator[tuple[Signal, ...]]:
    """Invent so many patients, or a few more: homes come whole, and a third of the people are not alone."""
    while num > 0:
        first_age = min(int(rng.triangular(0, 99, 58)), 99)
        ages = [first_age, *_others_at_home(rng, first_age)]
        family_name, insee = _name(rng, 5), rng.choices(TOWN, weights=(30, 22, 24, 13, 11, 6, 8, 2))[0]
        email, phone = _reached_by(rng)
        at_home = Identity(
            family_name=family_name, given_name="", email=email, phone=phone, insee=insee, fictitious=True
        )
        yield tuple(_signal(rng, today, at_home, age) for age in ages)
        num -= len(ages)


def _others_at_home(rng: Random, age: int) -> list[int]:
    """Draw the ages of those at home who look for a GP too: a partner, children of whoever has the age."""
    if age < _ADULT or rng.random() > _WITH_OTHERS:
        return []
    partner = [max(_ADULT, age + rng.randint(-6, 6))] if rng.random() < 0.6 else []
    youngest = max(0, age - 42)
    children = rng.randint(0, 2) if youngest < _ADULT else 0
    return partner + [rng.randint(youngest, min(_ADULT - 1, age - 18)) for _ in range(children)]


def _signal(rng: Random, today: date, at_home: Identity, age: int) -> Signal:
    needs = Needs(
        ald=rng.random() < 0.12 + age / 200,
        treatment_running_out=rng.random() < 0.06,
        recent_discharge=rng.random() < 0.04,
        home_bound=rng.random() < 0.05,
        disability=rng.choice((None, False, False, False, True)),
        c2s=rng.choice((None, False, False, False, False, True)),
        ame=rng.random() < 0.02,
    )
    consent = ConsentGiven(notice_version="1", how=ConsentHow.ORAL, collected_by="Infirmière")
    return Signal(
        identity=replace(
            at_home,
            given_name=_name(rng, 3),
            birth_date=today - timedelta(days=age * 365 + rng.randrange(365)),
            gender=rng.choice((Gender.FEMALE, Gender.MALE)),
        ),
        needs=needs,
        consent=consent if rng.random() < 0.95 else None,
    )


def _reached_by(rng: Random) -> tuple[str, str]:
    """Give most people a mail address, some a mobile phone only, some neither: those get letters."""
    chance, number = rng.random(), rng.randrange(10**8)
    if chance < _WITH_MAIL:
        return f"p{number}@example.org", ""
    return "", f"06{number:08d}" if chance < _WITH_PHONE else ""


def _name(rng: Random, num: int) -> str:
    return "".join(rng.choices(_SYLLABLES, k=num)).capitalize()


def _doctor(session: Session, rng: Random, territory_id: int, number: int, now: datetime) -> Doctor:
    row = Practitioner(
        territory_id=territory_id,
        rpps=fictitious_rpps(number + 1),
        family_name=f"Medecin{number:02d}",
        given_name="Camille",
        fictitious=True,
    )
    session.add(row)
    session.flush()
    commune = communes().by_insee(TOWN[number % len(TOWN)])
    practice = Practice(
        practitioner_id=id_of(row),
        insee=commune.insee,
        latitude=commune.latitude or 48.58,
        longitude=commune.longitude or 2.58,
    )
    session.add(practice)
    actor = _account(session, territory_id, Role.GP, id_of(row), now, f"gp{number}")
    session.flush()
    habit = rng.choices((KEEN, CHOOSY, SILENT), weights=(6, 3, 1))[0]
    return Doctor(practitioner_id=id_of(row), practice_id=id_of(practice), actor=actor, habit=habit)


def _account(
    session: Session,
    territory_id: int,
    role: Role,
    practitioner_id: int | None,
    now: datetime,
    name: str = "",
) -> Actor:
    name = name or f"{role.value}{practitioner_id or ''}"
    row = Account(
        email=f"{name}@simulation.example",
        name=name,
        password_hash="!",  # noqa: S106 — nobody can sign in with it
        practitioner_id=practitioner_id,
        created_at=now,
    )
    session.add(row)
    session.flush()
    session.add(Grant(account_id=row.id, territory_id=territory_id, role=role))
    session.flush()
    account_id: UUID = row.id
    return Actor(
        key=f"account:{account_id}",
        role=role,
        territory_id=territory_id,
        account_id=account_id,
        practitioner_id=practitioner_id,
    )
