"""Care requests as those who see to them read them: one by one, and the list of those without a slot."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, or_, select

from scheduler.accounts.actor import Actor
from scheduler.audit import record
from scheduler.care.refill import offers_of
from scheduler.care.requests import PURPOSE, SEES_ALL, may_see
from scheduler.errors import NotFound
from scheduler.listing import Listed, beyond
from scheduler.store.tables import CareEvent, CareOffer, CareRequest, CareState, Slot

Standing = Literal["without", "kept", "booked", "missed", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLine:
    """A request in a list; ``standing`` tells a kept slot from none, without saying which."""

    request: CareRequest
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestShown:
    """One request with its history, and what is offered to it now."""

    request: CareRequest
    standing: Standing
    history: tuple[CareEvent, ...]
    offers: tuple[tuple[CareOffer, Slot], ...]


def standing_of(request: CareRequest) -> Standing:
    """Say where a request stands, in one stable word."""
    if request.state is CareState.WAITING:
        return "without" if request.planned_slot_id is None else "kept"
    return request.state.value  # type: ignore[return-value]  # the other words are those of the state


def read_request(session: Session, actor: Actor, request_id: UUID, *, now: datetime) -> RequestShown:
    """Read one request; takes a write session, for a patient that it names is traced.

    Raises
    ------
    NotFound
        When it is not theirs.
    """
    request = session.get(CareRequest, request_id)
    if request is None or not may_see(actor, request):
        raise NotFound("care_request")
    if request.patient_id is not None:
        record(
            session,
            actor,
            action="R",
            object_kind="care_request",
            object_id=request.id,
            patient_id=request.patient_id,
            purpose=PURPOSE,
            now=now,
        )
    events = select(CareEvent).where(col(CareEvent.request_id) == request_id)
    offers = offers_of(session, request_id, now=now)
    return RequestShown(
        request=request,
        standing=standing_of(request),
        history=tuple(session.exec(events.order_by(col(CareEvent.id)))),
        offers=tuple((offer, session.get_one(Slot, offer.slot_id)) for offer in offers),
    )


def worklist(
    session: Session, actor: Actor, *, limit: int, after: tuple[datetime, UUID] | None
) -> Listed[RequestLine]:
    """List the requests without a slot, missed ones included, the nearest deadline first; no patient."""
    without = or_(
        (col(CareRequest.state) == CareState.WAITING) & col(CareRequest.planned_slot_id).is_(None),
        col(CareRequest.state) == CareState.MISSED,
    )
    return _list(session, actor, without, limit, after)


def open_requests(
    session: Session, actor: Actor, *, limit: int, after: tuple[datetime, UUID] | None
) -> Listed[RequestLine]:
    """List the requests that are not over, the nearest deadline first; no patient."""
    return _list(session, actor, col(CareRequest.state) != CareState.CANCELLED, limit, after)


def _list(
    session: Session,
    actor: Actor,
    condition: ColumnElement[bool],
    limit: int,
    after: tuple[datetime, UUID] | None,
) -> Listed[RequestLine]:
    order = (col(CareRequest.deadline_at), col(CareRequest.id))
    query = select(CareRequest).where(col(CareRequest.territory_id) == actor.territory_id, condition)
    if actor.role not in SEES_ALL:
        own = col(CareRequest.created_by) == actor.key
        owned = col(CareRequest.owner_id) == actor.account_id
        query = query.where(own if actor.account_id is None else or_(own, owned))
    if after is not None:
        query = query.where(beyond(order, after))
    listed = Listed.cut(session.exec(query.order_by(*order).limit(limit + 1)).all(), limit)
    return Listed(
        tuple(RequestLine(request=row, standing=standing_of(row)) for row in listed.rows), listed.more
    )
