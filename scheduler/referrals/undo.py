"""A validation taken back before anything left: the mail is withdrawn, the patients are proposed as before.

The GP has not been told, so nobody is. Once a mail has left, or is being handed over, the way back is to
withdraw the offer, which tells the GP.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, delete, select

from scheduler.accounts.actor import Actor
from scheduler.errors import NotFound
from scheduler.referrals.errors import OfferLeft
from scheduler.referrals.history import advance
from scheduler.referrals.life import Step
from scheduler.referrals.offers import group_members, group_of
from scheduler.referrals.scope import BY_ID, reachable
from scheduler.referrals.trace import trace
from scheduler.referrals.unanswered import WithdrawReason
from scheduler.store.tables import (
    Intake,
    Message,
    MessageState,
    Offer,
    OfferLink,
    OfferState,
    Practitioner,
    Proposal,
    ProposalState,
    Referral,
)

WITHOUT_MAIL = timedelta(minutes=10)
"""How long an offer to a GP who gets no mail can be taken back: they may look at their page meanwhile."""
_TAKEN_BACK = "taken_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """Offers of one home to one GP that nobody has been told of."""

    group_id: UUID
    practitioner_name: str
    num_patients: int


def unsent_offers(session: Session, actor: Actor, *, now: datetime) -> tuple[Unsent, ...]:
    """List what can still be taken back, the last validated first; numbers, nobody's file."""
    query = (
        select(Offer, Practitioner)
        .join(Referral, col(Referral.id) == col(Offer.referral_id))
        .join(Intake, col(Intake.id) == col(Offer.intake_id))
        .join(Practitioner, col(Practitioner.id) == col(Intake.practitioner_id))
        .where(
            reachable(actor),
            col(Offer.state) == OfferState.OPEN,
            col(Offer.sent_at) > now - WITHOUT_MAIL,
        )
        .order_by(col(Offer.sent_at).desc(), col(Offer.id))
    )
    names: dict[UUID, str] = {}
    counts: dict[UUID, int] = {}
    for offer, practitioner in session.exec(query):
        names[group_of(offer)] = f"Dr {practitioner.given_name} {practitioner.family_name}"
        counts[group_of(offer)] = counts.get(group_of(offer), 0) + 1
    told = _told(session, names)
    return tuple(
        Unsent(group_id=group, practitioner_name=name, num_patients=counts[group])
        for group, name in names.items()
        if group not in told
    )


def undo_validation(session: Session, actor: Actor, group_id: UUID, *, now: datetime) -> int:
    """Take the offers of a home back and propose them as before; return how many patients it concerns.

    Raises
    ------
    NotFound
        When this person may not reach them.
    OfferLeft
        When a mail has left, or somebody has answered: the offer can be withdrawn, no longer undone.
    """
    members = group_members(session, group_id)
    referrals = _locked(session, actor, members)
    if not members or len(referrals) < len(members):
        raise NotFound("offer")
    for offer in members:
        session.refresh(offer)  # somebody may have answered while the referrals were locked by them
    too_late = members[0].sent_at <= now - WITHOUT_MAIL
    if too_late or any(offer.state is not OfferState.OPEN for offer in members):
        raise OfferLeft
    _take_mails_back(session, group_id)
    for offer in members:
        _propose_again(session, actor, offer, referrals[offer.referral_id], now)
    return len(members)


def _locked(session: Session, actor: Actor, offers: Sequence[Offer]) -> dict[UUID, Referral]:
    query = (
        select(Referral)
        .with_hint(Referral, BY_ID, "sqlite")
        .where(reachable(actor), col(Referral.id).in_([offer.referral_id for offer in offers]))
        .order_by(col(Referral.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {referral.id: referral for referral in session.exec(query)}


def _take_mails_back(session: Session, group_id: UUID) -> None:
    """Drop the mails that wait and the links they hold; refuse where one is on its way."""
    query = select(Message).where(col(Message.key).startswith(_key(group_id))).with_for_update()
    mails = session.exec(query.execution_options(populate_existing=True)).all()
    if any(_is_told(mail) for mail in mails):
        raise OfferLeft
    for mail in mails:
        session.delete(mail)
    session.exec(delete(OfferLink).where(col(OfferLink.group_id) == group_id))
    session.flush()


def _propose_again(session: Session, actor: Actor, offer: Offer, referral: Referral, now: datetime) -> None:
    """End the offer, and put a fresh copy of its proposal in front of the coordination."""
    offer.state, offer.answered_at, offer.answered_by = OfferState.WITHDRAWN, now, actor.key
    intake = session.get_one(Intake, offer.intake_id)
    before = session.get_one(Proposal, offer.proposal_id)
    before.state, before.because = ProposalState.SUPERSEDED, _TAKEN_BACK
    session.add_all([offer, before])
    detail = {
        "offer": str(offer.id),
        "practitioner": intake.practitioner_id,
        "because": WithdrawReason.MISTAKE.value,
    }
    advance(session, actor, referral, Step.WITHDRAW, now=now, detail=detail)
    session.flush()
    again = Proposal(
        run_id=before.run_id,
        referral_id=before.referral_id,
        intake_id=before.intake_id,
        state=ProposalState.PROPOSED,
        tier=before.tier,
        units=before.units,
        travel_s=before.travel_s,
        distance_m=before.distance_m,
        reason=before.reason,
        facts=before.facts,
        created_at=now,
        origin=before.origin,
        chosen_because=before.chosen_because,
    )
    session.add(again)
    detail = {
        "proposal": str(again.id),
        "tier": again.tier,
        "practitioner": intake.practitioner_id,
        "origin": again.origin.value,
        "because": _TAKEN_BACK,
    }
    advance(session, actor, referral, Step.PROPOSE, now=now, detail=detail)
    trace(session, actor, "U", referral.id, referral.patient_id, now=now)


def _told(session: Session, groups: Iterable[UUID]) -> set[UUID]:
    """Give the groups of which a mail has left or is being handed over."""
    found = set()
    for group in groups:
        query = select(Message).where(col(Message.key).startswith(_key(group)))
        if any(_is_told(mail) for mail in session.exec(query)):
            found.add(group)
    return found


def _is_told(mail: Message) -> bool:
    return mail.state is not MessageState.WAITING or mail.num_attempts > 0


def _key(group_id: UUID) -> str:
    return f"patients_offered:{group_id}:"
