"""What is left of an intake, once accepted, offered and proposed patients are counted."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, case, func, literal, or_
from sqlmodel import Session, col, select

from scheduler.rows import id_of
from scheduler.store.tables import Intake, Offer, OfferState, Proposal, ProposalState

KEPT = (OfferState.OPEN, OfferState.ACCEPTED)
"""Offers that hold a place."""
PENDING = col(Proposal.state) == literal(ProposalState.PROPOSED.value, literal_execute=True)
"""Written out in the statement, or SQLite could not use the index of pending proposals."""
ACCEPTED = (OfferState.ACCEPTED,)


@dataclass(frozen=True, slots=True)
class Taken:
    """Places of one intake that somebody has or has been promised: how many, of tier 1, and their units."""

    places: int = 0
    tier1: int = 0
    units: int = 0


@dataclass(frozen=True, slots=True)
class Left:
    """What is still free in one intake; ``tier1`` and ``workload`` are None where the GP set no limit."""

    places: int
    tier1: int | None = None
    workload: int | None = None

    def take(self, tier: int, units: int = 1) -> "Left | None":
        """Give what is left once a patient is placed, or None when they do not fit."""
        after = Left(
            self.places - 1,
            None if self.tier1 is None else self.tier1 - (tier == 1),
            None if self.workload is None else self.workload - units,
        )
        # a limit on tier 1 that is already passed says nothing about the other tiers
        short_of_tier1 = tier == 1 and after.tier1 is not None and after.tier1 < 0
        short_of_work = after.workload is not None and after.workload < 0
        return None if after.places < 0 or short_of_tier1 or short_of_work else after


def takes_patients(intake: Intake, on: date) -> bool:
    """Tell whether a GP takes anybody on a day: not closed, not paused (the last day of the pause counts)."""
    paused = intake.paused_until is not None and on <= intake.paused_until
    left = intake.leaving_on is not None and intake.leaving_on <= on
    return intake.closed_at is None and not paused and not left


def left_in(intake: Intake, taken: Taken) -> Left:
    """Give what is free in an intake; never negative, even after the GP lowered their numbers."""
    return Left(
        max(0, intake.places - taken.places),
        None if intake.max_tier1 is None else max(0, intake.max_tier1 - taken.tier1),
        None if intake.workload is None else max(0, intake.workload - taken.units),
    )


def taken_places(
    session: Session,
    intakes: Sequence[Intake],
    *,
    offers: Collection[OfferState] = KEPT,
    proposed: bool = True,
) -> Mapping[int, Taken]:
    """Count what is taken in each intake by offers of some states, and by proposals still undecided.

    Parameters
    ----------
    proposed
        Whether undecided proposals count: yes when making new ones, no when deciding on one of them.

    Returns
    -------
    One entry per intake; ``tier1`` and ``units`` are counted where the GP set a limit on one of them.
    """
    if not intakes:
        return {}
    limited = [id_of(each) for each in intakes if each.max_tier1 is not None or each.workload is not None]
    others = sorted({id_of(each) for each in intakes} - set(limited))
    places = _places(session, others, offers, proposed=proposed)
    weighed = _weighed(session, limited, offers, proposed=proposed) if limited else {}
    return {intake_id: Taken(places[intake_id]) for intake_id in others} | {
        intake_id: weighed.get(intake_id, Taken()) for intake_id in limited
    }


def _places(
    session: Session, intake_ids: list[int], offers: Collection[OfferState], *, proposed: bool
) -> Counter[int]:
    """Count places alone, without a look at each proposal behind them: thousands after a year."""
    kept = (
        select(Offer.intake_id, func.count())
        .where(col(Offer.intake_id).in_(intake_ids), col(Offer.state).in_(offers))
        .group_by(col(Offer.intake_id))
    )
    counted: Counter[int] = Counter(dict(session.exec(kept).all()))
    if proposed:
        pending = (
            select(Proposal.intake_id, func.count())
            .with_hint(
                Proposal, "INDEXED BY proposal_one_pending", "sqlite"
            )  # few, among all there ever were
            .where(col(Proposal.intake_id).in_(intake_ids), PENDING)
            .group_by(col(Proposal.intake_id))
        )
        counted.update(dict(session.exec(pending).all()))
    return counted


def _weighed(
    session: Session, intake_ids: list[int], offers: Collection[OfferState], *, proposed: bool
) -> dict[int, Taken]:
    kept: ColumnElement[bool] = col(Offer.state).in_(offers)
    if proposed:
        kept = or_(kept, col(Proposal.state) == ProposalState.PROPOSED)
    in_tier1 = case((col(Proposal.tier) == 1, 1), else_=0)
    query = (
        select(Proposal.intake_id, func.count(), func.sum(in_tier1), func.sum(col(Proposal.units)))
        .join(Offer, col(Offer.proposal_id) == col(Proposal.id), isouter=True)
        .where(kept, col(Proposal.intake_id).in_(intake_ids))
        .group_by(col(Proposal.intake_id))
    )
    return {intake_id: Taken(*map(int, sums)) for intake_id, *sums in session.exec(query)}
