"""Reading the calendars that are due, several at once, so that a bad one delays nobody else's."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

import structlog
from sqlmodel import col, select

from scheduler.agenda.feeds import FeedReader
from scheduler.agenda.feeds.fetched import Fetched, Validators
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

HANDS = 4
"""Calendars read at the same time. Most of it is waiting for servers; one that answers slowly, or whose
content takes all its processor time, keeps one hand busy until its limit and leaves the others."""


def read_due_feeds(
    store: Store,
    *,
    clock: Clock,
    fetch: Fetch,
    read: Read | None = None,
    settings: PollSettings | None = None,
    hands: int = HANDS,
) -> int:
    """Read every calendar that is due, those that have waited longest first.

    No server is asked twice at a time. A calendar that fails by itself leaves its ``FeedReading``; a fault
    of ours with one of them does not keep the others from being read, and is raised at the end.

    Parameters
    ----------
    read
        Reads the bytes; by default each hand has a bounded process of its own.

    Returns
    -------
    How many were read.

    Raises
    ------
    ExceptionGroup
        The faults met, one per calendar.
    """
    work = _Work(store=store, clock=clock, fetch=fetch, settings=settings or PollSettings())
    queue = _Queue(_due(store, clock()))
    with ExitStack() as readers, ThreadPoolExecutor(hands, "feeds") as pool:
        for _ in range(min(hands, queue.num_waiting)):
            reads = read or readers.enter_context(FeedReader()).read
            pool.submit(_serve, queue, replace(work, read=reads))
    if work.faults:
        raise ExceptionGroup("calendars that could not be read for a fault of ours", work.faults)
    return len(work.done)


@dataclass(frozen=True, slots=True)
class _Due:
    """A calendar to read, and the server it comes from."""

    feed_id: int
    server: str


class _Queue:
    """Calendars that wait, handed out so that each server is asked by one hand at a time."""

    def __init__(self, waiting: Iterable[_Due]) -> None:
        self._waiting = deque(waiting)
        self._asked: set[str] = set()
        self._changed = threading.Condition()

    @property
    def num_waiting(self) -> int:
        """How many nobody has taken yet."""
        return len(self._waiting)

    def take(self) -> _Due | None:
        """Take the first one whose server is free, waiting for one if need be; None at the end."""
        with self._changed:
            while self._waiting:
                for due in self._waiting:
                    if due.server not in self._asked:
                        self._waiting.remove(due)
                        self._asked.add(due.server)
                        return due
                self._changed.wait()
            return None

    def free(self, server: str) -> None:
        """Let another hand ask this server."""
        with self._changed:
            self._asked.discard(server)
            self._changed.notify_all()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What every hand needs, and what they have done between them."""

    store: Store
    clock: Clock
    fetch: Fetch
    settings: PollSettings
    read: Read | None = None
    done: list[int] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)

    def read_one(self, due: _Due, leave: Callable[[], None]) -> None:
        """Read one calendar; its server is left as soon as it has answered."""

        def fetch_and_leave(address: str, validators: Validators | None = None) -> Fetched:
            try:
                return self.fetch(address, validators)
            finally:
                leave()

        reading = read_feed(
            self.store,
            due.feed_id,
            now=self.clock(),
            fetch=fetch_and_leave,
            settings=self.settings,
            **({} if self.read is None else {"read": self.read}),
        )
        self.done.append(due.feed_id)
        log.info("feed_read", feed_id=due.feed_id, outcome=outcome_of(reading))


def _serve(queue: _Queue, work: _Work) -> None:
    """Read one calendar after the other until none waits."""
    while (due := queue.take()) is not None:
        server = due.server
        try:
            work.read_one(due, lambda server=server: queue.free(server))  # type: ignore[misc]
        except WrongState:
            log.info("feed_no_longer_due", feed_id=due.feed_id)  # suspended since the list was made
        except Exception as fault:  # noqa: BLE001 — raised at the end, once the others have been read
            log.error("feed_fault", feed_id=due.feed_id, fault=where(fault))  # noqa: TRY400 — the text may quote rows
            work.faults.append(fault)
        finally:
            queue.free(server)


def _due(store: Store, now: datetime) -> list[_Due]:
    """List the calendars to read, those that have waited longest first."""
    query = (
        select(Feed.id, Feed.address)
        .where(col(Feed.state) == FeedState.ACTIVE, col(Feed.address).is_not(None), col(Feed.due_at) <= now)
        .order_by(col(Feed.due_at), col(Feed.id))
        .limit(MOST_AT_ONCE)
    )
    with store.read() as session:
        rows = session.exec(query).all()
    return [_Due(int(feed_id or 0), urlsplit(str(address)).netloc) for feed_id, address in rows]
