"""Work of the engine in a process of its own: watched, stopped, killed when it does not stop.

A fresh child per task rather than a warm pool: tasks are rare and a child costs a third of a second,
whereas it can be killed without breaking a pool, gives its memory back, and holds the patients' needs no
longer than one task. The question travels through the child's standard input, never through a file.

What passes: parent to child, the pickled question; then the end of the stream means "stop". Child to
parent, one line ``best bound elapsed`` per progress, then ``answer`` and the pickled answer.
"""

import contextlib
import os
import pickle
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from matching.progress import Progress
from scheduler.referrals.errors import SolveCancelled, SolveFailed

log = structlog.get_logger()

START_UP_S = 20.0
"""On top of the time limit: loading Python and the solvers on a busy machine, and writing the answer."""
GRACE_S = 10.0
"""How long a child that was told to stop may take to hand over its best; then it is killed."""
LOOK_EVERY_S = 0.5
"""How often the watcher is asked although the child says nothing."""

Watcher = Callable[[Progress | None], bool]
"""Called with the last progress known; False stops the task, with the best it has."""

_COMMAND = (sys.executable, "-m", "scheduler.referrals.tasks")
_LONGEST_WORDS = 65_536


def in_child(task: str, *arguments: object, time_limit_s: float, watch: Watcher | None = None) -> Any:
    """Do one task of ``scheduler.referrals.tasks`` in another process.

    Parameters
    ----------
    time_limit_s
        The process is killed ``START_UP_S`` after it.
    watch
        Asked at every progress, and every ``LOOK_EVERY_S`` without one.

    Raises
    ------
    SolveFailed
        When the child was too slow, died, or refused the question; with a sentence for the coordinator.
    SolveCancelled
        When it was told to stop and had nothing to hand over in ``GRACE_S``.
    """
    with subprocess.Popen(  # noqa: S603 — our own module, no shell
        _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=_environment()
    ) as process:
        child = _Child(process, pickle.dumps((task, arguments)))
        try:
            return child.answer(time_limit_s, watch)
        finally:
            process.kill()  # does nothing to one that has ended
            child.leave()


@dataclass(frozen=True, slots=True)
class _Ended:
    """The child has closed its output; ``answer`` is None when it died without one."""

    answer: bytes | None


class _Child:
    """A running child: three threads, so that no pipe can fill up unseen."""

    def __init__(self, process: subprocess.Popen[bytes], question: bytes) -> None:
        self._process = process
        self._news: queue.Queue[Progress | _Ended] = queue.Queue()
        self._last_words = b""
        self._threads = [
            threading.Thread(target=work, args=arguments, daemon=True)
            for work, arguments in ((self._ask, (question,)), (self._listen, ()), (self._hear_errors, ()))
        ]
        for thread in self._threads:
            thread.start()

    def answer(self, time_limit_s: float, watch: Watcher | None) -> Any:
        """Wait for the answer, showing the watcher how far the child is."""
        deadline = time.monotonic() + time_limit_s + START_UP_S
        told_to_stop = False
        seen: Progress | None = None
        while True:
            news = self._next(deadline)
            if isinstance(news, _Ended):
                return self._read(news, told_to_stop)
            seen = news or seen
            if watch is not None and not told_to_stop and not watch(seen):
                told_to_stop = True
                deadline = min(deadline, time.monotonic() + GRACE_S)
                self.hang_up()
            if time.monotonic() >= deadline:
                if told_to_stop:
                    raise SolveCancelled
                raise SolveFailed(f"Le calcul n'a pas abouti en {time_limit_s:g} secondes : arrêté.")

    def hang_up(self) -> None:
        """Close the child's input: the word to stop; what a dead child left unread is given up."""
        stream = self._process.stdin
        assert stream is not None  # noqa: S101
        self._threads[0].join(timeout=GRACE_S)  # a question half written would not be understood
        with contextlib.suppress(BrokenPipeError):
            stream.close()

    def leave(self) -> None:
        """Wait for the threads of a child that has ended, so that none reads a stream that gets closed."""
        self.hang_up()
        for thread in self._threads:
            thread.join()

    def _next(self, deadline: float) -> Progress | _Ended | None:
        patience_s = max(0.0, min(LOOK_EVERY_S, deadline - time.monotonic()))
        try:
            return self._news.get(timeout=patience_s)
        except queue.Empty:
            return None

    def _read(self, ended: _Ended, told_to_stop: bool) -> Any:
        if ended.answer is None:
            code = self._process.wait()
            self._threads[2].join(timeout=1)
            lines = self._last_words.decode(errors="replace").strip().splitlines()[-1:]
            log.error("solve_child_failed", code=code, said=[line[:200] for line in lines])
            raise SolveFailed(f"Le calcul s'est interrompu (code {code}). Relancez-le.")
        kind, value = pickle.loads(ended.answer)  # noqa: S301 — written by our own child
        if kind == "refused":
            raise SolveCancelled if told_to_stop and value is None else SolveFailed(str(value))
        return value

    def _ask(self, question: bytes) -> None:
        """Hand over the question; the stream stays open, its end is the word to stop."""
        stream = self._process.stdin
        assert stream is not None  # noqa: S101 — asked for above
        with contextlib.suppress(BrokenPipeError, ValueError):  # it died, or was told to stop: read elsewhere
            stream.write(len(question).to_bytes(8, "big") + question)
            stream.flush()

    def _listen(self) -> None:
        stream = self._process.stdout
        assert stream is not None  # noqa: S101
        answer = None
        for line in stream:
            if line == b"answer\n":
                answer = stream.read() or None
                break
            if not line.endswith(b"\n"):
                break  # it died while it spoke
            best, bound, elapsed_s = line.split()
            self._news.put(Progress(best=int(best), bound=int(bound), elapsed_s=float(elapsed_s)))
        self._news.put(_Ended(answer))

    def _hear_errors(self) -> None:
        stream = self._process.stderr
        assert stream is not None  # noqa: S101
        while heard := stream.read1(_LONGEST_WORDS):  # type: ignore[attr-defined]  # buffered by default
            self._last_words = (self._last_words + heard)[-_LONGEST_WORDS:]


def _environment() -> dict[str, str]:
    """Give the child our modules and nothing else: no secret, and one hash order for equal results."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PYTHONHASHSEED": "0",
    }
