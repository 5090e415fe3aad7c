"""Reading the runs of the engine and the proposals the coordination decides on."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.errors import NotFound
from scheduler.listing import Listed, beyond
from scheduler.referrals.scope import reachable
from scheduler.referrals.trace import trace
from scheduler.rows import id_of
from scheduler.store.tables import (
    Intake,
    MatchingRun,
    Patient,
    Practitioner,
    Proposal,
    ProposalState,
    Referral,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalLine:
    """A proposal with the patient and the practitioner it concerns.

    Parameters
    ----------
    tier : int
        1 (most pressing) to 3.
    """

    id: UUID
    run_id: UUID | None
    referral_id: UUID
    patient_id: UUID
    family_name: str
    given_name: str
    birth_date: date | None
    insee: str
    waiting_since: date
    practitioner_id: int
    practitioner_name: str
    state: ProposalState
    tier: int
    travel_s: int
    distance_m: int
    reason: str
    created_at: datetime
    decided_at: datetime | None


def list_proposals(
    session: Session,
    actor: Actor,
    *,
    states: Collection[ProposalState] = (ProposalState.PROPOSED,),
    run_id: UUID | None = None,
    limit: int = 50,
    after: tuple[int, date, UUID] | None = None,
    now: datetime,
) -> Listed[ProposalLine]:
    """List proposals, the most pressing first; takes a write session, one audit row per patient shown.

    Parameters
    ----------
    states
        Keep these only; those to decide unless told otherwise, empty = all.
    after
        ``(tier, waiting_since, id)`` of the last line of the page before.
    """
    order = (col(Proposal.tier), col(Referral.waiting_since), col(Proposal.id))
    query = (
        select(Proposal, Referral, Patient, Practitioner)
        .join(Referral, col(Referral.id) == col(Proposal.referral_id))
        .join(Patient, col(Patient.id) == col(Referral.patient_id))
        .join(Intake, col(Intake.id) == col(Proposal.intake_id))
        .join(Practitioner, col(Practitioner.id) == col(Intake.practitioner_id))
        .where(reachable(actor))
        .order_by(*order)
        .limit(limit + 1)
    )
    if states:
        query = query.where(col(Proposal.state).in_(states))
    if run_id is not None:
        query = query.where(col(Proposal.run_id) == run_id)
    if after is not None:
        query = query.where(beyond(order, after))
    listed = Listed.cut([proposal_line(*row) for row in session.exec(query)], limit)
    for line in listed.rows:
        trace(session, actor, "R", line.referral_id, line.patient_id, now=now)
    return listed


def get_run(session: Session, actor: Actor, run_id: UUID) -> MatchingRun:
    """Read one run of the actor's territory; numbers only, nobody's file.

    Raises
    ------
    NotFound
        When there is none in this territory.
    """
    run = session.get(MatchingRun, run_id)
    if run is None or run.territory_id != actor.territory_id:
        raise NotFound("matching_run")
    return run


def list_runs(
    session: Session, actor: Actor, *, limit: int = 50, before: tuple[datetime, UUID] | None = None
) -> Listed[MatchingRun]:
    """List the runs of the actor's territory, newest first.

    Parameters
    ----------
    before
        ``(started_at, id)`` of the last line of the page before.
    """
    query = (
        select(MatchingRun)
        .where(col(MatchingRun.territory_id) == actor.territory_id)
        .order_by(col(MatchingRun.started_at).desc(), col(MatchingRun.id).desc())
        .limit(limit + 1)
    )
    if before is not None:
        newer = beyond((col(MatchingRun.started_at), col(MatchingRun.id)), before)
        query = query.where(~newer, col(MatchingRun.id) != before[1])
    return Listed.cut(session.exec(query).all(), limit)


def proposal_line(
    proposal: Proposal, referral: Referral, patient: Patient, practitioner: Practitioner
) -> ProposalLine:
    """Put together what is shown of a proposal."""
    return ProposalLine(
        id=proposal.id,
        run_id=proposal.run_id,
        referral_id=referral.id,
        patient_id=patient.id,
        family_name=patient.family_name,
        given_name=patient.given_name,
        birth_date=patient.birth_date,
        insee=patient.insee,
        waiting_since=referral.waiting_since,
        practitioner_id=id_of(practitioner),
        practitioner_name=f"Dr {practitioner.given_name} {practitioner.family_name}",
        state=proposal.state,
        tier=proposal.tier,
        travel_s=proposal.travel_s,
        distance_m=proposal.distance_m,
        reason=proposal.reason,
        created_at=proposal.created_at,
        decided_at=proposal.decided_at,
    )
