"""A matching run: read, solve elsewhere, then write what is still true, in one transaction.

A run may be watched and cancelled from any process: how far it is, and whether it is still wanted, stand
in its row. A cancelled run proposes nothing, unless asked to keep its best.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlmodel import Session, col, select

from matching import Instance, Policy, Solution
from matching.errors import RelaisError
from scheduler.accounts.actor import Actor
from scheduler.audit import record
from scheduler.clock import Clock
from scheduler.errors import NotFound, WrongState
from scheduler.referrals.child import Watcher
from scheduler.referrals.duplicates import one_at_a_time
from scheduler.referrals.errors import RunInProgress, SolveCancelled
from scheduler.referrals.history import today_in
from scheduler.referrals.instance import Prepared, build_instance
from scheduler.referrals.pathways import pathway_in_force
from scheduler.referrals.pathways.kept import GP
from scheduler.referrals.settle import Settled, settle, tiers_of_matches
from scheduler.referrals.solve import solve_in_child
from scheduler.referrals.stale import supersede_stale
from scheduler.referrals.trace import PURPOSE, trace
from scheduler.referrals.watched import PATIENCE, Wanted, always, watch_run
from scheduler.store.engine import Store
from scheduler.store.tables import MatchingRun, RunState
from scheduler.territory.travel import GreatCircleTravel

_LONGEST_FAILURE = 200
_FAULT = "Erreur interne pendant le calcul. Relancez-le ; prévenez-nous si cela dure."
_INTERRUPTED = "Le calcul a été interrompu par un arrêt du service. Relancez-le."


class Solve(Protocol):
    """How an instance is solved: in a child process, or in tests by whatever they need."""

    def __call__(
        self, instance: Instance, policy: Policy, *, time_limit_s: float, seed: int, watch: Watcher | None
    ) -> Solution:
        """Give a solution, or raise ``SolveFailed`` or ``SolveCancelled`` with a sentence."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOrder:
    """What a run is asked to do.

    Parameters
    ----------
    policy_id : int or None
        The stored version of the policy; None = the default one.
    time_limit_s : float
        Given to the solver, > 0; past it the best solution found is taken, with its proven bound.
    pathway : str
        Code of the pathway whose patients are matched; of another than the GPs' the policy holds its waits.
    """

    policy: Policy
    policy_id: int | None = None
    time_limit_s: float = 60.0
    seed: int = 0
    pathway: str = GP


def run_matching(
    store: Store, actor: Actor, order: RunOrder, *, clock: Clock, solve: Solve = solve_in_child
) -> MatchingRun:
    """Start a run and see it to its end; takes as long as the solver.

    Raises
    ------
    RunInProgress
        When another run of the territory is being computed.
    """
    with store.write() as session:
        run = start_run(session, actor, order, now=clock())
    return _perform(store, actor, run.id, order, clock=clock, solve=solve, wanted=always)


def start_run(session: Session, actor: Actor, order: RunOrder, *, now: datetime) -> MatchingRun:
    """Write down that a run begins, and withdraw the proposals that no longer hold.

    A run that never ended (its process died) is marked as failed once it has given no sign of life for
    long.

    Raises
    ------
    RunInProgress
        When another run of the territory is being computed; two would propose the same places.
    """
    # Runs of one territory start one after the other, or two at the same instant would both pass.
    one_at_a_time(session, actor.territory_id)
    _end_abandoned(session, actor, now)
    run = MatchingRun(
        territory_id=actor.territory_id,
        requested_by=actor.account_id,
        pathway=order.pathway,
        state=RunState.RUNNING,
        policy_version=order.policy.version,
        policy_id=order.policy_id,
        policy_document=order.policy.to_toml(),
        seed=order.seed,
        time_limit_s=order.time_limit_s,
        started_at=now,
    )
    session.add(run)
    session.flush()
    on = today_in(session, actor.territory_id, now)
    supersede_stale(session, actor, on=on, policy=order.policy, now=now)
    _record(session, actor, run, "E", now)
    return run


def perform_run(
    store: Store,
    actor: Actor,
    run_id: UUID,
    order: RunOrder,
    *,
    clock: Clock,
    solve: Solve = solve_in_child,
    wanted: Wanted = always,
) -> MatchingRun:
    """Compute a started run and write its proposals.

    Parameters
    ----------
    wanted
        Asked now and then; False when the service stops: the run then ends as failed.

    Returns
    -------
    The run: ``done``; ``cancelled`` when somebody asked for it; or ``failed`` with a sentence when no
    solution came, nothing else being written.

    Raises
    ------
    NotFound
        When the run is not one of the actor's territory.
    """
    with store.read() as session:
        find_run(session, actor, run_id)
    return _perform(store, actor, run_id, order, clock=clock, solve=solve, wanted=wanted)


def _perform(
    store: Store,
    actor: Actor,
    run_id: UUID,
    order: RunOrder,
    *,
    clock: Clock,
    solve: Solve,
    wanted: Wanted,
) -> MatchingRun:
    """Read, solve and write, each apart: no transaction is open while a run is solved."""
    try:
        with store.read() as session:
            on = today_in(session, actor.territory_id, clock())
            prepared = build_instance(
                session,
                actor.territory_id,
                on=on,
                policy=order.policy,
                travel=GreatCircleTravel(),
                pathway=pathway_in_force(session, actor.territory_id, order.pathway),
            )
        solution = solve(
            prepared.instance,
            order.policy,
            time_limit_s=order.time_limit_s,
            seed=order.seed,
            watch=watch_run(store, run_id, clock=clock, wanted=wanted),
        )
        if not wanted():
            return _failed(store, run_id, _INTERRUPTED, clock())
        with store.write() as session:
            return finish_run(session, actor, run_id, prepared, solution, now=clock())
    except SolveCancelled as error:
        return _ended_without_answer(store, run_id, str(error), wanted=wanted, now=clock())
    except RelaisError as error:
        return _failed(store, run_id, str(error), clock())
    except Exception:
        _failed(store, run_id, _FAULT, clock())
        raise


def request_cancel(
    session: Session, actor: Actor, run_id: UUID, *, keep_best: bool = False, now: datetime
) -> MatchingRun:
    """Ask a run to stop; it does at its next look, in whichever process it is computed.

    Parameters
    ----------
    keep_best
        Make the proposals of the best found so far, instead of none.

    Raises
    ------
    NotFound
        When the run is not one of the actor's territory.
    WrongState
        When it has ended.
    """
    find_run(session, actor, run_id)
    run = _running(session, run_id, "cancel")
    run.cancel_requested_at = run.cancel_requested_at or now
    run.keep_best = keep_best
    session.add(run)
    _record(session, actor, run, "U", now)
    return run


def finish_run(
    session: Session, actor: Actor, run_id: UUID, prepared: Prepared, solution: Solution, *, now: datetime
) -> MatchingRun:
    """Write the proposals that still hold, and what the run proved.

    Raises
    ------
    WrongState
        When the run has ended meanwhile.
    """
    run = _running(session, run_id, "finish")
    cancelled = run.cancel_requested_at is not None
    matches = [match for match in solution.matches if match.patient_id not in prepared.offered]
    run.state = RunState.CANCELLED if cancelled else RunState.DONE
    run.ended_at = now
    run.status = solution.status.value
    run.best = run.objective = str(solution.objective)
    run.bound = str(solution.bound)
    run.num_patients = len(matches)
    if cancelled and not run.keep_best:
        run.outcome = {"kept_best": False}
        session.add(run)
        session.flush()
        return run
    settled = settle(session, actor, run, prepared, solution, now=now)
    run.num_placed = len(settled.standing)
    run.outcome = {
        "kept_best": cancelled,
        "changes": settled.changes(),
        "tiers": tiers_of_matches(matches, settled.standing),
        "price_of_together": solution.price_of_together,
    }
    run.warnings = [*solution.warnings, *_remarks(prepared, solution, settled)]
    session.add(run)
    session.flush()
    for referral in settled.touched:
        trace(session, actor, "U", referral.id, referral.patient_id, now=now)
    return run


def find_run(session: Session, actor: Actor, run_id: UUID) -> MatchingRun:
    """Load a run of the actor's territory.

    Raises
    ------
    NotFound
        Unknown, or of another territory.
    """
    run = session.get(MatchingRun, run_id)
    if run is None or run.territory_id != actor.territory_id:
        raise NotFound("matching_run")
    return run


def _remarks(prepared: Prepared, solution: Solution, settled: Settled) -> list[str]:
    remarks = []
    if prepared.num_without_consent:
        remarks.append(
            f"{prepared.num_without_consent} dossier(s) en attente sans consentement valable : "
            "non proposés. Recueillez le consentement ou fermez ces dossiers."
        )
    if settled.num_dropped:
        remarks.append(
            f"{settled.num_dropped} proposition(s) écartée(s) : le dossier ou la place a changé pendant le "
            "calcul. Relancez l'appariement."
        )
    if against := sum(change.patient_id in prepared.offered for change in solution.changes):
        remarks.append(
            f"{against} offre(s) en cours contraire(s) à une règle d'aujourd'hui : laissée(s) en place. "
            "Voyez avec le médecin s'il faut la ou les retirer."
        )
    return remarks


def _record(session: Session, actor: Actor, run: MatchingRun, action: str, now: datetime) -> None:
    record(
        session,
        actor,
        action="E" if action == "E" else "U",
        object_kind="matching_run",
        object_id=str(run.id),
        purpose=PURPOSE,
        now=now,
    )


def _running(session: Session, run_id: UUID, step: str) -> MatchingRun:
    query = select(MatchingRun).where(col(MatchingRun.id) == run_id).with_for_update(key_share=True)
    run = session.exec(query.execution_options(populate_existing=True)).one()
    if run.state is not RunState.RUNNING:
        raise WrongState("matching_run", run.state.value, step)
    return run


def _ended_without_answer(
    store: Store, run_id: UUID, reason: str, *, wanted: Wanted, now: datetime
) -> MatchingRun:
    if not wanted():
        return _failed(store, run_id, _INTERRUPTED, now)
    with store.write() as session:
        run = session.get_one(MatchingRun, run_id)
        if run.state is RunState.RUNNING:
            run.outcome = {"kept_best": False}
            _end(session, run, RunState.CANCELLED, reason, now)
        return run


def _failed(store: Store, run_id: UUID, reason: str, now: datetime) -> MatchingRun:
    with store.write() as session:
        run = session.get_one(MatchingRun, run_id)
        if run.state is RunState.RUNNING:
            _end(session, run, RunState.FAILED, reason, now)
        return run


def _end(session: Session, run: MatchingRun, state: RunState, reason: str, now: datetime) -> None:
    run.state = state
    run.ended_at = now
    run.failure = reason[:_LONGEST_FAILURE]
    session.add(run)
    session.flush()


def _end_abandoned(session: Session, actor: Actor, now: datetime) -> None:
    """Refuse to start beside a run that may still end, and close those that no longer can."""
    query = select(MatchingRun).where(
        col(MatchingRun.territory_id) == actor.territory_id, col(MatchingRun.state) == RunState.RUNNING
    )
    for run in session.exec(query):
        if (run.seen_alive_at or run.started_at) + PATIENCE > now:
            raise RunInProgress(run.id)
        _end(session, run, RunState.FAILED, _INTERRUPTED, now)
