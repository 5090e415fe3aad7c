"""Opening the database: SQLite (embedded, one writer) or PostgreSQL, with the same behaviour."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import structlog
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError
from sqlmodel import Session

from scheduler.errors import InvalidSetting
from scheduler.store.appending import AppendingSession
from scheduler.store.busy import busy_as_store_busy
from scheduler.store.discretion import without_row_contents
from scheduler.store.sqlite_dialect import adapt, driver_of
from scheduler.store.writer import WriterLock

log = structlog.get_logger()

# What a connection keeps: the driver's 128 statements are fewer than are in use, and are prepared again; with
# SQLite's 2 MB of pages, a count over the offers of a year took 43 ms instead of 24.
_NUM_STATEMENTS, _CACHE = 1024, "cache_size=-16384"

READ_ONLY = "relais_read_only"
"""Key of ``session.info`` that is true in a session that cannot write."""

_MIGRATES = "relais_migrates"  # execution option, and what a connection was last used for
# More connections than the 40 threads that serve requests; no value of a statement in error messages.
_OPTIONS: dict[str, Any] = {"pool_size": 20, "max_overflow": 30, "pool_timeout": 10, "hide_parameters": True}

# The WAL-reset bug (2026-03-13): two connections writing or checkpointing together may corrupt the file.
# Relais keeps every write behind one lock, which removes the overlap; the operator is told all the same.
_FIXED_SQLITE = ((3, 51, 3), (3, 50, 7), (3, 44, 6))


def sqlite_has_wal_reset_bug(version: tuple[int, int, int]) -> bool:
    """Tell whether an SQLite version is affected by the WAL-reset corruption bug (3.7.0 to 3.51.2)."""
    backported = any(version[:2] == fixed[:2] and version >= fixed for fixed in _FIXED_SQLITE)
    return (3, 7, 0) <= version < _FIXED_SQLITE[0] and not backported


class Store:
    """The database and its two kinds of session.

    A read session can only read. A write session is one transaction, committed when its block ends and
    rolled back when the block raises; on SQLite it takes the single writer's place from its start
    (``BEGIN IMMEDIATE``), because a read that turns into a write fails at once in WAL mode.

    On SQLite each kind has connections of its own: one that is now allowed to write and now is not has to
    prepare every statement again each time, which took an eighth of a busy process.

    Parameters
    ----------
    engine
        For reading; for writing as well when there is no ``writing``.
    """

    def __init__(self, engine: Engine, writer: WriterLock, *, writing: Engine | None = None) -> None:
        self.engine = engine
        self.info: dict[str, Any] = {}  # carried by every session of this store: limits an operator has set
        self._writer = writer
        if writing is not None:
            self.engines: tuple[Engine, ...] = (engine, writing)  # that for writing last
            self._reading, self._writing = engine, writing
            self._migrating = writing.execution_options(**{_MIGRATES: True})
        else:
            self.engines = (engine,)
            self._reading = engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            # The triggers lock a row and then count what others have committed meanwhile: that needs
            # READ COMMITTED, whatever the server's default is.
            self._writing = self._migrating = engine.execution_options(isolation_level="READ COMMITTED")

    @classmethod
    def open(cls, url: str | URL) -> Self:
        """Open a database by its address.

        Parameters
        ----------
        url
            ``sqlite:///path`` or ``postgresql://user@host/name`` (driver psycopg 3).

        Raises
        ------
        InvalidSetting
            When the address is neither of these, or SQLite is asked to live in memory.
        """
        try:
            address = make_url(url)
        except (ArgumentError, ValueError):
            # not chained: the address may hold a password
            raise InvalidSetting("RELAIS_DATABASE_URL", "une adresse de base de données lisible") from None
        if address.get_backend_name() == "sqlite":
            return cls._open_sqlite(address)
        if address.get_backend_name() == "postgresql":
            engine = create_engine(
                address.set(drivername="postgresql+psycopg"), pool_pre_ping=True, **_OPTIONS
            )
            event.listen(engine, "connect", _prepare_postgresql)
            event.listen(engine, "handle_error", without_row_contents)
            return cls(engine, WriterLock(None))
        raise InvalidSetting("RELAIS_DATABASE_URL", "sqlite:///chemin ou postgresql://…")

    @classmethod
    def _open_sqlite(cls, address: URL) -> Self:
        if address.database in {None, "", ":memory:"} or address.query:
            raise InvalidSetting("RELAIS_DATABASE_URL", "un fichier : sqlite:///chemin/relais.db")
        path = Path(str(address.database))
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)  # patients' files: for this user's eyes only, like what SQLite puts beside it
        if sqlite_has_wal_reset_bug(sqlite3.sqlite_version_info):
            log.info("sqlite_wal_reset_bug", version=sqlite3.sqlite_version, mitigated_by="single writer")
        reading, writing = _sqlite_engine(address), _sqlite_engine(address)
        event.listen(reading, "connect", _refuse_writing)
        event.listen(reading, "begin", _begin_to_read)
        event.listen(writing, "begin", _begin_to_write)
        return cls(reading, WriterLock(path.with_name(path.name + ".writer")), writing=writing)

    @property
    def is_sqlite(self) -> bool:
        """Whether the embedded engine is used."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that can only read, on one consistent view of the data."""
        with (
            busy_as_store_busy(),
            Session(self._reading, expire_on_commit=False, info={**self.info, READ_ONLY: True}) as session,
        ):
            yield session

    @contextmanager
    def write(self, *, patience_s: float | None = None) -> Iterator[Session]:
        """Open one transaction; all of it is kept when the block ends, nothing when it raises.

        Parameters
        ----------
        patience_s
            How long to wait for others; 10 seconds by default. Less for what need not be written now.

        Raises
        ------
        StoreBusy
            When the single writer's place of SQLite, or a lock of PostgreSQL, was not free within that
            time, or two transactions waited for each other.
        """
        with (
            busy_as_store_busy(),
            self._writer if patience_s is None else self._writer.within(patience_s),
            AppendingSession(self._writing, expire_on_commit=False, info=self.info) as session,
            session.begin(),
        ):
            if patience_s is not None and not self.is_sqlite:
                session.connection().exec_driver_sql(f"SET LOCAL lock_timeout = {round(1000 * patience_s)}")
            yield session

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open one transaction as ``write`` does, for a statement that needs no session around it."""
        with busy_as_store_busy(), self._writer, self._writing.begin() as connection:
            yield connection

    @contextmanager
    def migration(self) -> Iterator[Connection]:
        """Open the connection migrations run on, alone in writing.

        On SQLite foreign keys are not enforced on it (a table may have to be rebuilt): whoever migrates
        checks them before the end.
        """
        with self._writer, self._migrating.begin() as connection:
            yield connection

    def close(self) -> None:
        """Give back every connection."""
        for engine in self.engines:
            engine.dispose()
        self._writer.close()


def _prepare_postgresql(connection: Any, _record: object) -> None:
    connection.execute("SET lock_timeout = '10s'")
    # A statement that was planned once for all values may be a thousand times slower than one planned for
    # its own: a search of 50,000 slots took 7 s from its eleventh time on, 25 ms with this.
    connection.execute("SET plan_cache_mode = force_custom_plan")
    connection.commit()


def _sqlite_engine(address: URL) -> Engine:
    engine = create_engine(
        address.set(drivername="sqlite+pysqlite"),
        connect_args={"timeout": 5, "cached_statements": _NUM_STATEMENTS},
        **_OPTIONS,
    )
    adapt(engine.dialect)
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we begin transactions ourselves, the driver would do it too late
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", _CACHE, "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _refuse_writing(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA query_only=ON")


def _begin_to_read(connection: Connection) -> None:
    driver_of(connection).execute("BEGIN")  # takes no lock, so is never refused


def _begin_to_write(connection: Connection) -> None:
    migrates = connection.get_execution_options().get(_MIGRATES, False)
    if connection.info.get(_MIGRATES, False) != migrates:
        driver_of(connection).execute(f"PRAGMA foreign_keys={'OFF' if migrates else 'ON'}")
        connection.info[_MIGRATES] = migrates
    connection.exec_driver_sql("BEGIN IMMEDIATE")
