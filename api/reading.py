"""Reading calendars while somebody waits: bounded in time, in memory, and in how many at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from api.schemas.feeds import ReadAs
from scheduler.accounts.actor import Actor
from scheduler.agenda.feeds import FeedSettings, SourceUnreachable, Window, preview, read_in_child
from scheduler.agenda.feeds.addresses import AddressPolicy
from scheduler.agenda.feeds.fetch import FetchSettings, fetch
from scheduler.agenda.feeds.fetched import Outcome
from scheduler.agenda.freshness import limits_of
from scheduler.agenda.full import look_if_full
from scheduler.agenda.poll import PollSettings, read_feed, read_file
from scheduler.agenda.reread import check_sure, source_of
from scheduler.agenda.trial import Trial, try_calendar
from scheduler.errors import StoreBusy
from scheduler.idempotency import answered_before
from scheduler.settings import Settings
from scheduler.store.engine import Store
from scheduler.store.tables import FeedReading

if TYPE_CHECKING:
    from api.services import Services  # which holds the readers of this module

USUAL_WINDOW = timedelta(hours=72)
_AT_ONCE = 2
_PATIENCE_S = 5.0


class Readers:
    """A place for each calendar being read: a few at once, so that no crowd of them stops the rest."""

    def __init__(self) -> None:
        self._places = threading.BoundedSemaphore(_AT_ONCE)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Wait for a place, and give it back.

        Raises
        ------
        StoreBusy
            When none was free within 5 seconds.
        """
        if not self._places.acquire(timeout=_PATIENCE_S):
            raise StoreBusy
        try:
            yield
        finally:
            self._places.release()


def try_body(
    here: "Services",
    actor: Actor,
    body: bytes,
    read_as: ReadAs,
    practitioner_id: int | None,
    *,
    now: datetime,
) -> Trial:
    """Say what a calendar would give: of one practitioner with the rest of their agenda, else alone.

    Raises
    ------
    FeedError
        When it cannot be read, or not so.
    NotFound
        When the practitioner is not one this person may manage.
    """
    from_at = read_as.from_at or now
    window = Window(from_at=from_at, to_at=read_as.to_at or from_at + USUAL_WINDOW)
    settings = FeedSettings(
        mode=read_as.mode,
        zone=read_as.zone,
        slot_minutes=read_as.slot_minutes,
        own_domain=_own_domain(here.settings),
    )
    reading = read_in_child(body, settings, window)
    if practitioner_id is None:
        return Trial(preview=preview(reading), num_closed_elsewhere=0)
    with here.store.read() as session:
        return try_calendar(session, actor, practitioner_id, reading, now=now)


def fetch_body(address: str, *, allow_private: bool) -> bytes:
    """Give the bytes behind an address; never those of a file of this machine.

    Raises
    ------
    SourceUnreachable
        With one sentence for all that concerns the network, so that nobody maps ours.
    """
    policy = AddressPolicy(allow_private=allow_private)
    fetched = fetch(address, settings=FetchSettings(policy=policy))
    if fetched.outcome is not Outcome.FRESH:
        raise SourceUnreachable(fetched.code, fetched.host, fetched.sentence)
    return fetched.body


def read_once_more(
    here: "Services",
    actor: Actor,
    slot_id: int,
    *,
    key: str = "",
    takes: bool = False,
    by_phone: bool = False,
) -> None:
    """Ask the calendar of a slot once more before a place of it is taken; call it outside a transaction.

    Parameters
    ----------
    key
        Idempotency key of the request: one that was answered before is only answered again.
    takes
        A place of it is to be taken: a slot that is plainly full is refused here, before anybody waits.

    by_phone
        The surgery has been called: a calendar that does not answer refuses nothing.

    Raises
    ------
    SlotNotSure
        When the calendar does not answer in time, and has not for too long.
    SlotTaken
        When the slot is full.
    """
    now = here.clock()
    with here.store.read() as session:
        if takes:
            look_if_full(session, actor, slot_id, key=key, now=now)
        source, limits = source_of(session, slot_id), limits_of(session)
        if source is None or answered_before(session, actor, key):
            return
    if source.is_due(now):
        read = partial(read_registered, here.store, source.feed_id, settings=here.settings, now=now)
        here.rereads.within(source.feed_id, read, here.settings.reread_seconds)
        with here.store.read() as session:
            source = source_of(session, slot_id)
    if not by_phone:
        check_sure(source, limits, now)


def read_registered(
    store: Store, feed_id: int, *, settings: Settings, now: datetime, body: bytes | None = None
) -> FeedReading:
    """Read a registered calendar now, from its address or from a file handed over.

    Raises
    ------
    WrongState
        When it is suspended, or has no address and no file came.
    """
    rhythm = PollSettings(
        every=timedelta(minutes=settings.feed_poll_minutes), own_domain=_own_domain(settings)
    )
    if body is not None:
        return read_file(store, feed_id, body, now=now, settings=rhythm)
    policy = AddressPolicy(allow_private=settings.feed_allow_private)
    ask = partial(fetch, settings=FetchSettings(policy=policy))
    return read_feed(store, feed_id, now=now, fetch=ask, settings=rhythm)


def _own_domain(settings: Settings) -> str | None:
    """Give the name in the ids of our own bookings, by which they are known when they come back."""
    return urlsplit(settings.public_url).hostname
