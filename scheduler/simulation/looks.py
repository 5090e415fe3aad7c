"""Looks at an embedded store, each at the moment it is begun, for rows that should not exist.

Each question is one statement over every row. The database answers on connections of its own, a thread for
all: what it looks at is one read transaction, and looks that take longer than what is between two of them
wait in line, a few of them.
"""

from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Any, NamedTuple

from scheduler.store.engine import Store

_MOST_LOOKS = 8
"""Under way at once; each keeps SQLite from taking up the pages written since it began."""

EVERY_HOUR = {
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
EVERY_DAY = {
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
AT_THE_END = {
    "a message given up": "SELECT id FROM message WHERE state = 'dead'",
    "a matching run that failed, or never ended": "SELECT id FROM matching_run WHERE state <> 'done'",
}


class Found(NamedTuple):
    """Something that must never happen did: what, at which look, in how many rows."""

    what: str
    at: datetime
    num: int


class Looks:
    """The looks at one territory; what they find is told with the next that is begun, and at the end."""

    def __init__(self, store: Store, territory_id: int) -> None:
        self._store, self._asked = store, {"territory": territory_id}
        self._thread = ThreadPoolExecutor(1)
        self._free: list[Any] = []
        self._under_way: deque[tuple[Future[Found | None], Any]] = deque()
        self._found: Found | None = None

    def begin(self, questions: Mapping[str, str], at: datetime) -> Found | None:
        """Begin to look; give the first thing an earlier look has found by now."""
        while self._under_way and (len(self._under_way) == _MOST_LOOKS or self._under_way[0][0].done()):
            self._end_one()
        connection = self._free.pop() if self._free else self._store.engine.raw_connection()
        cursor = connection.cursor()
        cursor.execute("BEGIN")
        cursor.execute("SELECT count(*) FROM territory").fetchall()  # the view of a transaction is its first
        self._under_way.append((self._thread.submit(self._look, cursor, questions, at), connection))
        return self._tell()

    def finish(self) -> Found | None:
        """Wait for all; give the first thing found."""
        while self._under_way:
            self._end_one()
        return self._tell()

    def _tell(self) -> Found | None:
        found, self._found = self._found, None
        return found

    def _end_one(self) -> None:
        look, connection = self._under_way.popleft()
        self._free.append(connection)
        self._found = self._found or look.result()

    def _look(self, cursor: Any, questions: Mapping[str, str], at: datetime) -> Found | None:
        try:
            for what, query in questions.items():
                if rows := cursor.execute(query, self._asked).fetchall():
                    return Found(what, at, len(rows))
        finally:
            cursor.execute("ROLLBACK")
        return None
