"""Another process, which reads while the simulation lives on: a second processor has little else to do.

It is asked one thing after the other. The lists of an evening are those of the moment they are asked for:
one read transaction, begun before whoever asks goes on. What else it is asked does not depend on the moment.
"""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from multiprocessing.connection import Connection
from typing import Any, Self

from sqlmodel import select

from scheduler.audit import check_chain
from scheduler.indicators.figures import take_snapshots
from scheduler.referrals.cases import Case, all_cases
from scheduler.referrals.worklists import Worklist
from scheduler.simulation.world import remembered
from scheduler.store.engine import Store
from scheduler.store.tables import Territory

_BY_A_PERSON = frozenset({Worklist.CONFLICT, Worklist.UNREACHABLE})


class Question(Enum):
    """What the process can be asked."""

    LISTS = auto()
    """``Evening``."""
    SNAPSHOTS = auto()
    """Have last month's report kept; the number of reports."""
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
    """

    def __init__(self, store: Store, territory_id: int) -> None:
        self._address = store.engine.url.render_as_string()
        self._territory_id = territory_id
        self._under_way: Future[Any] | None = None

    def __enter__(self) -> Self:
        fresh = multiprocessing.get_context("spawn")  # a fork would share the connections of the store
        self._line, theirs = fresh.Pipe()
        asked = (self._address, self._territory_id, theirs)
        self._process = fresh.Process(target=_answer, args=asked, daemon=True)
        self._process.start()
        theirs.close()
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()
        self._process.join()

    def ask(self, question: Question, at: datetime) -> "Future[Any]":
        """Ask something, once the answer to the last question has come; what is given is for ``wait``."""
        self._hear()
        self._line.send((question, at))
        self._line.recv()
        self._under_way = Future()
        return self._under_way

    def wait(self, asked: "Future[Any]") -> Any:
        """Wait for an answer."""
        if not asked.done():
            self._hear()
        return asked.result()

    def _hear(self) -> None:
        if self._under_way is not None:
            under_way, self._under_way = self._under_way, None
            under_way.set_result(self._line.recv())


def _answer(address: str, territory_id: int, line: Connection) -> None:
    """Answer until nobody asks any more."""
    store = Store.open(address)
    with remembered(store):
        while True:
            try:
                question, at = line.recv()
            except EOFError:
                return
            line.send(_ANSWERS[question](store, territory_id, at, lambda: line.send("begun")))


def _lists(store: Store, territory_id: int, at: datetime, begun: Callable[[], None]) -> Evening:
    with store.read() as session:
        session.exec(select(Territory.id)).all()  # the view of a transaction is its first
        begun()
        cases = all_cases(session, territory_id, now=at)
    return Evening(
        num_lost=sum(case.worklist is None and case.facts.next_on is None for case in cases),
        num_twice=len(cases) - len({case.referral_id for case in cases}),
        by_a_person=[case for case in cases if case.worklist in _BY_A_PERSON],
    )


def _snapshots(store: Store, _territory_id: int, at: datetime, begun: Callable[[], None]) -> int:
    begun()
    return take_snapshots(store, clock=lambda: at)


def _trace(store: Store, _territory_id: int, _at: datetime, begun: Callable[[], None]) -> int | None:
    begun()
    with store.read() as session:
        return check_chain(session)


_ANSWERS = {Question.LISTS: _lists, Question.SNAPSHOTS: _snapshots, Question.TRACE: _trace}
