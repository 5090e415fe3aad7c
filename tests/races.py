"""Many at once: attempts that start at the same instant, and how each of them ended."""

import threading
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
