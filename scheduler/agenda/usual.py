"""Who a patient's own doctor is, from what the territory knows: asked first when somebody must be seen soon.

The strongest sign wins: a doctor who has accepted the patient, then one the patient was seen by repeatedly
as told in a signal, then one who honoured several bookings. A single visit is no habit.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from scheduler.store.tables import (
    Booking,
    BookingState,
    Intake,
    Offer,
    OfferState,
    Practitioner,
    Referral,
    SeenPractitioner,
    Slot,
)

A_HABIT = 2
"""Visits with one doctor from which on they are taken for the usual one."""

LOOKED_BACK = timedelta(days=730)


def usual_doctor(session: Session, territory_id: int, patient_id: UUID, *, now: datetime) -> int | None:
    """Give the practitioner of the territory who usually sees a patient; None when nothing tells."""
    return _accepted(session, territory_id, patient_id) or _most(
        (*_told(session, territory_id, patient_id), *_honoured(session, territory_id, patient_id, now))
    )


def practitioners_to_name(session: Session, territory_id: int) -> list[tuple[int, str]]:
    """List the doctors somebody may name as their own, by family name."""
    query = select(Practitioner).where(
        col(Practitioner.territory_id) == territory_id, col(Practitioner.profession) == "gp"
    )
    rows = session.exec(query.order_by(col(Practitioner.family_name), col(Practitioner.given_name)))
    return [(row.id or 0, f"Dr {row.given_name} {row.family_name}") for row in rows]


def _accepted(session: Session, territory_id: int, patient_id: UUID) -> int | None:
    query = (
        select(Intake.practitioner_id)
        .join(Offer, col(Offer.intake_id) == col(Intake.id))
        .join(Referral, col(Referral.id) == col(Offer.referral_id))
        .where(
            col(Referral.patient_id) == patient_id,
            col(Referral.territory_id) == territory_id,
            col(Offer.state) == OfferState.ACCEPTED,
        )
        .order_by(col(Offer.answered_at).desc())
    )
    return session.exec(query).first()


def _told(session: Session, territory_id: int, patient_id: UUID) -> list[int]:
    """List who the patient has seen, once for each visit that a signal tells of."""
    query = (
        select(SeenPractitioner.practitioner_id, SeenPractitioner.num_visits)
        .join(Referral, col(Referral.id) == col(SeenPractitioner.referral_id))
        .where(
            col(Referral.patient_id) == patient_id,
            col(Referral.territory_id) == territory_id,
            col(SeenPractitioner.practitioner_id).is_not(None),
        )
    )
    return [who for who, num_visits in session.exec(query) for _ in range(num_visits) if who is not None]


def _honoured(session: Session, territory_id: int, patient_id: UUID, now: datetime) -> list[int]:
    query = (
        select(Slot.practitioner_id)
        .join(Booking, col(Booking.slot_id) == col(Slot.id))
        .join(Practitioner, col(Practitioner.id) == col(Slot.practitioner_id))
        .where(
            col(Booking.patient_id) == patient_id,
            col(Booking.state) == BookingState.HONOURED,
            col(Slot.start_at) > now - LOOKED_BACK,
            col(Practitioner.territory_id) == territory_id,
        )
    )
    return list(session.exec(query))


def _most(visits: Iterable[int]) -> int | None:
    """Give who was seen most, the first registered of several; None below a habit."""
    counted = Counter(visits)
    if not counted:
        return None
    who, times = max(counted.items(), key=lambda one: (one[1], -one[0]))
    return who if times >= A_HABIT else None
