"""Statements written past the application: plain SQL text, with values in the form the engine stores."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel

from scheduler.store.engine import Store
from scheduler.store.violations import broken_invariant


def insert(session: Session, row: SQLModel, *, verb: str = "INSERT", **changes: Any) -> None:
    """Insert a copy of a row with some values changed."""
    table = row.__table__
    values = row.model_dump() | changes
    names = [name for name in values if name in table.columns]
    statement = f"{verb} INTO {table.name} ({', '.join(names)}) VALUES ({', '.join(f':{n}' for n in names)})"
    session.connection().execute(_typed(statement, table, names), {name: values[name] for name in names})


def update(session: Session, row: SQLModel, **changes: Any) -> None:
    """Change values of one row."""
    table = row.__table__
    statement = f"UPDATE {table.name} SET {', '.join(f'{n} = :{n}' for n in changes)} WHERE id = :row_id"
    clause = _typed(statement, table, list(changes)).bindparams(bindparam("row_id", type_=table.c.id.type))
    session.connection().execute(clause, changes | {"row_id": row.id})


def delete(session: Session, row: SQLModel) -> None:
    """Delete one row."""
    table = row.__table__
    clause = text(f"DELETE FROM {table.name} WHERE id = :row_id")
    clause = clause.bindparams(bindparam("row_id", type_=table.c.id.type))
    session.connection().execute(clause, {"row_id": row.id})


def execute(session: Session, statement: str, **values: Any) -> Any:
    """Run a statement as it stands."""
    return session.connection().execute(text(statement), values)


@contextmanager
def refused(store: Store, invariant: str | None) -> Iterator[Session]:
    """Expect the database itself to refuse what the block writes, under this name on both engines."""
    with pytest.raises(IntegrityError) as refusal, store.write() as session:
        yield session
    assert broken_invariant(refusal.value) == invariant


def _typed(statement: str, table: Any, names: list[str]) -> TextClause:
    return text(statement).bindparams(*(bindparam(name, type_=table.c[name].type) for name in names))
