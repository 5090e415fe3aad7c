"""Proposals that no longer hold are withdrawn before a run; the patients keep their seniority.

A proposal that was made stays until a person decides: a run never moves it for the sake of a better
total. Only a fact undoes it: the GP takes nobody more, or fewer, or the consent was withdrawn.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlmodel import Session, col, select

from matching.policy import Policy
from scheduler.accounts.actor import Actor
from scheduler.referrals.history import advance
from scheduler.referrals.instance import consented
from scheduler.referrals.life import Step
from scheduler.referrals.places import Taken, taken_places, takes_patients
from scheduler.referrals.trace import trace
from scheduler.rows import id_of
from scheduler.store.tables import Intake, Proposal, ProposalState, Referral


class Undone(StrEnum):
    """Which fact undid a proposal; the word is kept in the history."""

    CONSENT_WITHDRAWN = "consent_withdrawn"
    GP_TAKES_NOBODY = "gp_takes_nobody"
    FEWER_PLACES = "fewer_places"


@dataclass(frozen=True, slots=True)
class Pending:
    """A proposal nobody has decided yet."""

    proposal: Proposal
    referral: Referral
    intake: Intake
    agrees: bool


def supersede_stale(session: Session, actor: Actor, *, on: date, policy: Policy, now: datetime) -> int:
    """Withdraw the pending proposals of the actor's territory that a fact has undone.

    Returns
    -------
    How many referrals wait again.
    """
    pending = _pending(session, actor.territory_id)
    horizon = timedelta(days=policy.reach.leaving_horizon_days)
    gone = [(each, why) for each in pending if (why := undone_by_fact(each, on, horizon)) is not None]
    for each, why in gone:
        _withdraw(session, actor, each, why, now)
    session.flush()
    kept = [each for each in pending if each.proposal.state is ProposalState.PROPOSED]
    taken = taken_places(session, [id_of(each.intake) for each in kept])
    for each in beyond_places(kept, taken):
        _withdraw(session, actor, each, Undone.FEWER_PLACES, now)
        gone.append((each, Undone.FEWER_PLACES))
    session.flush()
    for each, _ in gone:
        trace(session, actor, "U", each.referral.id, each.referral.patient_id, now=now)
    return len(gone)


def undone_by_fact(each: Pending, on: date, horizon: timedelta) -> Undone | None:
    """Tell why a proposal cannot hold whatever the others become, or None when it may."""
    if not each.agrees:
        return Undone.CONSENT_WITHDRAWN
    leaving_on = each.intake.leaving_on
    if not takes_patients(each.intake, on) or (leaving_on is not None and leaving_on <= on + horizon):
        return Undone.GP_TAKES_NOBODY
    return None


def beyond_places(pending: Sequence[Pending], taken: Mapping[int, Taken]) -> Iterator[Pending]:
    """Choose what to withdraw where a GP lowered their places: the last tier first, then the last come."""
    too_many = {id_of(each.intake): taken[id_of(each.intake)].places - each.intake.places for each in pending}
    too_many_tier1 = {
        id_of(each.intake): taken[id_of(each.intake)].tier1 - each.intake.max_tier1
        for each in pending
        if each.intake.max_tier1 is not None
    }
    for each in sorted(pending, key=_least_urgent_first):
        intake_id, tier1 = id_of(each.intake), each.proposal.tier == 1
        if too_many[intake_id] > 0 or (tier1 and too_many_tier1.get(intake_id, 0) > 0):
            too_many[intake_id] -= 1
            if tier1 and intake_id in too_many_tier1:
                too_many_tier1[intake_id] -= 1
            yield each


def _least_urgent_first(each: Pending) -> tuple[int, int, str]:
    return (-each.proposal.tier, -each.referral.waiting_since.toordinal(), str(each.proposal.id))


def _pending(session: Session, territory_id: int) -> list[Pending]:
    query = (
        select(Proposal, Referral, Intake, consented())
        .join(Referral, col(Referral.id) == col(Proposal.referral_id))
        .join(Intake, col(Intake.id) == col(Proposal.intake_id))
        .where(col(Referral.territory_id) == territory_id, col(Proposal.state) == ProposalState.PROPOSED)
        .order_by(col(Referral.id))
        .with_for_update(of=Referral, key_share=True)
    )
    return [Pending(*row) for row in session.exec(query)]


def _withdraw(session: Session, actor: Actor, each: Pending, why: Undone, now: datetime) -> None:
    each.proposal.state = ProposalState.SUPERSEDED
    each.proposal.decided_at = now
    session.add(each.proposal)
    advance(session, actor, each.referral, Step.SUPERSEDE, now=now, detail={"because": why.value})
