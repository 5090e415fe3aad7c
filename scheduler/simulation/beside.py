"""Another process, which matches, reads or looks while the simulation lives on, on a second processor.

It is asked one thing after the other. Lists and matching runs are of the moment they are asked for: one read
transaction, begun before whoever asks goes on; the other answers do not depend on the moment. A matching run
is the real job. It writes what it solved when it is waited for, while whoever waits does nothing. So what
comes out does not depend on how fast either process is.
"""

import multiprocessing
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, Self

import structlog
from sqlmodel import Session, select

from matching import Instance, Policy, Solution, attach
from scheduler.audit import check_chain
from scheduler.clock import Clock
from scheduler.indicators.figures import recompute, take_snapshots
from scheduler.jobs.matching import run_after_changes, run_nightly
from scheduler.referrals.cases import Case, all_cases
from scheduler.referrals.worklists import Worklist
from scheduler.simulation.ids import seeded_ids, unseeded_ids
from scheduler.simulation.looks import AT_THE_END, EVERY_DAY, EVERY_HOUR, Found, Looks
from scheduler.simulation.world import remembered
from scheduler.store.engine import Store
from scheduler.store.tables import Territory

_BY_A_PERSON = frozenset({Worklist.CONFLICT, Worklist.UNREACHABLE})
_LIMIT_S = 20.0  # of a run: noted with it, not kept to


class Question(Enum):
    """What the process can be asked."""

    HOUR = auto()
    """Begin to look for what must not exist at any hour; ``Found``, or None, of the looks before."""
    DAY = auto()
    """The same, and what must not stand in any history at the end of a day."""
    END = auto()
    """The same of what must not remain at the end."""
    LOOKED = auto()
    """Wait for all these looks; the first thing ``Found``, or None."""
    LISTS = auto()
    """``Evening``."""
    NIGHTLY_RUN = auto()
    """Match everybody who waits; the number of runs."""
    RUN_AFTER_CHANGES = auto()
    """Match if anything has changed since the last run; the number of runs."""
    SNAPSHOTS = auto()
    """Have last month's report kept; the number of reports."""
    MONTHS = auto()
    """Each month whose report was kept, and whether computing it again gives the same."""
    TRACE = auto()
    """The first entry of the trace of accesses that is not whole, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evening:
    """What the lists of an evening say.

    Parameters
    ----------
    num_lost : int
        Open cases in no list and without a next date.
    num_twice : int
        Cases that are in two lists.
    by_a_person : list of Case
        In lists of which nothing but a person takes anybody out.
    """

    num_lost: int
    num_twice: int
    by_a_person: list[Case]


class Beside:
    """The process, beside an embedded store; it ends with the block.

    Whoever waits for an answer gets ``EOFError`` when the process has died; it says why on its own.

    Parameters
    ----------
    seed : int
        Of the identifiers of the rows that matching runs write.
    """

    def __init__(self, store: Store, territory_id: int, *, clock: Clock, seed: int) -> None:
        self._address = store.engine.url.render_as_string()
        self._territory_id, self._seed, self._clock = territory_id, seed, clock
        self._under_way: Future[Any] | None = None

    def __enter__(self) -> Self:
        fresh = multiprocessing.get_context("spawn")  # a fork would share the connections of the store
        self._line, theirs = fresh.Pipe()
        asked = (self._address, self._territory_id, self._seed, theirs)
        self._process = fresh.Process(target=_answer, args=asked, daemon=True)
        self._process.start()
        theirs.close()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()  # whatever it still does, nobody waits for
        self._process.join()
        self._line.close()

    def ask(self, question: Question) -> "Future[Any]":
        """Ask something, once the answer to the last question has come; what is given is for ``wait``."""
        self._hear()
        self._line.send((question, self._clock()))
        self._line.recv()
        self._under_way = Future()
        return self._under_way

    def wait(self, asked: "Future[Any]") -> Any:
        """Wait for an answer, and for what it writes now."""
        if not asked.done():
            self._hear()
        return asked.result()

    def _hear(self) -> None:
        if self._under_way is None:
            return
        under_way, self._under_way = self._under_way, None
        while (said := self._line.recv()) is _Said.SOLVED:
            self._line.send(self._clock())
        under_way.set_result(said)


class _Said(Enum):
    """What the process says before it answers."""

    BEGUN = auto()
    """Whoever asked may go on."""
    SOLVED = auto()
    """It writes once it is told at which instant."""


def _answer(address: str, territory_id: int, seed: int, line: Connection) -> None:
    """Answer until nobody asks any more; standard output is left to whoever asks."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger("warning"),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    store = _Handing.open(address)
    looks = Looks(store, territory_id)
    with remembered(store):
        while True:
            try:
                question, at = line.recv()
            except EOFError:
                return
            asked = _Asked(store, looks, territory_id, seed, line, at)
            store.hand(asked.go_on)
            answer = _ANSWERS[question](asked)
            asked.go_on()
            line.send(answer)


@dataclass(slots=True)
class _Asked:
    """Of which store and territory something is asked, when, and by whom."""

    store: "_Handing"
    looks: Looks
    territory_id: int
    seed: int
    line: Connection
    at: datetime
    begun: bool = False

    def go_on(self) -> None:
        """Have whoever asked go on, if they do not yet."""
        if not self.begun:
            self.begun = True
            self.line.send(_Said.BEGUN)

    def solve(self, instance: Instance, policy: Policy, *, seed: int, **_limits: object) -> Solution:
        """Solve, and wait until it may be written.

        Without a limit of time: no clock decides between equal solutions.
        """
        with unseeded_ids():
            solution = attach(instance, policy, seed=seed)
        self.line.send(_Said.SOLVED)
        self.at = self.line.recv()
        return solution


class _Handing(Store):
    """A store whose first view after a run was written down as begun lets whoever asked go on."""

    _go_on: Callable[[], None]
    _wrote = False

    def hand(self, go_on: Callable[[], None]) -> None:
        """Look out for that view, once for each question."""
        self._go_on, self._wrote = go_on, False

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session as any store does."""
        with super().read() as session:
            if self._wrote:
                self._wrote = False
                _begin_view(session)
                self._go_on()
            yield session

    @contextmanager
    def write(self, *, patience_s: float | None = None) -> Iterator[Session]:
        """Open a transaction as any store does."""
        with super().write(patience_s=patience_s) as session:
            yield session
        self._wrote = True


def _begin_view(session: Session) -> None:
    session.exec(select(Territory.id)).all()  # the view of a transaction is its first


def _look(questions: Mapping[str, str], asked: _Asked) -> Found | None:
    return asked.looks.begin(questions, asked.at)


def _looked(asked: _Asked) -> Found | None:
    return asked.looks.finish()


def _lists(asked: _Asked) -> Evening:
    with asked.store.read() as session:
        _begin_view(session)
        asked.go_on()
        cases = all_cases(session, asked.territory_id, now=asked.at)
    return Evening(
        num_lost=sum(case.worklist is None and case.facts.next_on is None for case in cases),
        num_twice=len(cases) - len({case.referral_id for case in cases}),
        by_a_person=[case for case in cases if case.worklist in _BY_A_PERSON],
    )


def _run(job: Callable[..., int], asked: _Asked) -> int:
    """Match as the job does; what it reads once it has begun is no longer changed by who goes on."""
    with seeded_ids(f"{asked.seed}:{asked.at}"):
        return job(asked.store, limit_s=_LIMIT_S, clock=lambda: asked.at, solve=asked.solve)


def _snapshots(asked: _Asked) -> int:
    asked.go_on()
    return take_snapshots(asked.store, clock=lambda: asked.at)


def _months(asked: _Asked) -> list[tuple[str, bool]]:
    asked.go_on()
    with asked.store.read() as session:
        return recompute(session, asked.territory_id)


def _trace(asked: _Asked) -> int | None:
    asked.go_on()
    with asked.store.read() as session:
        return check_chain(session)


_ANSWERS: dict[Question, Callable[[_Asked], Any]] = {
    Question.HOUR: partial(_look, EVERY_HOUR),
    Question.DAY: partial(_look, EVERY_HOUR | EVERY_DAY),
    Question.END: partial(_look, AT_THE_END),
    Question.LOOKED: _looked,
    Question.LISTS: _lists,
    Question.NIGHTLY_RUN: partial(_run, run_nightly),
    Question.RUN_AFTER_CHANGES: partial(_run, run_after_changes),
    Question.SNAPSHOTS: _snapshots,
    Question.MONTHS: _months,
    Question.TRACE: _trace,
}
