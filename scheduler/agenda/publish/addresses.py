"""Addresses of the feeds we give out: drawn at random, kept as a hash, revocable at once."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.accounts.secrets import hash_of, new_secret
from scheduler.directory import find_practitioner
from scheduler.errors import Forbidden, InvalidInput, NotFound
from scheduler.store.tables import PublishedFeed, PublishedKind, Role

_OWN_ONLY = frozenset({Role.GP, Role.SECRETARY})
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedAddress:
    """A new address: its row, and the secret part of it (256 bits), shown this once."""

    feed: PublishedFeed
    token: str


def issue_address(
    session: Session,
    actor: Actor,
    *,
    kind: PublishedKind,
    practitioner_id: int | None = None,
    now: datetime,
) -> IssuedAddress:
    """Make an address for the bookings of a practitioner, or for the open slots of the territory.

    Raises
    ------
    NotFound
        When the practitioner is not one this person may manage.
    Forbidden
        When a practitioner's side asks for the open slots of everybody.
    InvalidInput
        When the practitioner is missing, or one is given for the open slots.
    """
    if kind is PublishedKind.OPEN_SLOTS and actor.role in _OWN_ONLY:
        raise Forbidden
    if (kind is PublishedKind.BOOKINGS) != (practitioner_id is not None):
        raise InvalidInput("practitioner_id", "un médecin pour ses rendez-vous ; rien pour les créneaux")
    if practitioner_id is not None:
        find_practitioner(session, actor, practitioner_id)
    token = new_secret()
    feed = PublishedFeed(
        territory_id=actor.territory_id,
        practitioner_id=practitioner_id,
        kind=kind,
        token_hash=hash_of(token),
        created_by=actor.key,
        created_at=now,
    )
    session.add(feed)
    session.flush()
    return IssuedAddress(feed=feed, token=token)


def list_addresses(session: Session, actor: Actor) -> tuple[PublishedFeed, ...]:
    """List the addresses in use that this person may revoke, the oldest first; some hundred at most."""
    query = select(PublishedFeed).where(
        col(PublishedFeed.territory_id) == actor.territory_id, col(PublishedFeed.revoked_at).is_(None)
    )
    if actor.role in _OWN_ONLY:
        query = query.where(col(PublishedFeed.practitioner_id) == actor.practitioner_id)
    return tuple(session.exec(query.order_by(col(PublishedFeed.id))))


def revoke_address(session: Session, actor: Actor, published_id: int, *, now: datetime) -> PublishedFeed:
    """Make an address worthless from now on; a second time changes nothing.

    Raises
    ------
    NotFound
        When there is none that this person may revoke.
    """
    feed = session.get(PublishedFeed, published_id)
    if feed is None or not _may_revoke(actor, feed):
        raise NotFound("published_feed")
    if feed.revoked_at is None:
        feed.revoked_at = now
        session.add(feed)
        session.flush()
    return feed


def find_published(session: Session, token: str) -> PublishedFeed:
    """Find which feed an address stands for.

    Raises
    ------
    NotFound
        Unknown or revoked: the two look the same.
    """
    if not _TOKEN.fullmatch(token):
        raise NotFound("published_feed")
    query = select(PublishedFeed).where(
        col(PublishedFeed.token_hash) == hash_of(token), col(PublishedFeed.revoked_at).is_(None)
    )
    if (feed := session.exec(query).first()) is None:
        raise NotFound("published_feed")
    return feed


def _may_revoke(actor: Actor, feed: PublishedFeed) -> bool:
    if feed.territory_id != actor.territory_id:
        return False
    return actor.role not in _OWN_ONLY or feed.practitioner_id == actor.practitioner_id
