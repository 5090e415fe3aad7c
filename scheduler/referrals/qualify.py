"""Qualifying: the coordination completes a file; with a consent, the patient enters the waiting list."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BindParameter, bindparam
from sqlmodel import Session, select

from scheduler.accounts.actor import Actor
from scheduler.errors import WrongState
from scheduler.referrals.checks import checked_identity, checked_synthesis
from scheduler.referrals.corrections import write_corrections
from scheduler.referrals.duplicates import (
    Suspect,
    note_suspects,
    refuse_twin,
    refuse_while_undecided,
    undecided_of,
)
from scheduler.referrals.filing import add_consent, consents_of
from scheduler.referrals.history import advance, note, today_in
from scheduler.referrals.life import CORRECTABLE, Step
from scheduler.referrals.scope import find_referral
from scheduler.referrals.seen import open_requests_of
from scheduler.referrals.trace import trace
from scheduler.referrals.values import Corrections, Identity
from scheduler.store.tables import Referral, ReferralState

SYNTHESIS_WRITTEN = "synthesis_written"


def qualify(
    session: Session, actor: Actor, referral_id: UUID, corrections: Corrections, *, now: datetime
) -> Referral:
    """Complete a file and, with a consent, put the patient on the waiting list.

    May be called again on a referral that is ``qualified``: that is how a consent comes in later. Somebody
    whose usual GP is being asked to declare first stays ``qualified`` until the answer, or its date.

    Returns
    -------
    The referral, in state ``waiting``, or ``qualified`` as long as something is missing.

    Raises
    ------
    NotFound
        When this person may not reach the referral.
    WrongState
        When it is already on the list or beyond.
    PossibleDuplicate
        When nobody has said yet whether the file is somebody's second one.
    InvalidInput, AlreadySignalled
        As for a signal, about what is corrected.
    """
    identity, alike = _new_identity(session, actor, referral_id, corrections, now)
    referral = find_referral(session, actor, referral_id, lock=True)
    if referral.state not in CORRECTABLE:
        raise WrongState("referral", referral.state.value, Step.QUALIFY.value)
    refuse_while_undecided(session, referral.id)
    write_corrections(session, actor, referral, identity, corrections, now)
    note_suspects(session, referral, alike, now=now)
    if corrections.synthesis is not None:
        put_synthesis(session, actor, referral, corrections.synthesis, now=now)
    if referral.owner_id is None:
        referral.owner_id = actor.account_id
    if referral.state is ReferralState.RECEIVED:
        advance(session, actor, referral, Step.QUALIFY, now=now)
    if corrections.consent is not None:
        add_consent(session, actor, referral, corrections.consent, now=now)
        session.flush()
    with (
        session.no_autoflush
    ):  # what it asks about is written: both steps are, in most files, written at once
        enlist_if_ready(session, actor, referral, now=now)
    session.flush()
    trace(session, actor, "U", referral.id, referral.patient_id, now=now)
    return referral


_WHO: BindParameter[UUID] = bindparam("referral_id")
_HELD_BACK = select(~consents_of(_WHO).exists(), open_requests_of(_WHO).exists(), undecided_of(_WHO).exists())


def enlist_if_ready(session: Session, actor: Actor, referral: Referral, *, now: datetime) -> bool:
    """Put a qualified patient on the waiting list when nothing is missing any more; tell whether it was."""
    if referral.state is not ReferralState.QUALIFIED:
        return False
    if any(session.exec(_HELD_BACK, params={"referral_id": referral.id}).one()):
        return False
    advance(session, actor, referral, Step.ENLIST, now=now)
    session.flush()
    return True


def put_synthesis(session: Session, actor: Actor, referral: Referral, text: str, *, now: datetime) -> None:
    """Keep the coordinator's words in a locked file; the history says that they changed, not what they say.

    Raises
    ------
    InvalidInput
        When the text is too long.
    """
    synthesis = checked_synthesis(text)
    if synthesis == referral.synthesis:
        return
    referral.synthesis, referral.synthesis_by, referral.synthesis_at = synthesis, actor.account_id, now
    referral.updated_at = now
    session.add(referral)
    note(session, actor, referral, SYNTHESIS_WRITTEN, now=now)


def _new_identity(
    session: Session, actor: Actor, referral_id: UUID, corrections: Corrections, now: datetime
) -> tuple[Identity | None, tuple[Suspect, ...]]:
    """Check a corrected identity, before the referral is locked: territories are locked first."""
    if corrections.identity is None:
        return None, ()
    pathway = find_referral(session, actor, referral_id).pathway
    identity = checked_identity(corrections.identity, today=today_in(session, actor.territory_id, now))
    return identity, refuse_twin(session, actor, identity, pathway=pathway, but=referral_id)
