"""A promised time that the calendar no longer shows: somebody's work, by a day, until it is settled.

Raised when a reading deletes, moves, covers or overlaps a slot that somebody holds or has booked; ended by a
person (``settling``), by the calendar when it agrees again, or when nobody is expected any more.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import Session, col, select

from scheduler.agenda.life import EXPECTED
from scheduler.clock import local_day
from scheduler.rows import id_of
from scheduler.store.tables import (
    Account,
    Booking,
    ConflictKind,
    Grant,
    Practitioner,
    Resolution,
    Role,
    Slot,
    SlotConflict,
    Territory,
)

READER = "system:feeds"
"""Who acts, in the history of bookings, when a calendar changes under them."""

_PERSON = "account:"


def raise_conflict(
    session: Session, slot: Slot, kind: ConflictKind, bookings: Sequence[Booking], now: datetime
) -> SlotConflict:
    """Give a conflict to a person: who booked, if it is one; else the coordination.

    One that is open already keeps its owner and takes the new kind.
    """
    conflict = open_conflict(session, id_of(slot))
    if conflict is None:
        territory = _territory(session, slot)
        today = local_day(now, territory.zone)
        conflict = SlotConflict(
            slot_id=id_of(slot),
            kind=kind,
            raised_at=now,
            owner_id=_booker(session, bookings) or _coordinator(session, territory),
            next_action_on=_due_on(local_day(slot.start_at, territory.zone), today),
        )
    conflict.kind = kind
    session.add(conflict)
    session.flush()
    return conflict


def agree(session: Session, slot: Slot, now: datetime) -> None:
    """End a conflict because the calendar shows the promised time again."""
    _end(session, slot, Resolution.AGREED, READER, now)


def lapse(session: Session, slot: Slot, by: str, now: datetime) -> None:
    """End a conflict, if there is one, when the last of those who were expected has been given back."""
    if slot.conflict is None or expected_bookings(session, id_of(slot), now):
        return
    slot.conflict = None
    session.add(slot)
    _end(session, slot, Resolution.LAPSED, by, now)


def open_conflict(session: Session, slot_id: int) -> SlotConflict | None:
    """Give the open conflict of a slot, if there is one."""
    query = select(SlotConflict).where(
        col(SlotConflict.slot_id) == slot_id, col(SlotConflict.resolved_at).is_(None)
    )
    return session.exec(query).first()


def expected_bookings(session: Session, slot_id: int, now: datetime) -> Sequence[Booking]:
    """List who is expected in a slot: booked, or held and not over."""
    session.flush()
    query = select(Booking).where(
        col(Booking.slot_id) == slot_id,
        col(Booking.state).in_(EXPECTED),
        or_(col(Booking.held_until).is_(None), col(Booking.held_until) > now),
    )
    return session.exec(query.order_by(col(Booking.place))).all()


def _end(session: Session, slot: Slot, how: Resolution, by: str, now: datetime) -> None:
    conflict = open_conflict(session, id_of(slot))
    if conflict is not None:
        conflict.resolved_at, conflict.resolution, conflict.resolved_by = now, how, by
        session.add(conflict)
        session.flush()


def _due_on(slot_on: date, today: date) -> date:
    """Tomorrow at the latest, and never after the day of the slot."""
    return min(slot_on, today + timedelta(days=1))


def _territory(session: Session, slot: Slot) -> Territory:
    query = (
        select(Territory)
        .join(Practitioner, col(Practitioner.territory_id) == col(Territory.id))
        .where(col(Practitioner.id) == slot.practitioner_id)
    )
    return session.exec(query).one()


def _booker(session: Session, bookings: Sequence[Booking]) -> UUID | None:
    """Give the first person among those who booked: they have the patient's number, and promised the time."""
    for booking in bookings:
        if booking.booked_by.startswith(_PERSON):
            person = session.get(Account, UUID(booking.booked_by.removeprefix(_PERSON)))
            if person is not None and person.active:
                return person.id
    return None


def _coordinator(session: Session, territory: Territory) -> UUID | None:
    query = (
        select(Account.id)
        .join(Grant, col(Grant.account_id) == col(Account.id))
        .where(
            col(Grant.territory_id) == territory.id,
            col(Grant.role) == Role.COORDINATOR,
            col(Account.active).is_(True),
        )
        .order_by(col(Account.created_at), col(Account.id))
        .limit(1)
    )
    return session.exec(query).first()
