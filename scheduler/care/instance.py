"""From the store to a round of filling: who waits, what is free, who may have what by now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
from sqlmodel import Session, col, select

from matching import Travel
from matching.fill import CareRequest as Request
from matching.fill import FillInstance, FreeSlot
from scheduler.care.circles import MINUTE, Circle, circle_at
from scheduler.care.expected import expected_requests, outlook
from scheduler.care.offer import OpenSlot, Supply, open_supply
from scheduler.care.rules import Rules
from scheduler.store.tables import CareRequest, CareState, Modality
from scheduler.territory.travel import GreatCircleTravel, TravelTimes

MOST_REQUESTS = 2000
"""Requests of one round, promised ones and those due soonest first; a CPTS has some hundred at most."""

FARTHEST_KM = 150.0
"""By road: farther than anybody travels within the longest travel a CPTS may allow."""

_REMOTE = frozenset({Modality.VR.value})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Round:
    """One round: the rows it is about and the instance that the core solves; ids are those of the store.

    Behind the rows of the instance that are ``requests`` stand those that past weeks let expect.
    """

    requests: tuple[CareRequest, ...]
    supply: Supply
    instance: FillInstance


def waiting_requests(session: Session, territory_id: int) -> tuple[CareRequest, ...]:
    """List the requests that wait, promised ones and the nearest deadlines first."""
    query = (
        select(CareRequest)
        .where(col(CareRequest.territory_id) == territory_id, col(CareRequest.state) == CareState.WAITING)
        .order_by(
            col(CareRequest.promised).desc(),
            col(CareRequest.urgency),
            col(CareRequest.deadline_at),
            col(CareRequest.id),
        )
        .limit(MOST_REQUESTS)
    )
    return tuple(session.exec(query))


def circle_of(rules: Rules, request: CareRequest, now: datetime) -> Circle:
    """Give whose slots a request may have now; by video only, there is no usual doctor to wait for."""
    return circle_at(
        rules,
        urgency=request.urgency,
        has_usual=request.usual_practitioner_id is not None and set(request.modalities) != _REMOTE,
        received_at=request.received_at,
        deadline_at=request.deadline_at,
        now=now,
    )


def build_round(
    session: Session,
    territory_id: int,
    rules: Rules,
    *,
    now: datetime,
    travel: TravelTimes | None = None,
) -> Round:
    """Read what a round of filling is about; places on offer to somebody are left out."""
    requests = waiting_requests(session, territory_id)
    expected = expected_requests(session, territory_id, rules, now=now)
    last = max((request.deadline_at for request in requests), default=now)
    supply = open_supply(session, territory_id, from_at=now + rules.notice_min * MINUTE, to_at=last, now=now)
    everybody = requests + expected
    circles = [circle_of(rules, request, now) for request in requests]
    circles += [circle_of(rules, request, request.deadline_at) for request in expected]  # all, in the end
    trips = _within(everybody, circles, supply, rules, travel)
    return Round(
        requests=requests,
        supply=supply,
        instance=FillInstance(
            requests=tuple(
                _as_request(request, circle, expected=row >= len(requests))
                for row, (request, circle) in enumerate(zip(everybody, circles, strict=True))
            ),
            slots=tuple(
                _as_slot(slot, supply.place_of[slot.practice_id]) for slot in supply.slots if slot.unoffered
            ),
            travel=trips,
            num_places=len(supply.places),
            now=now,
            outlook=outlook(session, territory_id, rules, now=now, until_at=last),
        ),
    )


def within_reach(
    requests: Sequence[CareRequest],
    supply: Supply,
    rules: Rules,
    *,
    now: datetime,
    travel: TravelTimes | None = None,
) -> Travel:
    """Give the pairs of request and practice that the circle of each request allows now."""
    circles = [circle_of(rules, request, now) for request in requests]
    return _within(requests, circles, supply, rules, travel)


def _within(
    requests: Sequence[CareRequest],
    circles: Iterable[Circle],
    supply: Supply,
    rules: Rules,
    travel: TravelTimes | None,
) -> Travel:
    origins = np.array([(r.latitude, r.longitude) for r in requests], np.float64).reshape(-1, 2)
    trips = (travel or GreatCircleTravel()).between(origins, supply.places, FARTHEST_KM)
    allowed = _allowed(requests, tuple(circles), supply, rules, trips)
    return Travel(
        patient=trips.patient[allowed],
        practitioner=trips.practitioner[allowed],
        distance_m=trips.distance_m[allowed],
        duration_s=trips.duration_s[allowed],
    )


def _allowed(
    requests: Sequence[CareRequest], circles: Sequence[Circle], supply: Supply, rules: Rules, trips: Travel
) -> npt.NDArray[np.bool_]:
    reach_s = np.array([circle.max_travel_min * 60 for circle in circles], np.int64)
    usual_only = np.array([circle.usual_only for circle in circles], np.bool_)
    usual = np.array([request.usual_practitioner_id or -1 for request in requests], np.int64)
    whose = np.full(len(supply.places), -2, np.int64)
    for slot in supply.slots:
        whose[supply.place_of[slot.practice_id]] = slot.practitioner_id
    seen = _sees_age(requests, supply, whose)
    is_usual = usual[trips.patient] == whose[trips.practitioner]
    near = trips.duration_s <= reach_s[trips.patient]
    reachable = trips.duration_s <= rules.max_travel_min * 60
    allowed: npt.NDArray[np.bool_] = np.where(is_usual, reachable, near & ~usual_only[trips.patient])
    allowed &= seen[trips.patient, trips.practitioner]
    return allowed


def _sees_age(
    requests: Sequence[CareRequest], supply: Supply, whose: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Tell for each request and place whether its practitioner sees this age in person."""
    seen = np.ones((len(requests), len(whose)), np.bool_)
    ages = np.array([-1 if request.age is None else request.age for request in requests], np.int64)
    for place, practitioner_id in enumerate(whose.tolist()):
        if practitioner_id in supply.ages:
            low, high = supply.ages[practitioner_id]
            seen[:, place] = (ages < 0) | ((low <= ages) & (ages <= high))
    return seen


def _as_request(request: CareRequest, circle: Circle, *, expected: bool) -> Request:
    modalities = frozenset(request.modalities) - (_REMOTE if circle.usual_only else frozenset())
    return Request(
        id=f"expected-{request.id}" if expected else str(request.id),
        received_at=request.received_at,
        deadline_at=request.deadline_at,
        urgency=request.urgency,  # type: ignore[arg-type]  # held by a CHECK
        modalities=modalities,  # type: ignore[arg-type]  # words of ``Modality``
        usual_practitioner=None
        if request.usual_practitioner_id is None
        else str(request.usual_practitioner_id),
        promised=request.promised,
        expected=expected,
    )


def _as_slot(slot: OpenSlot, place: int) -> FreeSlot:
    return FreeSlot(
        id=str(slot.id),
        practitioner_id=str(slot.practitioner_id),
        place=place,
        start_at=slot.start_at,
        end_at=slot.end_at,
        modality=slot.modality.value,
        capacity=slot.unoffered,
    )
