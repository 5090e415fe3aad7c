"""Signalling a patient: the referral is received, dated, ranked, and in somebody's worklist."""

from dataclasses import asdict
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from scheduler.accounts.actor import Actor
from scheduler.referrals.checks import check_source, check_waiting_since, checked_answers, checked_identity
from scheduler.referrals.duplicates import note_suspects, refuse_twin
from scheduler.referrals.filing import add_consent, add_seen, put_answers, put_needs, put_wishes
from scheduler.referrals.history import SIGNALLED, due_on, note, today_in
from scheduler.referrals.pathways import pathway_in_force
from scheduler.referrals.ranking import record_place, rules_for
from scheduler.referrals.scope import find_referral
from scheduler.referrals.trace import trace
from scheduler.referrals.values import Signal
from scheduler.store.tables import Household, Patient, Referral, ReferralState


def signal(session: Session, actor: Actor, given: Signal, *, now: datetime) -> Referral:
    """Receive a signal.

    Without a consent the referral is received, and may be qualified, but is never matched. A file that
    resembles an open one is received too, and waits for the coordination to say whether they are one.

    Returns
    -------
    The new referral, in state ``received``, flushed.

    Raises
    ------
    InvalidInput
        Naming the first field that is not acceptable.
    AlreadySignalled
        When the same person has an open referral that this person may reach.
    UnknownPathway
        When the territory has no such pathway.
    NotFound
        When ``household_with`` is not a referral this person may reach.
    """
    today = today_in(session, actor.territory_id, now)
    pathway = pathway_in_force(session, actor.territory_id, given.pathway)
    check_source(actor, given.source, pathway)
    identity = checked_identity(given.identity, today=today)
    check_waiting_since(given.waiting_since or today, today=today)
    alike = refuse_twin(session, actor, identity, pathway=given.pathway)
    patient = Patient(created_at=now, **asdict(identity))
    session.add(patient)
    session.flush()
    due = due_on(session, actor.territory_id, ReferralState.RECEIVED, today)
    referral = _received(actor, patient, given, today=today, due=due, now=now)
    put_needs(referral, given.needs)
    put_answers(referral, checked_answers(given.answers, pathway))
    put_wishes(session, referral, given.wishes)
    if given.household_with is not None:
        referral.household_id = _household_with(session, actor, given.household_with, now)
    rules = rules_for(session, actor.territory_id, pathway)
    record_place(session, actor, referral, patient, rules, because=None, now=now)
    session.add(referral)
    session.flush()
    add_seen(session, referral, given.seen)
    told = {"pathway": given.pathway, "source": given.source.value, "tier": referral.tier}
    note(session, actor, referral, SIGNALLED, now=now, **told)
    if given.consent is not None:
        add_consent(session, actor, referral, given.consent, now=now)
    note_suspects(session, referral, alike, now=now)
    trace(session, actor, "C", referral.id, patient.id, now=now)
    return referral


def _received(
    actor: Actor, patient: Patient, given: Signal, *, today: date, due: date | None, now: datetime
) -> Referral:
    return Referral(
        territory_id=actor.territory_id,
        patient_id=patient.id,
        pathway=given.pathway,
        state=ReferralState.RECEIVED,
        waiting_since=given.waiting_since or today,
        source=given.source,
        import_id=given.import_id,
        signalled_by=actor.account_id,
        next_action_on=due,
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
