"""What people who keep calendars work with: the places they publish for, their calendars as last read."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from scheduler.accounts.actor import Actor
from scheduler.agenda.readings import OK
from scheduler.agenda.subscribe import list_feeds
from scheduler.rows import id_of
from scheduler.store.tables import (
    Feed,
    FeedReading,
    Practice,
    Practitioner,
    Role,
    Territory,
    TerritoryCommune,
)

_OWN_ONLY = frozenset({Role.GP, Role.SECRETARY})


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFeed:
    """One calendar with its practitioner.

    Parameters
    ----------
    last : FeedReading or None
        The newest reading, whatever came of it.
    told : FeedReading or None
        The newest one that was applied: what it counted is what is known.
    """

    feed: Feed
    practitioner: Practitioner
    last: FeedReading | None
    told: FeedReading | None


def kept_feeds(session: Session, actor: Actor) -> list[KeptFeed]:
    """List the calendars this person may manage, each with its last readings."""
    feeds = list_feeds(session, actor)
    last, told = _newest(session, feeds), _newest(session, feeds, col(FeedReading.outcome) == OK)
    whose = select(Practitioner).where(col(Practitioner.id).in_({feed.practitioner_id for feed in feeds}))
    practitioners = {row.id: row for row in session.exec(whose)}
    return [
        KeptFeed(
            feed=feed,
            practitioner=practitioners[feed.practitioner_id],
            last=last.get(id_of(feed)),
            told=told.get(id_of(feed)),
        )
        for feed in feeds
    ]


def kept_practices(session: Session, actor: Actor) -> list[tuple[Practice, Practitioner]]:
    """List the places of practice this person may register a calendar for, by name."""
    query = (
        select(Practice, Practitioner)
        .join(Practitioner, col(Practitioner.id) == col(Practice.practitioner_id))
        .where(col(Practitioner.territory_id) == actor.territory_id)
        .order_by(col(Practitioner.family_name), col(Practitioner.given_name), col(Practice.id))
    )
    if actor.role in _OWN_ONLY:
        query = query.where(col(Practitioner.id) == actor.practitioner_id)
    return list(session.exec(query).all())


def ground_of(session: Session, actor: Actor) -> tuple[Territory, tuple[str, ...]]:
    """Give the territory somebody acts in, and its communes by INSEE code."""
    territory = session.get_one(Territory, actor.territory_id)
    communes = select(TerritoryCommune.insee).where(col(TerritoryCommune.territory_id) == actor.territory_id)
    return territory, tuple(sorted(session.exec(communes)))


def _newest(session: Session, feeds: Sequence[Feed], *wanted: ColumnElement[bool]) -> dict[int, FeedReading]:
    """Give the newest reading of each calendar, in one statement whatever their number."""
    of_them = col(FeedReading.feed_id).in_([feed.id for feed in feeds])
    newest = select(func.max(FeedReading.id)).where(of_them, *wanted).group_by(col(FeedReading.feed_id))
    rows = session.exec(select(FeedReading).where(col(FeedReading.id).in_(newest)))
    return {row.feed_id: row for row in rows}
