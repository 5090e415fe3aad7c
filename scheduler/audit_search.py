"""Looking into the trace: who did what, when, to whose file; newest first, a page at a time.

Looking is itself noted, and so is taking the lines away: the trace of the trace is in the same chain.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.audit import record
from scheduler.clock import start_of_day
from scheduler.errors import InvalidInput
from scheduler.listing import Listed
from scheduler.store.tables import Account, ApiToken, AuditEntry

MOST_EXPORTED = 10_000
"""Lines of one export; a longer period is taken in parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """What is looked for; an empty part is no condition.

    Parameters
    ----------
    first_on, last_on : date or None
        Days of the territory, both included.
    email : str
        Whose doing, by the address of their account.
    action : str
        One of ``C R U D E``.
    object_kind : str
        ``referral``, ``booking``, ``account``…
    patient_id : UUID or None
        Whose file.
    outcome : str
        ``ok`` or ``denied``.
    """

    first_on: date | None = None
    last_on: date | None = None
    email: str = ""
    action: str = ""
    object_kind: str = ""
    patient_id: UUID | None = None
    outcome: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One line of the trace with the name of who did it, where they have one."""

    entry: AuditEntry
    who: str


def search_audit(
    session: Session,
    actor: Actor,
    wanted: AuditFilter,
    *,
    zone: str,
    limit: int,
    before: int | None = None,
    now: datetime,
    purpose: str = "audit_search",
) -> Listed[AuditLine]:
    """Find the lines of the actor's territory that fit, newest first.

    Parameters
    ----------
    before
        Number of the last line of the page before.
    purpose
        Noted with the look itself: ``audit_search`` or ``audit_export``.

    Raises
    ------
    InvalidInput
        When nobody has the address that is looked for.
    """
    query = select(AuditEntry).where(col(AuditEntry.territory_id) == actor.territory_id)
    for condition in _conditions(session, wanted, zone):
        query = query.where(condition)
    if before is not None:
        query = query.where(col(AuditEntry.id) < before)
    rows = session.exec(query.order_by(col(AuditEntry.id).desc()).limit(limit + 1)).all()
    listed = Listed.cut(rows, limit)
    who = _names(session, {row.actor for row in listed.rows})
    record(
        session,
        actor,
        action="R",
        object_kind="audit",
        object_id=before or "",
        patient_id=wanted.patient_id,
        purpose=purpose,
        now=now,
    )
    lines = tuple(AuditLine(entry=row, who=who.get(row.actor, row.actor)) for row in listed.rows)
    return Listed(lines, listed.more)


def _conditions(session: Session, wanted: AuditFilter, zone: str) -> Iterator[ColumnElement[bool]]:
    if wanted.first_on:
        yield col(AuditEntry.at) >= start_of_day(wanted.first_on, zone)
    if wanted.last_on:
        yield col(AuditEntry.at) < start_of_day(wanted.last_on + timedelta(days=1), zone)
    if wanted.email:
        account_id = session.exec(
            select(Account.id).where(col(Account.email) == wanted.email.strip().lower())
        ).first()
        if account_id is None:
            raise InvalidInput("email", "l'adresse d'un compte de Relais")
        yield col(AuditEntry.actor) == f"account:{account_id}"
    for column, value in (
        (AuditEntry.action, wanted.action),
        (AuditEntry.object_kind, wanted.object_kind),
        (AuditEntry.outcome, wanted.outcome),
        (AuditEntry.patient_id, wanted.patient_id),
    ):
        if value:
            yield col(column) == value


def _names(session: Session, keys: set[str]) -> Mapping[str, str]:
    """Name the people and programs behind keys; the service itself keeps its key."""
    ids: dict[str, list[UUID]] = {"account": [], "token": []}
    for key in keys:
        kind, _, number = key.partition(":")
        if kind in ids:
            ids[kind].append(UUID(number))
    people = session.exec(select(Account.id, Account.name).where(col(Account.id).in_(ids["account"])))
    programs = session.exec(select(ApiToken.id, ApiToken.name).where(col(ApiToken.id).in_(ids["token"])))
    return {f"account:{number}": name for number, name in people} | {
        f"token:{number}": name for number, name in programs
    }
