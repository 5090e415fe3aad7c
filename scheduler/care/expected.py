"""Requests to expect in the next hours: those that came at these hours of the last weeks.

What is learnt is nothing but the past: a sample of the requests of the last four weeks, moved to this one,
one in four of them, so that as many are expected as come in one week. They take part in a round of filling as
requests that nobody has made (``matching.fill.CareRequest.expected``, decision 0022), and their number tells
whether slots suffice (``matching.fill.Outlook``, decision 0025); without a past week nothing is expected.
Nothing is stored: yesterday's requests are known tomorrow without any job.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement
from sqlmodel import Session, and_, col, func, or_, select

from matching.fill import Outlook
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
    num_weeks = _weeks_known(session, territory_id, rules, now)
    zone = ZoneInfo(session.get_one(Territory, territory_id).zone)
    until = [now + timedelta(minutes=minutes) for minutes in rules.lookahead_min]
    expected: list[CareRequest] = []
    for age in range(1, num_weeks + 1):
        came = _came(territory_id, _moved(now, -age, zone), _moved(max(until), -age, zone))
        query = select(CareRequest).where(came).order_by(col(CareRequest.received_at), col(CareRequest.id))
        expected += [
            _expected(request, _moved(request.received_at, age, zone))
            for request in session.exec(query)
            if request.id.int % num_weeks == 0
        ]
    return tuple(request for request in expected if now < request.received_at <= until[request.urgency - 1])


def outlook(
    session: Session, territory_id: int, rules: Rules, *, now: datetime, until_at: datetime
) -> Outlook | None:
    """Count what past weeks let expect from now until an instant, 48 hours ahead at most."""
    num_weeks = _weeks_known(session, territory_id, rules, now)
    if not num_weeks:
        return None
    zone = ZoneInfo(session.get_one(Territory, territory_id).zone)
    until_at = min(until_at, now + DEADLINES[-1])
    weeks = [
        _came(territory_id, _moved(now, -age, zone), _moved(until_at, -age, zone))
        for age in range(1, num_weeks + 1)
    ]
    came = session.exec(select(func.count()).select_from(CareRequest).where(or_(*weeks))).one()
    return Outlook(until_at=until_at, num_expected=-(-came // num_weeks))


def _weeks_known(session: Session, territory_id: int, rules: Rules, now: datetime) -> int:
    """Count the whole weeks since the first deadline of somebody who got a slot, four at most.

    None where the rules expect nobody.
    """
    if not any(rules.lookahead_min):
        return 0
    query = (
        select(CareRequest.deadline_at)
        .where(col(CareRequest.territory_id) == territory_id, col(CareRequest.state) == CareState.BOOKED)
        .order_by(col(CareRequest.deadline_at))
        .limit(1)
    )
    first = session.exec(query).first()
    return 0 if first is None or first > now else min(WEEKS, (now - first) // _WEEK)


def _came(territory_id: int, after: datetime, until: datetime) -> ColumnElement[bool]:
    """Be true of what came in a past window; the bounds of the deadline are there for the index."""
    return and_(
        col(CareRequest.territory_id) == territory_id,
        col(CareRequest.state).in_((CareState.BOOKED, CareState.MISSED, CareState.WAITING)),
        col(CareRequest.deadline_at) > after,
        col(CareRequest.deadline_at) <= until + _WEEK,
        col(CareRequest.received_at) > after,
        col(CareRequest.received_at) <= until,
    )


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
