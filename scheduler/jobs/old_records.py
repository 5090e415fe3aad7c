"""Forgetting the jobs' own records once nobody looks at them any more."""

from collections.abc import Collection
from datetime import timedelta

from scheduler.clock import Clock
from scheduler.jobs.records import Kept, forget
from scheduler.store.engine import Store

KEPT = Kept(frequent=timedelta(days=7), others=timedelta(days=400))
"""What runs every minute leaves some fifteen thousand records a day; what runs once a day is kept a year and
a month, to be compared with the year before."""


def forget_old_records(store: Store, *, often: Collection[str], clock: Clock) -> int:
    """Delete old records, but the last of each job; gives their number."""
    with store.write() as session:
        return forget(session, often, KEPT, now=clock())
