"""What must be true at every hour of a simulation, and what is worth a longer look once a day.

Each question is one statement over every row, and finds rows that should not exist. All of them are asked at
every hour at which anything was written since the hour before. Where nothing was, which SQLite itself tells
(``PRAGMA data_version``), the answers of the last look hold: none of them depends on the time. What costs a
second look at every history is asked once a day, at the end of it, and the trace of accesses is walked once.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from scheduler.accounts.actor import Actor
from scheduler.audit import check_chain
from scheduler.referrals.cases import Case, all_cases
from scheduler.store.engine import Store

_EVERY_HOUR = {
    "more accepted than places": """
        SELECT i.id FROM intake i WHERE i.places <
        (SELECT count(*) FROM offer o WHERE o.intake_id = i.id AND o.state = 'accepted')""",
    "offered without exactly one open offer": """
        SELECT r.id FROM referral r WHERE r.state = 'offered' AND r.territory_id = :territory
        AND (SELECT count(*) FROM offer o WHERE o.referral_id = r.id AND o.state = 'open') <> 1""",
    "an open offer for somebody who is not offered": """
        SELECT o.id FROM offer o JOIN referral r ON r.id = o.referral_id
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
    "a message tried more than once": """
        SELECT id FROM message WHERE state = 'waiting' AND channel <> 'letter' AND num_attempts > 1""",
}


class BrokenInvariant(AssertionError):
    """Something that must never happen did, in a simulation."""

    def __init__(self, what: str, at: datetime, num: int) -> None:
        super().__init__(f"{at.isoformat()}: {what} ({num})")


class Watch:
    """Looks at an embedded store on a connection of its own, for as long as a simulation lasts.

    Each look raises ``BrokenInvariant``, naming the first thing found that must not exist.
    """

    def __init__(self, store: Store, coordinator: Actor) -> None:
        self._store, self._coordinator = store, coordinator
        self._seen_version: int | None = None

    def __enter__(self) -> Self:
        self._connection: Any = self._store.engine.raw_connection()
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def check_hour(self, *, at: datetime) -> None:
        """Look for what must not exist at any hour."""
        ((version,),) = self._connection.cursor().execute("PRAGMA data_version").fetchall()
        if version != self._seen_version:
            self._look(_EVERY_HOUR, at)
            self._seen_version = version

    def check_day(self, *, at: datetime) -> list[Case]:
        """Look longer: histories against states, and each case that needs a person in exactly one list.

        Returns
        -------
        Every open case.
        """
        self._look(_EVERY_DAY, at)
        with self._store.read() as session:
            cases = all_cases(session, self._coordinator.territory_id, now=at)
        if lost := [case for case in cases if case.worklist is None and case.facts.next_on is None]:
            raise BrokenInvariant("an open case in no list and without a next date", at, len(lost))
        if len({case.referral_id for case in cases}) < len(cases):
            raise BrokenInvariant("a case in two lists", at, len(cases))
        return cases

    def check_end(self, *, at: datetime) -> None:
        """Look at every message, and walk the trace of accesses, which must be whole."""
        self._look({"a message given up": "SELECT id FROM message WHERE state = 'dead'"}, at)
        with self._store.read() as session:
            if (broken := check_chain(session)) is not None:
                raise BrokenInvariant("the trace is broken", at, broken)

    def _look(self, questions: Mapping[str, str], at: datetime) -> None:
        territory = {"territory": self._coordinator.territory_id}
        for what, query in questions.items():
            if rows := self._connection.cursor().execute(query, territory).fetchall():
                raise BrokenInvariant(what, at, len(rows))
