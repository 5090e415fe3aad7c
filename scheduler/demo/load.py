"""Putting the demo territory into a store, through the same use cases as real people."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from scheduler.accounts.actor import Actor, system_actor
from scheduler.accounts.people import create_account
from scheduler.demo.values import DemoPractitioner, DemoReferral, DemoTerritory
from scheduler.directory import (
    IntakeGiven,
    PracticeGiven,
    open_intake,
    register_practice,
    register_practitioner,
    register_structure,
)
from scheduler.referrals.duplicates import undecided
from scheduler.referrals.merging import set_apart
from scheduler.referrals.qualify import qualify
from scheduler.referrals.signal import signal
from scheduler.referrals.values import ConsentGiven, Corrections, Identity, Signal, Wishes
from scheduler.rows import id_of
from scheduler.store.tables import ConsentHow, Gender, Referral, Role
from scheduler.territory.registry import register_territory

PASSWORD = "Demo-Relais-2026"  # noqa: S105 — the published password of the invented accounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Where the demo territory stands in the store.

    Parameters
    ----------
    practitioner_of, practice_of : dict of str to int
        Ids in the store, by the RPPS number of the demo.
    """

    territory_id: int
    actor: Actor
    practitioner_of: dict[str, int]
    practice_of: dict[str, int]


def load_demo(session: Session, demo: DemoTerritory, *, now: datetime) -> Loaded:
    """Write the whole demo territory in one transaction: directory, accounts, waiting list.

    Referrals are signalled, then qualified; those without a consent stay qualified and are never matched.
    """
    territory = register_territory(
        session, slug=demo.slug, name=demo.name, insee=(each.insee for each in demo.communes), zone=demo.zone
    )
    territory_id = id_of(territory)
    actor = system_actor("demo", territory_id)
    practitioner_of, practice_of = _directory(session, actor, demo)
    for intake in demo.intakes:
        given = IntakeGiven(
            practice_id=practice_of[intake.practitioner_id],
            places=intake.places,
            max_tier1=intake.max_tier1,
            workload=intake.workload,
            age_min=intake.age_min,
            age_max=intake.age_max,
            home_visits=intake.home_visits,
            max_km=intake.max_km,
            paused_until=intake.paused_until,
            leaving_on=intake.leaving_on,
        )
        open_intake(session, actor, practitioner_of[intake.practitioner_id], given, now=now)
    _accounts(session, demo, territory_id, practitioner_of, now)
    _waiting_list(session, actor, demo.referrals, practitioner_of, now)
    return Loaded(
        territory_id=territory_id, actor=actor, practitioner_of=practitioner_of, practice_of=practice_of
    )


def _directory(session: Session, actor: Actor, demo: DemoTerritory) -> tuple[dict[str, int], dict[str, int]]:
    structure_of = {
        each.finess: id_of(
            register_structure(
                session,
                actor,
                name=each.name,
                insee=each.insee,
                kind=each.kind,
                finess=each.finess,
                fictitious=True,
            )
        )
        for each in demo.structures
    }
    practitioner_of: dict[str, int] = {}
    practice_of: dict[str, int] = {}
    for each in demo.practitioners:
        practitioner_of[each.rpps] = _practitioner(session, actor, each)
        place = demo.structure_of(each)
        given = PracticeGiven(
            insee=place.insee,
            structure_id=structure_of[place.finess],
            address=place.address,
            phone=each.phone,
            latitude=place.latitude,
            longitude=place.longitude,
            wheelchair_access=place.wheelchair_access,
        )
        practice = register_practice(session, actor, practitioner_of[each.rpps], given)
        practice_of[each.rpps] = id_of(practice)
    return practitioner_of, practice_of


def _practitioner(session: Session, actor: Actor, each: DemoPractitioner) -> int:
    row = register_practitioner(
        session,
        actor,
        rpps=each.rpps,
        family_name=each.family_name,
        given_name=each.given_name,
        gender=Gender(each.gender),
        languages=each.languages,
        fictitious=True,
    )
    return id_of(row)


def _accounts(
    session: Session,
    demo: DemoTerritory,
    territory_id: int,
    practitioner_of: dict[str, int],
    now: datetime,
) -> None:
    for account in demo.accounts:
        create_account(
            session,
            email=account.email,
            name=account.name,
            password=PASSWORD,
            grants=[(territory_id, Role(account.role))],
            practitioner_id=practitioner_of.get(account.practitioner_id or ""),
            now=now,
        )


def _waiting_list(
    session: Session,
    actor: Actor,
    referrals: tuple[DemoReferral, ...],
    practitioner_of: dict[str, int],
    now: datetime,
) -> None:
    first_of_household: dict[str, Referral] = {}
    for each in referrals:
        head = first_of_household.get(each.household or "")
        row = signal(session, actor, _signal(each, head, practitioner_of), now=now)
        if each.household is not None:
            first_of_household.setdefault(each.household, row)
        while (pair_id := undecided(session, row.id)) is not None:
            set_apart(session, actor, pair_id, now=now)  # invented one by one: nobody is there twice
        qualify(session, actor, row.id, Corrections(), now=now)


def _signal(each: DemoReferral, head: Referral | None, practitioner_of: dict[str, int]) -> Signal:
    return Signal(
        identity=Identity(
            family_name=each.family_name,
            given_name=each.given_name,
            birth_date=each.birth_date,
            gender=Gender(each.gender),
            phone=each.phone,
            email=each.email,
            address=each.address,
            insee=each.insee,
            fictitious=True,
        ),
        needs=each.needs,
        wishes=Wishes(
            languages=each.languages,
            prefers_gender=Gender(each.prefers_gender) if each.prefers_gender else None,
            known_practitioner_id=practitioner_of.get(each.known_practitioner or ""),
            max_km=each.max_km,
            together=each.together,
        ),
        consent=ConsentGiven(notice_version="démo-1", how=ConsentHow.ORAL, collected_by=each.signalled_by)
        if each.consent
        else None,
        household_with=head.id if head else None,
        waiting_since=each.waiting_since,
    )
