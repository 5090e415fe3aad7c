"""Sending offers: the patients of one home to one GP, with a mail whose link answers for all of them.

The mail is written in the transaction of the offers: neither is ever without the other. It holds no health
data and no identity; of its link only the hash is kept.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.accounts.secrets import hash_of, new_secret
from scheduler.clock import local_day
from scheduler.messages import enqueue
from scheduler.messages.letters_to_gps import offer_reminder, patients_offered
from scheduler.referrals.addresses import page_address
from scheduler.referrals.history import advance, today_in
from scheduler.referrals.life import Step
from scheduler.referrals.recipients import Recipient, recipients
from scheduler.referrals.trace import trace
from scheduler.store.tables import (
    Intake,
    Offer,
    OfferLink,
    OfferState,
    Proposal,
    Referral,
    Territory,
)

OFFER_DAYS = 3
"""Days a GP has to answer, when the setting ``RELAIS_OFFER_DAYS`` is not passed."""

Validated = tuple[Proposal, Referral]
"""A proposal that a person has just validated, and whose it is; both are kept from changing."""


def send_offers(
    session: Session,
    actor: Actor,
    intake: Intake,
    validated: Sequence[Validated],
    *,
    offer_days: int,
    now: datetime,
) -> list[Offer]:
    """Offer the patients of one home to a GP, to be answered together, and write to whoever answers.

    Returns
    -------
    The open offers, in the order of ``validated``.
    """
    group_id, expires_at = uuid4(), now + timedelta(days=offer_days)
    territory = session.get_one(Territory, actor.territory_id)
    offers = []
    for proposal, referral in validated:
        offer = Offer(
            proposal_id=proposal.id,
            referral_id=referral.id,
            intake_id=proposal.intake_id,
            state=OfferState.OPEN,
            sent_at=now,
            expires_at=expires_at,
            group_id=group_id,
        )
        session.add(offer)
        offers.append(offer)
        detail = {
            "offer": str(offer.id),
            "practitioner": intake.practitioner_id,
            "tier": proposal.tier,
            "expires_at": expires_at.isoformat(),
            "group": str(group_id),
        }
        answer_on = local_day(expires_at, territory.zone)
        advance(session, actor, referral, Step.OFFER, now=now, detail=detail, next_on=answer_on)
        trace(session, actor, "U", referral.id, referral.patient_id, now=now)
    session.flush()
    for recipient in recipients(session, intake.practitioner_id, on=local_day(now, territory.zone)):
        link = _link(session, group_id, recipient, expires_at, now)
        letter = patients_offered(
            num_patients=len(offers), answer_by=expires_at, link=link, zone=territory.zone
        )
        enqueue(
            session,
            territory_id=actor.territory_id,
            key=f"patients_offered:{group_id}:{recipient.account_id}",
            recipient=recipient.email,
            letter=letter,
            now=now,
        )
    return offers


def remind(session: Session, actor: Actor, offers: Sequence[Offer], *, now: datetime) -> None:
    """Write once more about offers of one group, with a link of its own: the first may be lost."""
    first = offers[0]
    intake = session.get_one(Intake, first.intake_id)
    zone = session.get_one(Territory, actor.territory_id).zone
    for recipient in recipients(
        session, intake.practitioner_id, on=today_in(session, actor.territory_id, now)
    ):
        link = _link(session, group_of(first), recipient, first.expires_at, now)
        letter = offer_reminder(num_patients=len(offers), answer_by=first.expires_at, link=link, zone=zone)
        enqueue(
            session,
            territory_id=actor.territory_id,
            key=f"offer_reminder:{group_of(first)}:{recipient.account_id}",
            recipient=recipient.email,
            letter=letter,
            now=now,
        )


def group_of(offer: Offer) -> UUID:
    """Give what ties together the offers that are answered at once; an old offer is alone."""
    return offer.group_id or offer.id


def group_members(session: Session, group_id: UUID) -> list[Offer]:
    """List the offers of a group, in one fixed order."""
    in_group = (col(Offer.group_id) == group_id) | (col(Offer.id) == group_id)
    return list(session.exec(select(Offer).where(in_group).order_by(col(Offer.referral_id))))


def _link(session: Session, group_id: UUID, recipient: Recipient, expires_at: datetime, now: datetime) -> str:
    secret = new_secret()
    session.add(
        OfferLink(
            group_id=group_id,
            account_id=recipient.account_id,
            token_hash=hash_of(secret),
            created_at=now,
            expires_at=expires_at,
        )
    )
    return page_address(session, f"/offre/{secret}")
