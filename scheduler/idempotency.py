"""One key, one effect: a request that is sent again is answered again, not done again."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, delete

from scheduler.accounts.actor import Actor
from scheduler.errors import InvalidInput, KeyReused
from scheduler.store.tables import IdempotencyRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered to a request, now or the first time (``replayed``)."""

    status: int
    body: dict[str, Any]
    replayed: bool


def once(
    session: Session,
    actor: Actor,
    *,
    key: str,
    route: str,
    body: bytes,
    now: datetime,
    effect: Callable[[], tuple[int, dict[str, Any]]],
) -> Answer:
    """Do something at most once for a key of this actor, in this transaction.

    Parameters
    ----------
    key
        Chosen by the client: 1 to 255 printable ASCII characters.
    route
        Method and path, with the ids in it: ``POST /api/v1/slots/12/bookings``.
    body
        The request as it came; one byte changed makes it another request.
    effect
        Does the thing in ``session`` and gives the status and the answer to keep. The answer holds ids,
        never an identity. When it raises, nothing is kept and the key may be used again.

    Raises
    ------
    InvalidInput
        When the key breaks the rule above.
    KeyReused
        When the key came before with another route or body.

    References
    ----------
    IETF draft-ietf-httpapi-idempotency-key-header-07 (2025-10-15), section 2.
    """
    if not 1 <= len(key) <= 255 or not (key.isascii() and key.isprintable()):
        raise InvalidInput("Idempotency-Key", "1 à 255 caractères ASCII imprimables")
    _wait_for_same_key(session, actor, key)
    digest = hashlib.sha256(body).hexdigest()
    kept = session.get(IdempotencyRecord, (actor.key, key))
    if kept is not None:
        if (kept.route, kept.body_sha256) != (route, digest):
            raise KeyReused
        return Answer(status=kept.status, body=kept.answer, replayed=True)
    status, answer = effect()
    session.add(
        IdempotencyRecord(
            actor=actor.key,
            key=key,
            route=route,
            body_sha256=digest,
            status=status,
            answer=answer,
            created_at=now,
        )
    )
    session.flush()
    return Answer(status=status, body=answer, replayed=False)


def answered_before(session: Session, actor: Actor, key: str) -> bool:
    """Tell whether a key of this actor has had its effect: the same request is then answered the same."""
    return session.get(IdempotencyRecord, (actor.key, key)) is not None


def forget_keys(session: Session, *, before_at: datetime) -> int:
    """Delete the records of keys first used before an instant (48 hours ago is usual); gives their number."""
    gone = session.exec(delete(IdempotencyRecord).where(col(IdempotencyRecord.created_at) < before_at))
    return int(gone.rowcount)


def _wait_for_same_key(session: Session, actor: Actor, key: str) -> None:
    """Let a request with the same key, still under way, finish first; its answer is then there to replay."""
    if session.get_bind().dialect.name == "postgresql":  # on SQLite there is one writer anyway
        session.connection().execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"{actor.key} {key}"}
        )
