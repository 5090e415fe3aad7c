"""Running the jobs while this process holds the lease, and waiting for it otherwise.

APScheduler 3.11 skips in silence a run that starts more than a second late (``misfire_grace_time``), and
reads that setting from ``job_defaults`` only; it takes the zone of the machine unless told otherwise.

What is stated for every job: one run at a time in a process (``max_instances=1``); several missed starts
make one (``coalesce``); a start is never too late (``misfire_grace_time=None``), because what decides is
whether the tick was done, in the database. A run that is under way when its process loses the lease ends by
itself, perhaps beside the same job in the new holder: every job bears that, its use case locks what it
changes.
"""

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobEvent
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import SQLAlchemyError

from scheduler.clock import Clock
from scheduler.errors import StoreBusy
from scheduler.jobs import lease, records
from scheduler.jobs.faults import where
from scheduler.jobs.schedule import Daily, When
from scheduler.store.engine import Store

log = structlog.get_logger()

# It logs every failure with the text of the error, which may quote a row; ours say where it happened.
logging.getLogger("apscheduler").setLevel(logging.CRITICAL)

JOB_DEFAULTS = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
_TROUBLES = {EVENT_JOB_ERROR: "error", EVENT_JOB_MISSED: "missed", EVENT_JOB_MAX_INSTANCES: "still_running"}
_DATABASE = (SQLAlchemyError, StoreBusy)

RENEWALS = 4
"""Looks at the lease within its length: one that fails costs no change of holder."""

TRY_AGAIN_AFTER = timedelta(minutes=10)
"""How long after its failure a daily run is tried again."""


@dataclass(frozen=True, slots=True)
class Job:
    """Something done by the clock: when, and by which use case, which gives how much it did."""

    when: When
    run: Callable[[], int | None]


def _this_process() -> str:
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{uuid4().hex[:8]}"


@dataclass(slots=True)
class RunningJobs:
    """The jobs of this process, run while it holds the lease.

    Parameters
    ----------
    lasting : timedelta
        For how long the lease is held without being renewed: what another process waits, at the most, to
        take over from one that died, beside its own look every quarter of that.
    """

    store: Store
    jobs: Mapping[str, Job]
    zone: str
    clock: Clock
    lasting: timedelta
    holder: str = field(default_factory=_this_process)
    _term: lease.Term | None = None
    _stopping: threading.Event = field(default_factory=threading.Event)
    _scheduler: BackgroundScheduler = field(init=False)
    _keeper: threading.Thread = field(init=False)

    def start(self) -> None:
        """Begin to look at the lease, and to run the jobs once it is held."""
        self._scheduler = BackgroundScheduler(timezone=ZoneInfo(self.zone), job_defaults=JOB_DEFAULTS)
        for job_id, job in self.jobs.items():
            self._scheduler.add_job(self._run, job.when.trigger(self.zone), (job_id,), id=job_id, name=job_id)
        watched = EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES
        self._scheduler.add_listener(_say_trouble, watched)
        self._scheduler.start(paused=True)
        self._keeper = threading.Thread(target=self._keep, name="jobs-lease", daemon=True)
        self._keeper.start()

    def stop(self) -> None:
        """Wait for the jobs under way, start no other, and let another process take over at once."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._keeper.join()
        self._scheduler.shutdown(wait=True)
        if self._term is not None:
            with contextlib.suppress(*_DATABASE):  # it expires by itself
                lease.give_back(self.store, self._term)

    @property
    def are_run_here(self) -> bool:
        """Whether this process holds the lease, as far as it knows."""
        return self._term is not None

    def _keep(self) -> None:
        while not self._stopping.is_set():
            try:
                self._look()
            except _DATABASE as error:
                log.warning("lease_not_looked_at", fault=where(error))  # each start of a job asks again
            self._stopping.wait(self.lasting.total_seconds() / RENEWALS)

    def _look(self) -> None:
        if self._term is not None:
            if lease.renew(self.store, self._term, lasting=self.lasting):
                return
            self._lose(self._term)
        term = lease.take(self.store, lease.JOBS, self.holder, lasting=self.lasting)
        if term is not None:
            self._begin(term)

    def _begin(self, term: lease.Term) -> None:
        """Take over: close what earlier holders left, then look at every job at once."""
        now = self.clock()
        with self.store.write() as session:
            num_abandoned = records.abandon_earlier(session, term, now=now)
            for job_id, job in self.jobs.items():
                if isinstance(job.when, Daily):
                    records.skip_first(session, term, job_id, self._tick(job, now), now=now)
        log.info("jobs_taken", holder=self.holder, term=term.number, num_abandoned=num_abandoned)
        self._term = term
        for job_id in self.jobs:
            self._scheduler.modify_job(job_id, next_run_time=datetime.now(ZoneInfo(self.zone)))
        self._scheduler.resume()

    def _lose(self, term: lease.Term) -> None:
        """Start nothing any more; the keeper goes on looking at the lease."""
        if self._term is term:
            self._term = None
            self._scheduler.pause()
            log.warning("jobs_lost", holder=self.holder, term=term.number)

    def _tick(self, job: Job, now: datetime) -> datetime:
        return job.when.last_tick(now, self.zone)

    def _run(self, job_id: str) -> None:
        """Do a job, unless its tick was done or the lease is lost."""
        term, job, now = self._term, self.jobs[job_id], self.clock()
        if term is None:
            return
        try:
            with self.store.write() as session:
                run_id = records.begin(session, term, job_id, self._tick(job, now), now=now)
        except lease.LeaseLost:
            self._lose(term)
            return
        if run_id is not None:
            self._perform(job_id, job, run_id)

    def _perform(self, job_id: str, job: Job, run_id: int) -> None:
        try:
            count = job.run()
        except Exception as fault:  # noqa: BLE001 — recorded and said; the next tick tries again
            failure = where(fault)
            log.error("job_in_trouble", job_id=job_id, trouble=f"error: {failure}")  # noqa: TRY400 — no text: it may quote a row
            self._end(run_id, None, failure)
            if isinstance(job.when, Daily):
                later = datetime.now(ZoneInfo(self.zone)) + TRY_AGAIN_AFTER
                self._scheduler.modify_job(job_id, next_run_time=later)
        else:
            self._end(run_id, count, None)

    def _end(self, run_id: int, count: int | None, failure: str | None) -> None:
        with self.store.write() as session:
            records.end(session, run_id, count=count, failure=failure, now=self.clock())


def _say_trouble(event: JobEvent) -> None:
    """Say aloud what kept a job from being started or recorded."""
    trouble = _TROUBLES[event.code]
    if event.code == EVENT_JOB_ERROR:
        trouble = f"{trouble}: {where(event.exception)}"
    log.error("job_in_trouble", job_id=event.job_id, trouble=trouble)
