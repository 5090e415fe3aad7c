"""A person decides on each proposal: offer it to the practitioner, or send the patient back to the list."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.errors import NotFound, WrongState
from scheduler.referrals.errors import ConsentMissing, NoPlaceLeft
from scheduler.referrals.filing import has_consent
from scheduler.referrals.history import advance, today_in
from scheduler.referrals.life import Step
from scheduler.referrals.places import left_in, taken_places, takes_patients
from scheduler.referrals.scope import find_referral
from scheduler.referrals.trace import trace
from scheduler.rows import id_of
from scheduler.store.tables import Intake, Offer, OfferState, Proposal, ProposalState, Referral

OFFER_DAYS = 3
"""Days a GP has to answer, when the setting ``RELAIS_OFFER_DAYS`` is not passed."""


class RejectReason(StrEnum):
    """Why the coordination does not follow the engine; coded, because free text would hold health data."""

    PATIENT_DECLINES = "patient_declines"
    NOT_SUITABLE = "not_suitable"
    TOO_FAR = "too_far"
    GP_ASKED = "gp_asked"
    OTHER = "other"


def validate(
    session: Session, actor: Actor, proposal_id: UUID, *, now: datetime, offer_days: int = OFFER_DAYS
) -> Offer:
    """Offer a proposed patient to the practitioner.

    Returns
    -------
    The open offer, to be answered within ``offer_days`` days.

    Raises
    ------
    NotFound
        When this person may not reach the proposal.
    WrongState
        When somebody has decided already.
    ConsentMissing
        When the patient withdrew the consent meanwhile.
    NoPlaceLeft
        When the intake was closed, paused or filled meanwhile.
    """
    proposal, referral = _pending(session, actor, proposal_id, step="validate")
    if not has_consent(session, referral.id):
        raise ConsentMissing
    _check_place(session, referral, proposal, now)
    offer = Offer(
        proposal_id=proposal.id,
        referral_id=referral.id,
        intake_id=proposal.intake_id,
        state=OfferState.OPEN,
        sent_at=now,
        expires_at=now + timedelta(days=offer_days),
    )
    _decide(session, actor, proposal, ProposalState.VALIDATED, now)
    session.add(offer)
    advance(session, actor, referral, Step.OFFER, now=now, detail={"offer": str(offer.id)})
    trace(session, actor, "U", referral.id, referral.patient_id, now=now)
    return offer


def reject(
    session: Session, actor: Actor, proposal_id: UUID, *, reason: RejectReason, now: datetime
) -> Referral:
    """Send a proposed patient back to the waiting list, with the seniority they had.

    The same pair is not proposed again as long as the practitioner's intake stays the same.

    Raises
    ------
    NotFound
        When this person may not reach the proposal.
    WrongState
        When somebody has decided already.
    """
    proposal, referral = _pending(session, actor, proposal_id, step="reject")
    _decide(session, actor, proposal, ProposalState.REJECTED, now)
    detail = {"proposal": str(proposal.id), "reason": reason.value}
    advance(session, actor, referral, Step.REJECT, now=now, detail=detail)
    trace(session, actor, "U", referral.id, referral.patient_id, now=now)
    return referral


def _pending(session: Session, actor: Actor, proposal_id: UUID, *, step: str) -> tuple[Proposal, Referral]:
    """Load a proposal that waits for a decision; referral first, then proposal, are kept from changing."""
    seen = session.get(Proposal, proposal_id)
    if seen is None:
        raise NotFound("proposal")
    try:
        referral = find_referral(session, actor, seen.referral_id, lock=True)
    except NotFound:
        raise NotFound("proposal") from None
    session.refresh(seen)  # somebody may have decided while the referral was locked by them
    if seen.state is not ProposalState.PROPOSED:
        raise WrongState("proposal", seen.state.value, step)
    return seen, referral


def _check_place(session: Session, referral: Referral, proposal: Proposal, now: datetime) -> None:
    query = select(Intake).where(col(Intake.id) == proposal.intake_id).with_for_update(key_share=True)
    intake = session.exec(query.execution_options(populate_existing=True)).one()
    taken = taken_places(session, [id_of(intake)], proposed=False)
    left = left_in(intake, taken[id_of(intake)]).take(proposal.tier, proposal.units)
    if left is None or not takes_patients(intake, today_in(session, referral.territory_id, now)):
        raise NoPlaceLeft


def _decide(session: Session, actor: Actor, proposal: Proposal, state: ProposalState, now: datetime) -> None:
    proposal.state = state
    proposal.decided_by = actor.account_id
    proposal.decided_at = now
    session.add(proposal)
