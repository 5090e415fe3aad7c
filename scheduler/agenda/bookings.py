"""Bookings as those who may reach them read them; a hold that is over reads as expired."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.agenda.conflicts import open_conflict
from scheduler.agenda.ending import limit_to_cancel
from scheduler.agenda.history import trace
from scheduler.agenda.life import state_at
from scheduler.agenda.reach import is_own, is_staff, may_reach, reachable
from scheduler.errors import NotFound
from scheduler.listing import Listed, beyond
from scheduler.store.tables import Booking, BookingState, ConflictKind, Modality, Practice, Practitioner, Slot
from scheduler.territory.communes import communes


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingLine:
    """A booking with the slot it takes and whose it is.

    Parameters
    ----------
    state : BookingState
        As the clock has it; the row may not have been cleaned yet.
    """

    booking: Booking
    state: BookingState
    slot: Slot
    practitioner: Practitioner


def list_bookings(
    session: Session,
    actor: Actor,
    *,
    since_at: datetime,
    limit: int,
    after: tuple[datetime, UUID] | None,
    now: datetime,
) -> Listed[BookingLine]:
    """List the bookings this person may reach whose slot ends after ``since_at``, the earliest first.

    Takes a write session: that somebody has an appointment is said of a patient, hence one audit row for
    each booking that names one.
    """
    order = (col(Slot.start_at), col(Booking.id))
    query = (
        select(Booking, Slot, Practitioner)
        .join(Slot, col(Slot.id) == col(Booking.slot_id))
        .join(Practitioner, col(Practitioner.id) == col(Slot.practitioner_id))
        .where(
            col(Practitioner.territory_id) == actor.territory_id,
            col(Slot.end_at) > since_at,
            reachable(actor),
        )
    )
    if after is not None:
        query = query.where(beyond(order, after))
    listed = Listed.cut(session.exec(query.order_by(*order).limit(limit + 1)).all(), limit)
    lines = []
    for booking, slot, who in listed.rows:
        trace(session, actor, "R", booking, now)
        state = state_at(booking.state, booking.held_until, now)
        lines.append(BookingLine(booking=booking, state=state, slot=slot, practitioner=who))
    return Listed(tuple(lines), listed.more)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingShown:
    """One booking as those who may reach it see it; its patient is not named.

    Parameters
    ----------
    state : BookingState
        As the clock has it.
    expires_at : datetime or None
        Until when a hold may be confirmed; None for anything else.
    is_holder : bool
        Whether it is this person who holds or booked it.
    is_own_agenda : bool
        Whether it is this person's own agenda, or their practitioner's.
    cancel_until : datetime
        Until when it may be given back without a reason.
    may_cancel_late : bool
        Whether this person may do so later, with a reason.
    conflict : ConflictKind or None
        What the practitioner's calendar says against it, until somebody has settled that.
    """

    id: UUID
    slot_id: int
    state: BookingState
    expires_at: datetime | None
    is_holder: bool
    is_own_agenda: bool
    cancel_until: datetime
    may_cancel_late: bool
    practitioner_name: str
    address: str
    commune: str
    phone: str
    start_at: datetime
    end_at: datetime
    modality: Modality
    conflict: ConflictKind | None


def get_booking(session: Session, actor: Actor, booking_id: UUID, *, now: datetime) -> BookingShown:
    """Read one booking.

    Raises
    ------
    NotFound
        When there is none that this person may reach.
    """
    query = (
        select(Booking, Slot, Practitioner, Practice)
        .join(Slot, col(Slot.id) == col(Booking.slot_id))
        .join(Practitioner, col(Practitioner.id) == col(Slot.practitioner_id))
        .join(Practice, col(Practice.id) == col(Slot.practice_id))
        .where(col(Booking.id) == booking_id, col(Practitioner.territory_id) == actor.territory_id)
    )
    row = session.exec(query).first()
    if row is None or not may_reach(actor, row[0], row[1].practitioner_id):
        raise NotFound("booking")
    booking, slot, practitioner, practice = row
    state = state_at(booking.state, booking.held_until, now)
    conflict = open_conflict(session, booking.slot_id)
    return BookingShown(
        id=booking.id,
        slot_id=booking.slot_id,
        state=state,
        expires_at=booking.held_until if state is BookingState.HELD else None,
        is_holder=booking.booked_by == actor.key,
        is_own_agenda=is_own(actor, slot.practitioner_id),
        cancel_until=limit_to_cancel(session, slot),
        may_cancel_late=is_staff(actor, slot.practitioner_id),
        practitioner_name=f"Dr {practitioner.given_name} {practitioner.family_name}",
        address=practice.address,
        commune=communes().by_insee(practice.insee).name,
        phone=practice.phone,
        start_at=slot.start_at,
        end_at=slot.end_at,
        modality=slot.modality,
        conflict=None if conflict is None else conflict.kind,
    )
