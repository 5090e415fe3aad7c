"""The matching runs that nobody asks for: every night, and some minutes after what changes the list."""

from collections.abc import Iterable

import structlog

from scheduler.clock import Clock
from scheduler.jobs.faults import where
from scheduler.referrals.rematch import due_after_changes, due_tonight, rematch
from scheduler.referrals.run import Solve
from scheduler.referrals.solve import solve_in_child
from scheduler.store.engine import Store

log = structlog.get_logger()


def run_nightly(store: Store, *, limit_s: float, clock: Clock, solve: Solve = solve_in_child) -> int:
    """Match every territory where anybody waits; gives the number of runs.

    Raises
    ------
    ExceptionGroup
        The faults met, one per territory: one does not keep the others from being matched.
    """
    with store.read() as session:
        territory_ids = due_tonight(session)
    return _match(store, territory_ids, limit_s=limit_s, clock=clock, solve=solve)


def run_after_changes(store: Store, *, limit_s: float, clock: Clock, solve: Solve = solve_in_child) -> int:
    """Match the territories where something has changed, in working hours; gives the number of runs.

    Raises
    ------
    ExceptionGroup
        The faults met, one per territory.
    """
    with store.read() as session:
        territory_ids = due_after_changes(session, now=clock())
    return _match(store, territory_ids, limit_s=limit_s, clock=clock, solve=solve)


def _match(store: Store, territory_ids: Iterable[int], *, limit_s: float, clock: Clock, solve: Solve) -> int:
    num_runs, faults = 0, []
    for territory_id in territory_ids:
        try:
            num_runs += rematch(store, territory_id, limit_s=limit_s, clock=clock, solve=solve)
        except Exception as fault:  # noqa: BLE001 — raised below, once the others have been matched
            log.error("matching_fault", territory_id=territory_id, fault=where(fault))  # noqa: TRY400 — the text may quote rows
            faults.append(fault)
    if faults:
        raise ExceptionGroup("territories that could not be matched", faults)
    return num_runs
