"""The life of a care request, as one pure table, and the writing of its history.

::

    waiting → booked → waiting      the booking was given back: the request keeps its seniority
       ↓  ↘      ↘
       ↓   missed  cancelled        missed: the deadline passed; a person extends or closes it
    cancelled  ↘→ waiting, cancelled
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Session

from scheduler.errors import WrongState
from scheduler.store.tables import CareEvent, CareRequest, CareState

_S = CareState


class Kind(StrEnum):
    """What happened to a request; the first ones change its state."""

    RECEIVED = "received"
    ANNOUNCED = "announced"
    ACCEPTED = "accepted"
    BOOKED = "booked"
    BOOKING_LOST = "booking_lost"
    MISSED = "missed"
    EXTENDED = "extended"
    CANCELLED = "cancelled"

    PLANNED = "planned"
    REPLANNED = "replanned"
    UNPLANNED = "unplanned"
    NOT_ANNOUNCED = "not_announced"
    PROMISED = "promised"
    OFFERED = "offered"
    DECLINED = "declined"
    OFFER_ENDED = "offer_ended"
    BOOKING_MOVED = "booking_moved"
    TAKEN_OVER = "taken_over"


STEPS: Mapping[Kind, tuple[frozenset[CareState], CareState]] = {
    Kind.ANNOUNCED: (frozenset({_S.WAITING}), _S.BOOKED),
    Kind.ACCEPTED: (frozenset({_S.WAITING}), _S.BOOKED),
    Kind.BOOKED: (frozenset({_S.WAITING, _S.MISSED}), _S.BOOKED),
    Kind.BOOKING_LOST: (frozenset({_S.BOOKED}), _S.WAITING),
    Kind.MISSED: (frozenset({_S.WAITING}), _S.MISSED),
    Kind.EXTENDED: (frozenset({_S.WAITING, _S.MISSED}), _S.WAITING),
    Kind.CANCELLED: (frozenset({_S.WAITING, _S.BOOKED, _S.MISSED}), _S.CANCELLED),
}


def step(
    session: Session,
    request: CareRequest,
    kind: Kind,
    *,
    actor: str,
    now: datetime,
    slot_id: int | None = None,
    detail: dict[str, Any] | None = None,
    **values: Any,
) -> None:
    """Take a step, or only note what happened, and write it in the history.

    Parameters
    ----------
    values
        Columns of the request that change with it.

    Raises
    ------
    WrongState
        When the step does not start from where the request stands.
    """
    before = request.state
    if kind in STEPS:
        starts, leads_to = STEPS[kind]
        if before not in starts:
            raise WrongState("care_request", before.value, kind.value)
        request.state = leads_to
        request.planned_slot_id = None
    for name, value in values.items():
        setattr(request, name, value)
    request.updated_at = now
    session.add(request)
    session.add(
        CareEvent(
            request_id=request.id,
            at=now,
            actor=actor,
            kind=kind.value,
            from_state=before,
            to_state=request.state,
            slot_id=slot_id,
            detail=detail or {},
        )
    )
    session.flush()
