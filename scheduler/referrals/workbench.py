"""Where runs and studies are computed beside the requests: some threads, each with a child process."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import structlog

from scheduler.referrals.watched import Wanted

log = structlog.get_logger()

Work = Callable[[Wanted], object]
"""Takes the question "is this still wanted?", which turns false when the service stops."""


class Workbench:
    """A few workers, started by the first work.

    Parameters
    ----------
    num_workers
        Works at once; further ones wait their turn. Each mostly waits for its child process.
    """

    def __init__(self, num_workers: int = 2) -> None:
        self._num_workers = num_workers
        self._workers: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def submit(self, work: Work) -> None:
        """Take a work on and return at once; a fault of it is logged, its record says so too."""
        with self._lock:
            if self._workers is None:
                self._workers = ThreadPoolExecutor(self._num_workers, thread_name_prefix="relais-work")
            self._workers.submit(work, self.wanted).add_done_callback(_log_fault)

    def wanted(self) -> bool:
        """Tell whether works are to go on."""
        return not self._stopping.is_set()

    def stop(self) -> None:
        """Have the works end soon, and wait until they have; nothing is taken on any more."""
        self._stopping.set()
        with self._lock:
            workers = self._workers
        if workers is not None:
            workers.shutdown(wait=True)


def _log_fault(done: Future[object]) -> None:
    if (error := done.exception()) is not None:
        log.error("work_failed", kind=type(error).__name__, exc_info=error)
