"""Reports of a territory: read from the history, kept month by month, computed again to be compared."""

import hashlib
import json
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import exists
from sqlmodel import Session, col, func, select

from scheduler.accounts.actor import Actor, system_actor
from scheduler.agenda.counters import count_slots
from scheduler.clock import Clock, local_day
from scheduler.errors import InvalidInput
from scheduler.indicators.paths import Path, paths_of
from scheduler.indicators.periods import Period, months_before, period_named, quarters_before
from scheduler.indicators.report import Agenda, exact, public
from scheduler.store.engine import Store
from scheduler.store.tables import (
    IndicatorSnapshot,
    Intake,
    Practitioner,
    Referral,
    ReferralEvent,
    Territory,
)


def report(
    session: Session, actor: Actor, period: Period, *, now: datetime, leaves: bool = True
) -> dict[str, Any]:
    """Compute the report of a territory on a period.

    Parameters
    ----------
    leaves
        Whether it may be given away; else every number is exact.

    Raises
    ------
    InvalidInput
        When it is to leave, and is not on a quarter that has ended: figures on days that other figures cover
        too would give small counts by subtraction.
    """
    paths = paths_of(session, actor.territory_id)
    if leaves:
        _check_may_leave(period, local_day(now, session.get_one(Territory, actor.territory_id).zone))
    told = public if leaves else exact
    return told(paths, period, _agenda(session, actor, period))


def trends(session: Session, actor: Actor, *, now: datetime, num_quarters: int = 8) -> list[dict[str, Any]]:
    """Give the figures that may leave of the last quarters that have ended, the oldest first."""
    paths = paths_of(session, actor.territory_id)
    zone = session.get_one(Territory, actor.territory_id).zone
    periods = reversed(quarters_before(local_day(now, zone), num_quarters))
    return [{"period": each.name} | public(paths, each, Agenda())["figures"] for each in periods]


def digest_of(document: dict[str, Any]) -> str:
    """Give the SHA-256 of a report, as canonical JSON: the same numbers, the same digest."""
    written = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()


def take_snapshots(store: Store, *, clock: Clock) -> int:
    """Keep the report of last month for every territory that has none yet; gives how many were kept."""
    now, num_kept = clock(), 0
    with store.read() as session:
        territories = [
            (row.id or 0, row.zone) for row in session.exec(select(Territory).order_by(col(Territory.id)))
        ]
    for territory_id, zone in territories:
        (month,) = months_before(local_day(now, zone), 1)
        with store.read() as session:  # the history of years, without keeping others from writing
            if _kept(session, territory_id, month):
                continue
            document = _document(session, territory_id, paths_of(session, territory_id), month)
        with store.write() as session:
            num_kept += _keep(session, territory_id, month, document, now)
    return num_kept


def recompute(session: Session, territory_id: int) -> list[tuple[str, bool]]:
    """Compute every kept report again; gives each month, and whether its numbers are still the same."""
    query = select(IndicatorSnapshot).where(col(IndicatorSnapshot.territory_id) == territory_id)
    compared = []
    paths = paths_of(session, territory_id)
    for kept in session.exec(query.order_by(col(IndicatorSnapshot.month))):
        name = f"{kept.month:%Y-%m}"
        again = _document(session, territory_id, paths, period_named(name))
        compared.append((name, digest_of(again) == kept.digest == digest_of(kept.document)))
    return compared


def _kept(session: Session, territory_id: int, month: Period) -> bool:
    known = select(IndicatorSnapshot.id).where(
        col(IndicatorSnapshot.territory_id) == territory_id, col(IndicatorSnapshot.month) == month.from_on
    )
    return session.exec(known).first() is not None


def _keep(
    session: Session, territory_id: int, month: Period, document: dict[str, Any], now: datetime
) -> bool:
    """Keep the report of a month, unless somebody else did meanwhile."""
    if _kept(session, territory_id, month):
        return False
    session.add(
        IndicatorSnapshot(
            territory_id=territory_id,
            month=month.from_on,
            taken_at=now,
            document=document,
            digest=digest_of(document),
        )
    )
    return True


def _document(session: Session, territory_id: int, paths: Sequence[Path], month: Period) -> dict[str, Any]:
    """Give what is kept of a month: its figures and waits, which only the history decides."""
    whole = exact(paths, month, _agenda(session, system_actor("indicators", territory_id), month))
    return {name: whole[name] for name in ("period", "from", "to", "figures", "waits", "declines")}


def _check_may_leave(period: Period, today: date) -> None:
    if "T" not in period.name or period.to_on >= today:
        raise InvalidInput("période", "un trimestre terminé, par exemple 2026-T2")


def _agenda(session: Session, actor: Actor, period: Period) -> Agenda:
    lines = count_slots(session, actor, from_on=period.from_on, to_on=period.to_on)
    zone = ZoneInfo(session.get_one(Territory, actor.territory_id).zone)
    since = datetime.combine(period.from_on, time(), zone)
    until = datetime.combine(period.to_on + timedelta(days=1), time(), zone)
    return Agenda(
        num_published=sum(line.counts.num_published for line in lines),
        num_booked=sum(line.counts.num_booked for line in lines),
        num_volunteers=_num_volunteers(session, actor, since, until),
        num_professionals=_num_professionals(session, actor, since, until),
    )


def _num_volunteers(session: Session, actor: Actor, since: datetime, until: datetime) -> int:
    query = (
        select(func.count(func.distinct(col(Intake.practitioner_id))))
        .join(Practitioner, col(Practitioner.id) == col(Intake.practitioner_id))
        .where(
            col(Practitioner.territory_id) == actor.territory_id,
            col(Intake.opened_at) < until,
            col(Intake.closed_at).is_(None) | (col(Intake.closed_at) >= since),
            col(Intake.places) > 0,
        )
    )
    return session.exec(query).one()


def _num_professionals(session: Session, actor: Actor, since: datetime, until: datetime) -> int:
    query = select(func.count(func.distinct(col(ReferralEvent.actor)))).where(
        col(ReferralEvent.at) >= since,
        col(ReferralEvent.at) < until,
        col(ReferralEvent.actor).startswith("account:"),
        exists().where(  # not joined: the days of a period are few, and all files would be read for them
            col(Referral.id) == col(ReferralEvent.referral_id),
            col(Referral.territory_id) == actor.territory_id,
        ),
    )
    return session.exec(query).one()
