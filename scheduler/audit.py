"""The trace of who read or changed what of a patient's file: append-only, chained, in the same transaction.

``record`` notes an access; the row is written just before the transaction commits, so that on PostgreSQL
the lock that keeps the chain in one line is the last lock taken, and held the shortest. What is noted
inside a savepoint that is rolled back did not happen and leaves no row. If the row cannot be written the
transaction fails, and with it the access (OWASP ASVS 5.0, 16.5.3: fail closed).
"""

import hashlib
import json
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import event, insert, text
from sqlalchemy import select as columns
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm import SessionTransaction
from sqlmodel import Session, SQLModel, col, select

from scheduler.accounts.actor import Actor
from scheduler.store.engine import READ_ONLY
from scheduler.store.tables import AuditEntry

Action = Literal["C", "R", "U", "D", "E"]
"""Created, read, updated, deleted, executed: the codes of the FHIR AuditEvent."""

_NEWEST = select(AuditEntry.id, AuditEntry.hash).order_by(col(AuditEntry.id).desc()).limit(1)
_TABLE = SQLModel.metadata.tables[str(AuditEntry.__tablename__)]
_ADDED = insert(_TABLE)
_WAITING = "relais_audit"  # where a session keeps what is to be written when it commits
_ADVISORY_LOCK = 0x52_45_4C_41_55_44_49_54  # "RELAUDIT"


@dataclass(frozen=True, slots=True)
class _Noted:
    """An access to be written, and the transactions (savepoints, then the outermost) it was noted in."""

    values: dict[str, Any]
    inside: tuple[SessionTransaction, ...]


def record(
    session: Session,
    actor: Actor,
    *,
    action: Action,
    object_kind: str,
    object_id: object,
    patient_id: UUID | None = None,
    purpose: str,
    now: datetime,
    outcome: str = "ok",
) -> None:
    """Note one access, to be kept if and only if this transaction is.

    Parameters
    ----------
    object_kind, object_id
        What was touched: ``referral`` and its id, say. Never an identity.
    patient_id
        Whose file it is; a list of patients takes one call per patient shown.
    purpose
        Why, in one stable word that the patient may be told (CJEU C-579/21).
    outcome
        ``ok``, or ``denied`` for a refused access.
    """
    if session.info.get(READ_ONLY):
        raise RuntimeError("an access can only be noted in a write session: nothing else would keep it")
    values = {
        "at": now,
        "actor": actor.key,
        "role": actor.role.value,
        "territory_id": actor.territory_id,
        "action": action,
        "object_kind": object_kind,
        "object_id": str(object_id),
        "patient_id": patient_id,
        "purpose": purpose,
        "outcome": outcome,
        "request_id": actor.request_id,
    }
    session.info.setdefault(_WAITING, []).append(_Noted(values, tuple(_open_transactions(session))))


def check_chain(session: Session) -> int | None:
    """Walk the whole trace and recompute it.

    Returns
    -------
    int or None
        Id of the first row that was altered or follows a removed or altered row; ``None`` when all agree.
        Removing the newest rows cannot be seen from inside: keep the newest hash elsewhere.
    """
    in_order = columns(_TABLE).order_by(_TABLE.c.id)
    with closing(session.execute(in_order, execution_options={"yield_per": 1000})) as rows:
        return _first_broken(row._asdict() for row in rows)


def _first_broken(rows: Iterable[dict[str, Any]]) -> int | None:
    before_id, before_hash = 0, None
    for row in rows:
        row_id, row_hash = int(row["id"]), row.pop("hash")
        follows = row_id == before_id + 1 and row["prev_hash"] == before_hash
        if not follows or row_hash != _hash(row):
            return row_id
        before_id, before_hash = row_id, row_hash
    return None


def _hash(content: dict[str, Any]) -> str:
    """Compute SHA-256 over a row as canonical JSON: keys in order, no spaces, instants in UTC."""
    written = json.dumps(content, sort_keys=True, separators=(",", ":"), default=_as_text)
    return hashlib.sha256(written.encode()).hexdigest()


def _as_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value)


def _open_transactions(session: Session) -> Iterable[SessionTransaction]:
    transaction = session.get_nested_transaction() or session.get_transaction()
    while transaction is not None:
        yield transaction
        transaction = transaction.parent


@event.listens_for(OrmSession, "after_soft_rollback")
def _forget_rolled_back(session: OrmSession, ended: SessionTransaction) -> None:
    noted: list[_Noted] | None = session.info.get(_WAITING)
    if noted:
        session.info[_WAITING] = [one for one in noted if ended not in one.inside]


@event.listens_for(OrmSession, "before_commit")
def _write_noted(session: OrmSession) -> None:
    noted: list[_Noted] | None = session.info.get(_WAITING)
    if not noted or session.in_nested_transaction():
        return
    session.info[_WAITING] = []
    session.flush()
    if session.get_bind().dialect.name == "postgresql":  # on SQLite there is one writer anyway
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    before = session.execute(_NEWEST).one_or_none()
    number, before_hash = (0, None) if before is None else (before.id, before.hash)
    rows = []
    for one in noted:
        number += 1
        content = one.values | {"id": number, "prev_hash": before_hash}
        before_hash = _hash(content)
        rows.append(content | {"hash": before_hash})
    session.connection().execute(_ADDED, rows)
