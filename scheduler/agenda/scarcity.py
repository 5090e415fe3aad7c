"""Which slots others need more than somebody who can travel: what taking one would cost those who wait.

With care requests waiting, a small assignment of them to the slots in view is solved; a slot whose place has
a price there is one that somebody waiting would lose. It is exact for these requests and these slots, and
knows nothing of requests still to come. With nobody waiting there is no such price: then home visits count
as scarce when the slots in view hold fewer places for them than for those who travel, a rule of thumb.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from sqlmodel import Session, col, select

from matching import AssignmentProblem, assign
from scheduler.accounts.actor import Actor
from scheduler.agenda.search import FoundSlot
from scheduler.store.tables import CareRequest, CareState, Modality
from scheduler.territory.travel import GreatCircleTravel

MOST_REQUESTS = 200
REACH_KM = 25.0
_TIME_S = 0.2


def wanted_by_others(
    session: Session, actor: Actor, slots: Sequence[FoundSlot], now: datetime
) -> frozenset[int]:
    """Give the ids of the slots that should go last to somebody who can travel."""
    if not slots:
        return frozenset()
    waiting = _waiting(session, actor, now)
    return _priced(waiting, slots) if waiting else _scarce_home_visits(slots)


def _waiting(session: Session, actor: Actor, now: datetime) -> Sequence[CareRequest]:
    query = (
        select(CareRequest)
        .where(
            col(CareRequest.territory_id) == actor.territory_id,
            col(CareRequest.state) == CareState.WAITING,
            col(CareRequest.deadline_at) > now,
        )
        .order_by(col(CareRequest.deadline_at), col(CareRequest.id))
        .limit(MOST_REQUESTS)
    )
    return session.exec(query).all()


def _priced(waiting: Sequence[CareRequest], slots: Sequence[FoundSlot]) -> frozenset[int]:
    origins = np.array([(one.latitude, one.longitude) for one in waiting], dtype=np.float64)
    places = np.array([(slot.latitude, slot.longitude) for slot in slots], dtype=np.float64)
    near = GreatCircleTravel().between(origins, places, REACH_KM)
    fits = np.array(
        [
            _fits(waiting[request], slots[place])
            for request, place in zip(near.patient, near.practitioner, strict=True)
        ],
        dtype=bool,
    )
    # one patient more weighs more than any travel: costs are minutes, far below the reward
    solved = assign(
        AssignmentProblem(
            reward=np.array([10_000 * one.urgency for one in waiting], dtype=np.int64),
            arc_group=near.patient[fits].astype(np.int32),
            arc_bin=near.practitioner[fits].astype(np.int32),
            arc_cost=(near.duration_s[fits] // 60).astype(np.int64),
            capacity=np.array([slot.free_places for slot in slots], dtype=np.int64),
        ),
        time_limit_s=_TIME_S,
    )
    if solved.price is None:
        return frozenset(slots[place].slot_id for place in set(near.practitioner[fits].tolist()))
    return frozenset(slot.slot_id for slot, price in zip(slots, solved.price, strict=True) if price > 0)


def _fits(request: CareRequest, slot: FoundSlot) -> bool:
    return slot.modality.value in request.modalities and slot.start_at <= request.deadline_at


def _scarce_home_visits(slots: Sequence[FoundSlot]) -> frozenset[int]:
    at_home = [slot for slot in slots if slot.modality is Modality.HH]
    num_elsewhere = sum(slot.free_places for slot in slots if slot.modality is not Modality.HH)
    if sum(slot.free_places for slot in at_home) >= num_elsewhere:
        return frozenset()
    return frozenset(slot.slot_id for slot in at_home)
