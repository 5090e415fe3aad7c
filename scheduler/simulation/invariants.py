"""What must be true at every hour of a simulation, and what is worth a longer look once a day.

All questions of every hour (``looks``) are asked at every hour at which anything was written since the hour
before. Where nothing was, which SQLite itself tells (``PRAGMA data_version``), the answers of the last look
hold: none of them depends on the time. What costs a second look at every history is asked once a day, at the
end of it, and the trace of accesses is walked once.

Other processes look and read (``beside``) while the simulation lives on; what they see is the hour's end.
"""

from concurrent.futures import Future
from contextlib import closing
from datetime import datetime
from typing import Any, Self

from scheduler.referrals.cases import Case
from scheduler.simulation.beside import Beside, Evening, Question
from scheduler.store.engine import Store


class BrokenInvariant(AssertionError):
    """Something that must never happen did, in a simulation."""

    def __init__(self, what: str, at: datetime, num: int) -> None:
        super().__init__(f"{at.isoformat()}: {what} ({num})")


class Watch:
    """Has an embedded store looked at, for as long as a simulation lasts.

    ``BrokenInvariant``, naming the first thing found that must not exist and the hour it was looked for, is
    raised by what waits for a look: a later look, ``finish``, ``cases``, or the end.

    Parameters
    ----------
    watcher, reader
        Who looks every hour, and who reads the lists and the trace, which takes longer.
    """

    def __init__(self, store: Store, *, watcher: Beside, reader: Beside) -> None:
        self._store, self._watcher, self._reader = store, watcher, reader
        self._seen_version: int | None = None
        self._lists: tuple[datetime, Future[Evening]] | None = None
        self._trace: tuple[datetime, Future[int | None]] | None = None

    def __enter__(self) -> Self:
        self._asking: Any = self._store.engine.raw_connection()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with closing(self._asking):
            if kind is None:
                self.finish()

    def check_hour(self, *, ends_day: bool = False) -> None:
        """Begin to look for what must not exist at any hour, and in histories where the hour ends a day."""
        version = self.version()
        if version != self._seen_version or ends_day:
            self._look(Question.DAY if ends_day else Question.HOUR)
            self._seen_version = version

    def version(self) -> int:
        """Give a number that is another one whenever anything was written."""
        ((version,),) = self._asking.cursor().execute("PRAGMA data_version").fetchall()
        return int(version)

    def finish(self) -> None:
        """Wait for the answers of all that is under way."""
        self._look(Question.LOOKED)
        self.cases()

    def ask_cases(self, *, at: datetime) -> None:
        """Begin to look whether each case that needs a person is in exactly one list."""
        self.cases()
        self._lists = at, self._reader.ask(Question.LISTS)

    def cases(self) -> list[Case]:
        """Wait for the lists asked for last; give the cases in those of which only a person takes any out."""
        if self._lists is None:
            return []
        (at, asked), self._lists = self._lists, None
        evening: Evening = self._reader.wait(asked)
        if evening.num_lost:
            raise BrokenInvariant("an open case in no list and without a next date", at, evening.num_lost)
        if evening.num_twice:
            raise BrokenInvariant("a case in two lists", at, evening.num_twice)
        return evening.by_a_person

    def check_end(self, *, at: datetime) -> None:
        """Look at every message and run, and begin to walk the trace of accesses, which must be whole."""
        self._look(Question.END)
        self.finish()
        self._trace = at, self._reader.ask(Question.TRACE)

    def check_trace(self) -> None:
        """Wait for the end of the walk, if one was begun."""
        if self._trace is None:
            return
        at, asked = self._trace
        if (broken := self._reader.wait(asked)) is not None:
            raise BrokenInvariant("the trace is broken", at, broken)

    def _look(self, question: Question) -> None:
        """Ask what is answered at once: with what was found before."""
        if (found := self._watcher.wait(self._watcher.ask(question))) is not None:
            raise BrokenInvariant(*found)
