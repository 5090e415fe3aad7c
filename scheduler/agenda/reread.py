"""Reading a calendar once more before a place of it is taken, within a short time.

The network is asked outside every transaction. What comes back in time is applied as any reading is: if
the slot is gone the booking is refused by what the store then says. When nothing comes in time, a slot that
was seen lately is booked all the same; one that is to be confirmed by telephone is not.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLong
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from scheduler.agenda.errors import SlotNotSure
from scheduler.agenda.freshness import Limits
from scheduler.jobs.faults import where
from scheduler.store.tables import Feed, FeedState, Slot

log = structlog.get_logger()

JUST_READ = timedelta(minutes=1)
"""A calendar that was asked so lately is not asked again: fifty people may want its slots at once."""

_HANDS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The polled calendar of a slot, and when it last answered."""

    feed_id: int
    ok_at: datetime | None
    read_at: datetime | None

    def is_due(self, now: datetime) -> bool:
        """Tell whether it should be read once more."""
        return self.read_at is None or self.read_at <= now - JUST_READ


# prepared once: every booking asks it
_SOURCE = (
    select(col(Feed.id), col(Feed.ok_at), col(Feed.read_at))
    .join(Slot, col(Slot.feed_id) == col(Feed.id))
    .where(
        col(Slot.id) == bindparam("slot_id"),
        col(Feed.address).is_not(None),
        col(Feed.state) == FeedState.ACTIVE,
    )
)


def source_of(session: Session, slot_id: int) -> Source | None:
    """Give the calendar a slot comes from; None for one opened by hand, out of a file, or unknown."""
    row = session.connection().execute(_SOURCE, {"slot_id": slot_id}).first()
    return None if row is None else Source(feed_id=row.id, ok_at=row.ok_at, read_at=row.read_at)


def check_sure(source: Source | None, limits: Limits, now: datetime) -> None:
    """Refuse a slot whose calendar has not answered for too long, the last asking included.

    Raises
    ------
    SlotNotSure
        When its slots are grey by now.
    """
    if source is not None and limits.is_grey(source.ok_at, now):
        raise SlotNotSure


class Rereads:
    """The readings under way because somebody is about to book; those of one calendar are one."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_HANDS, thread_name_prefix="reread")
        self._under_way: dict[int, Future[object]] = {}
        self._lock = threading.Lock()

    def within(self, feed_id: int, read: Callable[[], object], budget_s: float) -> bool:
        """Read, and wait at most ``budget_s`` seconds; a reading that takes longer goes on and is applied.

        Returns
        -------
        Whether it ended in time; a fault of ours is logged and counts as no answer.
        """
        with self._lock:
            reading = self._under_way.get(feed_id)
            if reading is None or reading.done():
                reading = self._under_way[feed_id] = self._pool.submit(read)
        try:
            reading.result(timeout=budget_s)
        except TooLong:
            log.info("reread_too_long", feed_id=feed_id)
            return False
        except Exception as fault:  # noqa: BLE001 — the booking goes on by what is known, or is refused
            log.error("reread_fault", feed_id=feed_id, fault=where(fault))  # noqa: TRY400 — may quote rows
            return False
        return True

    def stop(self) -> None:
        """Wait for the readings under way, and start no other."""
        self._pool.shutdown(wait=True, cancel_futures=True)
