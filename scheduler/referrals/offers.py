"""Sending offers: the patients of one home to one GP, with a mail whose link answers for all of them.

The mail is written in the transaction of the offers: neither is ever without the other. It holds no health
data and no identity; of its link only the hash is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, bindparam
from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.accounts.secrets import hash_of, new_secret
from scheduler.clock import local_day
from scheduler.messages.letters_to_gps import offer_reminder, patients_offered
from scheduler.messages.outbox import ToTell, enqueue_all
from scheduler.referrals.addresses import page_address
from scheduler.referrals.history import advance, home_of
from scheduler.referrals.life import Step
from scheduler.referrals.recipients import Recipient, recipients_of
from scheduler.referrals.trace import trace
from scheduler.store.appending import append
from scheduler.store.tables import (
    Intake,
    Offer,
    OfferLink,
    OfferState,
    Proposal,
    Referral,
    Territory,
)
from scheduler.territory.working_days import same_hour_after

OFFER_DAYS = 3
"""Working days a GP has to answer, when the setting ``RELAIS_OFFER_DAYS`` is not passed."""

Validated = tuple[Proposal, Referral]
"""A proposal that a person has just validated, and whose it is; both are kept from changing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForGp:
    """The patients of one home, validated to be offered to one GP together."""

    intake: Intake
    validated: Sequence[Validated]


def send_offers(
    session: Session, actor: Actor, homes: Sequence[ForGp], *, offer_days: int, now: datetime
) -> list[list[Offer]]:
    """Offer the patients of each home to a GP, to be answered together, and write to whoever answers.

    Returns
    -------
    For each home its open offers, in the order of ``validated``.
    """
    zone = session.get_one(Territory, actor.territory_id).zone
    expires_at = same_hour_after(now, offer_days, zone, home_of(session, actor.territory_id))
    offered = [
        _offer_home(session, actor, home, expires_at, local_day(expires_at, zone), now) for home in homes
    ]
    session.flush()
    whom = recipients_of(session, {home.intake.practitioner_id for home in homes}, on=local_day(now, zone))
    told = [
        ToTell(
            key=f"patients_offered:{group_of(offers[0])}:{recipient.account_id}",
            recipient=recipient.email,
            letter=patients_offered(
                num_patients=len(offers),
                answer_by=expires_at,
                link=_link(session, group_of(offers[0]), recipient, expires_at, now),
                zone=zone,
            ),
        )
        for home, offers in zip(homes, offered, strict=True)
        for recipient in whom[home.intake.practitioner_id]
    ]
    enqueue_all(session, told, territory_id=actor.territory_id, now=now)
    return offered


def _offer_home(
    session: Session, actor: Actor, home: ForGp, expires_at: datetime, answer_on: date, now: datetime
) -> list[Offer]:
    group_id, offers = uuid4(), []
    for proposal, referral in home.validated:
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
            "practitioner": home.intake.practitioner_id,
            "tier": proposal.tier,
            "expires_at": expires_at.isoformat(),
            "group": str(group_id),
        }
        advance(session, actor, referral, Step.OFFER, now=now, detail=detail, next_on=answer_on)
        trace(session, actor, "U", referral.id, referral.patient_id, now=now)
    return offers


def remind(
    session: Session, actor: Actor, groups: Sequence[tuple[int, Sequence[Offer]]], *, now: datetime
) -> None:
    """Write once more about groups of offers, with a link of its own for each: the first may be lost.

    Parameters
    ----------
    groups
        The id of the practitioner who was asked, and the offers answered together.
    """
    if not groups:
        return
    zone = session.get_one(Territory, actor.territory_id).zone
    whom = recipients_of(session, {who for who, _ in groups}, on=local_day(now, zone))
    told = [
        ToTell(
            key=f"offer_reminder:{group_of(first)}:{recipient.account_id}",
            recipient=recipient.email,
            letter=offer_reminder(
                num_patients=1 + len(others),
                answer_by=first.expires_at,
                link=_link(session, group_of(first), recipient, first.expires_at, now),
                zone=zone,
            ),
        )
        for who, (first, *others) in groups
        for recipient in whom[who]
    ]
    enqueue_all(session, told, territory_id=actor.territory_id, now=now)


def group_of(offer: Offer) -> UUID:
    """Give what ties together the offers that are answered at once; an old offer is alone."""
    return offer.group_id or offer.id


def group_members(session: Session, group_id: UUID) -> list[Offer]:
    """List the offers of a group as they are now, in one fixed order."""
    return list(session.exec(_MEMBERS, params={"group_id": group_id}))


IN_GROUP: ColumnElement[bool] = (col(Offer.group_id) == bindparam("group_id")) | (
    col(Offer.id) == bindparam("group_id")
)
"""The condition on an ``Offer`` of the group given as ``group_id``."""
_MEMBERS = (
    select(Offer).where(IN_GROUP).order_by(col(Offer.referral_id)).execution_options(populate_existing=True)
)


def _link(session: Session, group_id: UUID, recipient: Recipient, expires_at: datetime, now: datetime) -> str:
    secret = new_secret()
    append(
        session,
        OfferLink,
        group_id=group_id,
        account_id=recipient.account_id,
        token_hash=hash_of(secret),
        created_at=now,
        expires_at=expires_at,
    )
    return page_address(session, f"/offre/{secret}")
