"""What earlier runs and people have settled, as a new run must know it: offers, proposals, followed homes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from scheduler.store.tables import (
    Household,
    Intake,
    Offer,
    OfferState,
    Proposal,
    ProposalState,
    Referral,
    ReferralState,
)

SEARCHING = (ReferralState.WAITING, ReferralState.PROPOSED, ReferralState.OFFERED)
"""Of those whom a run looks at: the others have a GP, or are not ready for one."""


@dataclass(frozen=True, slots=True)
class Homes:
    """What is known of the households of a territory, by their id.

    Parameters
    ----------
    followed : mapping of UUID to frozenset of str
        Practitioners who have accepted one of the members.
    together : collection of UUID
        Those that asked, as a whole, for one practitioner.
    """

    followed: Mapping[UUID, frozenset[str]]
    together: Collection[UUID]


def offered_to(session: Session, territory_id: int, practitioner_of: Mapping[int, str]) -> dict[UUID, str]:
    """Give the practitioner of each referral with an open offer, of those who still take patients."""
    query = (
        select(Referral.id, Offer.intake_id)
        .join(Offer, col(Offer.referral_id) == col(Referral.id))
        .where(
            col(Referral.territory_id) == territory_id,
            col(Referral.state) == ReferralState.OFFERED,
            col(Offer.state) == OfferState.OPEN,
        )
        .order_by(col(Referral.id))
    )
    return {who: practitioner_of[intake] for who, intake in session.exec(query) if intake in practitioner_of}


def proposed_to(session: Session, territory_id: int, practitioner_of: Mapping[int, str]) -> dict[UUID, str]:
    """Give the practitioner of each referral whose proposal waits for a decision."""
    query = (
        select(Referral.id, Proposal.intake_id)
        .join(Proposal, col(Proposal.referral_id) == col(Referral.id))
        .where(
            col(Referral.territory_id) == territory_id,
            col(Referral.state) == ReferralState.PROPOSED,
            col(Proposal.state) == ProposalState.PROPOSED,
        )
        .order_by(col(Referral.id))
    )
    return {who: practitioner_of[intake] for who, intake in session.exec(query) if intake in practitioner_of}


def followed_by(session: Session, territory_id: int) -> dict[UUID, frozenset[str]]:
    """Give, for each household of somebody searched for, the practitioners who accepted others of it."""
    other = aliased(Referral)
    with_somebody = select(other.household_id).where(
        col(other.territory_id) == territory_id,
        col(other.state).in_(SEARCHING),
        col(other.household_id).is_not(None),
    )
    query = (
        select(Referral.household_id, Intake.practitioner_id)
        .with_hint(Referral, "INDEXED BY referral_by_household_id", "sqlite")  # most people are alone
        .join(Offer, col(Offer.referral_id) == col(Referral.id))
        .join(Intake, col(Intake.id) == col(Offer.intake_id))
        .where(
            col(Referral.territory_id) == territory_id,
            col(Referral.household_id).in_(with_somebody),
            col(Offer.state) == OfferState.ACCEPTED,
            col(Referral.state).in_((ReferralState.ACCEPTED, ReferralState.SEEN, ReferralState.DECLARED)),
        )
    )
    found: dict[UUID, set[str]] = {}
    for home, practitioner_id in session.exec(query):
        if home is not None:
            found.setdefault(home, set()).add(str(practitioner_id))
    return {home: frozenset(practitioners) for home, practitioners in found.items()}


def always_together(session: Session, territory_id: int) -> Collection[UUID]:
    """Give the households that asked, as a whole, for one GP."""
    query = select(Household.id).where(
        col(Household.territory_id) == territory_id, col(Household.always_together)
    )
    return frozenset(session.exec(query))
