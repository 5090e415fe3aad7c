"""HiGHS writes a debugging line to standard output now and then, whatever its options say."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_output() -> Iterator[None]:
    """Keep what compiled code writes to file descriptor 1 off it; Python's own output is flushed first.

    For the whole process, so that other threads should not write meanwhile: the solver has its own.
    """
    sys.stdout.flush()
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(nowhere)
        os.close(kept)
