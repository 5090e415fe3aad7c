"""Starting the jobs: a scheduler in this process, with every setting that its defaults get wrong.

APScheduler 3.11 skips in silence a run that starts more than a second late (``misfire_grace_time``), and
reads that setting from ``job_defaults`` only; it takes the zone of the machine unless told otherwise.

One process runs the jobs of a database. On SQLite there is only one; on PostgreSQL several API processes
would each run them until the database lease of a later issue exists: start them with ``--no-jobs`` but one.
Two processes that poll one calendar do no harm: the later reading wins, the other is marked ``overtaken``.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import structlog
from apscheduler.events import (
    EVENT_JOB_ERROR,
    EVENT_JOB_EXECUTED,
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
    JobEvent,
)
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from scheduler.agenda.feeds.addresses import AddressPolicy
from scheduler.agenda.feeds.fetch import FetchSettings, fetch
from scheduler.agenda.poll import PollSettings
from scheduler.clock import Clock, utc_now
from scheduler.jobs.care import look_after_requests
from scheduler.jobs.coming_slots import write_coming_slots
from scheduler.jobs.due_feeds import read_due_feeds
from scheduler.jobs.faults import where
from scheduler.jobs.feed_alerts import tell_of_feeds
from scheduler.jobs.health import JobBoard, JobHealth
from scheduler.jobs.old_holds import end_old_holds
from scheduler.jobs.old_keys import forget_old_keys
from scheduler.messages import send_due, sender_of
from scheduler.messages.outbox import MailSettings
from scheduler.settings import Settings
from scheduler.store.engine import Store

log = structlog.get_logger()

# It logs every failure with the text of the error, which may quote a row; ours say where it happened.
logging.getLogger("apscheduler").setLevel(logging.CRITICAL)

JOB_DEFAULTS = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
_TROUBLES = {EVENT_JOB_ERROR: "error", EVENT_JOB_MISSED: "missed", EVENT_JOB_MAX_INSTANCES: "still_running"}

LOOK_EVERY = timedelta(minutes=1)
"""How often due calendars are looked for; each has its own date."""

ALERT_EVERY = timedelta(minutes=5)
"""How often calendars in trouble are looked for; the mail says "for an hour", give or take this."""

CLEAN_EVERY = timedelta(hours=1)
"""How often what is no longer needed is deleted."""


@dataclass(frozen=True, slots=True)
class RunningJobs:
    """The jobs of this process.

    Parameters
    ----------
    board : JobBoard
        For ``/health``.
    """

    board: JobBoard
    _scheduler: BackgroundScheduler

    def stop(self) -> None:
        """Wait for the job under way, and start no other."""
        self._scheduler.shutdown(wait=True)


def start_jobs(store: Store, settings: Settings, *, clock: Clock = utc_now) -> RunningJobs:
    """Start every job of Relais in threads of this process."""
    public_url = settings.public_url
    jobs: dict[str, tuple[Callable[[], object], timedelta]] = {
        "due_feeds": (_due_feeds(store, settings, clock), LOOK_EVERY),
        "feed_alerts": (partial(tell_of_feeds, store, public_url=public_url, clock=clock), ALERT_EVERY),
        "care": (partial(look_after_requests, store, public_url=public_url, clock=clock), LOOK_EVERY),
        "mail": (_mail(store, settings, clock), LOOK_EVERY),
        "coming_slots": (partial(write_coming_slots, store, clock=clock), CLEAN_EVERY),
        "old_holds": (partial(end_old_holds, store, clock=clock), LOOK_EVERY),
        "old_keys": (partial(forget_old_keys, store, clock=clock), CLEAN_EVERY),
    }
    return start_scheduler(jobs, settings.zone, clock)


def start_scheduler(
    jobs: dict[str, tuple[Callable[[], object], timedelta]], zone: str, clock: Clock
) -> RunningJobs:
    """Start jobs by their id, each with its period, and watch them."""
    board = JobBoard()
    scheduler = BackgroundScheduler(timezone=ZoneInfo(zone), job_defaults=JOB_DEFAULTS)
    for job_id, (run, every) in jobs.items():
        board.add(JobHealth(job_id=job_id, every=every, since=clock()))
        trigger = IntervalTrigger(seconds=every.total_seconds(), timezone=ZoneInfo(zone))
        scheduler.add_job(run, trigger, id=job_id, name=job_id, next_run_time=clock())
    watched = EVENT_JOB_EXECUTED | EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES
    scheduler.add_listener(partial(_watch, board, clock), watched)
    scheduler.start()
    return RunningJobs(board, scheduler)


def _watch(board: JobBoard, clock: Clock, event: JobEvent) -> None:
    """Remember a success; say everything else aloud."""
    if event.code == EVENT_JOB_EXECUTED:
        board.succeeded(event.job_id, clock())
        return
    trouble = _TROUBLES[event.code]
    if event.code == EVENT_JOB_ERROR:
        trouble = f"{trouble}: {where(event.exception)}"
    board.troubled(event.job_id, trouble)
    log.error("job_in_trouble", job_id=event.job_id, trouble=trouble)


def _due_feeds(store: Store, settings: Settings, clock: Clock) -> Callable[[], int]:
    policy = AddressPolicy(allow_private=settings.feed_allow_private)
    every = timedelta(minutes=settings.feed_poll_minutes)
    return partial(
        read_due_feeds,
        store,
        clock=clock,
        fetch=partial(fetch, settings=FetchSettings(policy=policy)),
        settings=PollSettings(every=every, own_domain=urlsplit(settings.public_url).hostname),
    )


def _mail(store: Store, settings: Settings, clock: Clock) -> Callable[[], int]:
    domain = urlsplit(settings.public_url).hostname or "localhost"
    marks = MailSettings(sender=settings.mail_from, domain=domain)
    return partial(send_due, store, sender_of(settings), marks, clock=clock)
