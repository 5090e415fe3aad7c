"""Keeping requests in step with their bookings and with the clock."""

from datetime import datetime

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from scheduler.care.life import Kind, step
from scheduler.care.requests import lock_care, next_action_at
from scheduler.care.rules import rules_of
from scheduler.store.tables import Booking, BookingState, CareRequest, CareState

SYSTEM = "system:care"
"""Who acts, in histories, when nobody does."""

_GIVEN_BACK = (BookingState.CANCELLED, BookingState.EXPIRED)


def follow(session: Session, territory_id: int, *, now: datetime) -> int:
    """Note what became of bookings and deadlines; gives the number of requests that changed.

    A booking that was moved is followed; one that was given back sends its request back to wait, with its
    seniority and its promise; a deadline that passed makes it a miss, which a person must see to.
    """
    lock_care(session, territory_id)
    return (
        _follow_moves(session, territory_id, now)
        + _return_to_wait(session, territory_id, now)
        + _note_misses(session, territory_id, now)
    )


def _follow_moves(session: Session, territory_id: int, now: datetime) -> int:
    rows = session.exec(_booked(territory_id, BookingState.MOVED)).all()
    for request in rows:
        follows = select(Booking).where(col(Booking.moved_from) == request.booking_id)
        booking = session.exec(follows).one()
        step(
            session,
            request,
            Kind.BOOKING_MOVED,
            actor=SYSTEM,
            now=now,
            slot_id=booking.slot_id,
            booking_id=booking.id,
        )
    return len(rows)


def _return_to_wait(session: Session, territory_id: int, now: datetime) -> int:
    rows = session.exec(_booked(territory_id, *_GIVEN_BACK)).all()
    rules = rules_of(session, territory_id)
    for request in rows:
        step(session, request, Kind.BOOKING_LOST, actor=SYSTEM, now=now, booking_id=None)
        request.next_action_at = next_action_at(request, rules, now)
    return len(rows)


def _note_misses(session: Session, territory_id: int, now: datetime) -> int:
    query = (
        select(CareRequest)
        .where(
            col(CareRequest.territory_id) == territory_id,
            col(CareRequest.state) == CareState.WAITING,
            col(CareRequest.deadline_at) <= now,
        )
        .order_by(col(CareRequest.id))
    )
    rows = session.exec(query).all()
    for request in rows:
        step(session, request, Kind.MISSED, actor=SYSTEM, now=now, next_action_at=now)
    return len(rows)


def _booked(territory_id: int, *states: BookingState) -> SelectOfScalar[CareRequest]:
    return (
        select(CareRequest)
        .join(Booking, col(Booking.id) == col(CareRequest.booking_id))
        .where(
            col(CareRequest.territory_id) == territory_id,
            col(CareRequest.state) == CareState.BOOKED,
            col(Booking.state).in_(states),
        )
        .order_by(col(CareRequest.id))
    )
