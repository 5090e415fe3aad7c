"""What the platform is to be told of the bookings its regulators make: written in the booking's transaction.

One booking for the platform is one series of reports, known by the first of our bookings: who is moved to
another slot keeps it. Only what a regulator of the platform booked as one is told, then every change of it,
whoever makes the change.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select

from scheduler.accounts.actor import Actor, account_of_key
from scheduler.sas.appointment import STATUS, Told, appointment
from scheduler.sas.regulators import Identifier
from scheduler.store.tables import (
    Booking,
    BookingState,
    Practitioner,
    Role,
    SasRegulator,
    SasReport,
    Slot,
    Territory,
)


def report_step(
    session: Session, actor: Actor, booking: Booking, before: BookingState | None, now: datetime
) -> SasReport | None:
    """Write what the platform is to be told of a step of a booking, just taken; None when nothing.

    Parameters
    ----------
    before
        Where the booking was; None when it has just been made.
    """
    if booking.state not in STATUS:
        return None  # a hold is not told, nor is the end of what became another booking
    first = _first(session, booking)
    is_new = booking.moved_from is None and before in {None, BookingState.HELD}
    if is_new and (booking.state is not BookingState.BOOKED or actor.role is not Role.REGULATOR):
        return None
    regulator = _regulator(session, booking, active=is_new)
    told_before = 0 if is_new else _num_told(session, first.id)
    if regulator is None or (not is_new and not told_before):
        return None
    return _write(session, booking, first, regulator, told_before + 1, now)


def _write(
    session: Session,
    booking: Booking,
    first: Booking,
    regulator: Identifier,
    sequence: int,
    now: datetime,
) -> SasReport:
    query = (
        select(Slot.start_at, Slot.end_at, Practitioner.rpps, Territory.zone)
        .join(Practitioner, col(Practitioner.id) == col(Slot.practitioner_id))
        .join(Territory, col(Territory.id) == col(Practitioner.territory_id))
        .where(col(Slot.id) == booking.slot_id)
    )
    start_at, end_at, rpps, zone = session.exec(query).one()
    told = Told(
        state=booking.state,
        operator=regulator,
        rpps=rpps,
        start_at=start_at,
        end_at=end_at,
        created_at=first.created_at,
        zone=zone,
    )
    report = SasReport(
        booking_id=first.id, sequence=sequence, resource=appointment(told), created_at=now, due_at=now
    )
    session.add(report)
    return report


def _first(session: Session, booking: Booking) -> Booking:
    """Go back to the booking the platform knows."""
    while booking.moved_from is not None:
        booking = session.get_one(Booking, booking.moved_from)
    return booking


def _regulator(session: Session, booking: Booking, *, active: bool) -> Identifier | None:
    """Find the regulator of the platform who made a booking; one who left since still made it."""
    account_id = account_of_key(booking.booked_by)
    if account_id is None:
        return None
    found = session.connection().execute(_REGULATOR, {"account_id": account_id}).first()
    if found is None or (active and not found.active):
        return None
    return Identifier(system=found.system, value=found.value)


# prepared once: each step of a booking asks it
_REGULATOR = select(col(SasRegulator.system), col(SasRegulator.value), col(SasRegulator.active)).where(
    col(SasRegulator.account_id) == bindparam("account_id")
)


def _num_told(session: Session, booking_id: UUID) -> int:
    query = select(func.max(SasReport.sequence)).where(col(SasReport.booking_id) == booking_id)
    return session.exec(query).one() or 0
