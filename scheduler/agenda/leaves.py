"""Days on which a practitioner sees nobody: they close slots of every source, whatever the calendars say."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.clock import local_day
from scheduler.directory import find_practitioner
from scheduler.errors import InvalidInput, NotFound
from scheduler.store.tables import Leave, Practitioner, Territory

LONGEST_DAYS = 366


def add_leave(
    session: Session, actor: Actor, practitioner_id: int, *, first_on: date, last_on: date, now: datetime
) -> Leave:
    """Write down a leave; ``rearrange`` then closes the slots in it, and makes conflicts of what is booked.

    Parameters
    ----------
    first_on, last_on
        Whole days of the territory's clock, both included.

    Raises
    ------
    NotFound
        When the practitioner is not one this person may manage.
    InvalidInput
        When the days are in the wrong order, more than a year, or over.
    """
    find_practitioner(session, actor, practitioner_id)
    if not 0 <= (last_on - first_on).days < LONGEST_DAYS:
        raise InvalidInput("last_on", "un dernier jour qui n'est pas avant le premier, dans l'année")
    if last_on < local_day(now, zone_of(session, practitioner_id)):
        raise InvalidInput("last_on", "un dernier jour qui n'est pas passé")
    leave = Leave(
        practitioner_id=practitioner_id,
        first_on=first_on,
        last_on=last_on,
        created_by=actor.key,
        created_at=now,
    )
    session.add(leave)
    session.flush()
    return leave


def drop_leave(session: Session, actor: Actor, leave_id: int) -> int:
    """Take a leave back; gives whose it was.

    Raises
    ------
    NotFound
        When it is not one this person may manage.
    """
    leave = session.get(Leave, leave_id)
    if leave is None:
        raise NotFound("leave")
    try:
        find_practitioner(session, actor, leave.practitioner_id)
    except NotFound:
        raise NotFound("leave") from None
    session.delete(leave)
    session.flush()
    return leave.practitioner_id


def list_leaves(session: Session, actor: Actor, practitioner_id: int, *, now: datetime) -> tuple[Leave, ...]:
    """List the leaves of a practitioner that are not over; raises ``NotFound`` as ``add_leave``."""
    find_practitioner(session, actor, practitioner_id)
    today = local_day(now, zone_of(session, practitioner_id))
    query = select(Leave).where(col(Leave.practitioner_id) == practitioner_id, col(Leave.last_on) >= today)
    return tuple(session.exec(query.order_by(col(Leave.first_on), col(Leave.id))))


def leave_stretches(session: Session, practitioner_id: int, now: datetime) -> list[tuple[datetime, datetime]]:
    """Give the leaves of a practitioner as stretches of time, those that are over left out."""
    zone = ZoneInfo(zone_of(session, practitioner_id))
    query = select(col(Leave.first_on), col(Leave.last_on)).where(
        col(Leave.practitioner_id) == practitioner_id,
        col(Leave.last_on) >= (now - timedelta(days=2)).date(),
    )
    return [
        (_midnight(first_on, zone), _midnight(last_on + timedelta(days=1), zone))
        for first_on, last_on in session.exec(query)
    ]


def zone_of(session: Session, practitioner_id: int) -> str:
    """Give the zone the days of a practitioner are read in: that of their territory."""
    query = (
        select(Territory.zone)
        .join(Practitioner, col(Practitioner.territory_id) == col(Territory.id))
        .where(col(Practitioner.id) == practitioner_id)
    )
    return session.exec(query).one()


def _midnight(on: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(on, time(), zone).astimezone(ZoneInfo("UTC"))
