"""HiGHS writes a debugging line to standard output now and then, whatever its options say."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_kept: list[int] = []  # where output went before
_inside = 0  # threads that want none


@contextmanager
def without_output() -> Iterator[None]:
    """Keep what compiled code writes to file descriptor 1 off it; Python's own output is flushed first.

    For the whole process: the first thread inside turns it off, the last one turns it on again.
    """
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _inside  # noqa: PLW0603 - file descriptor 1 is global too
    with _lock:
        if not _inside:
            sys.stdout.flush()
            _kept.append(os.dup(1))
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.close(nowhere)
        _inside += 1


def _leave() -> None:
    global _inside  # noqa: PLW0603 - as above
    with _lock:
        _inside -= 1
        if not _inside:
            before = _kept.pop()
            os.dup2(before, 1)
            os.close(before)
