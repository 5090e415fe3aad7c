"""What is written of each attempt to read a calendar, and what it changes for the next one."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from scheduler.agenda.arrange import Closed
from scheduler.agenda.feeds import Reading, State, preview
from scheduler.agenda.feeds.fetched import Validators
from scheduler.agenda.quarantine import Before, Suspicion, is_confirmed, is_suspect
from scheduler.agenda.reconcile import Content
from scheduler.agenda.rhythm import (
    DENIED_BEFORE_SUSPENSION,
    FULL_EVERY,
    due_after_failure,
    due_after_success,
    is_given_up,
)
from scheduler.rows import id_of
from scheduler.store.tables import Feed, FeedBusy, FeedReading, FeedState, Slot, SlotState

log = structlog.get_logger()

OK = "ok"
UNCHANGED = "unchanged"
OVERTAKEN = "overtaken"
SUSPECT = "suspect"

KEPT_FOR = timedelta(days=30)
"""How long readings are kept: some 4000 lines per calendar, enough to explain what a GP asks about."""

_LEFT_OUT = frozenset({State.IGNORED.value, State.REFUSED.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a calendar gave no reading; ``retry_after_s`` when its server asked to wait."""

    code: str
    retry_after_s: int | None = None


def outcome_of(reading: FeedReading) -> str:
    """Give the stable word for what became of a reading.

    ``ok``, ``unchanged``, ``suspect``, ``overtaken``, or the code of the failure (``FetchCode``, or that
    of a ``FeedError``).
    """
    return reading.outcome.partition(":")[0]


def last_readings(session: Session, feed_ids: list[int]) -> dict[int, FeedReading]:
    """Give the newest reading of each calendar that was ever read."""
    newest = (
        select(func.max(FeedReading.id))
        .where(col(FeedReading.feed_id).in_(feed_ids))
        .group_by(col(FeedReading.feed_id))
    )
    rows = session.exec(select(FeedReading).where(col(FeedReading.id).in_(newest)))
    return {row.feed_id: row for row in rows}


def note_unchanged(session: Session, feed_id: int, now: datetime, *, every: timedelta) -> FeedReading:
    """Renew the freshness only: what was read last still holds."""
    feed = locked_feed(session, feed_id)
    if is_overtaken(feed, now):
        return write_reading(session, feed, now, OVERTAKEN)
    note_answered(feed, now, every=every)
    return write_reading(session, feed, now, UNCHANGED)


def note_suspect(
    session: Session, feed: Feed, reading: Reading, seen: str, now: datetime, *, every: timedelta
) -> FeedReading:
    """Keep what was known, and its age, until the same content comes again."""
    log.warning("feed_suspect", feed_id=feed.id)
    feed.read_at = now
    if feed.address is not None:
        feed.due_at = due_after_success(id_of(feed), now, every=every, zone=feed.zone)
    return write_reading(session, feed, now, f"{SUSPECT}:{seen}", reading)


def note_failed(
    session: Session, feed_id: int, failure: Failure, now: datetime, *, every: timedelta
) -> FeedReading:
    """Keep what was known, wait longer, and give up where asking again does not help."""
    feed = locked_feed(session, feed_id)
    if is_overtaken(feed, now):
        return write_reading(session, feed, now, OVERTAKEN)
    feed.read_at = now
    feed.num_failures += 1
    written = write_reading(session, feed, now, failure.code)
    if feed.address is None:
        return written
    if is_given_up(_outcomes(session, feed)):
        log.warning("feed_suspended", feed_id=feed_id, outcome=failure.code)
        feed.state, feed.due_at = FeedState.SUSPENDED, None
    else:
        feed.due_at = due_after_failure(
            feed_id,
            now,
            every=every,
            num_failures=feed.num_failures,
            retry_after_s=failure.retry_after_s,
        )
    session.flush()
    return written


def locked_feed(session: Session, feed_id: int) -> Feed:
    """Load a calendar and keep others from writing about it until this transaction ends."""
    query = select(Feed).where(col(Feed.id) == feed_id).with_for_update(key_share=True)
    return session.exec(query).one()


def is_overtaken(feed: Feed, now: datetime) -> bool:
    """Tell whether somebody read the calendar later, or suspended it, while this reading was under way."""
    return feed.state is not FeedState.ACTIVE or (feed.read_at is not None and feed.read_at > now)


def note_answered(feed: Feed, now: datetime, *, every: timedelta, refresh_s: int | None = None) -> None:
    """Renew the freshness of a calendar, and say when it is read next."""
    feed.read_at = feed.ok_at = now
    feed.num_failures = 0
    if feed.address is not None:
        feed.due_at = due_after_success(id_of(feed), now, every=every, zone=feed.zone, refresh_s=refresh_s)


def write_reading(
    session: Session, feed: Feed, now: datetime, outcome: str, reading: Reading | None = None
) -> FeedReading:
    """Write the line of a reading, and drop those too old to be asked about."""
    session.exec(
        delete(FeedReading).where(col(FeedReading.feed_id) == feed.id, col(FeedReading.at) < now - KEPT_FOR)
    )
    row = FeedReading(feed_id=id_of(feed), at=now, outcome=outcome)
    if reading is not None:
        shown = preview(reading)
        row.num_open, row.num_busy = shown.num_open, shown.num_busy
        row.num_ignored, row.num_refused = shown.num_ignored, shown.num_refused
        row.ignored = Counter(line["reason"] for line in shown.rows if line["state"] in _LEFT_OUT)
        row.warnings = list(shown.warnings)
    session.add(feed)
    session.add(row)
    session.flush()
    return row


def validators_of(session: Session, feed: Feed, now: datetime) -> Validators | None:
    """Give what to ask "anything new?" with, unless the last full reading is a day old."""
    full = select(func.max(FeedReading.at)).where(
        col(FeedReading.feed_id) == feed.id, col(FeedReading.outcome) == OK
    )
    last_full_at = session.exec(full).one()
    if last_full_at is None or last_full_at <= now - FULL_EVERY:
        return None
    return Validators(etag=feed.etag, last_modified=feed.last_modified)


def _outcomes(session: Session, feed: Feed) -> list[str]:
    query = select(FeedReading.outcome).where(col(FeedReading.feed_id) == feed.id)
    newest = query.order_by(col(FeedReading.at).desc(), col(FeedReading.id).desc())
    return list(session.exec(newest.limit(DENIED_BEFORE_SUSPENSION)))


def must_wait(session: Session, feed: Feed, content: Content, seen: str, now: datetime) -> bool:
    """Tell whether a reading lost so much that it must come a second time before it is applied.

    Parameters
    ----------
    seen
        Fingerprint of the calendar's content.
    """
    coming = (col(Slot.start_at) > now) & (col(Slot.start_at) < content.window.to_at)
    in_calendar = col(Slot.closed_reason).is_distinct_from(Closed.DELETED)
    shown = (col(Slot.state) != SlotState.WITHDRAWN) & in_calendar
    keys = session.exec(select(Slot.key).where(col(Slot.feed_id) == feed.id, coming, shown))
    busy = select(func.count()).select_from(FeedBusy)
    num_busy = session.exec(busy.where(col(FeedBusy.feed_id) == feed.id, col(FeedBusy.end_at) > now)).one()
    before = Before(keys=frozenset(keys), num_busy=num_busy)
    now_shown = frozenset(draft.key for draft in content.drafts if draft.start_at > now)
    if not is_suspect(before, now_shown, len(content.busy)):
        return False
    return not is_confirmed(seen, _suspicion(session, feed, seen), now)


def _suspicion(session: Session, feed: Feed, seen: str) -> Suspicion | None:
    """Find when the same suspect content was first read since the last reading that was applied."""
    applied = select(func.max(FeedReading.id)).where(
        col(FeedReading.feed_id) == feed.id, col(FeedReading.outcome) == OK
    )
    since = session.exec(applied).one() or 0
    first = select(func.min(FeedReading.at)).where(
        col(FeedReading.feed_id) == feed.id,
        col(FeedReading.id) > since,
        col(FeedReading.outcome) == f"{SUSPECT}:{seen}",
    )
    at = session.exec(first).one()
    return None if at is None else Suspicion(fingerprint=seen, at=at)
