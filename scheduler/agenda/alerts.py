"""Telling a practitioner that their calendar has been silent or broken for an hour: once, by mail."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session, and_, col, func, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from scheduler.agenda.feeds.errors import REFUSALS
from scheduler.agenda.feeds.fetched import SENTENCES
from scheduler.agenda.freshness import limits_of
from scheduler.agenda.readings import SUSPECT, last_readings, outcome_of
from scheduler.messages import enqueue
from scheduler.messages.templates import feed_in_trouble
from scheduler.rows import id_of
from scheduler.store.tables import (
    Account,
    Feed,
    FeedAlert,
    FeedState,
    Grant,
    Practitioner,
    Role,
    Territory,
)

log = structlog.get_logger()

SILENT_FOR = timedelta(hours=1)
"""Without a good reading for this long, although asked, a calendar needs its practitioner."""

_UNKNOWN = "La lecture n'aboutit pas. Elle est refaite de temps en temps."
_SUSPECT = (
    "L'agenda ne montre presque plus rien de ce qui était connu. Ses créneaux sont gardés jusqu'à ce qu'une "
    "lecture le confirme. S'il est vraiment vide, il n'y a rien à faire."
)


def trouble_of(outcome: str) -> str:
    """Say in French what an outcome of a reading means, and what to do; no address, no content."""
    if outcome == SUSPECT:
        return _SUSPECT
    if outcome in REFUSALS:
        return REFUSALS[outcome].sentence
    return SENTENCES.get(outcome, _UNKNOWN)


def raise_alerts(session: Session, *, public_url: str, now: datetime) -> int:
    """Open an alert for every calendar in trouble for an hour, with a mail; end those that are over.

    Returns
    -------
    How many were opened.
    """
    _end_alerts(session, now)
    troubled = session.exec(_in_trouble(now)).all()
    last = last_readings(session, [id_of(feed) for feed in troubled])
    for feed in troubled:
        reading = last.get(id_of(feed))
        _raise_alert(session, feed, outcome_of(reading) if reading else "", public_url=public_url, now=now)
    return len(troubled)


def alerts_of(session: Session, feed_ids: Iterable[int]) -> dict[int, FeedAlert]:
    """Give the open alert of each calendar that has one."""
    query = select(FeedAlert).where(
        col(FeedAlert.feed_id).in_(list(feed_ids)), col(FeedAlert.ended_at).is_(None)
    )
    return {alert.feed_id: alert for alert in session.exec(query)}


def _in_trouble(now: datetime) -> SelectOfScalar[Feed]:
    """Give the query for calendars asked in vain for an hour, given up ones included, not told yet."""
    told = select(FeedAlert.id).where(
        col(FeedAlert.feed_id) == col(Feed.id), col(FeedAlert.ended_at).is_(None)
    )
    in_vain = and_(
        col(Feed.state) == FeedState.ACTIVE,
        col(Feed.read_at).is_not(None),
        or_(col(Feed.ok_at).is_(None), col(Feed.ok_at) < col(Feed.read_at)),
    )
    given_up = and_(col(Feed.state) == FeedState.SUSPENDED, col(Feed.num_failures) > 0)
    return (
        select(Feed)
        .where(
            col(Feed.address).is_not(None),
            or_(in_vain, given_up),
            func.coalesce(Feed.ok_at, Feed.created_at) <= now - SILENT_FOR,
            ~told.exists(),
        )
        .order_by(col(Feed.id))
    )


def _end_alerts(session: Session, now: datetime) -> None:
    """End the alerts of calendars that were read since, or that a person has suspended."""
    query = (
        select(FeedAlert)
        .join(Feed, col(Feed.id) == col(FeedAlert.feed_id))
        .where(
            col(FeedAlert.ended_at).is_(None),
            or_(
                col(Feed.ok_at) > col(FeedAlert.raised_at),
                and_(col(Feed.state) == FeedState.SUSPENDED, col(Feed.num_failures) == 0),
            ),
        )
    )
    for alert in session.exec(query):
        alert.ended_at = now
        session.add(alert)
    session.flush()


def _raise_alert(session: Session, feed: Feed, outcome: str, *, public_url: str, now: datetime) -> None:
    feed_id = id_of(feed)
    log.warning("feed_alert", feed_id=feed_id, outcome=outcome)
    session.add(FeedAlert(feed_id=feed_id, outcome=outcome, raised_at=now))
    practitioner = session.get_one(Practitioner, feed.practitioner_id)
    territory = session.get_one(Territory, practitioner.territory_id)
    letter = feed_in_trouble(
        name=feed.name,
        trouble=trouble_of(outcome),
        last_ok_at=feed.ok_at,
        hidden_after=limits_of(session).hidden_after,
        link=f"{public_url.rstrip('/')}/agendas/{feed_id}",
        zone=territory.zone,
    )
    for account in _whom(session, practitioner):
        enqueue(
            session,
            territory_id=id_of(territory),
            key=f"feed_in_trouble:{feed_id}:{now.isoformat()}:{account.id}",
            recipient=account.email,
            letter=letter,
            now=now,
        )
    session.flush()


def _whom(session: Session, practitioner: Practitioner) -> list[Account]:
    """List whom to write to: the practitioner's side, else the coordination."""
    own = select(Account).where(
        col(Account.practitioner_id) == practitioner.id, col(Account.active).is_(True)
    )
    if found := session.exec(own.order_by(col(Account.email))).all():
        return list(found)
    coordination = (
        select(Account)
        .join(Grant, col(Grant.account_id) == col(Account.id))
        .where(
            col(Grant.territory_id) == practitioner.territory_id,
            col(Grant.role) == Role.COORDINATOR,
            col(Account.active).is_(True),
        )
    )
    return list(session.exec(coordination.order_by(col(Account.email))))
