"""Answering agendas that subscribe: the same bytes to all who ask, "nothing new" whenever it is so."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import urlsplit

from starlette.responses import Response

from api.services import Services
from scheduler.agenda.publish import PublishedBody, Site, find_published, read_published
from scheduler.agenda.publish.content import remember
from scheduler.rows import id_of

KEPT_FOR = timedelta(seconds=60)
"""How long a calendar is given out again without being written anew: agendas ask every 15 minutes at best."""

_MOST_KEPT = 1000
MEDIA_TYPE = "text/calendar; charset=utf-8"


class PublishedCache:
    """The calendars written in the last minute; safe to share between threads."""

    def __init__(self) -> None:
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
    """
    now = here.clock()
    with here.store.read() as session:
        feed = find_published(session, token)
        feed_id = id_of(feed)
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
