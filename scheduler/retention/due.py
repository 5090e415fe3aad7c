"""Whose turn it is: files to set aside, files to erase. Both follow from dates alone.

Nothing is remembered beside the files, so that the purge of a backup that was restored does again what had
been done since.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from scheduler.clock import local_day
from scheduler.retention.periods import Cutoffs, Retention
from scheduler.store.tables import (
    Booking,
    BookingState,
    CareRequest,
    CareState,
    CloseReason,
    DepartingPatient,
    Departure,
    Referral,
    ReferralState,
    Slot,
    Territory,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What a purge would do in one territory now.

    Parameters
    ----------
    num_withdrawn
        Among those to erase: because their consent was withdrawn.
    """

    territory: str
    num_to_set_aside: int
    num_to_erase: int
    num_withdrawn: int


def preview(session: Session, retention: Retention, *, now: datetime) -> list[Due]:
    """Count what a purge would do now, territory by territory, without doing any of it."""
    found = []
    for territory in session.exec(select(Territory).order_by(col(Territory.id))):
        cutoffs = retention.cutoffs(local_day(now, territory.zone), territory.zone)
        erasable = select(Referral.close_reason).where(
            col(Referral.territory_id) == territory.id, to_erase(cutoffs, now)
        )
        reasons = session.exec(erasable).all()
        aside = select(Referral.id).where(
            col(Referral.territory_id) == territory.id, to_set_aside(cutoffs), ~to_erase(cutoffs, now)
        )
        found.append(
            Due(
                territory=territory.slug,
                num_to_set_aside=len(session.exec(aside).all()),
                num_to_erase=len(reasons),
                num_withdrawn=reasons.count(CloseReason.CONSENT_WITHDRAWN),
            )
        )
    return found


def ids_of(session: Session, territory_id: int, condition: ColumnElement[bool]) -> Sequence[UUID]:
    """Give the files of a territory that a condition holds for, in one order."""
    query = select(Referral.id).where(col(Referral.territory_id) == territory_id, condition)
    return session.exec(query.order_by(col(Referral.id))).all()


def to_set_aside(cutoffs: Cutoffs) -> ColumnElement[bool]:
    """Select files that are over and were in use long enough since."""
    return and_(
        col(Referral.set_aside_at).is_(None), _over(cutoffs, cutoffs.set_aside), ~_follows_one_in_use()
    )


def to_erase(cutoffs: Cutoffs, now: datetime) -> ColumnElement[bool]:
    """Select files whose time is over, but those of a patient who is still expected somewhere."""
    withdrawn = and_(
        col(Referral.close_reason) == CloseReason.CONSENT_WITHDRAWN,
        col(Referral.updated_at) < cutoffs.withdrawn,
    )
    over = and_(_over(cutoffs, cutoffs.erase), ~_follows_one_in_use())
    return and_(col(Referral.erased_at).is_(None), or_(withdrawn, over), ~_expected(now))


def _over(cutoffs: Cutoffs, before: datetime) -> ColumnElement[bool]:
    """Select files that ended, and did not change since."""
    followed = col(Referral.next_action_on).is_not(None)
    return and_(
        col(Referral.updated_at) < before,
        or_(
            col(Referral.state) == ReferralState.CLOSED,
            and_(
                col(Referral.state) == ReferralState.DECLARED,
                ~followed | (col(Referral.updated_at) < cutoffs.unanswered),
            ),
        ),
    )


def _follows_one_in_use() -> ColumnElement[bool]:
    """Select files that were joined to another which is still in use: a wrong join must stay undoable."""
    kept = aliased(Referral)
    return exists().where(col(kept.id) == col(Referral.merged_into), col(kept.set_aside_at).is_(None))


def _expected(now: datetime) -> ColumnElement[bool]:
    """Select files of somebody who has an appointment to come, a request that waits, or a GP who leaves."""
    coming = exists().where(
        col(Booking.patient_id) == col(Referral.patient_id),
        col(Booking.state).in_((BookingState.HELD, BookingState.BOOKED)),
        col(Slot.id) == col(Booking.slot_id),
        col(Slot.end_at) > now,
    )
    waits = exists().where(
        col(CareRequest.patient_id) == col(Referral.patient_id), col(CareRequest.state) == CareState.WAITING
    )
    leaving = exists().where(
        col(DepartingPatient.patient_id) == col(Referral.patient_id),
        col(DepartingPatient.referral_id).is_(None),
        col(DepartingPatient.dropped_at).is_(None),
        col(Departure.id) == col(DepartingPatient.departure_id),
        col(Departure.cancelled_at).is_(None),
    )
    return or_(coming, waits, leaving)
