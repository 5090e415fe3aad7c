"""When a calendar is read again, and when it is given up: pure decisions.

Every ten minutes or so while surgeries are open, three times more rarely at night and on Sundays; a producer
that asks for less is heard up to one hour; failures double the wait up to six hours. Each wait is lengthened
by up to a tenth, so that feeds of one host do not fall together.
"""

import zlib
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduler.agenda.feeds.fetched import FetchCode

LONGEST_REST = timedelta(hours=1)
LONGEST_BACK_OFF = timedelta(hours=6)
FULL_EVERY = timedelta(hours=24)
"""However long a server says that nothing changed, everything is fetched once a day."""

DENIED_BEFORE_SUSPENSION = 3

OPENS, CLOSES = time(7), time(20)
"""Hours between which calendars change and patients are placed, Monday to Saturday, by the feed's clock."""
_SUNDAY = 6
_RARER = 3
_LONGEST_CLOSED = timedelta(minutes=30)
"""Even at night: a calendar must not look silent for an hour because nobody asked."""

# What asking again does not mend, as far as anybody can tell from here.
_DENIED = frozenset(
    {
        FetchCode.LOGIN_REQUIRED,
        FetchCode.NOT_FOUND,
        FetchCode.ADDRESS_MALFORMED,
        FetchCode.ADDRESS_WITH_PASSWORD,
        FetchCode.ADDRESS_OF_PAGE,
        FetchCode.ADDRESS_PRIVATE,
        FetchCode.SCHEME_REFUSED,
        FetchCode.PORT_REFUSED,
        FetchCode.HOST_REFUSED,
        FetchCode.REDIRECT_DOWNGRADED,
        FetchCode.TOO_MANY_REDIRECTS,
    }
)


def due_after_success(
    feed_id: int,
    now: datetime,
    *,
    every: timedelta,
    zone: str | None = None,
    refresh_s: int | None = None,
) -> datetime:
    """Tell when to read again after an answer.

    Parameters
    ----------
    zone
        IANA name of the clock by which surgeries open; None = they never close.
    refresh_s
        Interval the producer asks for; only lengthens the rest, up to one hour.
    """
    asked = timedelta(seconds=refresh_s or 0)
    usual = every if zone is None else rest_at(now, every, zone)
    return _spread(feed_id, now, max(usual, min(asked, LONGEST_REST)))


def rest_at(now: datetime, every: timedelta, zone: str) -> timedelta:
    """Tell how long to rest after a reading: longer while surgeries are closed, but not past the opening."""
    local = now.astimezone(ZoneInfo(zone))
    if local.weekday() != _SUNDAY and OPENS <= local.time() < CLOSES:
        return every
    return max(every, min(_RARER * every, _LONGEST_CLOSED, _next_opening(local) - now))


def _next_opening(local: datetime) -> datetime:
    day = local.date() + timedelta(days=local.time() >= OPENS)
    if day.weekday() == _SUNDAY:
        day += timedelta(days=1)
    return datetime.combine(day, OPENS, local.tzinfo)


def due_after_failure(
    feed_id: int, now: datetime, *, every: timedelta, num_failures: int, retry_after_s: int | None = None
) -> datetime:
    """Tell when to try again after ``num_failures`` failures in a row, this one included."""
    doubled = every * 2 ** min(num_failures - 1, 16)
    rest = max(min(doubled, LONGEST_BACK_OFF), timedelta(seconds=retry_after_s or 0))
    return _spread(feed_id, now, rest)


def is_given_up(outcomes: Sequence[str]) -> bool:
    """Tell whether a calendar is to be suspended: gone for good, or denied three times in a row.

    Parameters
    ----------
    outcomes
        Of its readings, the newest first.
    """
    if outcomes and outcomes[0] == FetchCode.GONE:
        return True
    last = outcomes[:DENIED_BEFORE_SUSPENSION]
    return len(last) == DENIED_BEFORE_SUSPENSION and all(outcome in _DENIED for outcome in last)


def _spread(feed_id: int, now: datetime, rest: timedelta) -> datetime:
    share = zlib.crc32(f"{feed_id} {now.isoformat()}".encode()) / 2**32
    return now + rest * (1 + share / 10)
