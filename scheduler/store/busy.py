"""Telling a database that is busy from one that is wrong."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from scheduler.errors import StoreBusy

_SQLITE_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
# Appendix A of the PostgreSQL manual: serialization_failure, deadlock_detected, lock_not_available
_POSTGRESQL_BUSY = frozenset({"40001", "40P01", "55P03"})


def is_busy(error: OperationalError) -> bool:
    """Tell whether the database only asks to come back later."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return (code & 0xFF) in _SQLITE_BUSY  # the low byte of an extended code is its primary code
    return getattr(error.orig, "sqlstate", None) in _POSTGRESQL_BUSY


@contextmanager
def busy_as_store_busy() -> Iterator[None]:
    """Turn "locked", "deadlock" and "no free connection" of either engine into ``StoreBusy``."""
    try:
        yield
    except NoFreeConnection as error:
        raise StoreBusy from error
    except OperationalError as error:
        if is_busy(error):
            raise StoreBusy from error
        raise
