"""Qualifying: the coordination completes a file; with a consent, the patient enters the waiting list."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from scheduler.accounts.actor import Actor
from scheduler.errors import WrongState
from scheduler.referrals.checks import checked_identity
from scheduler.referrals.duplicates import refuse_twin
from scheduler.referrals.filing import add_consent, has_consent, put_identity, put_needs, put_wishes
from scheduler.referrals.history import CORRECTED, advance, note, today_in
from scheduler.referrals.life import CORRECTABLE, Step
from scheduler.referrals.scope import find_referral
from scheduler.referrals.trace import trace
from scheduler.referrals.values import Corrections, Identity
from scheduler.store.tables import Patient, Referral, ReferralState


def qualify(
    session: Session, actor: Actor, referral_id: UUID, corrections: Corrections, *, now: datetime
) -> Referral:
    """Complete a file and, with a consent, put the patient on the waiting list.

    May be called again on a referral that is ``qualified``: that is how a consent comes in later.

    Returns
    -------
    The referral, in state ``waiting``, or ``qualified`` as long as the consent is missing.

    Raises
    ------
    NotFound
        When this person may not reach the referral.
    WrongState
        When it is already on the list or beyond.
    InvalidInput, AlreadySignalled
        As for a signal, about what is corrected.
    """
    identity = _new_identity(session, actor, referral_id, corrections, now)
    referral = find_referral(session, actor, referral_id, lock=True)
    if referral.state not in CORRECTABLE:
        raise WrongState("referral", referral.state.value, Step.QUALIFY.value)
    _correct(session, actor, referral, identity, corrections, now)
    if referral.owner_id is None:
        referral.owner_id = actor.account_id
    if referral.state is ReferralState.RECEIVED:
        advance(session, actor, referral, Step.QUALIFY, now=now)
    if corrections.consent is not None:
        add_consent(session, actor, referral, corrections.consent, now=now)
    session.flush()
    if has_consent(session, referral.id):
        advance(session, actor, referral, Step.ENLIST, now=now)
        session.flush()
    trace(session, actor, "U", referral.id, referral.patient_id, now=now)
    return referral


def _new_identity(
    session: Session, actor: Actor, referral_id: UUID, corrections: Corrections, now: datetime
) -> Identity | None:
    """Check a corrected identity, before the referral is locked: territories are locked first."""
    if corrections.identity is None:
        return None
    identity = checked_identity(corrections.identity, today=today_in(session, actor.territory_id, now))
    refuse_twin(session, actor.territory_id, identity, but=referral_id)
    return identity


def _correct(
    session: Session,
    actor: Actor,
    referral: Referral,
    identity: Identity | None,
    corrections: Corrections,
    now: datetime,
) -> None:
    changed = []
    if identity is not None:
        patient = session.get_one(Patient, referral.patient_id)
        changed += put_identity(patient, identity)
        session.add(patient)
    if corrections.needs is not None:
        changed += put_needs(referral, corrections.needs)
    if corrections.wishes is not None:
        changed += put_wishes(session, referral, corrections.wishes)
    if changed:
        referral.updated_at = now
        session.add(referral)
        note(session, actor, referral, CORRECTED, now=now, fields=sorted(changed))
