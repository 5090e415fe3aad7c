"""Slots as numbers and as their own practitioner sees them. Each function takes a read session.

No patient is named: a booking is a place that is taken.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, func, or_, select

from scheduler.accounts.actor import Actor
from scheduler.agenda.audience import visible_to
from scheduler.agenda.freshness import trusted
from scheduler.agenda.places import num_taken
from scheduler.clock import local_day
from scheduler.store.tables import (
    Feed,
    Modality,
    Practice,
    Practitioner,
    Slot,
    SlotState,
)
from scheduler.territory.communes import communes


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOffer:
    """How much can be booked on a territory."""

    num_slots: int
    num_practitioners: int


def open_offer(session: Session, actor: Actor, *, now: datetime) -> OpenOffer:
    """Count the slots of the next 72 hours that this role may book."""
    taken = num_taken(now)
    query = (
        select(func.count(), func.count(col(Slot.practitioner_id).distinct()))
        .select_from(Slot)
        .join(Practitioner, col(Practitioner.id) == col(Slot.practitioner_id))
        .join(Feed, col(Feed.id) == col(Slot.feed_id), isouter=True)
        .where(
            col(Practitioner.territory_id) == actor.territory_id,
            col(Slot.state) == SlotState.OPEN,
            col(Slot.start_at) > now,
            col(Slot.start_at) < now + timedelta(hours=72),
            col(Slot.visibility).in_(visible_to(actor.role)),
            trusted(session, now),
            taken < Slot.capacity,
        )
    )
    num_slots, num_practitioners = session.exec(query).one()
    return OpenOffer(num_slots=num_slots, num_practitioners=num_practitioners)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSlot:
    """One slot as its practitioner sees it."""

    start_at: datetime
    end_at: datetime
    modality: Modality
    commune: str
    conflict: str | None
    num_booked: int
    free: int
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnDay:
    """The slots of one day."""

    on: date
    slots: tuple[OwnSlot, ...]


def coming_slots(session: Session, practitioner_id: int, *, now: datetime, zone: str) -> list[OwnDay]:
    """Give the slots of a practitioner in the seven days to come, day by day; those gone only when booked."""
    taken = num_taken(now)
    query = (
        select(Slot, Practice.insee, taken)
        .join(Practice, col(Practice.id) == col(Slot.practice_id))
        .where(
            col(Slot.practitioner_id) == practitioner_id,
            col(Slot.end_at) > now,
            col(Slot.start_at) < now + timedelta(days=7),
            or_(col(Slot.state) != SlotState.WITHDRAWN, taken > 0),
        )
        .order_by(col(Slot.start_at), col(Slot.id))
    )
    by_day: dict[date, list[OwnSlot]] = {}
    for slot, insee, num_booked in session.exec(query):
        shown = OwnSlot(
            start_at=slot.start_at,
            end_at=slot.end_at,
            modality=slot.modality,
            commune=communes().by_insee(insee).name,
            conflict=slot.conflict,
            num_booked=num_booked,
            free=slot.capacity - num_booked if slot.state is SlotState.OPEN else 0,
            is_open=slot.state is SlotState.OPEN,
        )
        by_day.setdefault(local_day(slot.start_at, zone), []).append(shown)
    return [OwnDay(on=on, slots=tuple(slots)) for on, slots in by_day.items()]
