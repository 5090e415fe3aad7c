"""What must be true at every hour of a simulation, and what is worth a longer look once a day."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from scheduler.accounts.actor import Actor
from scheduler.audit import check_chain
from scheduler.referrals.cases import all_cases

# Each finds rows that should not exist.
_EVERY_HOUR = {
    "more accepted than places": """
        SELECT i.id FROM intake i JOIN offer o ON o.intake_id = i.id AND o.state = 'accepted'
        GROUP BY i.id, i.places HAVING count(*) > i.places""",
    "offered without exactly one open offer": """
        SELECT r.id FROM referral r WHERE r.state = 'offered'
        AND (SELECT count(*) FROM offer o WHERE o.referral_id = r.id AND o.state = 'open') <> 1""",
    "an open offer for somebody who is not offered": """
        SELECT o.id FROM offer o JOIN referral r ON r.id = o.referral_id
        WHERE o.state = 'open' AND r.state <> 'offered'""",
    "nobody's turn": """
        SELECT id FROM referral WHERE next_action_on IS NULL AND state IN
        ('received', 'qualified', 'waiting', 'proposed', 'offered', 'accepted', 'seen', 'suspended')""",
    "proposed without a pending proposal": """
        SELECT r.id FROM referral r WHERE r.state = 'proposed' AND NOT EXISTS
        (SELECT 1 FROM proposal p WHERE p.referral_id = r.id AND p.state = 'proposed')""",
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
}


class BrokenInvariant(AssertionError):
    """Something that must never happen did, in a simulation."""

    def __init__(self, what: str, at: datetime, num: int) -> None:
        super().__init__(f"{at.isoformat()}: {what} ({num})")


def check_hour(session: Session, *, at: datetime) -> None:
    """Look for what must not exist at any hour.

    Raises
    ------
    BrokenInvariant
        Naming the first thing found.
    """
    _look(session, _EVERY_HOUR, at)


def check_day(session: Session, coordinator: Actor, *, at: datetime) -> None:
    """Look longer: histories against states, and every case that needs a person in exactly one list.

    Raises
    ------
    BrokenInvariant
        Naming the first thing found.
    """
    _look(session, _EVERY_DAY, at)
    cases = all_cases(session, coordinator.territory_id, now=at)
    if lost := [case for case in cases if case.worklist is None and case.facts.next_on is None]:
        raise BrokenInvariant("an open case in no list and without a next date", at, len(lost))


def check_end(session: Session, *, at: datetime) -> None:
    """Walk the trace of accesses.

    Raises
    ------
    BrokenInvariant
        When it was altered.
    """
    if (broken := check_chain(session)) is not None:
        raise BrokenInvariant("the trace is broken", at, broken)


def _look(session: Session, questions: dict[str, str], at: datetime) -> None:
    for what, num in _found(session, questions):
        raise BrokenInvariant(what, at, num)


def _found(session: Session, questions: dict[str, str]) -> Iterator[tuple[str, int]]:
    for what, query in questions.items():
        if rows := session.connection().execute(text(query)).all():
            yield what, len(rows)
