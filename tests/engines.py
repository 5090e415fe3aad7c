"""Database engines lent to one store after another: a statement one test has compiled, the next finds so.

A third of the time of the tests that store went into compiling the same statements for engines that lived
for one test. What a test can see is new all the same: the ``Store``, its limits, its writer's place, on
SQLite every connection.
"""

import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import sqlalchemy
from sqlalchemy import event
from sqlalchemy.engine import Engine

from scheduler.store import engine as opening
from scheduler.store.engine import Store

_MEMORY = Path("/dev/shm")
_ENOUGH = 2**29  # bytes


def quick_folder() -> Path:
    """Make a folder in memory where there is room: on a disk each of thousands of commits would wait."""
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ENOUGH
    return Path(tempfile.mkdtemp(prefix="relais-test-", dir=_MEMORY if roomy else None))


def copy_database(template: Path, path: Path) -> str:
    """Put a copy of an SQLite file where another may have been; give its address."""
    for beside in ("", "-wal", "-shm", ".writer"):  # removed, not overwritten: a child may hold them yet
        path.with_name(path.name + beside).unlink(missing_ok=True)
    shutil.copyfile(template, path)
    return f"sqlite:///{path}"


def _backwards(connection: Any, _record: object) -> None:
    """Give rows nobody put in order the other way round: what relies on one fails here, not on some day."""
    connection.execute("PRAGMA reverse_unordered_selects=ON")


class Engines:
    """Engines by address, each lent to one open store at a time."""

    NUM_STATEMENTS = 5000  # more than all tests of a worker compile
    NUM_IDLE = 4  # connections to PostgreSQL kept from one test to the next

    def __init__(self) -> None:
        self._free: dict[str, list[tuple[Engine, ...]]] = {}
        self._lent: list[tuple[str, Store]] = []

    def open(self, url: str) -> Store:
        """Open a store as the product does, over engines that were used before if there are any."""
        free = self._free.setdefault(url, [])
        used = iter(free.pop()) if free else None
        new = partial(sqlalchemy.create_engine, query_cache_size=self.NUM_STATEMENTS)
        with patch.object(opening, "create_engine", new if used is None else lambda *_, **__: next(used)):
            store = Store.open(url)
        if store.is_sqlite:
            for engine in store.engines:
                event.listen(engine, "connect", _backwards)
        self._lent.append((url, store))
        return store

    def take_back(self) -> None:
        """Close what is open, and keep the engines."""
        for url, store in self._lent:
            pool = store.engine.pool
            if store.is_sqlite or pool.checkedout() or pool.checkedin() > self.NUM_IDLE:  # type: ignore[attr-defined]
                store.close()
            self._free[url].append(store.engines)
        self._lent.clear()

    def forget(self, url: str) -> None:
        """Close every connection to a database that goes."""
        for engines in self._free.pop(url, []):
            for engine in engines:
                engine.dispose()

    def close(self) -> None:
        """Close every connection."""
        self.take_back()
        for url in [*self._free]:
            self.forget(url)
