"""Signalling a patient without a GP: the referral is received, dated, and in somebody's worklist."""

from dataclasses import asdict
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from scheduler.accounts.actor import Actor
from scheduler.referrals.checks import check_waiting_since, checked_identity
from scheduler.referrals.duplicates import refuse_twin
from scheduler.referrals.filing import add_consent, put_needs, put_wishes
from scheduler.referrals.history import SIGNALLED, note, today_in
from scheduler.referrals.life import next_action_on
from scheduler.referrals.scope import find_referral
from scheduler.referrals.trace import trace
from scheduler.referrals.values import Signal
from scheduler.store.tables import Household, Patient, Referral, ReferralState


def signal(session: Session, actor: Actor, given: Signal, *, now: datetime) -> Referral:
    """Receive a signal.

    Without a consent the referral is received, and may be qualified, but is never matched.

    Returns
    -------
    The new referral, in state ``received``, flushed.

    Raises
    ------
    InvalidInput
        Naming the first field that is not acceptable.
    AlreadySignalled
        When the same person has an open referral in the territory.
    NotFound
        When ``household_with`` is not a referral this person may reach.
    """
    today = today_in(session, actor.territory_id, now)
    identity = checked_identity(given.identity, today=today)
    check_waiting_since(given.waiting_since or today, today=today)
    refuse_twin(session, actor.territory_id, identity)
    patient = Patient(created_at=now, **asdict(identity))
    session.add(patient)
    session.flush()
    referral = _received(actor, patient, given.waiting_since or today, today, now)
    put_needs(referral, given.needs)
    put_wishes(session, referral, given.wishes)
    if given.household_with is not None:
        referral.household_id = _household_with(session, actor, given.household_with, now)
    session.add(referral)
    session.flush()
    note(session, actor, referral, SIGNALLED, now=now)
    if given.consent is not None:
        add_consent(session, actor, referral, given.consent, now=now)
    session.flush()
    trace(session, actor, "C", referral.id, patient.id, now=now)
    return referral


def _received(actor: Actor, patient: Patient, since: date, today: date, now: datetime) -> Referral:
    return Referral(
        territory_id=actor.territory_id,
        patient_id=patient.id,
        state=ReferralState.RECEIVED,
        waiting_since=since,
        signalled_by=actor.account_id,
        next_action_on=next_action_on(ReferralState.RECEIVED, today),
        created_at=now,
        updated_at=now,
    )


def _household_with(session: Session, actor: Actor, referral_id: UUID, now: datetime) -> UUID:
    """Join the household of another referral, founding it when that person was alone."""
    other = find_referral(session, actor, referral_id, lock=True)
    if other.household_id is None:
        household = Household(territory_id=other.territory_id)
        session.add(household)
        session.flush()
        other.household_id = household.id
        other.updated_at = now
        session.add(other)
    return other.household_id
