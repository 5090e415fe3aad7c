"""What must be true at every hour of a simulation, and what is worth a longer look once a day.

Each question is one statement over every row, and finds rows that should not exist. All of them are asked at
every hour at which anything was written since the hour before. Where nothing was, which SQLite itself tells
(``PRAGMA data_version``), the answers of the last look hold: none of them depends on the time. What costs a
second look at every history is asked once a day, at the end of it, and the trace of accesses is walked once.

The database answers beside the simulation, which lives on meanwhile: SQLite leaves the interpreter alone
while it works. What it looks at is the hour's end, one read transaction begun there; looks that take longer
than an hour do wait in line, a few of them. The lists of an evening are read by another process (``beside``).
"""

from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import datetime
from typing import Any, Self

from scheduler.accounts.actor import Actor
from scheduler.referrals.cases import Case
from scheduler.simulation.beside import Beside, Evening, Question
from scheduler.store.engine import Store

_MOST_LOOKS = 8
"""Under way at once; each keeps SQLite from taking up the pages written since it began."""

_EVERY_HOUR = {
    "more accepted than places": """
        SELECT i.id FROM intake i JOIN (
            SELECT intake_id, count(*) AS taken FROM offer WHERE state = 'accepted'
            GROUP BY intake_id) o ON o.intake_id = i.id WHERE o.taken > i.places""",
    "offered without exactly one open offer": """
        SELECT r.id FROM referral r WHERE r.state = 'offered' AND r.territory_id = :territory
        AND (SELECT count(*) FROM offer o WHERE o.referral_id = r.id AND o.state = 'open') <> 1""",
    "an open offer for somebody who is not offered": """
        SELECT o.id FROM offer o INDEXED BY offer_by_intake JOIN referral r ON r.id = o.referral_id
        WHERE o.state = 'open' AND r.state <> 'offered'""",
    "nobody's turn": """
        SELECT id FROM referral WHERE next_action_on IS NULL AND territory_id = :territory AND state IN
        ('received', 'qualified', 'waiting', 'proposed', 'offered', 'accepted', 'seen', 'suspended')""",
    "proposed without exactly one pending proposal": """
        SELECT r.id FROM referral r WHERE r.state = 'proposed' AND r.territory_id = :territory
        AND (SELECT count(*) FROM proposal p WHERE p.referral_id = r.id AND p.state = 'proposed') <> 1""",
    "a proposal for somebody who is not proposed": """
        SELECT p.id FROM proposal p JOIN referral r ON r.id = p.referral_id
        WHERE p.state = 'proposed' AND r.state <> 'proposed'""",
    "matched without a consent": """
        SELECT r.id FROM referral r WHERE r.state IN ('offered', 'accepted') AND r.territory_id = :territory
        AND NOT EXISTS (SELECT 1 FROM consent c WHERE c.referral_id = r.id AND c.withdrawn_at IS NULL)""",
}
_EVERY_DAY = {
    "a state that its history does not end in": """
        SELECT r.id FROM referral r JOIN referral_event e ON e.referral_id = r.id
        WHERE e.id = (SELECT max(id) FROM referral_event m WHERE m.referral_id = r.id)
        AND e.to_state <> r.state""",
    "two open requests of one patient": """
        SELECT patient_id FROM referral WHERE state NOT IN ('declared', 'closed')
        GROUP BY patient_id, pathway HAVING count(*) > 1""",
    "with a GP, but no accepted offer": """
        SELECT r.id FROM referral r WHERE r.state IN ('accepted', 'seen', 'declared') AND NOT EXISTS
        (SELECT 1 FROM offer o WHERE o.referral_id = r.id AND o.state = 'accepted')""",
    "offers of one home made to two GPs, or answered apart": """
        SELECT group_id FROM offer GROUP BY group_id
        HAVING count(DISTINCT intake_id) > 1 OR max(state = 'open') + max(state IN ('accepted', 'ended'))
        + max(state IN ('declined', 'expired')) > 1""",
    "a message tried more than once": """
        SELECT id FROM message WHERE state = 'waiting' AND channel <> 'letter' AND num_attempts > 1""",
}


class BrokenInvariant(AssertionError):
    """Something that must never happen did, in a simulation."""

    def __init__(self, what: str, at: datetime, num: int) -> None:
        super().__init__(f"{at.isoformat()}: {what} ({num})")


class Watch:
    """Looks at an embedded store on connections of its own, for as long as a simulation lasts.

    ``BrokenInvariant``, naming the first thing found that must not exist and the hour it was looked for, is
    raised by what waits for a look: a later look, ``finish``, ``cases``, or the end.
    """

    def __init__(self, store: Store, coordinator: Actor, beside: Beside) -> None:
        self._store, self._coordinator, self._beside = store, coordinator, beside
        self._seen_version: int | None = None
        self._under_way: deque[tuple[Future[None], Any]] = deque()
        self._lists: tuple[datetime, Future[Evening]] | None = None
        self._trace: tuple[datetime, Future[int | None]] | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            connect = self._store.engine.raw_connection
            self._free: list[Any] = [stack.enter_context(closing(connect())) for _ in range(_MOST_LOOKS)]
            self._asking: Any = stack.enter_context(closing(connect()))  # outside the transaction of a look
            self._thread = stack.enter_context(ThreadPoolExecutor(1))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._stack:
            if kind is None:
                self.finish()

    def check_hour(self, *, at: datetime, ends_day: bool = False) -> None:
        """Begin to look for what must not exist at any hour, and in histories where the hour ends a day."""
        version = self.version()
        if version != self._seen_version or ends_day:
            self._begin_look(_EVERY_HOUR | (_EVERY_DAY if ends_day else {}), at)
            self._seen_version = version

    def version(self) -> int:
        """Give a number that is another one whenever anything was written."""
        ((version,),) = self._asking.cursor().execute("PRAGMA data_version").fetchall()
        return int(version)

    def finish(self) -> None:
        """Wait for the answers of all that is under way."""
        while self._under_way:
            self._wait_for_one()
        self.cases()

    def ask_cases(self, *, at: datetime) -> None:
        """Begin to look whether each case that needs a person is in exactly one list."""
        self.cases()
        self._lists = at, self._beside.ask(Question.LISTS)

    def cases(self) -> list[Case]:
        """Wait for the lists asked for last; give the cases in those of which only a person takes any out."""
        if self._lists is None:
            return []
        (at, asked), self._lists = self._lists, None
        evening: Evening = self._beside.wait(asked)
        if evening.num_lost:
            raise BrokenInvariant("an open case in no list and without a next date", at, evening.num_lost)
        if evening.num_twice:
            raise BrokenInvariant("a case in two lists", at, evening.num_twice)
        return evening.by_a_person

    def check_end(self, *, at: datetime) -> None:
        """Look at every message, and begin to walk the trace of accesses, which must be whole."""
        self._begin_look({"a message given up": "SELECT id FROM message WHERE state = 'dead'"}, at)
        self.finish()
        self._trace = at, self._beside.ask(Question.TRACE)

    def check_trace(self) -> None:
        """Wait for the end of the walk, if one was begun."""
        if self._trace is None:
            return
        at, asked = self._trace
        if (broken := self._beside.wait(asked)) is not None:
            raise BrokenInvariant("the trace is broken", at, broken)

    def _begin_look(self, questions: Mapping[str, str], at: datetime) -> None:
        if not self._free:
            self._wait_for_one()
        connection = self._free.pop()
        cursor = connection.cursor()
        cursor.execute("BEGIN")
        cursor.execute("SELECT count(*) FROM territory").fetchall()  # the view of a transaction is its first
        self._under_way.append((self._thread.submit(self._look, cursor, questions, at), connection))

    def _wait_for_one(self) -> None:
        look, connection = self._under_way.popleft()
        self._free.append(connection)
        look.result()

    def _look(self, cursor: Any, questions: Mapping[str, str], at: datetime) -> None:
        territory = {"territory": self._coordinator.territory_id}
        try:
            for what, query in questions.items():
                if rows := cursor.execute(query, territory).fetchall():
                    raise BrokenInvariant(what, at, len(rows))
        finally:
            cursor.execute("ROLLBACK")
