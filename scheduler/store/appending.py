"""Rows that are only ever added: kept until the session flushes, then written together, no object for each.

An object of the ORM costs several times its insertion, and on SQLite each is inserted alone, because its
number is asked back: of the history, some fifteen lines a patient, nobody needs it.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Insert, event, insert
from sqlalchemy.orm import SessionTransaction
from sqlmodel import Session, SQLModel

_WAITING = "relais_appended"


@cache
def _into(model: type[SQLModel]) -> Insert:
    return insert(model)


class AppendingSession(Session):
    """A session that writes appended rows whenever it flushes: after the rows they refer to."""

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        """Write what has changed, then what was appended, in order."""
        super().flush(objects)
        if waiting := self.info.pop(_WAITING, None):
            for model, rows in waiting.items():
                self.connection().execute(_into(model), rows)


def append(session: Session, model: type[SQLModel], **values: Any) -> None:
    """Add a row with the next flush, which any reading of the session brings.

    Every call for a model names the same columns; those left out have a default. A row appended in a
    savepoint that is rolled back is not written: each savepoint begins with a flush.
    """
    if not isinstance(session, AppendingSession):
        raise TypeError("a row can only be appended in a write session: nothing else would keep it")
    session.info.setdefault(_WAITING, {}).setdefault(model, []).append(values)


@event.listens_for(AppendingSession, "before_commit")
def _flush(session: Session) -> None:
    if session.info.get(_WAITING):  # a session without a changed object would not
        session.flush()


@event.listens_for(AppendingSession, "after_soft_rollback")
def _forget(session: Session, _ended: SessionTransaction) -> None:
    session.info.pop(_WAITING, None)
