"""What SQLAlchemy does on SQLite in another way here: hints, savepoints, the reading of ids."""

from functools import lru_cache, partial
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Dialect, FromClause, Uuid
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler

_SAVEPOINT_STEPS = {
    "do_savepoint": "SAVEPOINT",
    "do_release_savepoint": "RELEASE SAVEPOINT",
    "do_rollback_to_savepoint": "ROLLBACK TO SAVEPOINT",
}


def adapt(dialect: Dialect) -> None:
    """Have the dialect of one engine do so."""
    dialect.statement_compiler = _HintingCompiler
    dialect.colspecs = {**dialect.colspecs, Uuid: _KeptUuid}
    for step, words in _SAVEPOINT_STEPS.items():
        setattr(dialect, step, partial(_step_of_savepoint, words))


def driver_of(connection: Connection) -> Any:
    """Give the driver's own connection: a statement without values takes 5 us there instead of 300."""
    return connection.connection.dbapi_connection


class _HintingCompiler(SQLiteCompiler):
    """Writes ``INDEXED BY`` where a statement says so: the one hint SQLite knows."""

    def get_from_hint_text(self, table: FromClause, text: str | None) -> str | None:  # noqa: ARG002
        """Put the hint behind the table."""
        return text


class _KeptUuid(Uuid[UUID]):
    """Reads the same id as the same object: the ids of a file are read again at each of its steps."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:  # noqa: ARG002
        """Give what makes an id of the text that is stored."""
        return _uuid


@lru_cache(maxsize=2**15)
def _uuid(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)


def _step_of_savepoint(words: str, connection: Connection, name: str) -> None:
    """Take a step of a savepoint as it is: as a statement its name, new each time, is compiled each time."""
    driver_of(connection).execute(f"{words} {name}")
