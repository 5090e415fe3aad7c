"""Lists of one territory, read for the wire: the directory."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, func, select

from scheduler.accounts.actor import Actor
from scheduler.errors import NotFound
from scheduler.listing import Listed, beyond
from scheduler.store.tables import (
    Intake,
    Offer,
    OfferState,
    Practice,
    Practitioner,
    Structure,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerShown:
    """A practitioner with their places of practice, and what they take on now."""

    practitioner: Practitioner
    practices: tuple[Practice, ...]
    intake: Intake | None
    num_accepted: int


def list_structures(
    session: Session, actor: Actor, *, limit: int, after: tuple[int] | None
) -> Listed[Structure]:
    """List the structures of the territory, in the order they were registered."""
    query = select(Structure).where(col(Structure.territory_id) == actor.territory_id)
    return _cut(session, query, (col(Structure.id),), limit, after)


def list_practitioners(
    session: Session, actor: Actor, *, limit: int, after: tuple[int] | None
) -> Listed[Practitioner]:
    """List the practitioners of the territory, in the order they were registered."""
    query = select(Practitioner).where(col(Practitioner.territory_id) == actor.territory_id)
    return _cut(session, query, (col(Practitioner.id),), limit, after)


def get_practitioner(session: Session, actor: Actor, practitioner_id: int) -> PractitionerShown:
    """Read one practitioner of the territory.

    Raises
    ------
    NotFound
        When there is none by that id in the territory.
    """
    practitioner = session.get(Practitioner, practitioner_id)
    if practitioner is None or practitioner.territory_id != actor.territory_id:
        raise NotFound("practitioner")
    practices = select(Practice).where(col(Practice.practitioner_id) == practitioner_id)
    intake = session.exec(open_intake_of(practitioner_id)).first()
    return PractitionerShown(
        practitioner=practitioner,
        practices=tuple(session.exec(practices.order_by(col(Practice.id)))),
        intake=intake,
        num_accepted=0 if intake is None else _num_accepted(session, intake),
    )


def open_intake_of(practitioner_id: int) -> Any:
    """Give the query for what a practitioner takes on now; at most one row."""
    open_now = col(Intake.closed_at).is_(None)
    return select(Intake).where(col(Intake.practitioner_id) == practitioner_id, open_now)


def _cut(session: Session, query: Any, order: tuple[Any, ...], limit: int, after: Any) -> Listed[Any]:
    if after is not None:
        query = query.where(beyond(order, after))
    return Listed.cut(session.exec(query.order_by(*order).limit(limit + 1)).all(), limit)


def _num_accepted(session: Session, intake: Intake) -> int:
    query = select(func.count()).where(
        col(Offer.intake_id) == intake.id, col(Offer.state) == OfferState.ACCEPTED
    )
    return session.exec(query).one()
