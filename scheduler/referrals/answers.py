"""Answering an offer: a GP, their secretary or their delegate, signed in or by the link of a mail.

Offers of one group are answered together, once, whoever is first. What stands on the link's page tells
nobody's identity: the identity is read behind sign-in, once accepted, and each reading is audited.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import bindparam
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.accounts.secrets import hash_of
from scheduler.errors import NotFound
from scheduler.referrals.by_person import locked_intake
from scheduler.referrals.errors import IntakeFull, OfferAnswered, OfferOver
from scheduler.referrals.history import advance, today_in
from scheduler.referrals.life import Step, next_action_on
from scheduler.referrals.offers import IN_GROUP, group_members, group_of
from scheduler.referrals.profile import Profile, profile_of
from scheduler.referrals.recipients import SURGERY, answers_for
from scheduler.referrals.trace import trace
from scheduler.rows import id_of
from scheduler.store.tables import (
    Account,
    Grant,
    Intake,
    Offer,
    OfferLink,
    OfferState,
    Patient,
    Practitioner,
    Proposal,
    Referral,
    ReferralState,
    Role,
)
from scheduler.store.violations import broken_invariant

FIRST_VISIT_DAYS = 14
"""Within so many days a patient of tier 1 should have seen the GP who accepted them."""


class DeclineReason(StrEnum):
    """Why a GP does not take a patient; coded, because free text would hold health data."""

    FULL = "full"
    WORKLOAD = "workload"
    TOO_FAR = "too_far"
    NO_HOME_VISITS = "no_home_visits"
    NOT_MY_PRACTICE = "not_my_practice"
    AWAY = "away"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferShown:
    """A group of offers as whoever answers it sees it.

    Parameters
    ----------
    state : OfferState
        ``open`` until its end, even before the job that expires it has passed: see ``over``.
    members : tuple of Profile
        Those who would be taken on together; several when they are of one household.
    """

    id: UUID
    state: OfferState
    over: bool
    sent_at: datetime
    expires_at: datetime
    answered_at: datetime | None
    practitioner_id: int
    practitioner_name: str
    members: tuple[Profile, ...]

    @property
    def open(self) -> bool:
        """Whether it can still be answered."""
        return self.state is OfferState.OPEN and not self.over


def show_offer(session: Session, actor: Actor, offer_id: UUID, *, now: datetime) -> OfferShown:
    """Read an offer, without any identity; takes a write session, one audit row per patient.

    Raises
    ------
    NotFound
        When this person does not answer for its practitioner.
    """
    offer, practitioner = _reached(session, actor, offer_id, now)
    return _shown(session, actor, group_members(session, group_of(offer)), practitioner, now)


def list_open_offers(session: Session, actor: Actor, *, now: datetime) -> tuple[OfferShown, ...]:
    """List the offers this person may answer now, those that end first before the others."""
    today = today_in(session, actor.territory_id, now)
    query = (
        select(Offer, Practitioner)
        .join(Intake, col(Intake.id) == col(Offer.intake_id))
        .join(Practitioner, col(Practitioner.id) == col(Intake.practitioner_id))
        .where(
            col(Practitioner.id).in_(answers_for(session, actor, on=today)),
            col(Practitioner.territory_id) == actor.territory_id,
            col(Offer.state) == OfferState.OPEN,
            col(Offer.expires_at) > now,
        )
        .order_by(col(Offer.expires_at), col(Offer.id))
    )
    groups: dict[UUID, tuple[list[Offer], Practitioner]] = {}
    for offer, practitioner in session.exec(query):
        groups.setdefault(group_of(offer), ([], practitioner))[0].append(offer)
    return tuple(_shown(session, actor, offers, who, now) for offers, who in groups.values())


def accept(session: Session, actor: Actor, offer_id: UUID, *, now: datetime) -> tuple[Offer, ...]:
    """Take on the patients of an offer; their identity may be read from then on.

    Returns
    -------
    The offers that were accepted: several when they are answered together.

    Raises
    ------
    NotFound
        When this person does not answer for its practitioner.
    OfferAnswered
        When it was answered or withdrawn already.
    OfferOver
        When its time is over, whether or not the job that expires it has passed.
    IntakeFull
        When the practitioner's places are all taken by patients accepted before.
    """
    offers, practitioner_id = _to_answer(session, actor, offer_id, now)
    _take(session, actor, [offer for offer, _ in offers], now)
    for offer, referral in offers:
        _accepted(session, actor, offer, referral, practitioner_id, now)
    return tuple(offer for offer, _ in offers)


def decline(
    session: Session, actor: Actor, offer_id: UUID, *, reason: DeclineReason, now: datetime
) -> tuple[Offer, ...]:
    """Leave the patients of an offer to others; they wait again with their seniority.

    Raises
    ------
    NotFound, OfferAnswered, OfferOver
        As ``accept``.
    """
    offers, practitioner_id = _to_answer(session, actor, offer_id, now)
    for offer, referral in offers:
        offer.decline_reason = reason.value
        offer.state, offer.answered_at, offer.answered_by = OfferState.DECLINED, now, actor.key
        session.add(offer)
        detail = {"offer": str(offer.id), "practitioner": practitioner_id, "reason": reason.value}
        advance(session, actor, referral, Step.DECLINE, now=now, detail=detail)
        trace(session, actor, "U", referral.id, referral.patient_id, now=now)
    session.flush()
    return tuple(offer for offer, _ in offers)


def behind_link(session: Session, secret: str) -> tuple[Actor, UUID]:
    """Tell who holds the link of a mail, and which offer it answers.

    Raises
    ------
    NotFound
        When the link is unknown, or its holder has left the surgery or Relais since.
    """
    query = (
        select(OfferLink, Practitioner, Offer.id)
        .join(Offer, col(Offer.group_id) == col(OfferLink.group_id))
        .join(Intake, col(Intake.id) == col(Offer.intake_id))
        .join(Practitioner, col(Practitioner.id) == col(Intake.practitioner_id))
        .where(col(OfferLink.token_hash) == hash_of(secret))
        .order_by(col(Offer.referral_id))
    )
    if (found := session.exec(query).first()) is None:
        raise NotFound("offer_link")
    link, practitioner, offer_id = found
    role = _role_of_holder(session, link.account_id, practitioner.territory_id)
    actor = Actor(
        key=f"link:{link.id}",
        role=role,
        territory_id=practitioner.territory_id,
        account_id=link.account_id,
        practitioner_id=practitioner.id,
    )
    return actor, offer_id


def mark_used(session: Session, secret: str, *, now: datetime) -> None:
    """Note that the link of a mail has had its effect."""
    link = session.exec(select(OfferLink).where(col(OfferLink.token_hash) == hash_of(secret))).one()
    link.used_at = link.used_at or now
    session.add(link)
    session.flush()


def _role_of_holder(session: Session, account_id: UUID, territory_id: int) -> Role:
    """Give the role somebody answers in: GP before secretary, whatever else they are."""
    query = (
        select(Grant.role)
        .join(Account, col(Account.id) == col(Grant.account_id))
        .where(
            col(Account.id) == account_id,
            col(Account.active),
            col(Grant.territory_id) == territory_id,
            col(Grant.role).in_(SURGERY),
        )
    )
    held = set(session.exec(query))
    if not held:
        raise NotFound("offer_link")
    return Role.GP if Role.GP in held else Role.SECRETARY


def _reached(session: Session, actor: Actor, offer_id: UUID, now: datetime) -> tuple[Offer, Practitioner]:
    """Load an offer of a practitioner this person answers for; the coordination answers by telephone."""
    asked = {"offer_id": offer_id, "territory_id": actor.territory_id}
    if (found := session.exec(_WITH_GP, params=asked).first()) is None:
        raise NotFound("offer")
    offer, practitioner = found
    today = today_in(session, actor.territory_id, now)
    if actor.role is not Role.COORDINATOR and practitioner.id not in answers_for(session, actor, on=today):
        raise NotFound("offer")
    return offer, practitioner


def _to_answer(
    session: Session, actor: Actor, offer_id: UUID, now: datetime
) -> tuple[list[tuple[Offer, Referral]], int]:
    """Load the open offers of a group; referrals, then the intake, then the offers are kept from changing."""
    seen, practitioner = _reached(session, actor, offer_id, now)
    group_id = group_of(seen)
    referrals = _locked(session, group_id)
    locked_intake(session, seen.intake_id)
    members = group_members(session, group_id)  # somebody may have answered before the referrals were locked
    still_open = [offer for offer in members if offer.state is OfferState.OPEN]
    if not still_open:
        raise OfferAnswered(seen.state)
    if still_open[0].expires_at <= now:
        raise OfferOver
    return [(offer, referrals[offer.referral_id]) for offer in still_open], id_of(practitioner)


def _locked(session: Session, group_id: UUID) -> dict[UUID, Referral]:
    """Load the referrals of a group of offers, which never gains one, and keep them from changing."""
    rows = session.exec(_OF_GROUP, params={"group_id": group_id})
    return {referral.id: referral for referral in rows}


_OF_GROUP = (
    select(Referral)
    .where(col(Referral.id).in_(select(Offer.referral_id).where(IN_GROUP)))
    .order_by(col(Referral.id))
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)
_TIER = select(Proposal.tier).where(col(Proposal.id) == bindparam("proposal_id"))
_WITH_GP = (
    select(Offer, Practitioner)
    .join(Intake, col(Intake.id) == col(Offer.intake_id))
    .join(Practitioner, col(Practitioner.id) == col(Intake.practitioner_id))
    .where(
        col(Offer.id) == bindparam("offer_id"), col(Practitioner.territory_id) == bindparam("territory_id")
    )
)


def _take(session: Session, actor: Actor, offers: Sequence[Offer], now: datetime) -> None:
    """Give the patients of a group a place each, or none of them."""
    try:
        with session.begin_nested():
            for offer in offers:
                offer.state, offer.answered_at, offer.answered_by = OfferState.ACCEPTED, now, actor.key
                session.add(offer)
    except IntegrityError as error:
        if broken_invariant(error) == "offer_within_places":
            raise IntakeFull from None
        raise


def _accepted(
    session: Session, actor: Actor, offer: Offer, referral: Referral, practitioner_id: int, now: datetime
) -> None:
    today = today_in(session, referral.territory_id, now)
    tier = session.exec(_TIER, params={"proposal_id": offer.proposal_id}).one()
    detail = {
        "offer": str(offer.id),
        "practitioner": practitioner_id,
        "tier": tier,
        "waited_days": (today - referral.waiting_since).days,
    }
    referral.first_visit_on = referral.declared_on = referral.next_follow_up = None
    advance(session, actor, referral, Step.ACCEPT, now=now, detail=detail, next_on=_visit_by(tier, today))
    session.flush()
    trace(session, actor, "U", referral.id, referral.patient_id, now=now)


def _visit_by(tier: int, today: date) -> date | None:
    usual = next_action_on(ReferralState.ACCEPTED, today)
    return date.fromordinal(today.toordinal() + FIRST_VISIT_DAYS) if tier == 1 else usual


def _shown(
    session: Session, actor: Actor, offers: Sequence[Offer], practitioner: Practitioner, now: datetime
) -> OfferShown:
    first = min(offers, key=lambda offer: (offer.state is not OfferState.OPEN, offer.referral_id))
    query = (
        select(Offer, Proposal, Referral, Patient)
        .join(Proposal, col(Proposal.id) == col(Offer.proposal_id))
        .join(Referral, col(Referral.id) == col(Offer.referral_id))
        .join(Patient, col(Patient.id) == col(Referral.patient_id))
        .where(col(Offer.id).in_([offer.id for offer in offers]), col(Offer.state) == first.state)
        .order_by(col(Offer.referral_id))
    )
    rows = session.exec(query).all()
    for _, _, referral, patient in rows:  # a profile tells no identity, but somebody's needs
        trace(session, actor, "R", referral.id, patient.id, now=now)
    practitioner_id = id_of(practitioner)
    today = today_in(session, practitioner.territory_id, now)
    return OfferShown(
        id=first.id,
        state=first.state,
        over=first.state is OfferState.OPEN and first.expires_at <= now,
        sent_at=first.sent_at,
        expires_at=first.expires_at,
        answered_at=first.answered_at,
        practitioner_id=practitioner_id,
        practitioner_name=f"Dr {practitioner.given_name} {practitioner.family_name}",
        members=tuple(profile_of(*row, practitioner_id=practitioner_id, today=today) for row in rows),
    )
