"""From a round of filling to the assignment problem it means: requests as groups, slots as bins."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from matching.candidates import travel_tenths
from matching.errors import InvalidInstance
from matching.fill.model import CareRequest, FillInstance
from matching.fill.policy import FillPolicy
from matching.problem import AssignmentProblem

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]

NUM_RANKS = 4
_BITS = {"AMB": 1, "HH": 2, "VR": 4}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Meetings:
    """Request-slot pairs that could meet in time and space, with the travel between them.

    Parameters
    ----------
    request, slot, duration_s : ndarray of int64, shape (num_pairs,)
        Rows of the instance and seconds of travel, 0 by video.
    suits : ndarray of bool, shape (num_pairs,)
        Whether the modality of the slot is one that the request accepts.
    """

    request: Int64
    slot: Int64
    duration_s: Int64
    suits: Bools

    def suitable(self) -> "Meetings":
        """Return the pairs of a modality that would do."""
        return self.take(np.flatnonzero(self.suits))

    def take(self, rows: Int64) -> "Meetings":
        """Return some of the pairs."""
        return Meetings(
            request=self.request[rows],
            slot=self.slot[rows],
            duration_s=self.duration_s[rows],
            suits=self.suits[rows],
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Filling:
    """The assignment problem of a round; arc ``i`` is pair ``i`` of ``meetings``."""

    problem: AssignmentProblem
    meetings: Meetings
    nearby: Meetings
    rank_weight: int


def filling(instance: FillInstance, policy: FillPolicy) -> Filling:
    """Return the assignment problem over all pairs that can meet.

    ``nearby`` also holds the pairs whose modality does not suit: reasons need them.

    Raises
    ------
    InvalidInstance
        When weights that keep the order of urgency would exceed 63 bits.
    """
    nearby = _with_announced(_meetings(instance, policy), instance)
    meetings = nearby.suitable()
    cost = _costs(instance, policy, meetings)
    weight = _rank_weight(instance, cost)
    ranks = np.array([rank(request) for request in instance.requests], np.int64)
    return Filling(
        problem=AssignmentProblem(
            reward=(NUM_RANKS - ranks) * weight - is_expected(instance) * (weight // 2),
            arc_group=meetings.request,
            arc_bin=meetings.slot,
            arc_cost=cost,
            capacity=np.array([slot.capacity for slot in instance.slots], np.int64),
            pinned=_pinned(instance, meetings),
        ),
        meetings=meetings,
        nearby=nearby,
        rank_weight=weight,
    )


def rank(request: CareRequest) -> int:
    """Return 0 for what was promised, else the urgency; smaller is served first."""
    return 0 if request.promised or request.announced_slot is not None else request.urgency


def window_s(instance: FillInstance, policy: FillPolicy) -> tuple[Int64, Int64]:
    """Return the first and last start, in seconds from now, that each request allows."""
    last = _seconds((request.deadline_at for request in instance.requests), instance.now)
    received = _seconds((request.received_at for request in instance.requests), instance.now)
    asked = np.where(is_expected(instance), np.maximum(received, policy.next_round_min * 60), 0)
    first: Int64 = asked + policy.notice_min * 60
    return first, last


def is_expected(instance: FillInstance) -> Bools:
    """Return which requests nobody has made yet."""
    return np.array([request.expected for request in instance.requests], np.bool_)


def starts_s(instance: FillInstance) -> Int64:
    """Return when each slot begins, in seconds from now."""
    return _seconds((slot.start_at for slot in instance.slots), instance.now)


def _seconds(instants: Iterable[datetime], now: datetime) -> Int64:
    return np.array([round((at - now).total_seconds()) for at in instants], np.int64)


def _meetings(instance: FillInstance, policy: FillPolicy) -> Meetings:
    """Return all pairs in time and in reach: per pair of request and place, a range of sorted slots."""
    num_requests, start = len(instance.requests), starts_s(instance)
    remote = np.array([slot.modality == "VR" for slot in instance.slots], np.bool_)
    place = np.where(remote, instance.num_places, np.array([s.place for s in instance.slots], np.int64))
    travel = instance.travel
    near = travel.duration_s <= policy.max_travel_min * 60
    request = np.concatenate([travel.patient[near].astype(np.int64), np.arange(num_requests)])
    where = np.concatenate(
        [travel.practitioner[near].astype(np.int64), np.full(num_requests, instance.num_places)]
    )
    duration = np.concatenate([travel.duration_s[near].astype(np.int64), np.zeros(num_requests, np.int64)])
    first, last = window_s(instance, policy)
    span = int(max(start.max(initial=0), last.max(initial=0), first.max(initial=0))) + 2
    order = np.lexsort((start, place))
    key = (place * span + np.clip(start, -1, span - 1))[order]
    low = np.searchsorted(key, where * span + first[request], side="left")
    high = np.searchsorted(key, where * span + np.clip(last[request], -1, span - 1), side="right")
    count = np.maximum(high - low, 0)
    pair = np.repeat(np.arange(request.size), count)
    slot = order[np.arange(pair.size) - np.repeat(np.cumsum(count) - count, count) + low[pair]]
    return Meetings(
        request=request[pair],
        slot=slot,
        duration_s=duration[pair],
        suits=_suits(instance, request[pair], slot),
    )


def _suits(instance: FillInstance, request: Int64, slot: Int64) -> Bools:
    accepted = np.array([sum(_BITS[m] for m in r.modalities) for r in instance.requests], np.int64)
    offered = np.array([_BITS[s.modality] for s in instance.slots], np.int64)
    suits: Bools = (accepted[request] & offered[slot]) > 0
    return suits


def _with_announced(meetings: Meetings, instance: FillInstance) -> Meetings:
    """Return the pairs with one pair only for what was announced: it happens whatever the rules say."""
    announced = np.array([r.announced_slot is not None for r in instance.requests], np.bool_)
    if not announced.any():
        return meetings
    row = {slot.id: i for i, slot in enumerate(instance.slots)}
    request = np.flatnonzero(announced)
    slot = np.array([row[str(instance.requests[r].announced_slot)] for r in request.tolist()], np.int64)
    free = meetings.take(np.flatnonzero(~announced[meetings.request]))
    return Meetings(
        request=np.concatenate([free.request, request]),
        slot=np.concatenate([free.slot, slot]),
        duration_s=np.concatenate([free.duration_s, _durations(instance, request, slot)]),
        suits=np.concatenate([free.suits, np.ones(request.size, np.bool_)]),
    )


def _durations(instance: FillInstance, request: Int64, slot: Int64) -> Int64:
    travel = instance.travel
    pairs = zip(travel.patient.tolist(), travel.practitioner.tolist(), strict=True)
    known = dict(zip(pairs, travel.duration_s.tolist(), strict=True))
    return np.array(
        [
            0
            if instance.slots[s].modality == "VR"
            else known.get((r, instance.slots[s].place), 0)  # announced by hand, beyond every reach
            for r, s in zip(request.tolist(), slot.tolist(), strict=True)
        ],
        np.int64,
    )


def _costs(instance: FillInstance, policy: FillPolicy, meetings: Meetings) -> Int64:
    """Return waiting, travel and unmet preferences of each pair, in tenths of a minute."""
    received = _seconds((request.received_at for request in instance.requests), instance.now)
    waited_s = np.maximum(starts_s(instance)[meetings.slot] - received[meetings.request], 0)
    cost: Int64 = waited_s * policy.wait_tenths_per_hour // 3600 + travel_tenths(meetings.duration_s)
    cost += _not_usual(instance, meetings) * policy.usual_practitioner_tenths
    cost += _wastes_a_visit(instance, meetings) * policy.scarce_modality_tenths
    return cost


def _not_usual(instance: FillInstance, meetings: Meetings) -> Bools:
    number = {key: i for i, key in enumerate({slot.practitioner_id for slot in instance.slots})}
    usual = np.array([number.get(r.usual_practitioner or "", -1) for r in instance.requests], np.int64)
    stated = np.array([r.usual_practitioner is not None for r in instance.requests], np.bool_)
    whose = np.array([number[slot.practitioner_id] for slot in instance.slots], np.int64)
    other: Bools = stated[meetings.request] & (usual[meetings.request] != whose[meetings.slot])
    return other


def _wastes_a_visit(instance: FillInstance, meetings: Meetings) -> Bools:
    could_do_without = np.array([r.modalities != {"HH"} for r in instance.requests], np.bool_)
    visit = np.array([slot.modality == "HH" for slot in instance.slots], np.bool_)
    wasted: Bools = could_do_without[meetings.request] & visit[meetings.slot]
    return wasted


def _rank_weight(instance: FillInstance, cost: Int64) -> int:
    """Return what a rank must be worth: half of it, more than all arcs of one alternating path can cost.

    Half, because expected requests stand half a rank below those made. Requests that can be seen together
    are the independent sets of a transversal matroid, as in ``priority.rank_weight``; announced ones only
    take places away beforehand.
    """
    weight = 2 * (min(len(instance.requests), len(instance.slots)) * int(cost.max(initial=0)) + 1)
    if len(instance.requests) * NUM_RANKS * weight >= 2**63:
        raise InvalidInstance(["des échéances trop lointaines pour départager autant de demandes"])
    return weight


def _pinned(instance: FillInstance, meetings: Meetings) -> Int64:
    pinned = np.full(len(instance.requests), -1, np.int64)
    for row, request in enumerate(instance.requests):
        if request.announced_slot is not None:
            pinned[row] = np.flatnonzero(meetings.request == row)[0]
    return pinned
