"""Proposals that no longer hold are withdrawn before a run; the patients keep their seniority.

What undoes a proposal before the run is a fact: the GP takes nobody more, or fewer, or the consent was
withdrawn. The others enter the run as commitments that are not firm; see ``settle``.
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
from scheduler.referrals.places import PENDING, Taken, taken_places, takes_patients
from scheduler.referrals.scope import BY_ID
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
        withdraw(session, actor, each.proposal, each.referral, why.value, now=now)
    session.flush()
    kept = [each for each in pending if each.proposal.state is ProposalState.PROPOSED]
    taken = taken_places(session, [each.intake for each in kept])
    for each in beyond_places(kept, taken):
        withdraw(session, actor, each.proposal, each.referral, Undone.FEWER_PLACES.value, now=now)
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
    """Choose what to withdraw where a GP lowered their numbers: the last tier first, then the last come."""
    too_many = {id_of(each.intake): _excess(each.intake, taken[id_of(each.intake)]) for each in pending}
    for each in sorted(pending, key=_least_urgent_first):
        excess = too_many[id_of(each.intake)]
        tier1 = each.proposal.tier == 1
        if excess.places > 0 or excess.units > 0 or (tier1 and excess.tier1 > 0):
            too_many[id_of(each.intake)] = Taken(
                excess.places - 1, excess.tier1 - tier1, excess.units - each.proposal.units
            )
            yield each


def _excess(intake: Intake, taken: Taken) -> Taken:
    """Give by how much an intake holds more than the GP takes; 0 or less where there is no limit."""
    return Taken(
        taken.places - intake.places,
        0 if intake.max_tier1 is None else taken.tier1 - intake.max_tier1,
        0 if intake.workload is None else taken.units - intake.workload,
    )


def _least_urgent_first(each: Pending) -> tuple[int, int, str]:
    return (-each.proposal.tier, -each.referral.waiting_since.toordinal(), str(each.proposal.id))


def _pending(session: Session, territory_id: int) -> list[Pending]:
    few = select(Proposal.referral_id).where(PENDING)  # else SQLite reads every file, to have them in order
    query = (
        select(Proposal, Referral, Intake, consented())
        .join(Referral, col(Referral.id) == col(Proposal.referral_id))
        .join(Intake, col(Intake.id) == col(Proposal.intake_id))
        .with_hint(Referral, BY_ID, "sqlite")
        .where(col(Referral.territory_id) == territory_id, PENDING, col(Referral.id).in_(few))
        .order_by(col(Referral.id))
        .with_for_update(of=Referral, key_share=True)
    )
    return [Pending(*row) for row in session.exec(query)]


def withdraw(
    session: Session, actor: Actor, proposal: Proposal, referral: Referral, because: str, *, now: datetime
) -> None:
    """Supersede a pending proposal for a stated reason; the patient waits again, with their seniority.

    Parameters
    ----------
    because
        A code, of ``Undone`` or of the engine's changes; kept with the proposal and in the history.
    """
    proposal.state = ProposalState.SUPERSEDED
    proposal.because = because
    proposal.decided_at = now
    session.add(proposal)
    advance(session, actor, referral, Step.SUPERSEDE, now=now, detail={"because": because})
