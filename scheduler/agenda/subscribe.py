"""Calendars that practitioners publish their slots from, or that only close slots."""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.agenda.errors import AddressNotAccepted
from scheduler.agenda.feeds import InvalidFeedSetting, Mode
from scheduler.agenda.feeds.addresses import AddressPolicy, AddressRefused, checked_url
from scheduler.agenda.feeds.values import FeedSettings
from scheduler.directory import find_practice, find_practitioner
from scheduler.errors import AlreadyExists, InvalidInput, NotFound, WrongState
from scheduler.inputs import required_text
from scheduler.rows import id_of
from scheduler.store.tables import Feed, FeedState, Modality, Practitioner, Role, Visibility

_PUBLIC_ADDRESSES = AddressPolicy()
_OWN_AGENDA_ONLY = frozenset({Role.GP, Role.SECRETARY})


def register_feed(
    session: Session,
    actor: Actor,
    *,
    practitioner_id: int,
    practice_id: int,
    name: str,
    address: str | None,
    mode: str = Mode.MARKED.value,
    zone: str = "Europe/Paris",
    slot_minutes: int | None = None,
    modality: Modality = Modality.AMB,
    visibility: Visibility = Visibility.SNP,
    now: datetime,
    policy: AddressPolicy = _PUBLIC_ADDRESSES,
) -> Feed:
    """Register a calendar; one with an address is due to be read at once.

    Parameters
    ----------
    address
        What the practitioner's agenda gave; None for a calendar handed over as a file.
    slot_minutes
        Ranges longer than this are cut, 5 to 480; None = one slot per range.
    policy
        Which addresses may be fetched.

    Raises
    ------
    NotFound
        When the practitioner or the practice is not one this person may manage.
    InvalidInput
        When a value is not acceptable; ``AddressNotAccepted`` for the address.
    AlreadyExists
        When the practitioner has this calendar already.
    """
    practitioner = find_practitioner(session, actor, practitioner_id)
    practice = find_practice(session, practitioner, practice_id)
    checked = None if address is None else _checked_address(address, policy)
    if checked is not None:
        _refuse_twin(session, practitioner, checked)
    feed = Feed(
        practitioner_id=id_of(practitioner),
        practice_id=id_of(practice),
        name=required_text("name", name, longest=200),
        address=checked,
        mode=_checked_mode(mode),
        zone=checked_zone(zone),
        slot_minutes=_checked_length(slot_minutes),
        modality=modality,
        visibility=visibility,
        state=FeedState.ACTIVE,
        due_at=None if checked is None else now,
        created_at=now,
    )
    session.add(feed)
    session.flush()
    return feed


def suspend_feed(session: Session, actor: Actor, feed_id: int) -> Feed:
    """Stop reading a calendar and hide its slots; what is booked stays booked.

    Raises
    ------
    NotFound
        When it is not one this person may manage.
    WrongState
        When it is suspended already.
    """
    feed = find_feed(session, actor, feed_id, lock=True)
    if feed.state is FeedState.SUSPENDED:
        raise WrongState("feed", feed.state.value, "suspend")
    feed.state = FeedState.SUSPENDED
    feed.num_failures = 0  # a person has seen to it: nothing is left to be told
    feed.due_at = None
    session.add(feed)
    session.flush()
    return feed


def resume_feed(session: Session, actor: Actor, feed_id: int, *, now: datetime) -> Feed:
    """Read a suspended calendar again, at once, whatever it answered before.

    Raises
    ------
    NotFound
        When it is not one this person may manage.
    WrongState
        When it is being read already.
    """
    feed = find_feed(session, actor, feed_id, lock=True)
    if feed.state is FeedState.ACTIVE:
        raise WrongState("feed", feed.state.value, "resume")
    feed.state = FeedState.ACTIVE
    feed.num_failures = 0
    feed.due_at = None if feed.address is None else now
    session.add(feed)
    session.flush()
    return feed


def find_feed(session: Session, actor: Actor, feed_id: int, *, lock: bool = False) -> Feed:
    """Load a calendar whose practitioner the actor may manage.

    Raises
    ------
    NotFound
        Unknown, of another territory, or not theirs: the three look the same.
    """
    query = select(Feed).where(col(Feed.id) == feed_id)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    feed = session.exec(query).first()
    if feed is None:
        raise NotFound("feed")
    try:
        find_practitioner(session, actor, feed.practitioner_id)
    except NotFound:
        raise NotFound("feed") from None
    return feed


def list_feeds(session: Session, actor: Actor) -> tuple[Feed, ...]:
    """List the calendars the actor may manage, by practitioner; some hundred at most, hence in one page."""
    query = (
        select(Feed)
        .join(Practitioner, col(Practitioner.id) == col(Feed.practitioner_id))
        .where(col(Practitioner.territory_id) == actor.territory_id)
        .order_by(col(Feed.practitioner_id), col(Feed.id))
    )
    if actor.role in _OWN_AGENDA_ONLY:
        query = query.where(col(Feed.practitioner_id) == actor.practitioner_id)
    return tuple(session.exec(query))


def settings_of(feed: Feed, *, own_domain: str | None = None) -> FeedSettings:
    """Give how a registered calendar is read.

    Parameters
    ----------
    own_domain
        Events whose UID ends with ``@own_domain`` are our bookings coming back.
    """
    return FeedSettings(
        mode=Mode(feed.mode),
        zone=feed.zone,
        slot_minutes=feed.slot_minutes,
        source=f"feed:{feed.id}",
        own_domain=own_domain,
    )


def _checked_address(address: str, policy: AddressPolicy) -> str:
    try:
        return str(checked_url(address, policy))
    except AddressRefused as refusal:
        raise AddressNotAccepted(refusal.code) from None


def _refuse_twin(session: Session, practitioner: Practitioner, address: str) -> None:
    twin = select(Feed.id).where(col(Feed.practitioner_id) == practitioner.id, col(Feed.address) == address)
    if session.exec(twin).first() is not None:
        raise AlreadyExists("address")


def _checked_mode(mode: str) -> str:
    try:
        return Mode(mode).value
    except ValueError:
        words = ", ".join(word.value for word in Mode)
        raise InvalidInput("mode", f"un de ces mots : {words}") from None


def checked_zone(zone: str) -> str:
    """Give a zone back if it exists.

    Raises
    ------
    InvalidInput
        When it does not.
    """
    try:
        return ZoneInfo(zone).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput("zone", "un fuseau comme Europe/Paris ou Indian/Reunion") from None


def _checked_length(slot_minutes: int | None) -> int | None:
    try:
        FeedSettings(slot_minutes=slot_minutes)
    except InvalidFeedSetting as error:
        raise InvalidInput("slot_minutes", error.expected) from None
    return slot_minutes
