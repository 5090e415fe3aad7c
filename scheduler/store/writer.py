"""The single writer's place of an SQLite file, among threads and among processes."""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from scheduler.errors import StoreBusy

_PATIENCE_S = 10.0
_RETRY_S = 0.005


class WriterLock:
    """One writer at a time on one database file.

    SQLite would make writers wait by itself, but unfairly: measured with 50 threads, the slowest
    hundredth waits ten times less behind this lock. It also keeps checkpoints from ever overlapping a
    write of another process of ours (see ``sqlite_has_wal_reset_bug``).

    Parameters
    ----------
    path
        Lock file shared by the processes of this machine; ``None`` on PostgreSQL, where it does nothing.
    patience_s
        How long to wait for the place before ``StoreBusy``.
    """

    def __init__(self, path: Path | None, patience_s: float = _PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._thread = threading.Lock()
        self._holder: int | None = None
        self._file = None if path is None else os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def __enter__(self) -> None:
        self._take(self._patience_s)

    @contextmanager
    def within(self, patience_s: float) -> Iterator[None]:
        """Hold the place, unless it is not free within another time than usual."""
        self._take(patience_s)
        try:
            yield
        finally:
            self._give_back()

    def _take(self, patience_s: float) -> None:
        if self._file is None:
            return
        me = threading.get_ident()
        if self._holder == me:
            raise RuntimeError("this thread already has a write session open; pass that one on")
        if not self._thread.acquire(timeout=patience_s):
            raise StoreBusy
        try:
            self._lock_file(self._file, patience_s)
        except BaseException:
            self._thread.release()
            raise
        self._holder = me

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._give_back()

    def _give_back(self) -> None:
        if self._file is None:
            return
        self._holder = None
        fcntl.flock(self._file, fcntl.LOCK_UN)
        self._thread.release()

    def _lock_file(self, file: int, patience_s: float) -> None:
        deadline = time.monotonic() + patience_s
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise StoreBusy from None
                time.sleep(_RETRY_S)
            else:
                return

    def close(self) -> None:
        """Give the lock file back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
