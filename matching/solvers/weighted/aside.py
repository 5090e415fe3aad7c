"""All rows at once, in a process of its own: a second processor, and a HiGHS that can be killed.

HiGHS does not look at the clock while it simplifies a programme or solves a smaller one within, tens of
seconds at times, and two of them in threads of one process once waited for each other for ever. So each
question has a process: a newer question kills the one before. The process of the next question is
started with the one before it, and waits. Whatever they are busy with, they end with whoever asked.

Parent to child, pickled: the question, ``(dual, choice, from_choice)``; then better choices found elsewhere;
the end of the stream means "end". Child to parent, pickled: a better choice or None, and a bound on the value
of any choice; then it ends.
"""

import contextlib
import os
import pickle
import queue
import subprocess
import sys
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self

import matching
from matching.solvers.deadline import Deadline
from matching.solvers.weighted.dual import Dual
from matching.solvers.weighted.packing import Int64
from matching.solvers.weighted.proof import improved_by_core

_MOST_ARCS = 150_000
_COMMAND = (sys.executable, "-m", "matching.solvers.weighted.aside")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heard:
    """What came from aside: a choice or None, a bound or None, and whether nothing more will come."""

    choice: Int64 | None
    most: int | None
    idle: bool


def num_processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Aside:
    """Decides all rows at once, in other processes. Use as a context: they are killed at the end.

    When one dies before, nothing is heard of it any more; the search goes on without it.
    """

    def __init__(self) -> None:
        self._next = Child()
        self._asked: Child | None = None

    def __enter__(self) -> Self:
        """Return this."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes, whatever they are busy with."""
        for child in (self._asked, self._next):
            if child is not None:
                child.end()

    def ask(self, dual: Dual, choice: Int64, *, from_choice: bool = False) -> None:
        """Ask for something better than ``choice``, and a bound; an earlier question is dropped.

        ``from_choice``: see ``solve_region``.
        """
        if self._asked is not None:
            self._asked.end()
        self._asked, self._next = self._next, Child()
        self._asked.ask(dual, choice, from_choice)

    def tell(self, choice: Int64) -> None:
        """Tell of a choice better than the one asked about: what cannot beat it need not be looked at."""
        if self._asked is not None:
            self._asked.say(choice)

    def heard(self) -> Heard:
        """Return the last choice and the least bound that came since this was called last."""
        if self._asked is None:
            return Heard(choice=None, most=None, idle=True)
        return self._asked.heard()


class Child:
    """A process for one question.

    Parameters
    ----------
    process : subprocess.Popen
        It.
    """

    def __init__(self) -> None:
        path = [str(Path(matching.__file__).parents[1]), *(path for path in sys.path if path)]
        self.process = subprocess.Popen(  # noqa: S603 - our own module, no shell
            _COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
        )
        self._inbox: queue.SimpleQueue[tuple[Int64 | None, int]] = queue.SimpleQueue()
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._speaker = threading.Thread(target=self._speak, daemon=True)
        self._listener = threading.Thread(target=self._listen, daemon=True)

    def ask(self, *question: Any) -> None:
        """Hand the question over; a large one takes as long as the start of the child."""
        self.say(question)
        self._speaker.start()
        self._listener.start()

    def say(self, words: Any) -> None:
        """Hand something over, as it is now."""
        self._outbox.put(pickle.dumps(words, pickle.HIGHEST_PROTOCOL))

    def heard(self) -> Heard:
        """Return the last choice and the least bound that came since this was called last."""
        idle = not self._listener.is_alive()  # asked first: then the inbox is all
        choice, most = None, None
        with contextlib.suppress(queue.Empty):
            while True:
                found, bound = self._inbox.get_nowait()
                choice = choice if found is None else found
                most = bound if most is None else min(most, bound)
        return Heard(choice=choice, most=most, idle=idle)

    def end(self) -> None:
        """End the process, whatever it is busy with."""
        self.process.kill()
        self._outbox.put(None)
        for thread in (self._speaker, self._listener):
            if thread.ident is not None:
                thread.join()
        with contextlib.suppress(BrokenPipeError):  # what it left unread
            self.process.__exit__(None, None, None)

    def _speak(self) -> None:
        stream = self.process.stdin
        assert stream is not None  # noqa: S101 - asked for above
        with contextlib.suppress(BrokenPipeError):  # killed: nobody wants an answer any more
            while (words := self._outbox.get()) is not None:
                stream.write(words)
                stream.flush()

    def _listen(self) -> None:
        stream = self.process.stdout
        assert stream is not None  # noqa: S101 - asked for above
        with contextlib.suppress(EOFError, pickle.UnpicklingError):  # it ended, perhaps within a word
            while True:
                self._inbox.put(pickle.load(stream))  # noqa: S301 - written by our own child


def _hear(stream: BinaryIO, told: deque[Int64]) -> None:
    """Keep the last that is told, and end this process when the stream does: whoever asked is gone."""
    try:
        while True:
            told.append(pickle.load(stream))  # noqa: S301 - written by our own parent
    finally:
        os._exit(0)


def main() -> None:
    """Answer one question."""
    voice = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # HiGHS has debugging lines of its own
    try:
        dual, choice, from_choice = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by our own parent
    except EOFError:
        return  # nobody asked
    told: deque[Int64] = deque(maxlen=1)
    threading.Thread(target=_hear, args=(sys.stdin.buffer, told), daemon=True).start()

    def say(better: Int64 | None, most: int) -> None:
        pickle.dump((better, most), voice, pickle.HIGHEST_PROTOCOL)
        voice.flush()

    better, most = improved_by_core(
        dual,
        choice,
        Deadline(),
        arcs=_MOST_ARCS,
        work=None,
        from_choice=from_choice,
        news=say,
        told=lambda: told.pop() if told else None,
    )
    say(better, most)
    os._exit(0)  # an ordinary end stumbles over the lock of stdin, on which the thread waits


if __name__ == "__main__":
    main()
