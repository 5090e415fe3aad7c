"""A GP who leaves: announced months ahead, their panel imported, the search of each patient begun in waves.

Nobody enters a waiting list while they still have a GP and time: those who need one most come first, spread
over the months that are left. Whom the GP follows through Relais are part of the waves too; they keep the
days they had waited before.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select as columns
from sqlmodel import Session, col, func, select

from matching import Needs
from matching.priority import tier_of
from scheduler.accounts.actor import Actor
from scheduler.directory import find_practitioner
from scheduler.errors import InvalidInput, NotFound
from scheduler.referrals.checks import checked_identity
from scheduler.referrals.filing import put_needs
from scheduler.referrals.follow_up import months_after
from scheduler.referrals.history import SIGNALLED, due_on, note, today_in
from scheduler.referrals.instance import age_on
from scheduler.referrals.policies import in_force
from scheduler.referrals.relation import LossReason, lose
from scheduler.referrals.sounds import name_key
from scheduler.referrals.trace import trace
from scheduler.referrals.values import Identity
from scheduler.rows import id_of
from scheduler.store.tables import (
    DepartingPatient,
    Departure,
    Intake,
    Offer,
    OfferState,
    Patient,
    Practitioner,
    Referral,
    ReferralState,
    SignalSource,
)

MONTHS_AHEAD = 6
LONGEST_AHEAD_DAYS = 3 * 366
_FOLLOWED = (ReferralState.ACCEPTED, ReferralState.SEEN, ReferralState.DECLARED)


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelLine:
    """One patient of a panel."""

    identity: Identity
    needs: Needs


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """The patients whose search begins on one day: how many, how many have begun."""

    on: date
    num_patients: int
    num_begun: int


def announce_departure(
    session: Session,
    actor: Actor,
    practitioner_id: int,
    *,
    leaving_on: date,
    months_ahead: int = MONTHS_AHEAD,
    now: datetime,
) -> Departure:
    """Announce the day from which a practitioner no longer practises; announced again, the waves move.

    No new patient is proposed to them within the policy's horizon, and those they follow through Relais
    join the waves.

    Raises
    ------
    NotFound
        When the practitioner is not one this person may manage.
    InvalidInput
        When the day is not one of the three years to come, or the months are not 0 to 24.
    """
    find_practitioner(session, actor, practitioner_id)
    today = today_in(session, actor.territory_id, now)
    if not 0 < (leaving_on - today).days <= LONGEST_AHEAD_DAYS:
        raise InvalidInput("leaving_on", "un jour à venir, dans les trois ans")
    if not 0 <= months_ahead <= 24:
        raise InvalidInput("months_ahead", "un nombre de mois, de 0 à 24")
    departure = departure_of(session, practitioner_id) or Departure(
        practitioner_id=practitioner_id,
        leaving_on=leaving_on,
        first_wave_on=leaving_on,
        created_by=actor.key,
        created_at=now,
    )
    departure.leaving_on = leaving_on
    departure.first_wave_on = max(today, months_after(leaving_on, -months_ahead))
    session.add(departure)
    _set_leaving_on(session, practitioner_id, leaving_on)
    session.flush()
    _add_followed(session, departure, today)
    _plan(session, departure)
    return departure


def cancel_departure(session: Session, actor: Actor, practitioner_id: int, *, now: datetime) -> Departure:
    """Take an announcement back: nobody enters the list any more who has not entered.

    Raises
    ------
    NotFound
        When the practitioner is not one this person may manage, or announced nothing.
    """
    find_practitioner(session, actor, practitioner_id)
    departure = departure_of(session, practitioner_id)
    if departure is None:
        raise NotFound("departure")
    departure.cancelled_at = now
    session.add(departure)
    _set_leaving_on(session, practitioner_id, None)
    for row in _to_enter(session, departure):
        row.dropped_at = now
        session.add(row)
    session.flush()
    return departure


def import_panel(
    session: Session, actor: Actor, practitioner_id: int, lines: Sequence[PanelLine], *, now: datetime
) -> int:
    """Keep the patients of a practitioner who leaves, each with the day their search begins.

    Somebody imported before (same names and birth date) is left as they are.

    Returns
    -------
    How many patients were added.

    Raises
    ------
    NotFound
        When the practitioner is not one this person may manage, or announced no departure.
    InvalidInput
        Naming the first field that is not acceptable; nothing is then imported.
    """
    find_practitioner(session, actor, practitioner_id)
    departure = departure_of(session, practitioner_id)
    if departure is None:
        raise NotFound("departure")
    today = today_in(session, actor.territory_id, now)
    policy = in_force(session, actor.territory_id).policy
    known = _known(session, departure)
    added = 0
    for line in lines:
        identity = checked_identity(line.identity, today=today)
        who = _who(identity.family_name, identity.given_name, identity.birth_date)
        if who in known:
            continue
        known.add(who)
        patient = Patient(created_at=now, **asdict(identity))
        session.add(patient)
        session.flush()
        age = None if identity.birth_date is None else age_on(identity.birth_date, today)
        session.add(
            DepartingPatient(
                departure_id=id_of(departure),
                patient_id=patient.id,
                needs=asdict(line.needs),
                tier=tier_of(line.needs, age, policy.tiers),
                enters_on=departure.first_wave_on,
            )
        )
        added += 1
    session.flush()
    _plan(session, departure)
    return added


def begin_waves(session: Session, actor: Actor, *, now: datetime) -> int:
    """Begin the search of those whose day has come, in the territory; gives how many.

    A patient followed through Relais goes back on the list with their seniority; another is received like
    any signal: the coordination tells them, and asks for their consent.
    """
    today = today_in(session, actor.territory_id, now)
    query = (
        select(DepartingPatient, Departure)
        .join(Departure, col(Departure.id) == col(DepartingPatient.departure_id))
        .join(Practitioner, col(Practitioner.id) == col(Departure.practitioner_id))
        .where(
            col(Practitioner.territory_id) == actor.territory_id,
            col(DepartingPatient.referral_id).is_(None),
            col(DepartingPatient.dropped_at).is_(None),
            col(DepartingPatient.enters_on) <= today,
        )
        .order_by(col(DepartingPatient.enters_on), col(DepartingPatient.tier), col(DepartingPatient.id))
    )
    rows = session.exec(query).all()
    for row, _ in rows:
        referral = _followed_referral(session, row.patient_id)
        if referral is not None:
            lose(session, actor, referral, LossReason.GP_LEFT, now=now)
        elif _any_referral(session, row.patient_id):
            row.dropped_at = now  # found another GP, moved, or died meanwhile
            session.add(row)
            continue
        else:
            referral = _received(session, actor, row, today, now)
        row.referral_id = referral.id
        session.add(row)
        session.flush()
        trace(session, actor, "U", referral.id, referral.patient_id, now=now)
    return len(rows)


def departure_of(session: Session, practitioner_id: int) -> Departure | None:
    """Give the announcement of a practitioner that holds."""
    query = select(Departure).where(
        col(Departure.practitioner_id) == practitioner_id, col(Departure.cancelled_at).is_(None)
    )
    return session.exec(query).first()


def waves_of(session: Session, departure: Departure) -> tuple[Wave, ...]:
    """Count the patients of a departure by the day their search begins."""
    begun = func.count(col(DepartingPatient.referral_id))
    query = (
        columns(col(DepartingPatient.enters_on), func.count(), begun)
        .where(col(DepartingPatient.departure_id) == departure.id, col(DepartingPatient.dropped_at).is_(None))
        .group_by(col(DepartingPatient.enters_on))
        .order_by(col(DepartingPatient.enters_on))
    )
    rows = session.execute(query)
    return tuple(Wave(on=on, num_patients=num, num_begun=num_begun) for on, num, num_begun in rows)


def wave_days(num: int, first_on: date, leaving_on: date) -> list[date]:
    """Spread some patients evenly over monthly waves; the last wave is a month before the end, if it can be.

    Returns
    -------
    One day per patient, never decreasing: the first are those who need a GP most.
    """
    days = [first_on]
    while months_after(days[-1], 2) <= leaving_on:
        days.append(months_after(first_on, len(days)))
    return [days[row * len(days) // num] for row in range(num)]


def _plan(session: Session, departure: Departure) -> None:
    """Give each patient who has not entered yet a day, the most pressing tier first."""
    rows = sorted(_to_enter(session, departure), key=lambda row: (row.tier, str(row.id)))
    days = wave_days(len(rows), departure.first_wave_on, departure.leaving_on)
    for row, day in zip(rows, days, strict=True):
        row.enters_on = day
        session.add(row)
    session.flush()


def _add_followed(session: Session, departure: Departure, today: date) -> None:
    """Put those whom the GP follows through Relais among the patients of the departure."""
    there = select(DepartingPatient.patient_id)
    query = (
        select(Referral, Patient)
        .join(Patient, col(Patient.id) == col(Referral.patient_id))
        .join(Offer, col(Offer.referral_id) == col(Referral.id))
        .join(Intake, col(Intake.id) == col(Offer.intake_id))
        .where(
            col(Intake.practitioner_id) == departure.practitioner_id,
            col(Offer.state) == OfferState.ACCEPTED,
            col(Referral.state).in_(_FOLLOWED),
            col(Referral.erased_at).is_(None),
            col(Patient.id).not_in(there),
        )
    )
    for referral, patient in session.exec(query).all():
        policy = in_force(session, referral.territory_id).policy
        needs: dict[str, Any] = {need: getattr(referral, need) for need in asdict(Needs())}
        age = None if patient.birth_date is None else age_on(patient.birth_date, today)
        session.add(
            DepartingPatient(
                departure_id=id_of(departure),
                patient_id=patient.id,
                needs=needs,
                tier=tier_of(Needs(**needs), age, policy.tiers),
                enters_on=departure.first_wave_on,
            )
        )
    session.flush()


def _to_enter(session: Session, departure: Departure) -> Sequence[DepartingPatient]:
    query = select(DepartingPatient).where(
        col(DepartingPatient.departure_id) == departure.id,
        col(DepartingPatient.referral_id).is_(None),
        col(DepartingPatient.dropped_at).is_(None),
    )
    return session.exec(query).all()


def _known(session: Session, departure: Departure) -> set[tuple[str, str, date | None]]:
    query = (
        select(Patient)
        .join(DepartingPatient, col(DepartingPatient.patient_id) == col(Patient.id))
        .where(col(DepartingPatient.departure_id) == departure.id)
    )
    return {_who(one.family_name, one.given_name, one.birth_date) for one in session.exec(query)}


def _who(family_name: str, given_name: str, born: date | None) -> tuple[str, str, date | None]:
    return name_key(family_name), name_key(given_name), born


def _set_leaving_on(session: Session, practitioner_id: int, leaving_on: date | None) -> None:
    query = select(Intake).where(
        col(Intake.practitioner_id) == practitioner_id, col(Intake.closed_at).is_(None)
    )
    for intake in session.exec(query.with_for_update(key_share=True)):
        intake.leaving_on = leaving_on
        session.add(intake)


def _followed_referral(session: Session, patient_id: UUID) -> Referral | None:
    query = (
        select(Referral)
        .where(col(Referral.patient_id) == patient_id, col(Referral.state).in_(_FOLLOWED))
        .with_for_update(key_share=True)
    )
    return session.exec(query.execution_options(populate_existing=True)).first()


def _any_referral(session: Session, patient_id: UUID) -> bool:
    query = select(Referral.id).where(col(Referral.patient_id) == patient_id)
    return session.exec(query).first() is not None


def _received(session: Session, actor: Actor, row: DepartingPatient, today: date, now: datetime) -> Referral:
    referral = Referral(
        territory_id=actor.territory_id,
        patient_id=row.patient_id,
        state=ReferralState.RECEIVED,
        source=SignalSource.IMPORT,
        waiting_since=today,
        next_action_on=due_on(session, actor.territory_id, ReferralState.RECEIVED, today),
        created_at=now,
        updated_at=now,
    )
    put_needs(referral, Needs(**row.needs))
    session.add(referral)
    session.flush()
    note(session, actor, referral, SIGNALLED, now=now, departure=row.departure_id)
    return referral
