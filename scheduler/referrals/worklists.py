"""Nobody is lost: each case that needs a person stands in exactly one list; the others have a date.

``worklist_of`` is the rule, pure and in one place: the first line that applies wins, so that no case is in
two lists. A case in no list waits for an answer, a run or a day, which ``Facts.next_on`` tells.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from scheduler.store.tables import ReferralState

THREE = 3
"""Declines after which a person looks for another way."""

_S = ReferralState


class Worklist(StrEnum):
    """What a person is needed for, the most pressing first."""

    CONFLICT = "conflict"
    UNREACHABLE = "unreachable"
    THREE_DECLINES = "three_declines"
    NO_ANSWER = "no_answer"
    NO_CANDIDATE = "no_candidate"
    SLA_PASSED = "sla_passed"
    TO_QUALIFY = "to_qualify"
    TO_VALIDATE = "to_validate"
    TO_RECONFIRM = "to_reconfirm"
    TO_TAKE_UP = "to_take_up"


NO_CANDIDATE_CODES = frozenset({"nobody_in_reach", "excluded", "household"})
"""What the engine says of somebody whom no GP could take, however many places there were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a case is put in a list by; nothing of the patient's health.

    Parameters
    ----------
    next_on : date or None
        By which day somebody must act; None only when nothing is awaited any more.
    snoozed_until : date or None
        A person has looked at the case and need not again before this day.
    waited_days, longest_wait_days : int
        The wait so far, and the one promised to the tier.
    num_declines : int
        By GPs, since the case was last looked at for it.
    undelivered : bool
        An offer is open, and nobody of the surgery could be written to.
    offer_over : bool
        An offer is open although its time is over.
    gp_gone : bool
        An offer is open, or was accepted, at a GP who takes nobody any more or has left.
    booking_in_conflict : bool
        The consultation given meanwhile is contradicted by the GP's calendar.
    duplicate : bool
        Another file may be of the same patient.
    declare_asked : bool
        A GP the patient already sees was asked to declare first, and may still answer.
    """

    state: ReferralState
    today: date
    next_on: date | None
    snoozed_until: date | None = None
    consent: bool = True
    waited_days: int = 0
    longest_wait_days: int = 10**6
    num_declines: int = 0
    unplaced_because: str | None = None
    unreachable_since: date | None = None
    reconfirm_due_on: date | None = None
    undelivered: bool = False
    offer_over: bool = False
    gp_gone: bool = False
    booking_in_conflict: bool = False
    duplicate: bool = False
    declare_asked: bool = False

    @property
    def late(self) -> bool:
        """Whether the day by which somebody should have acted has passed."""
        return self.next_on is not None and self.next_on < self.today


def worklist_of(case: Facts) -> Worklist | None:
    """Put a case in the one list where a person finds it, or in none when nobody is needed now."""
    if case.state is _S.CLOSED or (case.snoozed_until is not None and case.today < case.snoozed_until):
        return None
    if case.state is _S.SUSPENDED:
        return _resting(case)
    if case.state is _S.DECLARED:
        return Worklist.NO_ANSWER if case.late else None
    if case.gp_gone or case.booking_in_conflict or case.duplicate:
        return Worklist.CONFLICT
    if case.unreachable_since is not None:
        return Worklist.UNREACHABLE
    return _ON_THE_ROAD[case.state](case)


def _resting(case: Facts) -> Worklist | None:
    due = case.next_on is None or case.next_on <= case.today
    if not due:
        return None
    return Worklist.TO_TAKE_UP if case.unreachable_since is None else Worklist.UNREACHABLE


def _waiting(case: Facts) -> Worklist | None:
    if not case.consent:
        return Worklist.TO_QUALIFY
    if case.num_declines >= THREE:
        return Worklist.THREE_DECLINES
    if case.unplaced_because in NO_CANDIDATE_CODES:
        return Worklist.NO_CANDIDATE
    if case.waited_days > case.longest_wait_days or case.late:
        return Worklist.SLA_PASSED
    if case.reconfirm_due_on is not None and case.reconfirm_due_on <= case.today:
        return Worklist.TO_RECONFIRM
    return None


def _qualified(case: Facts) -> Worklist | None:
    return None if case.declare_asked and not case.late else Worklist.TO_QUALIFY


def _offered(case: Facts) -> Worklist | None:
    return Worklist.NO_ANSWER if case.offer_over or case.undelivered or case.late else None


def _with_gp(case: Facts) -> Worklist | None:
    return Worklist.NO_ANSWER if case.late else None


_ON_THE_ROAD: Mapping[ReferralState, Callable[[Facts], Worklist | None]] = {
    _S.RECEIVED: lambda _: Worklist.TO_QUALIFY,
    _S.QUALIFIED: _qualified,
    _S.WAITING: _waiting,
    _S.PROPOSED: lambda _: Worklist.TO_VALIDATE,
    _S.OFFERED: _offered,
    _S.ACCEPTED: _with_gp,
    _S.SEEN: _with_gp,
}
