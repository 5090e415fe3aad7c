"""Whom to ask for when the interface is checked: those whose slots show every case there is."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from scheduler.sas.availability import MOST_PROFESSIONALS, available
from scheduler.store.tables import Membership, Practice, Practitioner, Slot, SlotState

_AHEAD = timedelta(hours=72)


def professionals_to_ask_for(session: Session, *, now: datetime) -> tuple[str, ...]:
    """Give the RPPS numbers of up to 25 professionals who have something free, the particular ones first.

    Those of several places, then those of several communities, then by their number of open slots.
    """
    num_slots = func.count(col(Slot.id).distinct())
    num_places = func.count(col(Practice.id).distinct())
    num_memberships = func.count(col(Membership.territory_id).distinct())
    query = (
        select(Practitioner.rpps)
        .join(Slot, col(Slot.practitioner_id) == col(Practitioner.id))
        .join(Practice, col(Practice.id) == col(Slot.practice_id))
        .join(Membership, col(Membership.practitioner_id) == col(Practitioner.id), isouter=True)
        .where(
            col(Slot.state) == SlotState.OPEN,
            col(Slot.start_at) > now,
            col(Slot.start_at) <= now + _AHEAD,
        )
        .group_by(col(Practitioner.rpps), col(Slot.visibility))
        .order_by(num_places.desc(), num_memberships.desc(), num_slots.desc(), col(Practitioner.rpps))
    )
    numbers = tuple(dict.fromkeys(session.exec(query)))[: 4 * MOST_PROFESSIONALS]
    free = available(session, numbers, from_at=now, to_at=now + _AHEAD, now=now)
    with_something = {who.rpps for who in free.professionals.values()}
    return tuple(number for number in numbers if number in with_something)[:MOST_PROFESSIONALS]
