"""Reading the calendars that are due, one after the other."""

from datetime import datetime

import structlog
from sqlmodel import col, select

from scheduler.agenda.feeds import FeedReader
from scheduler.agenda.poll import Fetch, PollSettings, Read, read_feed
from scheduler.agenda.readings import outcome_of
from scheduler.clock import Clock
from scheduler.errors import WrongState
from scheduler.jobs.faults import where
from scheduler.store.engine import Store
from scheduler.store.tables import Feed, FeedState

log = structlog.get_logger()

MOST_AT_ONCE = 100
"""Calendars read in one tick: what is left is due at the next one."""


def read_due_feeds(
    store: Store,
    *,
    clock: Clock,
    fetch: Fetch,
    read: Read | None = None,
    settings: PollSettings | None = None,
) -> int:
    """Read every calendar that is due.

    One after the other: no host is asked twice at a time, and the machine keeps its other core. A calendar
    that fails by itself leaves its ``FeedReading``; a fault of ours with one of them does not keep the
    others from being read, and is raised at the end.

    Returns
    -------
    How many were read.

    Raises
    ------
    ExceptionGroup
        The faults met, one per calendar.
    """
    settings = settings or PollSettings()
    if read is not None:
        return _read_all(store, clock=clock, fetch=fetch, read=read, settings=settings)
    with FeedReader() as reader:
        return _read_all(store, clock=clock, fetch=fetch, read=reader.read, settings=settings)


def _read_all(store: Store, *, clock: Clock, fetch: Fetch, read: Read, settings: PollSettings) -> int:
    num_read, faults = 0, []
    for feed_id in _due(store, clock()):
        try:
            reading = read_feed(store, feed_id, now=clock(), fetch=fetch, read=read, settings=settings)
        except WrongState:
            log.info("feed_no_longer_due", feed_id=feed_id)  # suspended since the list was made
        except Exception as fault:  # noqa: BLE001 — raised below, once the others have been read
            log.error("feed_fault", feed_id=feed_id, fault=where(fault))  # noqa: TRY400 — the text may quote rows
            faults.append(fault)
        else:
            num_read += 1
            log.info("feed_read", feed_id=feed_id, outcome=outcome_of(reading))
    if faults:
        raise ExceptionGroup("calendars that could not be read for a fault of ours", faults)
    return num_read


def _due(store: Store, now: datetime) -> list[int]:
    """List the calendars to read, those that have waited longest first."""
    query = (
        select(Feed.id)
        .where(col(Feed.state) == FeedState.ACTIVE, col(Feed.address).is_not(None), col(Feed.due_at) <= now)
        .order_by(col(Feed.due_at), col(Feed.id))
        .limit(MOST_AT_ONCE)
    )
    with store.read() as session:
        return [feed_id for feed_id in session.exec(query) if feed_id is not None]
