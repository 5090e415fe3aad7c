"""What everybody of a simulation shares: the store, the clock, the chance, and what is planned for later."""

import heapq
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from matching.errors import RelaisError
from scheduler.referrals.history import HOMES, ZONES
from scheduler.referrals.pathways.kept import PATHWAYS
from scheduler.referrals.policies import POLICIES
from scheduler.simulation.people import ZONE, Doctor, Town
from scheduler.simulation.plan import Plan
from scheduler.store.engine import Store
from scheduler.store.sqlite_dialect import driver_of
from scheduler.store.tables import OfferState, ReferralState

HOUR = timedelta(hours=1)

Act = Callable[[Session, datetime], object]
"""Something somebody does through a use case; a refusal by Relais does no harm to the others."""


_NEVER_CHANGED = (ZONES, HOMES, POLICIES, PATHWAYS)
"""What each session remembers, and the sessions of a simulation together: nobody changes it meanwhile."""
_STATE_OF_REFERRAL = "SELECT state FROM referral WHERE id = ?"
_STATE_OF_OFFER = "SELECT state FROM offer WHERE id = ?"


@contextmanager
def remembered(store: Store) -> Iterator[None]:
    """Have every session of a store remember together what does not change as long as this lasts."""
    store.info |= {name: {} for name in _NEVER_CHANGED}
    try:
        yield
    finally:
        for name in _NEVER_CHANGED:
            del store.info[name]


def state_of(session: Session, referral_id: UUID) -> ReferralState:
    """Read where a request stands: what somebody knows before they act."""
    return ReferralState(_state(session, _STATE_OF_REFERRAL, referral_id))


def offer_is_open(session: Session, offer_id: UUID) -> bool:
    """Tell whether an offer may still be answered."""
    return _state(session, _STATE_OF_OFFER, offer_id) == OfferState.OPEN


def _state(session: Session, question: str, row_id: UUID) -> str:
    """Ask the driver itself, as before each of fifty thousand acts, of the embedded store only."""
    ((state,),) = driver_of(session.connection()).execute(question, (row_id.hex,))
    return str(state)


@dataclass(slots=True, kw_only=True)
class World:
    """The state of a simulation beside its database.

    Parameters
    ----------
    acted : Counter
        What was done, to be compared with what the report says.
    placed, declared : set
        Requests to which it happened, once each, however often they began again.
    """

    store: Store
    plan: Plan
    rng: Random
    now: datetime
    town: Town
    acted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    placed: set[object] = field(default_factory=set)
    declared: set[object] = field(default_factory=set)
    _due: list[tuple[datetime, int, Act]] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=count)

    def clock(self) -> datetime:
        """Give the simulated instant."""
        return self.now

    @property
    def today(self) -> date:
        """Give the day people of the town see."""
        return self.now.astimezone(ZoneInfo(ZONE)).date()

    def doctor(self, practitioner_id: int) -> Doctor:
        """Give a GP by their id."""
        return next(one for one in self.town.doctors if one.practitioner_id == practitioner_id)

    def later(self, hours: int, act: Act) -> None:
        """Plan something."""
        heapq.heappush(self._due, (self.now + hours * HOUR, next(self._numbers), act))

    def act(self) -> None:
        """Do what is due, each thing as one that may be refused without harm to the others."""
        if not self._due or self._due[0][0] > self.now:
            return
        with self.store.write() as session:
            while self._due and self._due[0][0] <= self.now:
                self.attempt(session, heapq.heappop(self._due)[2])

    def attempt(self, session: Session, act: Act) -> None:
        """Do one thing; a refusal undoes it alone, and is counted by its code."""
        try:
            with session.begin_nested():
                act(session, self.now)
        except RelaisError as refusal:
            self.refused[refusal.code] += 1
