"""The GP's own hand on what they receive: places and mix, a pause, a delegate, who waits nearby."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

import numpy as np
from sqlalchemy import select as columns
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, select

from matching import Needs
from matching.priority import tier_of
from scheduler.accounts.actor import Actor
from scheduler.directory import IntakeGiven, change_intake, find_practitioner, open_intake
from scheduler.errors import AlreadyExists, InvalidInput, NotFound
from scheduler.messages import enqueue
from scheduler.messages.letters_to_gps import delegated
from scheduler.referrals.addresses import page_address
from scheduler.referrals.history import today_in
from scheduler.referrals.instance import NEEDS, age_on
from scheduler.referrals.policies import in_force
from scheduler.referrals.recipients import SURGERY
from scheduler.rows import id_of
from scheduler.store.tables import (
    Account,
    Delegation,
    Grant,
    Intake,
    Offer,
    OfferState,
    Patient,
    Practice,
    Practitioner,
    Referral,
    ReferralState,
)
from scheduler.store.violations import broken_invariant
from scheduler.territory.communes import communes
from scheduler.territory.travel import road_km

OUTSIDER_LEAST = 11
"""Counts below this are not told to those who may open no file (CASD, rules for health data)."""

LONGEST_PAUSE_DAYS = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnIntake:
    """What a GP takes on now; ``intake`` is None before they opened anything."""

    practitioner: Practitioner
    practices: tuple[Practice, ...]
    intake: Intake | None
    num_accepted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingNearby:
    """How many patients of one tier wait within reach; None for a count too small to be told."""

    tier: int
    count: int | None


def own_intake(session: Session, actor: Actor, practitioner_id: int) -> OwnIntake:
    """Read what a practitioner takes on.

    Raises
    ------
    NotFound
        When the practitioner is not one this person may manage.
    """
    practitioner = find_practitioner(session, actor, practitioner_id)
    practices = session.exec(
        select(Practice).where(col(Practice.practitioner_id) == practitioner_id).order_by(col(Practice.id))
    ).all()
    intake = _open(session, practitioner_id)
    accepted = 0
    if intake is not None:
        accepted = session.exec(
            select(func.count(col(Offer.id))).where(
                col(Offer.intake_id) == intake.id, col(Offer.state) == OfferState.ACCEPTED
            )
        ).one()
    return OwnIntake(
        practitioner=practitioner, practices=tuple(practices), intake=intake, num_accepted=accepted
    )


def set_intake(
    session: Session, actor: Actor, practitioner_id: int, given: IntakeGiven, *, now: datetime
) -> Intake:
    """Say what a practitioner takes on: opens the intake the first time, changes it afterwards.

    An announced departure stays as it was announced.

    Raises
    ------
    NotFound, InvalidInput, PlacesAccepted
        As ``open_intake`` and ``change_intake``.
    """
    find_practitioner(session, actor, practitioner_id)
    intake = _open(session, practitioner_id)
    if intake is None:
        return open_intake(session, actor, practitioner_id, given, now=now)
    return change_intake(session, actor, id_of(intake), replace(given, leaving_on=intake.leaving_on))


def pause(
    session: Session, actor: Actor, practitioner_id: int, *, until: date | None, now: datetime
) -> Intake:
    """Stop proposals until a day, that day included, or take them up again (``until=None``).

    What was accepted stays accepted, and an open offer may still be answered.

    Raises
    ------
    NotFound
        When the practitioner is not one this person may manage, or takes nobody on.
    InvalidInput
        When the day is past, or more than a year ahead.
    """
    find_practitioner(session, actor, practitioner_id)
    today = today_in(session, actor.territory_id, now)
    if until is not None and not 0 <= (until - today).days <= LONGEST_PAUSE_DAYS:
        raise InvalidInput("paused_until", "un jour à partir d'aujourd'hui, dans l'année")
    intake = _open(session, practitioner_id)
    if intake is None:
        raise NotFound("intake")
    return change_intake(session, actor, id_of(intake), replace(_given(intake), paused_until=until))


def delegate(
    session: Session,
    actor: Actor,
    practitioner_id: int,
    *,
    email: str,
    first_on: date,
    last_on: date | None,
    now: datetime,
) -> Delegation:
    """Let a colleague or another secretary answer a practitioner's offers; they are told by mail.

    They see the profiles, never who the patients are.

    Raises
    ------
    NotFound
        When the practitioner is not one this person may manage.
    InvalidInput
        When the days are in the wrong order or over, or nobody of a surgery of the territory has this
        address.
    AlreadyExists
        When the same person answers for this practitioner already.
    """
    practitioner = find_practitioner(session, actor, practitioner_id)
    today = today_in(session, actor.territory_id, now)
    if last_on is not None and last_on < max(first_on, today):
        raise InvalidInput("last_on", "un dernier jour à venir, pas avant le premier")
    account = _of_a_surgery(session, actor.territory_id, email)
    row = Delegation(
        practitioner_id=practitioner_id,
        account_id=account.id,
        first_on=first_on,
        last_on=last_on,
        created_by=actor.key,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        if broken_invariant(error) == "delegation_one_open":
            raise AlreadyExists("email") from None
        raise
    enqueue(
        session,
        territory_id=actor.territory_id,
        key=f"delegated:{id_of(row)}",
        recipient=account.email,
        letter=delegated(
            practitioner=f"Dr {practitioner.given_name} {practitioner.family_name}",
            until="" if last_on is None else f", jusqu'au {last_on:%d/%m/%Y}",
            link=page_address(session, "/mon-accueil"),
        ),
        now=now,
    )
    return row


def end_delegation(session: Session, actor: Actor, delegation_id: int, *, now: datetime) -> Delegation:
    """Take a delegation back, from now on.

    Raises
    ------
    NotFound
        When there is none that this person may manage, or it has ended.
    """
    row = session.get(Delegation, delegation_id)
    if row is None or row.ended_at is not None:
        raise NotFound("delegation")
    try:
        find_practitioner(session, actor, row.practitioner_id)
    except NotFound:
        raise NotFound("delegation") from None
    row.ended_at = now
    session.add(row)
    session.flush()
    return row


def delegates_of(session: Session, practitioner_id: int, *, on: date) -> Sequence[tuple[Delegation, str]]:
    """List the delegations of a practitioner that are not over, with the name of each delegate."""
    query = (
        select(Delegation, Account.name)
        .join(Account, col(Account.id) == col(Delegation.account_id))
        .where(
            col(Delegation.practitioner_id) == practitioner_id,
            col(Delegation.ended_at).is_(None),
            col(Delegation.last_on).is_(None) | (col(Delegation.last_on) >= on),
        )
        .order_by(col(Delegation.first_on), col(Delegation.id))
    )
    return session.exec(query).all()


def waiting_nearby(
    session: Session, actor: Actor, practitioner_id: int, *, now: datetime
) -> tuple[WaitingNearby, ...]:
    """Count, by tier, the patients who wait within the usual distance of a practice: numbers only.

    No count under eleven is told, and no total from which one could be found.

    Raises
    ------
    NotFound
        When the practitioner is not one this person may manage.
    """
    places = own_intake(session, actor, practitioner_id).practices
    policy = in_force(session, actor.territory_id).policy
    today = today_in(session, actor.territory_id, now)
    asked: list[Any] = [Patient.insee, Patient.birth_date, *(getattr(Referral, need) for need in NEEDS)]
    query = (
        columns(*asked)
        .join(Patient, col(Patient.id) == col(Referral.patient_id))
        .where(col(Referral.territory_id) == actor.territory_id, col(Referral.state) == ReferralState.WAITING)
    )
    near = _near(session.execute(query).all(), places, policy.reach.max_km)
    counts = {1: 0, 2: 0, 3: 0}
    for row in near:
        age = None if row.birth_date is None else age_on(row.birth_date, today)
        counts[tier_of(Needs(**{need: getattr(row, need) for need in NEEDS}), age, policy.tiers)] += 1
    return tuple(
        WaitingNearby(tier=tier, count=count if count == 0 or count >= OUTSIDER_LEAST else None)
        for tier, count in counts.items()
    )


def _near(rows: Sequence[Any], places: Sequence[Practice], max_km: float) -> list[Any]:
    if not rows or not places:
        return []
    towns = sorted({row.insee for row in rows})
    found = [communes().by_insee(insee) for insee in towns]
    km = road_km(
        np.array([(town.latitude, town.longitude) for town in found]),
        np.array([(place.latitude, place.longitude) for place in places]),
    ).min(axis=1)
    near = {insee for insee, distance in zip(towns, km, strict=True) if distance <= max_km}
    return [row for row in rows if row.insee in near]


def _open(session: Session, practitioner_id: int) -> Intake | None:
    query = select(Intake).where(
        col(Intake.practitioner_id) == practitioner_id, col(Intake.closed_at).is_(None)
    )
    return session.exec(query).first()


def _given(intake: Intake) -> IntakeGiven:
    names = asdict(IntakeGiven(practice_id=0, places=0))
    return IntakeGiven(**{name: getattr(intake, name) for name in names})


def _of_a_surgery(session: Session, territory_id: int, email: str) -> Account:
    query = (
        select(Account)
        .join(Grant, col(Grant.account_id) == col(Account.id))
        .where(
            col(Account.email) == email.strip().lower(),
            col(Account.active),
            col(Grant.territory_id) == territory_id,
            col(Grant.role).in_(SURGERY),
        )
    )
    if (found := session.exec(query).first()) is None:
        raise InvalidInput(
            "email", "l'adresse d'un confrère ou d'un secrétariat qui a un compte Relais sur ce territoire"
        )
    return found
