"""Ending or pausing a search: whoever was asked is told; a withdrawn consent hides the file."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.errors import InvalidInput
from scheduler.referrals.filing import has_consent
from scheduler.referrals.history import CONSENT_WITHDRAWN, advance, note, today_in
from scheduler.referrals.life import Step
from scheduler.referrals.relation import accepted_offer, end_relation
from scheduler.referrals.scope import find_referral
from scheduler.referrals.stale import withdraw as supersede
from scheduler.referrals.trace import trace
from scheduler.referrals.unanswered import WithdrawReason, take_back
from scheduler.store.tables import (
    CloseReason,
    Consent,
    Proposal,
    ProposalState,
    Referral,
    ReferralEvent,
    ReferralState,
)

LONGEST_SUSPENSION_DAYS = 366


class SuspendReason(StrEnum):
    """Why a search rests; coded, because free text would hold health data."""

    UNREACHABLE = "unreachable"
    IN_HOSPITAL = "in_hospital"
    AWAY = "away"
    PATIENT_ASKED = "patient_asked"
    OTHER = "other"


def close(
    session: Session, actor: Actor, referral_id: UUID, *, reason: CloseReason, now: datetime
) -> Referral:
    """End a search, or a follow-up, for good.

    A proposal is undone, an open offer withdrawn (the GP is told), the place of an accepted patient free
    again. ``consent_withdrawn`` also hides the file, see ``withdraw_consent``.

    Raises
    ------
    NotFound
        When this person may not reach the referral.
    WrongState
        When it is closed already.
    """
    referral = find_referral(session, actor, referral_id, lock=True)
    if reason is CloseReason.CONSENT_WITHDRAWN:
        _forget_consents(session, actor, referral, now)
    end(session, actor, referral, reason, now=now)
    trace(session, actor, "U", referral.id, referral.patient_id, now=now)
    return referral


def withdraw_consent(session: Session, actor: Actor, referral_id: UUID, *, now: datetime) -> Referral:
    """Follow a patient who no longer agrees that professionals share their file (décret 2016-1349).

    From this transaction on nobody reaches the file, no run considers it, and its open offer is gone. A
    file that was closed before is hidden too.

    Raises
    ------
    NotFound
        When this person may not reach the referral.
    """
    referral = find_referral(session, actor, referral_id, lock=True)
    if referral.state is not ReferralState.CLOSED:
        return close(session, actor, referral_id, reason=CloseReason.CONSENT_WITHDRAWN, now=now)
    _forget_consents(session, actor, referral, now)
    referral.close_reason, referral.updated_at = CloseReason.CONSENT_WITHDRAWN, now
    session.add(referral)
    session.flush()
    trace(session, actor, "U", referral.id, referral.patient_id, now=now)
    return referral


def suspend(
    session: Session,
    actor: Actor,
    referral_id: UUID,
    *,
    reason: SuspendReason,
    until: date | None = None,
    now: datetime,
) -> Referral:
    """Let a search rest; somebody looks at it again on a day, in 30 days unless told otherwise.

    A proposal is undone and an open offer withdrawn; a GP who has accepted keeps the patient.

    Raises
    ------
    NotFound
        When this person may not reach the referral.
    WrongState
        When it rests already, or is over.
    InvalidInput
        When the day is not one of the year to come.
    """
    referral = find_referral(session, actor, referral_id, lock=True)
    today = today_in(session, referral.territory_id, now)
    if until is not None and not 0 < (until - today).days <= LONGEST_SUSPENSION_DAYS:
        raise InvalidInput("until", "un jour à venir, dans l'année")
    _undo_pending(session, actor, referral, Step.SUSPEND, WithdrawReason.SUSPENDED, now)
    detail = {"reason": reason.value, "until": None if until is None else until.isoformat()}
    advance(session, actor, referral, Step.SUSPEND, now=now, detail=detail, next_on=until)
    session.flush()
    trace(session, actor, "U", referral.id, referral.patient_id, now=now)
    return referral


def resume(session: Session, actor: Actor, referral_id: UUID, *, now: datetime) -> Referral:
    """Take a search up again, with its seniority: with the GP who had accepted, else on the waiting list.

    Returns
    -------
    The referral: as the GP had it, or ``waiting``, or ``qualified`` when the consent is missing.

    Raises
    ------
    NotFound
        When this person may not reach the referral.
    WrongState
        When it does not rest.
    """
    referral = find_referral(session, actor, referral_id, lock=True)
    advance(session, actor, referral, _way_back(session, referral), now=now)
    if referral.state is ReferralState.QUALIFIED and has_consent(session, referral.id):
        advance(session, actor, referral, Step.ENLIST, now=now)
    session.flush()
    trace(session, actor, "U", referral.id, referral.patient_id, now=now)
    return referral


def end(session: Session, actor: Actor, referral: Referral, reason: CloseReason, *, now: datetime) -> None:
    """Close a referral that is kept from changing.

    Raises
    ------
    WrongState
        When it is closed already.
    """
    _undo_pending(session, actor, referral, Step.CLOSE, WithdrawReason.CLOSED, now)
    end_relation(session, referral, now=now)
    referral.close_reason = reason
    advance(session, actor, referral, Step.CLOSE, now=now, detail={"reason": reason.value})
    session.flush()


def _undo_pending(
    session: Session, actor: Actor, referral: Referral, step: Step, because: WithdrawReason, now: datetime
) -> None:
    """Undo the proposal, or withdraw the offer, of a referral that leaves the road."""
    if referral.state is ReferralState.OFFERED:
        take_back(session, actor, referral, because, now=now)
    elif referral.state is ReferralState.PROPOSED:
        pending = select(Proposal).where(
            col(Proposal.referral_id) == referral.id, col(Proposal.state) == ProposalState.PROPOSED
        )
        for proposal in session.exec(pending):
            supersede(session, actor, proposal, referral, step.value, now=now)
        session.flush()


def _forget_consents(session: Session, actor: Actor, referral: Referral, now: datetime) -> None:
    given = select(Consent).where(
        col(Consent.referral_id) == referral.id, col(Consent.withdrawn_at).is_(None)
    )
    for consent in session.exec(given):
        consent.withdrawn_at = now
        session.add(consent)
    note(session, actor, referral, CONSENT_WITHDRAWN, now=now)
    joined = select(Referral).where(col(Referral.merged_into) == referral.id)
    for each in session.exec(joined.with_for_update(key_share=True)):  # they are of the same person
        each.close_reason, each.updated_at = CloseReason.CONSENT_WITHDRAWN, now
        session.add(each)


def _way_back(session: Session, referral: Referral) -> Step:
    if accepted_offer(session, referral) is None:
        return Step.RESUME
    query = (
        select(ReferralEvent.from_state)
        .where(col(ReferralEvent.referral_id) == referral.id, col(ReferralEvent.kind) == Step.SUSPEND.value)
        .order_by(col(ReferralEvent.id).desc())
        .limit(1)
    )
    before = session.exec(query).first()
    return Step.RESUME_SEEN if before is ReferralState.SEEN else Step.RESUME_ACCEPTED
