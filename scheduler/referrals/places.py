"""How many places of an intake are left, once accepted, offered and proposed patients are counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, case, func, or_
from sqlmodel import Session, col, select

from scheduler.store.tables import Intake, Offer, OfferState, Proposal, ProposalState

_KEPT = (OfferState.OPEN, OfferState.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Taken:
    """Places of one intake that somebody has or has been promised, and how many of them in tier 1."""

    places: int = 0
    tier1: int = 0


@dataclass(frozen=True, slots=True)
class Left:
    """Places of one intake that are still free; ``tier1`` is None where the GP set no limit."""

    places: int
    tier1: int | None

    def take(self, tier: int) -> "Left | None":
        """Give what is left once a patient of ``tier`` is placed, or None when they do not fit."""
        in_tier1 = int(tier == 1)
        if self.places < 1 or (self.tier1 is not None and self.tier1 < in_tier1):
            return None
        return Left(self.places - 1, None if self.tier1 is None else self.tier1 - in_tier1)


def takes_patients(intake: Intake, on: date) -> bool:
    """Tell whether a GP takes anybody on a day: not closed, not paused (the last day of the pause counts)."""
    paused = intake.paused_until is not None and on <= intake.paused_until
    left = intake.leaving_on is not None and intake.leaving_on <= on
    return intake.closed_at is None and not paused and not left


def left_in(intake: Intake, taken: Taken) -> Left:
    """Give the free places of an intake; never negative, even after the GP lowered their number."""
    tier1 = None if intake.max_tier1 is None else max(0, intake.max_tier1 - taken.tier1)
    return Left(max(0, intake.places - taken.places), tier1)


def taken_places(session: Session, intake_ids: list[int], *, proposed: bool = True) -> Mapping[int, Taken]:
    """Count what is taken in each intake by accepted and open offers, and by proposals still undecided.

    Parameters
    ----------
    proposed
        Whether undecided proposals count: yes when making new ones, no when deciding on one of them.

    Returns
    -------
    One entry per intake of ``intake_ids``.
    """
    kept: ColumnElement[bool] = col(Offer.state).in_(_KEPT)
    if proposed:
        kept = or_(kept, col(Proposal.state) == ProposalState.PROPOSED)
    query = (
        select(Proposal.intake_id, func.count(), func.sum(case((col(Proposal.tier) == 1, 1), else_=0)))
        .join(Offer, col(Offer.proposal_id) == col(Proposal.id), isouter=True)
        .where(kept, col(Proposal.intake_id).in_(intake_ids))
        .group_by(col(Proposal.intake_id))
    )
    counted = {intake_id: Taken(int(places), int(tier1)) for intake_id, places, tier1 in session.exec(query)}
    return {intake_id: counted.get(intake_id, Taken()) for intake_id in intake_ids}
