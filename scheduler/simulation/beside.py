"""Another process, which reads and solves while the simulation lives on, on a second processor.

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

from matching import Instance, Policy, Solution, attach
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
    SOLUTION = auto()
    """Of an instance, under a policy, with a seed."""


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

    def ask(self, question: Question, at: datetime, *about: Any) -> "Future[Any]":
        """Ask something, once the answer to the last question has come; what is given is for ``wait``."""
        self._hear()
        self._line.send((question, at, about))
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
                question, at, about = line.recv()
            except EOFError:
                return
            asked = _Asked(store, territory_id, at, lambda: line.send("begun"))
            line.send(_ANSWERS[question](asked, *about))


@dataclass(frozen=True, slots=True)
class _Asked:
    """Of which store and territory something is asked, when, and what tells that whoever asks may go on."""

    store: Store
    territory_id: int
    at: datetime
    begun: Callable[[], None]


def _lists(asked: _Asked) -> Evening:
    with asked.store.read() as session:
        session.exec(select(Territory.id)).all()  # the view of a transaction is its first
        asked.begun()
        cases = all_cases(session, asked.territory_id, now=asked.at)
    return Evening(
        num_lost=sum(case.worklist is None and case.facts.next_on is None for case in cases),
        num_twice=len(cases) - len({case.referral_id for case in cases}),
        by_a_person=[case for case in cases if case.worklist in _BY_A_PERSON],
    )


def _snapshots(asked: _Asked) -> int:
    asked.begun()
    return take_snapshots(asked.store, clock=lambda: asked.at)


def _trace(asked: _Asked) -> int | None:
    asked.begun()
    with asked.store.read() as session:
        return check_chain(session)


def _solution(asked: _Asked, instance: Instance, policy: Policy, seed: int) -> Solution:
    asked.begun()
    return attach(instance, policy, seed=seed)


_ANSWERS: dict[Question, Callable[..., Any]] = {
    Question.LISTS: _lists,
    Question.SNAPSHOTS: _snapshots,
    Question.TRACE: _trace,
    Question.SOLUTION: _solution,
}
