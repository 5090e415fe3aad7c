"""The life of a referral, as one pure table: which steps exist, who acts next, by when.

::

    received → qualified → waiting → proposed → offered → accepted → seen → declared
                              ↑___________|________|   reject, supersede, decline, expire, withdraw
                              ↑________________________|________|________|   lose
    any open state → suspended (resume → qualified, or back to the GP who had accepted) or closed

A patient who loses their GP takes up the same referral again: one history, and the days already waited
count. A declared referral is followed up at 3, 6 and 12 months; it is closed only when the patient is gone
or withdraws the consent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from scheduler.moves import Move, from_any, led_to
from scheduler.store.tables import ReferralState, Role
from scheduler.territory.working_days import working_days_after

_S = ReferralState

OPEN = frozenset(_S) - {_S.DECLARED, _S.CLOSED}
"""States in which somebody still has something to do for the patient."""

CORRECTABLE = frozenset({_S.RECEIVED, _S.QUALIFIED})
"""States in which the coordination completes the file; later corrections go through ``suspend``."""


class Step(StrEnum):
    """What may happen to a referral; the word is kept in its history."""

    QUALIFY = "qualify"
    ENLIST = "enlist"
    ASK_FIRST = "ask_first"
    ALREADY_FOLLOWED = "already_followed"
    PROPOSE = "propose"
    REJECT = "reject"
    SUPERSEDE = "supersede"
    OFFER = "offer"
    DECLINE = "decline"
    EXPIRE = "expire"
    WITHDRAW = "withdraw"
    ACCEPT = "accept"
    SEE = "see"
    DECLARE = "declare"
    LOSE = "lose"
    SUSPEND = "suspend"
    RESUME = "resume"
    RESUME_ACCEPTED = "resume_accepted"
    RESUME_SEEN = "resume_seen"
    CLOSE = "close"


MOVES: Mapping[Step, Move[ReferralState]] = {
    Step.QUALIFY: from_any(_S.RECEIVED, to=_S.QUALIFIED),
    Step.ENLIST: from_any(_S.QUALIFIED, to=_S.WAITING),
    Step.ASK_FIRST: from_any(_S.WAITING, to=_S.QUALIFIED),  # the GP they see is asked to declare first
    Step.ALREADY_FOLLOWED: from_any(_S.RECEIVED, _S.QUALIFIED, _S.WAITING, to=_S.DECLARED),
    Step.PROPOSE: from_any(_S.WAITING, to=_S.PROPOSED),
    Step.REJECT: from_any(_S.PROPOSED, to=_S.WAITING),
    Step.SUPERSEDE: from_any(_S.PROPOSED, to=_S.WAITING),
    Step.OFFER: from_any(_S.PROPOSED, to=_S.OFFERED),
    Step.DECLINE: from_any(_S.OFFERED, to=_S.WAITING),
    Step.EXPIRE: from_any(_S.OFFERED, to=_S.WAITING),
    Step.WITHDRAW: from_any(_S.OFFERED, to=_S.WAITING),
    Step.ACCEPT: from_any(_S.OFFERED, to=_S.ACCEPTED),
    Step.SEE: from_any(_S.ACCEPTED, to=_S.SEEN),
    Step.DECLARE: from_any(_S.ACCEPTED, _S.SEEN, to=_S.DECLARED),  # some before anybody notes the visit
    Step.LOSE: from_any(_S.ACCEPTED, _S.SEEN, _S.DECLARED, to=_S.WAITING),
    Step.SUSPEND: Move(OPEN - {_S.SUSPENDED}, _S.SUSPENDED),
    Step.RESUME: from_any(_S.SUSPENDED, to=_S.QUALIFIED),
    Step.RESUME_ACCEPTED: from_any(_S.SUSPENDED, to=_S.ACCEPTED),
    Step.RESUME_SEEN: from_any(_S.SUSPENDED, to=_S.SEEN),
    Step.CLOSE: Move(OPEN | {_S.DECLARED}, _S.CLOSED),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Who acts next on a referral, and within how many days; no date once nothing is awaited.

    Parameters
    ----------
    working : bool
        Whether only working days of the territory count: somebody of the coordination must read something.
    """

    owner: Role
    within_days: int | None
    working: bool = False


STANDINGS: Mapping[ReferralState, Standing] = {
    _S.RECEIVED: Standing(Role.COORDINATOR, 2, working=True),  # what patients are told by letter
    _S.QUALIFIED: Standing(Role.COORDINATOR, 7),  # what is missing is the consent: ask for it
    _S.WAITING: Standing(Role.COORDINATOR, 7),  # the bureau runs the matching every week
    _S.PROPOSED: Standing(Role.COORDINATOR, 2, working=True),
    _S.OFFERED: Standing(Role.GP, 3),
    _S.ACCEPTED: Standing(Role.GP, 30),  # a first visit within 60 days is what peers fail at; ask at 30
    _S.SEEN: Standing(Role.GP, 30),
    _S.DECLARED: Standing(Role.COORDINATOR, 90),  # first follow-up, three months after
    _S.SUSPENDED: Standing(Role.COORDINATOR, 30),
    _S.CLOSED: Standing(Role.COORDINATOR, None),
}


def step(state: ReferralState, taken: Step) -> ReferralState:
    """Tell where a step of a referral leads; ``WrongState`` when it does not start from ``state``."""
    return led_to(MOVES, "referral", state, taken)


def next_action_on(state: ReferralState, on: date, *, insee: str | None = None) -> date | None:
    """Tell by which day somebody must act on a referral that entered ``state`` on the day ``on``.

    Parameters
    ----------
    insee
        A commune of the territory, for its public holidays.
    """
    standing = STANDINGS[state]
    if standing.within_days is None:
        return None
    if standing.working:
        return working_days_after(on, standing.within_days, insee)
    return on + timedelta(days=standing.within_days)
