"""What signals need with time: places by wait, open questions, requests grown old, senders told."""

from datetime import time, timedelta
from functools import partial

from scheduler.clock import Clock
from scheduler.jobs.runner import Job
from scheduler.jobs.schedule import Daily, Every
from scheduler.referrals.drafts import forget_old_drafts
from scheduler.referrals.hygiene import ask_to_confirm
from scheduler.referrals.my_signals import tell_senders
from scheduler.referrals.ranking import promote_by_wait
from scheduler.referrals.seen import end_unanswered
from scheduler.referrals.signal_import import forget_old_imports
from scheduler.store.engine import Store

TELL_EVERY = timedelta(minutes=15)
"""How often senders are told of what moved on."""

FORGET_EVERY = timedelta(hours=1)


def signal_jobs(store: Store, *, clock: Clock) -> dict[str, Job]:
    """Give the jobs of this part, by their id."""
    return {
        "promotions": Job(Daily(time(4, 15)), partial(promote_by_wait, store, clock=clock)),
        "declare_requests": Job(Daily(time(6, 45)), partial(end_unanswered, store, clock=clock)),
        "reconfirmations": Job(Daily(time(9)), partial(ask_to_confirm, store, clock=clock)),
        "returns": Job(Every(TELL_EVERY), partial(tell_senders, store, clock=clock)),
        "old_drafts": Job(Every(FORGET_EVERY), partial(forget_old_drafts, store, clock=clock)),
        "old_imports": Job(Every(FORGET_EVERY), partial(forget_old_imports, store, clock=clock)),
    }
