"""Which slots others need more than somebody who can travel: what taking one would cost those who wait.

With care requests waiting, a small assignment of them to the slots in view is solved; a slot whose place has
a price there is one that somebody waiting would lose. It is exact for these requests and these slots, and
knows nothing of requests still to come. Slots of one surgery that suit the same people are one bin, and
nobody needs more than the nearest places, as many as people wait: neither changes a price. With nobody
waiting there is no such price: then home visits count as scarce when the slots in view hold fewer places
for them than for those who travel, a rule of thumb.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlmodel import Session, col, select

from matching import AssignmentProblem, assign
from scheduler.accounts.actor import Actor
from scheduler.agenda.candidates import Candidate
from scheduler.store.tables import CareRequest, CareState, Modality
from scheduler.territory.travel import GreatCircleTravel

MOST_REQUESTS = 200
REACH_KM = 25.0
_TIME_S = 0.2


def wanted_by_others(
    session: Session, actor: Actor, slots: Sequence[Candidate], now: datetime
) -> frozenset[int]:
    """Give the ids of the slots that should go last to somebody who can travel."""
    if not slots:
        return frozenset()
    waiting = _waiting(session, actor, now)
    return _priced(waiting, slots) if waiting else _scarce_home_visits(slots)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """What counts of somebody who waits."""

    latitude: float
    longitude: float
    urgency: int
    modalities: list[str]
    deadline_at: datetime


_COUNTS: tuple[Any, ...] = tuple(getattr(CareRequest, field.name) for field in fields(_Waiting))


def _waiting(session: Session, actor: Actor, now: datetime) -> list[_Waiting]:
    query = (
        select(*_COUNTS)
        .where(
            col(CareRequest.territory_id) == actor.territory_id,
            col(CareRequest.state) == CareState.WAITING,
            col(CareRequest.deadline_at) > now,
        )
        .order_by(col(CareRequest.deadline_at), col(CareRequest.id))
        .limit(MOST_REQUESTS)
    )
    return [_Waiting(*row) for row in session.execute(query)]


def _priced(waiting: Sequence[_Waiting], slots: Sequence[Candidate]) -> frozenset[int]:
    bins = _bins(waiting, slots)
    problem = _problem(waiting, [alike[0] for alike in bins], _capacities(bins))
    solved = assign(problem, time_limit_s=_TIME_S)
    if solved.price is None:
        wanted = np.bincount(problem.arc_bin, minlength=len(bins)) > 0
    else:
        wanted = solved.price > 0
    return frozenset(
        slot.slot_id for alike, is_wanted in zip(bins, wanted, strict=True) if is_wanted for slot in alike
    )


def _bins(waiting: Sequence[_Waiting], slots: Sequence[Candidate]) -> list[list[Candidate]]:
    """Put together the slots of one place and modality that start between the same two deadlines."""
    deadlines = sorted({one.deadline_at for one in waiting})
    bins: dict[tuple[float, float, str, int], list[Candidate]] = {}
    for slot in slots:
        num_passed = bisect_left(deadlines, slot.start_at)
        if num_passed < len(deadlines):  # else too late for everybody
            place = (0.0, 0.0) if slot.modality is Modality.VR else (slot.latitude, slot.longitude)
            key = (*place, slot.modality.value, num_passed)
            bins.setdefault(key, []).append(slot)
    return list(bins.values())


def _capacities(bins: Sequence[Sequence[Candidate]]) -> npt.NDArray[np.int64]:
    return np.array([sum(slot.free_places for slot in alike) for alike in bins], np.int64)


def _problem(
    waiting: Sequence[_Waiting], slots: Sequence[Candidate], capacity: npt.NDArray[np.int64]
) -> AssignmentProblem:
    group, place, cost = _trips(waiting, slots)
    kept = np.flatnonzero(_fits(waiting, slots)[group, place])
    kept = kept[_within_reach_of_need(group[kept], cost[kept], capacity[place[kept]], len(waiting))]
    # one patient more weighs more than any travel: costs are minutes, far below the reward
    return AssignmentProblem(
        reward=np.array([10_000 * one.urgency for one in waiting], np.int64),
        arc_group=group[kept].astype(np.int32),
        arc_bin=place[kept].astype(np.int32),
        arc_cost=cost[kept],
        capacity=capacity,
    )


def _trips(
    waiting: Sequence[_Waiting], slots: Sequence[Candidate]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Give requests, slots within reach and minutes of travel; by video everybody is within reach."""
    origins = np.array([(one.latitude, one.longitude) for one in waiting], np.float64).reshape(-1, 2)
    places = np.array([(slot.latitude, slot.longitude) for slot in slots], np.float64).reshape(-1, 2)
    is_remote = np.array([slot.modality is Modality.VR for slot in slots], np.bool_)
    near = GreatCircleTravel().between(origins, places, REACH_KM)
    in_person = ~is_remote[near.practitioner]
    remote = np.flatnonzero(is_remote)
    return (
        np.r_[near.patient[in_person], np.repeat(np.arange(len(waiting)), len(remote))].astype(np.int64),
        np.r_[near.practitioner[in_person], np.tile(remote, len(waiting))].astype(np.int64),
        np.r_[near.duration_s[in_person] // 60, np.zeros(len(waiting) * len(remote))].astype(np.int64),
    )


def _fits(waiting: Sequence[_Waiting], slots: Sequence[Candidate]) -> npt.NDArray[np.bool_]:
    """Tell for each request and slot whether modality and deadline allow it, shape (requests, slots)."""
    deadline = np.array([one.deadline_at.timestamp() for one in waiting])
    start = np.array([slot.start_at.timestamp() for slot in slots])
    words = list(Modality)
    accepts = np.array([[word.value in one.modalities for word in words] for one in waiting])
    modality = np.array([words.index(slot.modality) for slot in slots], np.int64)
    fits: npt.NDArray[np.bool_] = accepts[:, modality] & (start <= deadline[:, None])
    return fits


def _within_reach_of_need(
    group: npt.NDArray[np.int64], cost: npt.NDArray[np.int64], places: npt.NDArray[np.int64], num_people: int
) -> npt.NDArray[np.int64]:
    """Keep of each group the cheapest arcs until they hold a place for everybody, nearest first."""
    order = np.lexsort((cost, group))
    before = np.cumsum(places[order]) - places[order]  # places of all arcs sorted before
    starts = np.flatnonzero(np.r_[True, np.diff(group[order]) > 0]) if order.size else order
    of_group = np.repeat(before[starts], np.diff(np.r_[starts, order.size]))
    return np.sort(order[before - of_group < num_people])


def _scarce_home_visits(slots: Sequence[Candidate]) -> frozenset[int]:
    at_home = [slot for slot in slots if slot.modality is Modality.HH]
    num_elsewhere = sum(slot.free_places for slot in slots if slot.modality is not Modality.HH)
    if sum(slot.free_places for slot in at_home) >= num_elsewhere:
        return frozenset()
    return frozenset(slot.slot_id for slot in at_home)
