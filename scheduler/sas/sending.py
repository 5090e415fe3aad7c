"""Telling the platform: reports leave in their order for each booking, and again until they arrive.

A report says all of the booking as it then was. One that the platform refuses for good is kept for a person
and does not stop those after it: they say more than it did.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import structlog
from sqlalchemy.orm import aliased
from sqlmodel import Session, and_, col, func, select

from matching.errors import RelaisError
from scheduler.clock import Clock
from scheduler.errors import NotFound, WrongState
from scheduler.sas.appointment import identified
from scheduler.store.engine import Store
from scheduler.store.tables import ReportState, SasReport

log = structlog.get_logger()

REST_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60, 120, 240, 480))
"""Rest after each failure; the last one is repeated."""

GIVEN_UP_AFTER = 20
"""Attempts before a person must look: more than four days."""

TAKEN_FOR = timedelta(minutes=5)
"""For how long a report that is being sent is left alone by other processes."""

MOST_AT_ONCE = 50
LONGEST_REST = timedelta(hours=8)


class PlatformUnreachable(RelaisError):
    """The platform did not answer, or not now; ``reason`` is a stable word, the rest is what it asks for."""

    code = "sas_unreachable"

    def __init__(self, reason: str, rest: timedelta | None = None) -> None:
        self.reason, self.rest = reason, rest
        super().__init__("La plateforme SAS n'a pas répondu. Le compte rendu sera renvoyé.")


class PlatformRefused(RelaisError):
    """The platform refuses a report for good; ``reason`` is a stable word."""

    code = "sas_refused"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__("La plateforme SAS a refusé le compte rendu. Quelqu'un doit le regarder.")


class Platform(Protocol):
    """Whoever takes reports: the SAS platform, or a stand-in."""

    def create(self, resource: Mapping[str, Any]) -> None:
        """Tell a booking for the first time, or raise; a booking it knows already is told all the same."""
        ...

    def update(self, resource: Mapping[str, Any]) -> None:
        """Tell a booking again, or raise."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """One report on its way."""

    report_id: UUID
    resource: dict[str, Any]
    known: bool


def send_reports(store: Store, platform: Platform, *, system: str, clock: Clock) -> int:
    """Send what is due, each outside any transaction; gives how many arrived.

    Parameters
    ----------
    system
        Under which our bookings have their identifiers: an OID (``urn:oid:…``) or an address of ours.
    """
    num_sent = 0
    while turns := _take(store, system, clock()):
        for turn in turns:
            failure = _failure(platform, turn)
            with store.write() as session:
                _mark(session, turn.report_id, failure, clock())
            num_sent += failure is None
    return num_sent


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCounts:
    """How many reports arrived, wait, or were given up."""

    sent: int
    waiting: int
    dead: int


def count_reports(session: Session) -> ReportCounts:
    """Count the reports by their state."""
    query = select(SasReport.state, func.count()).group_by(col(SasReport.state))
    found = dict(session.exec(query).all())
    return ReportCounts(
        sent=found.get(ReportState.SENT, 0),
        waiting=found.get(ReportState.WAITING, 0),
        dead=found.get(ReportState.DEAD, 0),
    )


def list_reports(session: Session, state: ReportState, *, most: int = 100) -> tuple[SasReport, ...]:
    """List the reports in one state, the newest first."""
    query = select(SasReport).where(col(SasReport.state) == state)
    return tuple(session.exec(query.order_by(col(SasReport.created_at).desc()).limit(most)))


def send_report_again(session: Session, report_id: UUID, *, now: datetime) -> SasReport:
    """Try a report that was refused or given up once more, from the start.

    Raises
    ------
    NotFound, WrongState
        When there is none; when it was not given up.
    """
    row = session.exec(select(SasReport).where(col(SasReport.id) == report_id).with_for_update()).first()
    if row is None:
        raise NotFound("report")
    if row.state is not ReportState.DEAD:
        raise WrongState("report", row.state.value, "send_again")
    row.state, row.num_attempts, row.due_at = ReportState.WAITING, 0, now
    session.add(row)
    session.flush()
    return row


def _take(store: Store, system: str, now: datetime) -> Sequence[_Turn]:
    """Take the reports that are due, the first of each booking only."""
    earlier = aliased(SasReport)
    waits_for_another = (
        select(earlier.id)
        .where(
            and_(
                col(earlier.booking_id) == col(SasReport.booking_id),
                col(earlier.sequence) < col(SasReport.sequence),
                col(earlier.state) == ReportState.WAITING,
            )
        )
        .exists()
    )
    due = (
        select(SasReport)
        .where(col(SasReport.state) == ReportState.WAITING, col(SasReport.due_at) <= now, ~waits_for_another)
        .order_by(col(SasReport.due_at), col(SasReport.id))
        .limit(MOST_AT_ONCE)
        .with_for_update(of=SasReport, skip_locked=True)
    )
    with store.write() as session:
        rows = session.exec(due).all()
        known = _known(session, rows)
        for row in rows:
            row.num_attempts += 1
            row.due_at = now + TAKEN_FOR
            session.add(row)
        return [
            _Turn(
                report_id=row.id,
                resource=identified(row.resource, system, row.booking_id),
                known=row.booking_id in known,
            )
            for row in rows
        ]


def _known(session: Session, rows: Sequence[SasReport]) -> set[UUID]:
    """Give the bookings of which the platform has received something."""
    query = select(SasReport.booking_id).where(
        col(SasReport.booking_id).in_([row.booking_id for row in rows]),
        col(SasReport.state) == ReportState.SENT,
    )
    return set(session.exec(query))


def _failure(platform: Platform, turn: _Turn) -> PlatformUnreachable | PlatformRefused | None:
    try:
        (platform.update if turn.known else platform.create)(turn.resource)
    except (PlatformUnreachable, PlatformRefused) as failure:
        return failure
    return None


def _mark(
    session: Session, report_id: UUID, failure: PlatformUnreachable | PlatformRefused | None, now: datetime
) -> None:
    row = session.get_one(SasReport, report_id)
    if failure is None:
        row.state, row.sent_at, row.last_failure = ReportState.SENT, now, None
    elif isinstance(failure, PlatformRefused) or row.num_attempts >= GIVEN_UP_AFTER:
        log.error("sas_report_given_up", report_id=str(row.id), reason=failure.reason)
        row.state, row.last_failure = ReportState.DEAD, failure.reason
    else:
        row.last_failure = failure.reason
        row.due_at = now + _rest(row.num_attempts, failure.rest)
    session.add(row)
    session.flush()


def _rest(num_attempts: int, asked: timedelta | None) -> timedelta:
    """Give how long to wait: longer after each failure, and as long as the platform asks, within reason."""
    ours = REST_AFTER[min(num_attempts, len(REST_AFTER)) - 1]
    return max(ours, min(asked or timedelta(0), LONGEST_REST))
