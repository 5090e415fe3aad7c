"""When a territory is due for another matching run without anybody asking: every night, and on events.

What asks for a run during the day is read from the history, so that nothing has to be remembered beside it:
a patient who came to the waiting list, or came back to it with their seniority, or a GP who opened places,
since the last run began. A decline thus brings the next proposal within minutes, in working hours.
"""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import exists
from sqlmodel import Session, col, func, select

from scheduler.accounts.actor import system_actor
from scheduler.clock import Clock
from scheduler.referrals.errors import RunInProgress
from scheduler.referrals.history import home_of
from scheduler.referrals.life import Step
from scheduler.referrals.pathways import pathways_in_force
from scheduler.referrals.pathways.kept import GP
from scheduler.referrals.policies import in_force
from scheduler.referrals.ranking import rules_for
from scheduler.referrals.run import RunOrder, Solve, run_matching
from scheduler.referrals.solve import solve_in_child
from scheduler.store.engine import Store
from scheduler.store.tables import (
    Intake,
    MatchingRun,
    Practitioner,
    Referral,
    ReferralEvent,
    ReferralState,
    Territory,
)
from scheduler.territory.working_days import is_working_day

OPENS, CLOSES = time(8), time(19)
"""Hours of working days between which events bring a run: somebody is there to read the proposals."""

REST = timedelta(minutes=10)
"""Between two runs brought by events: what comes in between is gathered into one."""

ACTOR = "matching"


def due_tonight(session: Session) -> list[int]:
    """List the territories with anybody on the waiting list."""
    waiting = col(Referral.state) == ReferralState.WAITING
    return sorted(session.exec(select(Referral.territory_id).where(waiting).distinct()))


def due_after_changes(session: Session, *, now: datetime) -> list[int]:
    """List the territories where a run is worth it now: working hours, and something new since the last."""
    return [
        territory_id
        for territory_id in due_tonight(session)
        if _is_working_time(session, territory_id, now) and _has_changed(session, territory_id, now)
    ]


def rematch(
    store: Store, territory_id: int, *, limit_s: float, clock: Clock, solve: Solve = solve_in_child
) -> bool:
    """Match who waits in a territory, one run a pathway; False when a run is under way already."""
    with store.read() as session:
        orders = _orders(session, territory_id, limit_s)
    try:
        for order in orders:
            run_matching(store, system_actor(ACTOR, territory_id), order, clock=clock, solve=solve)
    except RunInProgress:
        return False
    return True


def _orders(session: Session, territory_id: int, limit_s: float) -> list[RunOrder]:
    """Ask for a run of each pathway in which somebody waits, the GPs' first."""
    rules, pathways = in_force(session, territory_id), pathways_in_force(session, territory_id)
    codes = set(session.exec(_waiting_in(territory_id))) or {GP}
    return [
        RunOrder(
            policy=rules_for(session, territory_id, pathway).policy,
            policy_id=rules.id,
            time_limit_s=limit_s,
            pathway=code,
        )
        for code, pathway in pathways.items()
        if code in codes
    ]


def _is_working_time(session: Session, territory_id: int, now: datetime) -> bool:
    zone = session.get_one(Territory, territory_id).zone
    local = now.astimezone(ZoneInfo(zone))
    open_now = OPENS <= local.time() < CLOSES
    return open_now and is_working_day(local.date(), home_of(session, territory_id))


def _has_changed(session: Session, territory_id: int, now: datetime) -> bool:
    """Tell whether the waiting list or the places have gained anything since the last runs began.

    Each pathway that somebody waits in is compared with its own last run: those of one evening begin one
    after the other, and what comes to the first while the second is under way must not be missed.
    """
    last = dict(session.exec(_last_runs(territory_id)).all())
    waited_in = set(session.exec(_waiting_in(territory_id)))
    if not waited_in <= set(last):
        return True
    newest = max(last, key=lambda pathway: last[pathway])
    if now < (_end_of(session, territory_id, newest, last[newest]) or last[newest]) + REST:
        return False
    return any(
        _any(session, _came_to_wait(territory_id, pathway, last[pathway])) for pathway in sorted(waited_in)
    ) or _any(session, _opened_places(territory_id, min(last[pathway] for pathway in waited_in)))


def _end_of(session: Session, territory_id: int, pathway: str, started_at: datetime) -> datetime | None:
    """Give when the run of a pathway that began at an instant ended; None while it has not."""
    begun_then = select(func.max(MatchingRun.ended_at)).where(
        col(MatchingRun.territory_id) == territory_id,
        col(MatchingRun.pathway) == pathway,
        col(MatchingRun.started_at) == started_at,
    )
    return session.exec(begun_then).one()


def _last_runs(territory_id: int) -> Any:
    """Ask when the last run of each pathway began."""
    return (
        select(MatchingRun.pathway, func.max(MatchingRun.started_at))
        .where(col(MatchingRun.territory_id) == territory_id)
        .group_by(col(MatchingRun.pathway))
    )


def _waiting_in(territory_id: int) -> Any:
    """Ask in which pathways somebody waits."""
    waiting = (col(Referral.territory_id) == territory_id) & (col(Referral.state) == ReferralState.WAITING)
    return select(Referral.pathway).where(waiting).distinct()


def _came_to_wait(territory_id: int, pathway: str, since: datetime) -> Any:
    """Select arrivals on the list; those that a run itself sends back are no reason for another."""
    return select(ReferralEvent.id).where(
        col(ReferralEvent.at) > since,
        col(ReferralEvent.to_state) == ReferralState.WAITING,
        col(ReferralEvent.from_state).is_distinct_from(ReferralState.WAITING),
        col(ReferralEvent.kind) != Step.SUPERSEDE.value,
        exists().where(  # not joined: what is new is little, and would be looked for among all files
            col(Referral.id) == col(ReferralEvent.referral_id),
            col(Referral.territory_id) == territory_id,
            col(Referral.pathway) == pathway,
        ),
    )


def _opened_places(territory_id: int, since: datetime) -> Any:
    return (
        select(Intake.id)
        .join(Practitioner, col(Practitioner.id) == col(Intake.practitioner_id))
        .where(col(Intake.opened_at) > since, col(Practitioner.territory_id) == territory_id)
    )


def _any(session: Session, query: Any) -> bool:
    return session.exec(query.limit(1)).first() is not None
