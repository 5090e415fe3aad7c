"""Many at once: attempts that start at the same instant, and how each of them ended."""

import gc
import os
import threading
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from matching.errors import RelaisError

DONE = "done"


def at_once(num: int, attempt: Callable[[int], object]) -> Counter[str]:
    """Run ``attempt(0)`` … ``attempt(num - 1)`` in as many threads; count "done" and the codes of errors."""
    barrier = threading.Barrier(num)

    def one(number: int) -> str:
        barrier.wait()
        try:
            attempt(number)
        except RelaisError as error:
            return error.code
        return DONE

    with ThreadPoolExecutor(num) as pool:
        return Counter(pool.map(one, range(num)))


def exit_code_of_a_child(act: Callable[[], object]) -> int:
    """Do something in a process of its own; give its exit code, -N when signal N ended it.

    What it needs of a store it opens itself: connections cannot be shared with a child.
    """
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # Python 3.12: of threads; none of theirs is needed
        pid = os.fork()
    if pid == 0:
        gc.disable()  # what we still hold of the parent's connections is not ours to close
        code = 1
        try:
            act()
            code = 0
        finally:
            if code:
                traceback.print_exc()
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)
