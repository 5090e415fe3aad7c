"""All rows at once, in a process of its own: a second processor, and a HiGHS that can be killed.

HiGHS does not look at the clock while it simplifies a programme or solves a smaller one within, and two
of them in threads of one process once waited for each other for ever. What is decided aside is heard as
it comes; whatever it is busy with, it ends with whoever asked.

Parent to child, pickled: the dual, then a choice for each question; the end of the stream means "end".
Child to parent, pickled: the number of the question, a better choice or None, a bound on the value of
any choice, whether this question is done with.
"""

import contextlib
import os
import pickle
import queue
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self

import matching
from matching.progress import Progress
from matching.solvers.deadline import Deadline, Observer
from matching.solvers.weighted.dual import Dual
from matching.solvers.weighted.packing import Int64
from matching.solvers.weighted.proof import improved_by_core

_MOST_ARCS = 150_000
_COMMAND = (sys.executable, "-m", "matching.solvers.weighted.aside")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heard:
    """What came from aside: a choice or None, a bound or None, and whether it waits for a question."""

    choice: Int64 | None
    most: int | None
    idle: bool


def num_processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Aside:
    """A process that decides all rows at once. Use as a context: it is killed at the end.

    When it dies before, nothing is heard any more; the search goes on without it.

    Parameters
    ----------
    process : subprocess.Popen
        The child.
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
        self._inbox: queue.SimpleQueue[tuple[int, Int64 | None, int, bool]] = queue.SimpleQueue()
        self._asked = self._answered = 0
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._listen, self._speak)]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        """Return this."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process, whatever it is busy with."""
        self.process.kill()
        self._outbox.put(None)
        for thread in self._threads:
            thread.join()
        with contextlib.suppress(BrokenPipeError):  # what it left unread
            self.process.__exit__(None, None, None)

    def ask(self, dual: Dual, choice: Int64) -> None:
        """Ask for something better than ``choice``, and a bound; an earlier question is dropped.

        The ``dual`` is that of the first question.
        """
        if not self._asked:
            self._outbox.put(pickle.dumps(dual, pickle.HIGHEST_PROTOCOL))
        self._asked += 1
        self._outbox.put(pickle.dumps(choice, pickle.HIGHEST_PROTOCOL))

    def heard(self) -> Heard:
        """Return the last choice and the least bound that came since this was called last."""
        choice, most = None, None
        with contextlib.suppress(queue.Empty):
            while True:
                number, found, bound, done = self._inbox.get_nowait()
                choice = choice if found is None else found
                most = bound if most is None else min(most, bound)
                self._answered = number if done else self._answered
        return Heard(choice=choice, most=most, idle=self._answered == self._asked)

    def _speak(self) -> None:
        """Hand over questions: a large one takes as long as the child takes to start."""
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


class _Questions:
    """The child's ear: only the last question counts, and the end of the stream ends the process."""

    def __init__(self, stream: BinaryIO) -> None:
        self.asked = 0
        self._stream = stream
        self._choices: queue.SimpleQueue[Int64] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def next(self, done: int) -> tuple[int, Int64]:
        """Return the last question, once there is one after the question ``done``."""
        for _ in range(max(1, self.asked - done)):
            choice = self._choices.get()
            done += 1
        return done, choice

    def _listen(self) -> None:
        while True:
            try:
                choice = pickle.load(self._stream)  # noqa: S301 - written by our own parent
            except EOFError:
                os._exit(0)
            self.asked += 1  # first: who takes the choice compares its number with this
            self._choices.put(choice)


def main() -> None:
    """Answer questions until the parent is gone."""
    voice = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # HiGHS has debugging lines of its own
    dual: Dual = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by our own parent
    questions, number = _Questions(sys.stdin.buffer), 0

    def say(*words: Any) -> None:
        pickle.dump((number, *words), voice, pickle.HIGHEST_PROTOCOL)
        voice.flush()

    def still_asked(_: Progress) -> bool:
        return questions.asked == number

    while True:
        number, choice = questions.next(number)
        observer = Observer(still_asked)
        observer.report(dual.packing.value(choice), dual.bound)
        better, most = improved_by_core(
            dual, choice, Deadline(observer=observer), arcs=_MOST_ARCS, work=None, from_choice=number > 1,
            news=lambda found, bound: say(found, bound, False),
        )  # fmt: skip
        say(better, most, True)


if __name__ == "__main__":
    main()
