"""Answering agendas that subscribe: the same bytes to all who ask, "nothing new" whenever it is so."""

import math
import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import urlsplit

from starlette.responses import Response

from api.services import Services
from matching.errors import RelaisError
from scheduler.agenda.publish import PublishedBody, Site, find_published, read_published
from scheduler.agenda.publish.content import remember
from scheduler.errors import TooManyAttempts
from scheduler.rows import id_of

KEPT_FOR = timedelta(seconds=60)
"""How long a calendar is given out again without being written anew: agendas ask every 15 minutes at best."""

MOST_ASKED = 60
ASKED_WITHIN = timedelta(minutes=5)
"""How often one address may be asked, by all its subscribers together; agendas ask every few minutes."""

_MOST_KEPT = 1000
MEDIA_TYPE = "text/calendar; charset=utf-8"


class AskedTooOften(TooManyAttempts):
    """One address is asked more often than any agenda needs."""

    code = "feed_asked_too_often"

    def __init__(self, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        minutes = -(-retry_after_s // 60)
        RelaisError.__init__(
            self,
            f"Cet agenda est demandé trop souvent. Réessayez dans {minutes} min.",
        )


class Pace:
    """How often each address was asked lately by those this process answers; safe between threads."""

    def __init__(self) -> None:
        self._asked: OrderedDict[str, tuple[datetime, int]] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, address: str, now: datetime) -> None:
        """Count one request.

        Raises
        ------
        AskedTooOften
            Beyond ``MOST_ASKED`` within ``ASKED_WITHIN``; it says when to come back.
        """
        with self._lock:
            since, number = self._asked.get(address, (now, 0))
            if not timedelta(0) <= now - since < ASKED_WITHIN:
                since, number = now, 0
            self._asked[address] = (since, number + 1)
            self._asked.move_to_end(address)
            while len(self._asked) > _MOST_KEPT:
                self._asked.popitem(last=False)
        if number >= MOST_ASKED:
            raise AskedTooOften(math.ceil((since + ASKED_WITHIN - now).total_seconds()))


class PublishedCache:
    """The calendars written in the last minute; safe to share between threads.

    Attributes
    ----------
    pace : Pace
        How often each of them was asked.
    """

    def __init__(self) -> None:
        self.pace = Pace()
        self._kept: OrderedDict[int, tuple[datetime, PublishedBody]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, feed_id: int, now: datetime) -> PublishedBody | None:
        """Give what was written lately, None when it is too old or absent."""
        with self._lock:
            written = self._kept.get(feed_id)
        if written is None or not timedelta(0) <= now - written[0] < KEPT_FOR:
            return None
        return written[1]

    def put(self, feed_id: int, now: datetime, body: PublishedBody) -> None:
        """Keep what was just written; the oldest gives way."""
        with self._lock:
            self._kept[feed_id] = (now, body)
            self._kept.move_to_end(feed_id)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)


def site_of(here: Services) -> Site:
    """Say where this service stands."""
    public_url = here.settings.public_url.rstrip("/")
    return Site(
        public_url=public_url, domain=urlsplit(public_url).hostname or "localhost", zone=here.settings.zone
    )


def published(here: Services, cache: PublishedCache, token: str) -> PublishedBody:
    """Give the calendar behind an address; whether it was revoked is looked at each time.

    Raises
    ------
    NotFound
        Unknown or revoked.
    AskedTooOften
        When this address is asked too often.
    """
    now = here.clock()
    with here.store.read() as session:
        feed = find_published(session, token)
        feed_id = id_of(feed)
        cache.pace.check(feed.token_hash, now)
        if (kept := cache.get(feed_id, now)) is not None:
            return kept
        body = read_published(session, feed, token=token, site=site_of(here), now=now)
    if feed.etag != body.etag:
        with here.store.write() as session:
            remember(session, feed_id, body)
    cache.put(feed_id, now, body)
    return body


def calendar_answer(body: PublishedBody, asked: Mapping[str, str]) -> Response:
    """Answer 200 with the calendar, or 304 when the agenda has it (RFC 9110 §13.1, §13.2.2)."""
    headers = {
        "ETag": f'"{body.etag}"',
        "Last-Modified": format_datetime(body.changed_at.astimezone(UTC), usegmt=True),
        "Cache-Control": "private, no-cache",
        "X-Robots-Tag": "noindex",
    }
    if is_known(body, asked):
        return Response(status_code=304, headers=headers)
    return Response(body.body, media_type=MEDIA_TYPE, headers=headers)


def is_known(body: PublishedBody, asked: Mapping[str, str]) -> bool:
    """Tell whether a conditional request shows that the agenda has this content.

    ``If-None-Match`` decides alone where it is given; a date that cannot be read counts for nothing.
    """
    if (tags := asked.get("if-none-match")) is not None:
        given = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return "*" in given or f'"{body.etag}"' in given
    since = _date(asked.get("if-modified-since", ""))
    return since is not None and body.changed_at.replace(microsecond=0) <= since


def _date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at
