"""Practitioners who could not answer on a day: on leave, and nobody answers in their place."""

from datetime import date

from sqlmodel import Session, col, select

from scheduler.referrals.recipients import delegating
from scheduler.store.tables import Leave, Practitioner


def away_on(session: Session, territory_id: int, on: date) -> frozenset[int]:
    """List the practitioners of a territory to whom nobody should be proposed today: they come back."""
    query = (
        select(Leave.practitioner_id)
        .join(Practitioner, col(Practitioner.id) == col(Leave.practitioner_id))
        .where(
            col(Practitioner.territory_id) == territory_id,
            col(Leave.first_on) <= on,
            col(Leave.last_on) >= on,
            col(Leave.practitioner_id).not_in(delegating(on)),
        )
    )
    return frozenset(session.exec(query))
