"""What people who keep calendars work with: the places they publish for, their calendars as last read."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.agenda.readings import OK
from scheduler.agenda.subscribe import list_feeds
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
    return [_kept(session, feed) for feed in list_feeds(session, actor)]


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


def _kept(session: Session, feed: Feed) -> KeptFeed:
    newest = select(FeedReading).where(col(FeedReading.feed_id) == feed.id)
    newest = newest.order_by(col(FeedReading.id).desc()).limit(1)
    last = session.exec(newest).first()
    applied = newest.where(col(FeedReading.outcome) == OK)
    return KeptFeed(
        feed=feed,
        practitioner=session.get_one(Practitioner, feed.practitioner_id),
        last=last,
        told=None if last is None else session.exec(applied).first(),
    )
