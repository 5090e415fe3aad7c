"""Every step of a booking leaves two traces: a line of its history, and the access to the patient's file.

Of those that regulators of the SAS platform make, the platform is told too.
"""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor, system_actor
from scheduler.agenda.life import Step, step
from scheduler.audit import record
from scheduler.sas.reports import report_step
from scheduler.store.tables import Booking, BookingEvent, BookingState

PURPOSE = "unscheduled_care"
"""Why a patient is named with a booking, as the audit trail keeps it."""

BY_PHONE = "by_phone"
"""In the detail of a step: somebody has called the surgery, whose calendar did not answer."""


def begin(
    session: Session, actor: Actor, booking: Booking, now: datetime, *, detail: dict[str, Any] | None = None
) -> None:
    """Note that a booking, just written, exists."""
    _note(session, actor, booking, None, now, detail)
    trace(session, actor, "C", booking, now)


def take(
    session: Session,
    actor: Actor,
    booking: Booking,
    taken: Step,
    now: datetime,
    *,
    detail: dict[str, Any] | None = None,
) -> None:
    """Take one step, and note it.

    Raises
    ------
    WrongState
        When the step does not start from where the booking is.
    """
    before = booking.state
    booking.state = step(before, taken)
    booking.held_until = None  # no step leads to a hold
    booking.updated_at = now
    session.add(booking)
    _note(session, actor, booking, before, now, detail)
    trace(session, actor, "U", booking, now)


def was_by_phone(session: Session, booking_id: UUID) -> bool:
    """Tell whether somebody has said of a booking that the surgery confirmed it on the telephone."""
    details = session.exec(select(BookingEvent.detail).where(col(BookingEvent.booking_id) == booking_id))
    return any(BY_PHONE in detail for detail in details)


def keeper_of_holds(territory_id: int) -> Actor:
    """Give who ends the holds that nobody confirmed."""
    return system_actor("holds", territory_id)


def trace(
    session: Session, actor: Actor, action: Literal["C", "R", "U"], booking: Booking, now: datetime
) -> None:
    """Note the access to the patient's file; a booking without a patient touches nobody's."""
    if booking.patient_id is None:
        return
    record(
        session,
        actor,
        action=action,
        object_kind="booking",
        object_id=str(booking.id),
        patient_id=booking.patient_id,
        purpose=PURPOSE,
        now=now,
    )


def _note(
    session: Session,
    actor: Actor,
    booking: Booking,
    before: BookingState | None,
    now: datetime,
    detail: dict[str, Any] | None,
) -> None:
    session.add(
        BookingEvent(
            booking_id=booking.id,
            at=now,
            actor=actor.key,
            from_state=before,
            to_state=booking.state,
            detail=detail or {},
        )
    )
    report_step(session, actor, booking, before, now)
