"""Every job of Relais, in one table: when it runs, and the use case it calls.

A job is ``f(store, *, clock) -> int``, idempotent, one use case that a route could call too. To add one:
a thin module here, and a line in ``_table``. How they are run: ``scheduler.jobs.runner``.
"""

from collections.abc import Callable
from datetime import time, timedelta
from functools import partial
from urllib.parse import urlsplit

from scheduler.agenda.feeds.addresses import AddressPolicy
from scheduler.agenda.feeds.fetch import FetchSettings, fetch
from scheduler.agenda.freshness import Limits, set_limits
from scheduler.agenda.poll import PollSettings
from scheduler.clock import Clock, utc_now
from scheduler.jobs.care import look_after_requests
from scheduler.jobs.coming_slots import write_coming_slots
from scheduler.jobs.due_feeds import read_due_feeds
from scheduler.jobs.feed_alerts import tell_of_feeds
from scheduler.jobs.matching import run_after_changes, run_nightly
from scheduler.jobs.old_holds import end_old_holds
from scheduler.jobs.old_keys import forget_old_keys
from scheduler.jobs.old_messages import empty_old_messages
from scheduler.jobs.old_records import forget_old_records
from scheduler.jobs.purge import erase_what_is_over
from scheduler.jobs.referrals import ask_and_begin, look_after_offers
from scheduler.jobs.runner import Job, RunningJobs
from scheduler.jobs.sas_reports import tell_platform
from scheduler.jobs.schedule import Daily, Every
from scheduler.jobs.signals import signal_jobs
from scheduler.jobs.snapshots import keep_last_month
from scheduler.messages import send_due, sender_of
from scheduler.messages.outbox import MailSettings
from scheduler.messages.patients import tell_patients
from scheduler.referrals.addresses import set_public_url
from scheduler.retention.periods import Retention
from scheduler.settings import Settings
from scheduler.store.engine import Store

LOOK_EVERY = timedelta(minutes=1)
"""How often due calendars are looked for; each has its own date."""

ALERT_EVERY = timedelta(minutes=5)
"""How often calendars in trouble are looked for; the mail says "for an hour", give or take this."""

TELL_EVERY = timedelta(minutes=5)
"""How often patients are told where their request stands."""

CLEAN_EVERY = timedelta(hours=1)
"""How often what is no longer needed is deleted."""

MATCH_EVERY = timedelta(minutes=5)
"""How often what has changed since the last matching run is looked for."""


def _table(store: Store, settings: Settings, clock: Clock) -> dict[str, Job]:
    """List every job: add yours here."""
    url, limit_s = settings.public_url, settings.solve_seconds
    jobs = {
        "due_feeds": Job(Every(LOOK_EVERY), _due_feeds(store, settings, clock)),
        "feed_alerts": Job(Every(ALERT_EVERY), partial(tell_of_feeds, store, public_url=url, clock=clock)),
        "care": Job(Every(LOOK_EVERY), partial(look_after_requests, store, public_url=url, clock=clock)),
        "patient_messages": Job(Every(TELL_EVERY), partial(tell_patients, store, clock=clock)),
        "mail": Job(Every(LOOK_EVERY), _mail(store, settings, clock)),
        "sas_reports": Job(Every(LOOK_EVERY), tell_platform(store, settings, clock=clock)),
        "coming_slots": Job(Every(CLEAN_EVERY), partial(write_coming_slots, store, clock=clock)),
        "old_holds": Job(Every(LOOK_EVERY), partial(end_old_holds, store, clock=clock)),
        "old_keys": Job(Every(CLEAN_EVERY), partial(forget_old_keys, store, clock=clock)),
        "matching_on_event": Job(
            Every(MATCH_EVERY), partial(run_after_changes, store, limit_s=limit_s, clock=clock)
        ),
        "matching_nightly": Job(
            Daily(time(4, 30)), partial(run_nightly, store, limit_s=limit_s, clock=clock)
        ),
    }
    jobs |= {
        "offers": Job(
            Every(MATCH_EVERY),
            partial(look_after_offers, store, offer_days=settings.offer_days, clock=clock),
        ),
        "visits_and_follow_ups": Job(Daily(time(7, 30)), partial(ask_and_begin, store, clock=clock)),
    }
    jobs |= {
        "snapshots": Job(Daily(time(5, 30)), partial(keep_last_month, store, clock=clock)),
        "old_messages": Job(Daily(time(5, 45)), partial(empty_old_messages, store, clock=clock)),
        "purge": Job(Daily(time(5)), partial(erase_what_is_over, store, Retention.of(settings), clock=clock)),
    }
    jobs |= signal_jobs(store, clock=clock)
    often = [job_id for job_id, job in jobs.items() if isinstance(job.when, Every)]
    records = partial(forget_old_records, store, often=often, clock=clock)
    return jobs | {"old_records": Job(Daily(time(5, 15)), records)}


def start_jobs(store: Store, settings: Settings, *, clock: Clock = utc_now) -> RunningJobs:
    """Start looking after every job of Relais in threads of this process.

    Returns
    -------
    The jobs; they run here as long as this process holds the lease on them.
    """
    set_limits(store, Limits.of(settings))
    set_public_url(store, settings.public_url)
    jobs = RunningJobs(
        store=store,
        jobs=_table(store, settings, clock),
        zone=settings.zone,
        clock=clock,
        lasting=timedelta(seconds=settings.jobs_lease_seconds),
    )
    jobs.start()
    return jobs


def late_after(store: Store, settings: Settings) -> dict[str, timedelta]:
    """Give, for every job, how long after its last success it counts as late."""
    return {job_id: job.when.late_after for job_id, job in _table(store, settings, utc_now).items()}


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
