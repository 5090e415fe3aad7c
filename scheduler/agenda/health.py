"""How one calendar does: its standing, its readings one by one, and what those amount to."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.agenda.alerts import alerts_of, trouble_of
from scheduler.agenda.freshness import limits_of
from scheduler.agenda.readings import OK, UNCHANGED, outcome_of
from scheduler.agenda.subscribe import find_feed
from scheduler.store.tables import Feed, FeedAlert, FeedReading

SHOWN_READINGS = 100
COUNTED_FOR = timedelta(days=7)
_GOOD = frozenset({OK, UNCHANGED})


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHealth:
    """One calendar and the history of its readings.

    Parameters
    ----------
    readings : tuple of FeedReading
        The newest first, a hundred at most.
    alert : FeedAlert or None
        The trouble that was told by mail and lasts.
    trouble : str or None
        What is wrong with the last reading, in French; None when nothing is.
    outcomes : mapping of str to int
        Readings of the last seven days by outcome.
    to_confirm_at, hidden_at : datetime or None
        When its slots become, or became, "to be confirmed" and hidden without another good reading.
    """

    feed: Feed
    readings: tuple[FeedReading, ...]
    alert: FeedAlert | None
    trouble: str | None
    outcomes: Mapping[str, int]
    to_confirm_at: datetime | None
    hidden_at: datetime | None

    @property
    def share_good(self) -> float | None:
        """Share of the readings of the last seven days that were good; None when there is none."""
        total = sum(self.outcomes.values())
        return None if not total else sum(self.outcomes.get(word, 0) for word in _GOOD) / total


def health_of(session: Session, actor: Actor, feed_id: int, *, now: datetime) -> FeedHealth:
    """Look at one calendar that the actor may manage.

    Raises
    ------
    NotFound
        When it is not theirs.
    """
    feed = find_feed(session, actor, feed_id)
    newest = (
        select(FeedReading)
        .where(col(FeedReading.feed_id) == feed_id)
        .order_by(col(FeedReading.at).desc(), col(FeedReading.id).desc())
    )
    readings = tuple(session.exec(newest.limit(SHOWN_READINGS)))
    last = outcome_of(readings[0]) if readings else OK
    dated = feed.ok_at if feed.address is not None else None
    limits = limits_of(session)
    return FeedHealth(
        feed=feed,
        readings=readings,
        alert=alerts_of(session, [feed_id]).get(feed_id),
        trouble=None if last in _GOOD else trouble_of(last),
        outcomes=_outcomes(session, feed_id, now),
        to_confirm_at=None if dated is None else dated + limits.grey_after,
        hidden_at=None if dated is None else dated + limits.hidden_after,
    )


def _outcomes(session: Session, feed_id: int, now: datetime) -> Mapping[str, int]:
    query = select(FeedReading.outcome).where(
        col(FeedReading.feed_id) == feed_id, col(FeedReading.at) > now - COUNTED_FOR
    )
    return Counter(outcome.partition(":")[0] for outcome in session.exec(query))
