"""What is told of withdrawn consents and erased files: dates and numbers, never who."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from scheduler.accounts.actor import Actor
from scheduler.clock import local_day
from scheduler.retention.periods import Retention
from scheduler.store.tables import CloseReason, Consent, Referral, Territory


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawnFile:
    """A file whose consent was withdrawn.

    Parameters
    ----------
    hidden_on : date
        Since when nobody of the coordination reaches it.
    erase_on : date
        By when it is erased at the earliest: not before a booked appointment is over.
    erased_on : date or None
        When it was.
    """

    referral_id: UUID
    pathway: str
    hidden_on: date
    erase_on: date
    erased_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How many files of a territory are where."""

    num_in_use: int
    num_set_aside: int
    num_erased: int


def withdrawn_files(
    session: Session, actor: Actor, retention: Retention, *, limit: int = 200
) -> list[WithdrawnFile]:
    """List the files whose consent was withdrawn, the last ones first; nobody's identity is read."""
    zone = session.get_one(Territory, actor.territory_id).zone
    withdrawn = select(func.max(Consent.withdrawn_at)).where(col(Consent.referral_id) == col(Referral.id))
    query = (
        select(Referral, withdrawn.scalar_subquery())
        .where(
            col(Referral.territory_id) == actor.territory_id,
            col(Referral.close_reason) == CloseReason.CONSENT_WITHDRAWN,
        )
        .order_by(col(Referral.updated_at).desc(), col(Referral.id))
        .limit(limit)
    )
    found = []
    for referral, withdrawn_at in session.exec(query):
        hidden_on = local_day(withdrawn_at or referral.updated_at, zone)
        found.append(
            WithdrawnFile(
                referral_id=referral.id,
                pathway=referral.pathway,
                hidden_on=hidden_on,
                erase_on=local_day(referral.updated_at, zone) + timedelta(days=retention.withdrawn_days),
                erased_on=None if referral.erased_at is None else local_day(referral.erased_at, zone),
            )
        )
    return found


def kept_files(session: Session, actor: Actor) -> Kept:
    """Count the files of a territory: in use, set aside, erased."""
    here = col(Referral.territory_id) == actor.territory_id
    aside, erased = col(Referral.set_aside_at).is_not(None), col(Referral.erased_at).is_not(None)

    def num(condition: ColumnElement[bool]) -> int:
        return session.exec(select(func.count()).select_from(Referral).where(here, condition)).one()

    return Kept(num_in_use=num(~aside), num_set_aside=num(aside & ~erased), num_erased=num(erased))
