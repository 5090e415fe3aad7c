"""Requests to expect in the next hours: those that came at these hours of the last weeks.

What is learnt is nothing but the past: a sample of the requests of the last four weeks, moved to this one,
one in four of them, so that as many are expected as come in one week. They take part in a round of filling as
requests that nobody has made (``matching.fill.CareRequest.expected``, decision 0022); without a past week
nothing is expected. Nothing is stored: yesterday's requests are known tomorrow without any job.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from scheduler.care.requests import DEADLINES
from scheduler.care.rules import Rules
from scheduler.store.tables import CareRequest, CareState, Territory

WEEKS = 4
_WEEK = timedelta(days=7)


def expected_requests(
    session: Session, territory_id: int, rules: Rules, *, now: datetime
) -> tuple[CareRequest, ...]:
    """Give copies of past requests, received later than now; they belong to no session and are not stored.

    Their deadline is that of their urgency. Hours are those of the territory's clock: what came at nine comes
    at nine after a change of clocks too.
    """
    num_weeks = _weeks_known(session, territory_id, now)
    if not num_weeks or not rules.lookahead_min:
        return ()
    zone = ZoneInfo(session.get_one(Territory, territory_id).zone)
    until = now + timedelta(minutes=rules.lookahead_min)
    expected: list[CareRequest] = []
    for age in range(1, num_weeks + 1):
        came = _received(session, territory_id, _moved(now, -age, zone), _moved(until, -age, zone))
        expected += [
            _expected(request, _moved(request.received_at, age, zone))
            for request in came
            if request.id.int % num_weeks == 0
        ]
    return tuple(request for request in expected if now < request.received_at <= until)


def _weeks_known(session: Session, territory_id: int, now: datetime) -> int:
    """Count the whole weeks since the first deadline of somebody who got a slot, four at most."""
    query = (
        select(CareRequest.deadline_at)
        .where(col(CareRequest.territory_id) == territory_id, col(CareRequest.state) == CareState.BOOKED)
        .order_by(col(CareRequest.deadline_at))
        .limit(1)
    )
    first = session.exec(query).first()
    return 0 if first is None or first > now else min(WEEKS, (now - first) // _WEEK)


def _received(
    session: Session, territory_id: int, after: datetime, until: datetime
) -> tuple[CareRequest, ...]:
    """List what came in a past window; the bounds of the deadline are there for the index."""
    query = (
        select(CareRequest)
        .where(
            col(CareRequest.territory_id) == territory_id,
            col(CareRequest.state).in_((CareState.BOOKED, CareState.MISSED, CareState.WAITING)),
            col(CareRequest.deadline_at) > after,
            col(CareRequest.deadline_at) <= until + _WEEK,
            col(CareRequest.received_at) > after,
            col(CareRequest.received_at) <= until,
        )
        .order_by(col(CareRequest.received_at), col(CareRequest.id))
    )
    return tuple(session.exec(query))


def _moved(at: datetime, weeks: int, zone: ZoneInfo) -> datetime:
    local = at.astimezone(zone) + weeks * _WEEK
    return local.astimezone(at.tzinfo)


def _expected(past: CareRequest, received_at: datetime) -> CareRequest:
    return CareRequest(
        id=past.id,
        territory_id=past.territory_id,
        insee=past.insee,
        latitude=past.latitude,
        longitude=past.longitude,
        urgency=past.urgency,
        modalities=past.modalities,
        usual_practitioner_id=past.usual_practitioner_id,
        age=past.age,
        received_at=received_at,
        deadline_at=received_at + DEADLINES[past.urgency - 1],
        state=CareState.WAITING,
        created_by=past.created_by,
        updated_at=received_at,
    )
