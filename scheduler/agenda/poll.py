"""Reading one calendar: fetch, read in a bounded process, then write, each outside the other.

No transaction is open while the network or the reader works. Whatever happens leaves a ``FeedReading``:
a calendar that fails is recorded and keeps its last good slots, it is never skipped in silence.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlmodel import Session

from scheduler.agenda.feeds import FeedError, FeedSettings, Reading, Window, fingerprint, read_in_child
from scheduler.agenda.feeds.fetched import Fetched, Outcome, Validators
from scheduler.agenda.readings import (
    OK,
    OVERTAKEN,
    Failure,
    is_overtaken,
    locked_feed,
    must_wait,
    note_answered,
    note_failed,
    note_suspect,
    note_unchanged,
    validators_of,
    write_reading,
)
from scheduler.agenda.reconcile import apply_content, content_of, reading_window
from scheduler.agenda.subscribe import settings_of
from scheduler.errors import NotFound, WrongState
from scheduler.rows import id_of
from scheduler.store.engine import Store
from scheduler.store.tables import Feed, FeedReading, FeedState


class Fetch(Protocol):
    """Gets the bytes behind an address; a failure is a value."""

    def __call__(self, address: str, validators: Validators | None = None) -> Fetched:
        """Give what the address answered."""
        ...


class Read(Protocol):
    """Reads the bytes of a calendar within bounds."""

    def __call__(self, body: bytes, settings: FeedSettings, window: Window) -> Reading:
        """Give the reading, or raise ``FeedError``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PollSettings:
    """How calendars are polled.

    Parameters
    ----------
    every : timedelta
        Between two readings of one calendar.
    own_domain : str or None
        Events whose UID ends with ``@own_domain`` are our bookings coming back.
    """

    every: timedelta = timedelta(minutes=10)
    own_domain: str | None = None


_DEFAULT = PollSettings()


def read_feed(
    store: Store,
    feed_id: int,
    *,
    now: datetime,
    fetch: Fetch,
    read: Read = read_in_child,
    settings: PollSettings = _DEFAULT,
) -> FeedReading:
    """Read a calendar from its address and make the slots agree with it.

    Returns
    -------
    What was written of it; ``readings.outcome_of`` gives the stable word.

    Raises
    ------
    NotFound
        When there is no such calendar.
    WrongState
        When it is suspended, or has no address.
    """
    with store.read() as session:
        feed = _active(session, feed_id)
        if feed.address is None:
            raise WrongState("feed", "file", "read")
        address, validators = feed.address, validators_of(session, feed, now)
    fetched = fetch(address, validators)
    if fetched.outcome is Outcome.UNCHANGED:
        with store.write() as session:
            return note_unchanged(session, feed_id, now, every=settings.every)
    if fetched.outcome is not Outcome.FRESH:
        with store.write() as session:
            failure = Failure(code=fetched.code.value, retry_after_s=fetched.retry_after_s)
            return note_failed(session, feed_id, failure, now, every=settings.every)
    return _read(store, feed, fetched.body, fetched.validators, now=now, read=read, settings=settings)


def read_file(
    store: Store,
    feed_id: int,
    body: bytes,
    *,
    now: datetime,
    read: Read = read_in_child,
    settings: PollSettings = _DEFAULT,
    confirmed: bool = False,
) -> FeedReading:
    """Read a calendar handed over as a file.

    Parameters
    ----------
    confirmed
        The person has seen that it holds hardly anything of what was known, and means it.

    Raises
    ------
    NotFound, WrongState
        As ``read_feed``.
    """
    with store.read() as session:
        feed = _active(session, feed_id)
    validators = Validators()
    return _read(store, feed, body, validators, now=now, read=read, settings=settings, confirmed=confirmed)


def _read(
    store: Store,
    feed: Feed,
    body: bytes,
    validators: Validators,
    *,
    now: datetime,
    read: Read,
    settings: PollSettings,
    confirmed: bool = False,
) -> FeedReading:
    feed_id = id_of(feed)
    try:
        reading = read(body, settings_of(feed, own_domain=settings.own_domain), reading_window(now))
    except FeedError as error:
        with store.write() as session:
            return note_failed(session, feed_id, Failure(code=error.code), now, every=settings.every)
    with store.write() as session:
        feed = locked_feed(session, feed_id)
        if is_overtaken(feed, now):
            return write_reading(session, feed, now, OVERTAKEN)
        seen = fingerprint(body)[:32]
        content = content_of(reading)
        if must_wait(session, feed, content, seen, now) and not confirmed:
            return note_suspect(session, feed, reading, seen, now, every=settings.every)
        apply_content(session, feed, content, now=now)
        feed.etag, feed.last_modified = validators.etag, validators.last_modified
        note_answered(feed, now, every=settings.every, refresh_s=reading.refresh_s)
        return write_reading(session, feed, now, OK, reading)


def _active(session: Session, feed_id: int) -> Feed:
    feed = session.get(Feed, feed_id)
    if feed is None:
        raise NotFound("feed")
    if feed.state is not FeedState.ACTIVE:
        raise WrongState("feed", feed.state.value, "read")
    return feed
