"""A run told in its own row while it is computed: how far it is, that it lives, that it is still wanted."""

import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import update
from sqlmodel import Session, col

from matching.progress import Progress
from scheduler.clock import Clock
from scheduler.errors import StoreBusy
from scheduler.referrals.child import Watcher
from scheduler.store.engine import Store
from scheduler.store.tables import MatchingRun, RunState

log = structlog.get_logger()

PATIENCE = timedelta(seconds=90)
"""Without a sign of life for so long, a run is given up: its process is gone."""
TELL_EVERY_S = 1.0

Wanted = Callable[[], bool]
"""False when whoever computes has to stop: the service is shutting down."""


def always() -> bool:
    """Say that the work is wanted until it is done."""
    return True


def watch_run(store: Store, run_id: UUID, *, clock: Clock, wanted: Wanted = always) -> Watcher:
    """Give the watcher of a run: it writes at most once per ``TELL_EVERY_S`` and hears the wish to cancel."""
    told_at = -TELL_EVERY_S

    def watch(progress: Progress | None) -> bool:
        nonlocal told_at
        if not wanted():
            return False
        if time.monotonic() - told_at < TELL_EVERY_S:
            return True
        told_at = time.monotonic()
        try:
            with store.write() as session:
                return _tell(session, run_id, progress, clock)
        except StoreBusy:
            log.info("run_progress_not_written", run=str(run_id))  # the next look will
            return True

    return watch


def _tell(session: Session, run_id: UUID, progress: Progress | None, clock: Clock) -> bool:
    """Write how far a run is; tells whether it is to go on."""
    known = {} if progress is None else {
        "best": str(progress.best), "bound": str(progress.bound), "elapsed_s": progress.elapsed_s,
    }  # fmt: skip
    going = update(MatchingRun).where(
        col(MatchingRun.id) == run_id, col(MatchingRun.state) == RunState.RUNNING
    )
    told = session.connection().execute(
        going.values(seen_alive_at=clock(), **known).returning(col(MatchingRun.cancel_requested_at))
    )
    row = told.first()
    return row is not None and row[0] is None
