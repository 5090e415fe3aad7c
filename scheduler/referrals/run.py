"""A matching run: read, solve elsewhere, then write what is still true, in one transaction.

The solver works for seconds to minutes and no transaction stays open meanwhile. What people changed in
that time wins: a proposal whose patient or place is gone is dropped, and the run says how many were.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID

from sqlmodel import Session, col, select

from matching import Instance, Match, Policy, Solution
from matching.errors import RelaisError
from scheduler.accounts.actor import Actor
from scheduler.audit import record
from scheduler.clock import Clock
from scheduler.errors import NotFound, WrongState
from scheduler.referrals.duplicates import one_at_a_time
from scheduler.referrals.errors import RunInProgress
from scheduler.referrals.history import advance, today_in
from scheduler.referrals.instance import Prepared, build_instance, consented
from scheduler.referrals.life import Step
from scheduler.referrals.places import Left, left_in, taken_places, takes_patients
from scheduler.referrals.solve import START_UP_S, solve_in_child
from scheduler.referrals.stale import supersede_stale
from scheduler.referrals.trace import PURPOSE, trace
from scheduler.rows import id_of
from scheduler.store.engine import Store
from scheduler.store.tables import (
    Intake,
    MatchingRun,
    Practitioner,
    Proposal,
    ProposalState,
    Referral,
    ReferralState,
    RunState,
)
from scheduler.territory.travel import GreatCircleTravel, TravelTimes

_MARGIN = timedelta(seconds=START_UP_S + 60)
_LONGEST_FAILURE = 200
_LONGEST_REASON = 500
_FAULT = "Erreur interne pendant le calcul. Relancez-le ; prévenez-nous si cela dure."


class Solve(Protocol):
    """How an instance is solved: in a child process, or in tests by whatever they need."""

    def __call__(self, instance: Instance, policy: Policy, *, time_limit_s: float, seed: int) -> Solution:
        """Give a solution, or raise ``SolveFailed`` with a sentence."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOrder:
    """What a run is asked to do.

    Parameters
    ----------
    time_limit_s : float
        Given to the solver, > 0; past it the best solution found is taken, with its proven bound.
    """

    policy: Policy
    time_limit_s: float = 60.0
    seed: int = 0


def run_matching(
    store: Store,
    actor: Actor,
    order: RunOrder,
    *,
    clock: Clock,
    travel: TravelTimes | None = None,
    solve: Solve = solve_in_child,
) -> MatchingRun:
    """Start a run and see it to its end; takes as long as the solver.

    Raises
    ------
    RunInProgress
        When another run of the territory is being computed.
    """
    with store.write() as session:
        run = start_run(session, actor, order, now=clock())
    return perform_run(store, actor, run.id, order, clock=clock, travel=travel, solve=solve)


def start_run(session: Session, actor: Actor, order: RunOrder, *, now: datetime) -> MatchingRun:
    """Write down that a run begins, and withdraw the proposals that no longer hold.

    A run that never ended (its process died) is marked as failed once its time is long over.

    Raises
    ------
    RunInProgress
        When another run of the territory is being computed; two would propose the same places.
    """
    # Runs of one territory start one after the other, or two at the same instant would both pass.
    one_at_a_time(session, actor.territory_id)
    _end_abandoned(session, actor, order, now)
    run = MatchingRun(
        territory_id=actor.territory_id,
        requested_by=actor.account_id,
        state=RunState.RUNNING,
        policy_version=order.policy.version,
        seed=order.seed,
        started_at=now,
    )
    session.add(run)
    session.flush()
    on = today_in(session, actor.territory_id, now)
    supersede_stale(session, actor, on=on, policy=order.policy, now=now)
    record(
        session,
        actor,
        action="E",
        object_kind="matching_run",
        object_id=str(run.id),
        purpose=PURPOSE,
        now=now,
    )
    return run


def perform_run(
    store: Store,
    actor: Actor,
    run_id: UUID,
    order: RunOrder,
    *,
    clock: Clock,
    travel: TravelTimes | None = None,
    solve: Solve = solve_in_child,
) -> MatchingRun:
    """Compute a started run and write its proposals.

    Returns
    -------
    The run, ``done``; or ``failed`` with a sentence when no solution came, nothing else being written.

    Raises
    ------
    NotFound
        When the run is not one of the actor's territory.
    """
    with store.read() as session:
        _check_theirs(session, actor, run_id)
    try:
        with store.read() as session:
            on = today_in(session, actor.territory_id, clock())
            prepared = build_instance(
                session, actor.territory_id, on=on, policy=order.policy, travel=travel or GreatCircleTravel()
            )
        solution = solve(prepared.instance, order.policy, time_limit_s=order.time_limit_s, seed=order.seed)
        with store.write() as session:
            return finish_run(session, actor, run_id, prepared, solution, now=clock())
    except RelaisError as error:
        return _failed(store, run_id, str(error), clock())
    except Exception:
        _failed(store, run_id, _FAULT, clock())
        raise


def finish_run(
    session: Session, actor: Actor, run_id: UUID, prepared: Prepared, solution: Solution, *, now: datetime
) -> MatchingRun:
    """Write the proposals that still hold, and what the run proved.

    Raises
    ------
    WrongState
        When the run has ended meanwhile.
    """
    run = _running(session, run_id)
    matches = [match for match in solution.matches if match.practitioner_id is not None]
    proposed = _propose(session, actor, run, prepared, matches, now)
    run.state = RunState.DONE
    run.ended_at = now
    run.status = solution.status.value
    run.objective = str(solution.objective)
    run.bound = str(solution.bound)
    run.num_patients = len(solution.matches)
    run.num_placed = len(proposed)
    run.warnings = [*solution.warnings, *_remarks(prepared, num_dropped=len(matches) - len(proposed))]
    session.add(run)
    session.flush()
    for referral in proposed:
        trace(session, actor, "U", referral.id, referral.patient_id, now=now)
    return run


def _propose(
    session: Session,
    actor: Actor,
    run: MatchingRun,
    prepared: Prepared,
    matches: Sequence[Match],
    now: datetime,
) -> list[Referral]:
    """Turn each match that is still possible into a pending proposal."""
    waiting = _still_waiting(session, run.territory_id)
    left = _still_left(session, run.territory_id, today_in(session, run.territory_id, now))
    proposed = []
    for match in matches:
        referral = waiting.get(match.patient_id)
        intake_id = prepared.intake_of[str(match.practitioner_id)]
        after = left[intake_id].take(match.tier) if intake_id in left else None
        if referral is None or after is None:
            continue  # counted by the caller: the run's warnings say how many
        left[intake_id] = after
        session.add(_proposal(run, referral, intake_id, match, now))
        advance(session, actor, referral, Step.PROPOSE, now=now, detail={"run": str(run.id)})
        proposed.append(referral)
    return proposed


def _proposal(run: MatchingRun, referral: Referral, intake_id: int, match: Match, now: datetime) -> Proposal:
    if match.duration_s is None or match.distance_m is None:
        raise ValueError("a match with a practitioner carries its travel")
    return Proposal(
        run_id=run.id,
        referral_id=referral.id,
        intake_id=intake_id,
        state=ProposalState.PROPOSED,
        tier=match.tier,
        travel_s=match.duration_s,
        distance_m=match.distance_m,
        reason=match.reason.sentence[:_LONGEST_REASON],
        created_at=now,
    )


def _still_waiting(session: Session, territory_id: int) -> dict[str, Referral]:
    """Load, and keep from changing, the referrals that wait with a consent at this moment."""
    query = (
        select(Referral)
        .where(
            col(Referral.territory_id) == territory_id,
            col(Referral.state) == ReferralState.WAITING,
            consented(),
        )
        .order_by(col(Referral.id))
        .with_for_update(key_share=True)
    )
    return {str(referral.id): referral for referral in session.exec(query)}


def _still_left(session: Session, territory_id: int, on: date) -> dict[int, Left]:
    """Load, and keep from changing, the intakes that take patients, with what is left of each."""
    query = (
        select(Intake)
        .join(Practitioner, col(Practitioner.id) == col(Intake.practitioner_id))
        .where(col(Practitioner.territory_id) == territory_id, col(Intake.closed_at).is_(None))
        .order_by(col(Intake.id))
        .with_for_update(of=Intake, key_share=True)
    )
    intakes = [intake for intake in session.exec(query) if takes_patients(intake, on)]
    taken = taken_places(session, [id_of(intake) for intake in intakes])
    return {id_of(intake): left_in(intake, taken[id_of(intake)]) for intake in intakes}


def _remarks(prepared: Prepared, *, num_dropped: int) -> list[str]:
    remarks = []
    if prepared.num_without_consent:
        remarks.append(
            f"{prepared.num_without_consent} dossier(s) en attente sans consentement valable : "
            "non proposés. Recueillez le consentement ou fermez ces dossiers."
        )
    if num_dropped:
        remarks.append(
            f"{num_dropped} proposition(s) écartée(s) : le dossier ou la place a changé pendant le calcul. "
            "Relancez l'appariement."
        )
    return remarks


def _check_theirs(session: Session, actor: Actor, run_id: UUID) -> None:
    run = session.get(MatchingRun, run_id)
    if run is None or run.territory_id != actor.territory_id:
        raise NotFound("matching_run")


def _running(session: Session, run_id: UUID) -> MatchingRun:
    query = select(MatchingRun).where(col(MatchingRun.id) == run_id).with_for_update(key_share=True)
    run = session.exec(query).one()
    if run.state is not RunState.RUNNING:
        raise WrongState("matching_run", run.state.value, "finish")
    return run


def _failed(store: Store, run_id: UUID, reason: str, now: datetime) -> MatchingRun:
    with store.write() as session:
        run = session.get_one(MatchingRun, run_id)
        if run.state is RunState.RUNNING:
            _end_as_failed(session, run, reason, now)
        return run


def _end_as_failed(session: Session, run: MatchingRun, reason: str, now: datetime) -> None:
    run.state = RunState.FAILED
    run.ended_at = now
    run.failure = reason[:_LONGEST_FAILURE]
    session.add(run)
    session.flush()


def _end_abandoned(session: Session, actor: Actor, order: RunOrder, now: datetime) -> None:
    """Refuse to start beside a run that may still end, and close those that no longer can."""
    query = select(MatchingRun).where(
        col(MatchingRun.territory_id) == actor.territory_id, col(MatchingRun.state) == RunState.RUNNING
    )
    patience = timedelta(seconds=order.time_limit_s) + _MARGIN
    for run in session.exec(query):
        if run.started_at + patience > now:
            raise RunInProgress(run.id)
        _end_as_failed(session, run, "Le calcul a été interrompu par un arrêt du service. Relancez-le.", now)
