"""A person decides on each proposal: offer it to the practitioner, to another one, or send the patient back.

Those of one home who are proposed to the same GP go to that GP together: one mail, one answer.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from scheduler.accounts.actor import Actor
from scheduler.errors import Conflict, NotFound, WrongState
from scheduler.referrals.by_person import ChosenBecause, locked_intake, pair
from scheduler.referrals.errors import ConsentMissing, NoPlaceLeft
from scheduler.referrals.filing import has_consent
from scheduler.referrals.history import advance, today_in
from scheduler.referrals.instance import consented
from scheduler.referrals.life import Step
from scheduler.referrals.offers import OFFER_DAYS, Validated, send_offers
from scheduler.referrals.places import Left, left_in, taken_places, takes_patients
from scheduler.referrals.scope import find_referral, reachable
from scheduler.referrals.stale import withdraw as supersede
from scheduler.referrals.trace import trace
from scheduler.rows import id_of
from scheduler.store.engine import Store
from scheduler.store.tables import Intake, Offer, Proposal, ProposalOrigin, ProposalState, Referral

OVERRIDDEN = "overridden"
"""Why a proposal is superseded when a person chooses another GP; kept in the history."""


class RejectReason(StrEnum):
    """Why the coordination does not follow the engine; coded, because free text would hold health data."""

    PATIENT_DECLINES = "patient_declines"
    NOT_SUITABLE = "not_suitable"
    TOO_FAR = "too_far"
    GP_ASKED = "gp_asked"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What became of a batch of proposals: patients offered, and proposals that no longer could be."""

    num_offered: int
    num_refused: int


def validate(
    session: Session, actor: Actor, proposal_id: UUID, *, now: datetime, offer_days: int = OFFER_DAYS
) -> Offer:
    """Offer a proposed patient to the practitioner, with those of the home who are proposed there too.

    Returns
    -------
    The open offer, to be answered within ``offer_days`` days; the others of its group share its answer.

    Raises
    ------
    NotFound
        When this person may not reach the proposal.
    WrongState
        When somebody has decided already.
    ConsentMissing
        When the patient withdrew the consent meanwhile.
    NoPlaceLeft
        When the intake was closed, paused or filled meanwhile; the home goes as a whole, or not.
    """
    return _offered(session, actor, proposal_id, now=now, offer_days=offer_days)[0]


def validate_batch(
    store: Store,
    actor: Actor,
    proposal_ids: Collection[UUID],
    *,
    now: datetime,
    offer_days: int = OFFER_DAYS,
) -> Batch:
    """Validate each of some proposals, each home in its own transaction.

    One that no longer can be offered does not hold the others back.
    """
    offered: set[UUID] = set()
    num_refused = 0
    for proposal_id in proposal_ids:
        if proposal_id in offered:
            continue  # it left with the first of its home
        try:
            with store.write() as session:
                offers = _offered(session, actor, proposal_id, now=now, offer_days=offer_days)
        except (Conflict, NotFound):
            num_refused += 1
        else:
            offered |= {offer.proposal_id for offer in offers}
    return Batch(num_offered=len(offered), num_refused=num_refused)


def override(
    session: Session,
    actor: Actor,
    proposal_id: UUID,
    *,
    practitioner_id: int,
    because: ChosenBecause,
    now: datetime,
    offer_days: int = OFFER_DAYS,
) -> Offer:
    """Offer a proposed patient to another practitioner than the engine's, for a coded reason.

    Only this patient goes there; the rest of the home stays proposed as it was.

    Raises
    ------
    NotFound, WrongState, ConsentMissing, NoPlaceLeft
        As ``validate``.
    """
    seen = _seen(session, proposal_id)
    referral = _reached(session, actor, seen)
    session.refresh(seen)  # somebody may have decided while the referral was locked by them
    _check_pending(seen, "override")
    _check_consent(session, referral)
    supersede(session, actor, seen, referral, OVERRIDDEN, now=now)
    session.flush()
    return _offer_by_person(
        session,
        actor,
        referral,
        practitioner_id,
        ProposalOrigin.OVERRIDE,
        because,
        run_id=seen.run_id,
        now=now,
        offer_days=offer_days,
    )


def offer_by_hand(
    session: Session,
    actor: Actor,
    referral_id: UUID,
    *,
    practitioner_id: int,
    because: ChosenBecause,
    origin: ProposalOrigin = ProposalOrigin.HAND,
    now: datetime,
    offer_days: int = OFFER_DAYS,
) -> Offer:
    """Offer a waiting patient to a practitioner that a person found, without the engine.

    Raises
    ------
    NotFound
        When this person may not reach the referral.
    WrongState
        When the patient does not wait.
    ConsentMissing, NoPlaceLeft
        As ``validate``.
    """
    referral = find_referral(session, actor, referral_id, lock=True)
    _check_consent(session, referral)
    return _offer_by_person(
        session,
        actor,
        referral,
        practitioner_id,
        origin,
        because,
        run_id=None,
        now=now,
        offer_days=offer_days,
    )


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
    proposal = _seen(session, proposal_id)
    referral = _reached(session, actor, proposal)
    session.refresh(proposal)
    _check_pending(proposal, "reject")
    _decide(session, actor, proposal, ProposalState.REJECTED, now)
    detail = {"proposal": str(proposal.id), "reason": reason.value}
    advance(session, actor, referral, Step.REJECT, now=now, detail=detail)
    trace(session, actor, "U", referral.id, referral.patient_id, now=now)
    return referral


def _offered(
    session: Session, actor: Actor, proposal_id: UUID, *, now: datetime, offer_days: int
) -> list[Offer]:
    home = _pending_home(session, actor, _seen(session, proposal_id))
    _check_consent(session, home[0][1])
    intake = locked_intake(session, home[0][0].intake_id)
    _check_places(session, intake, home, now)
    for proposal, _ in home:
        _decide(session, actor, proposal, ProposalState.VALIDATED, now)
    return send_offers(session, actor, intake, home, offer_days=offer_days, now=now)


def _offer_by_person(
    session: Session,
    actor: Actor,
    referral: Referral,
    practitioner_id: int,
    origin: ProposalOrigin,
    because: ChosenBecause,
    *,
    run_id: UUID | None,
    now: datetime,
    offer_days: int,
) -> Offer:
    proposal, intake = pair(
        session, actor, referral, practitioner_id, origin, because, run_id=run_id, now=now
    )
    chosen = [(proposal, referral)]
    _check_places(session, intake, chosen, now)
    _decide(session, actor, proposal, ProposalState.VALIDATED, now)
    return send_offers(session, actor, intake, chosen, offer_days=offer_days, now=now)[0]


def _seen(session: Session, proposal_id: UUID) -> Proposal:
    proposal = session.get(Proposal, proposal_id)
    if proposal is None:
        raise NotFound("proposal")
    return proposal


def _reached(session: Session, actor: Actor, proposal: Proposal, *, lock: bool = True) -> Referral:
    """Load the referral of a proposal; referral first, then proposal, are kept from changing."""
    try:
        return find_referral(session, actor, proposal.referral_id, lock=lock)
    except NotFound:
        raise NotFound("proposal") from None


def _check_pending(proposal: Proposal, step: str) -> None:
    if proposal.state is not ProposalState.PROPOSED:
        raise WrongState("proposal", proposal.state.value, step)


def _check_consent(session: Session, referral: Referral) -> None:
    if not has_consent(session, referral.id):
        raise ConsentMissing


def _pending_home(session: Session, actor: Actor, seen: Proposal) -> list[Validated]:
    """Load a proposal that waits for a decision, first, and those of the same home at the same GP."""
    asked = _reached(session, actor, seen, lock=False)
    theirs = col(Referral.id) == asked.id
    if asked.household_id is not None:
        theirs |= col(Referral.id).in_(_proposed_with(seen.intake_id, asked.household_id))
    locked = (
        select(Referral)
        .where(reachable(actor), theirs)
        .order_by(col(Referral.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    referrals = {referral.id: referral for referral in session.exec(locked)}
    pending = (
        select(Proposal)
        .where(
            col(Proposal.referral_id).in_(list(referrals)),
            col(Proposal.intake_id) == seen.intake_id,
            col(Proposal.state) == ProposalState.PROPOSED,
        )
        .order_by(col(Proposal.referral_id))
        .execution_options(populate_existing=True)
    )
    home = [(proposal, referrals[proposal.referral_id]) for proposal in session.exec(pending)]
    session.refresh(seen)
    _check_pending(seen, "validate")
    return sorted(home, key=lambda each: each[0].id != seen.id)


def _proposed_with(intake_id: int, household_id: UUID) -> SelectOfScalar[UUID]:
    """Select the referrals of a home that are proposed to one GP and may be offered."""
    return (
        select(Proposal.referral_id)
        .join(Referral, col(Referral.id) == col(Proposal.referral_id))
        .where(
            col(Proposal.intake_id) == intake_id,
            col(Proposal.state) == ProposalState.PROPOSED,
            col(Referral.household_id) == household_id,
            consented(),
        )
    )


def _check_places(session: Session, intake: Intake, home: Sequence[Validated], now: datetime) -> None:
    taken = taken_places(session, [id_of(intake)], proposed=False)
    left: Left | None = left_in(intake, taken[id_of(intake)])
    for proposal, _ in home:
        left = left.take(proposal.tier, proposal.units) if left else None
    if left is None or not takes_patients(intake, today_in(session, home[0][1].territory_id, now)):
        raise NoPlaceLeft


def _decide(session: Session, actor: Actor, proposal: Proposal, state: ProposalState, now: datetime) -> None:
    proposal.state = state
    proposal.decided_by = actor.account_id
    proposal.decided_at = now
    session.add(proposal)
