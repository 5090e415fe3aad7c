"""A run that is watched while it is computed, and stopped."""

from datetime import timedelta

import pytest
from sqlmodel import select

from matching import Instance, Policy, Solution, attach
from matching.progress import Progress
from scheduler.accounts.actor import Actor
from scheduler.errors import NotFound, WrongState
from scheduler.referrals.child import Watcher
from scheduler.referrals.errors import RunInProgress, SolveCancelled
from scheduler.referrals.run import perform_run, request_cancel, run_matching, start_run
from scheduler.referrals.watched import Wanted, always, watch_run
from scheduler.store.engine import Store
from scheduler.store.tables import MatchingRun, RunState
from tests import factories
from tests.factories import NOW
from tests.integration.referrals.test_run import ORDER, clock, run, scene, states


def watched(store: Store, who: Actor, *, keep_best: bool | None, wanted: Wanted = always) -> MatchingRun:
    """Run with a solver that tells of its progress, and somebody who cancels at that moment."""

    def solve(
        instance: Instance, policy: Policy, *, time_limit_s: float, seed: int, watch: Watcher | None
    ) -> Solution:
        assert watch is not None
        with store.read() as session:
            run_id = session.exec(select(MatchingRun.id)).one()
        if keep_best is not None:
            with store.write() as session:
                request_cancel(session, who, run_id, keep_best=keep_best, now=NOW)
        goes_on = watch(Progress(best=5, bound=2**70, elapsed_s=1.5))
        assert goes_on is (keep_best is None and wanted())
        return attach(instance, policy, time_limit_s=time_limit_s, seed=seed)

    with store.write() as session:
        started = start_run(session, who, ORDER, now=NOW)
    return perform_run(store, who, started.id, ORDER, clock=clock, solve=solve, wanted=wanted)


def test_how_far_a_run_is_can_be_read_by_anybody(store: Store) -> None:
    with store.write() as session:
        who, _, _ = scene(session)
        started = start_run(session, who, ORDER, now=NOW - timedelta(hours=1))
    watch = watch_run(store, started.id, clock=clock)
    assert watch(None)
    assert watch_run(store, started.id, clock=clock)(Progress(best=5, bound=2**70, elapsed_s=1.5))
    with store.read() as session:
        seen = session.get_one(MatchingRun, started.id)
        assert (seen.best, seen.bound, seen.elapsed_s) == ("5", str(2**70), 1.5)
        assert seen.seen_alive_at == NOW
    with store.write() as session, pytest.raises(RunInProgress):
        start_run(session, who, ORDER, now=NOW + timedelta(seconds=89))  # it gave a sign of life at NOW


def test_a_cancelled_run_proposes_nothing(store: Store) -> None:
    with store.write() as session:
        who, _, waiting = scene(session)
    stopped = watched(store, who, keep_best=False)
    assert (stopped.state, stopped.num_placed) == (RunState.CANCELLED, 0)
    assert stopped.outcome == {"kept_best": False}
    assert stopped.failure is None
    assert states(store, waiting) == ["waiting"] * 3
    assert run(store, who).state is RunState.DONE


def test_a_cancelled_run_keeps_its_best_when_asked(store: Store) -> None:
    with store.write() as session:
        who, _, waiting = scene(session)
    stopped = watched(store, who, keep_best=True)
    assert (stopped.state, stopped.num_placed) == (RunState.CANCELLED, 3)
    assert stopped.outcome["kept_best"] is True
    assert states(store, waiting) == ["proposed"] * 3


def test_a_run_stopped_before_it_had_anything_says_so(store: Store) -> None:
    def nothing(*_: object, **__: object) -> Solution:
        raise SolveCancelled

    with store.write() as session:
        who, _, _ = scene(session)
    stopped = run_matching(store, who, ORDER, clock=clock, solve=nothing)
    assert stopped.state is RunState.CANCELLED
    assert "sans résultat" in (stopped.failure or "")


def test_a_service_that_stops_leaves_a_failed_run_and_no_proposal(store: Store) -> None:
    with store.write() as session:
        who, _, waiting = scene(session)
    stopped = watched(store, who, keep_best=None, wanted=lambda: False)
    assert (stopped.state, states(store, waiting)) == (RunState.FAILED, ["waiting"] * 3)
    assert "arrêt du service" in (stopped.failure or "")


def test_only_a_run_under_way_can_be_cancelled(store: Store) -> None:
    with store.write() as session:
        who, _, _ = scene(session)
    ended = run(store, who)
    stranger = factories.actor(territory_id=who.territory_id + 1)
    with store.write() as session:
        with pytest.raises(WrongState):
            request_cancel(session, who, ended.id, now=NOW)
        with pytest.raises(NotFound):
            request_cancel(session, stranger, ended.id, now=NOW)
