"""What everybody of a simulation shares: the store, the clock, the chance, and what is planned for later."""

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from matching.errors import RelaisError
from scheduler.simulation.people import ZONE, Doctor, Town
from scheduler.simulation.plan import Plan
from scheduler.store.engine import Store
from scheduler.store.tables import Offer, OfferState, Referral, ReferralState

HOUR = timedelta(hours=1)

Act = Callable[[Session, datetime], object]
"""Something somebody does through a use case; a refusal by Relais does no harm to the others."""


_REFERRAL = select(Referral.state).where(col(Referral.id) == bindparam("row_id"))
_OFFER = select(Offer.state).where(col(Offer.id) == bindparam("row_id"))


def state_of(session: Session, referral_id: UUID) -> ReferralState:
    """Read where a request stands: what somebody knows before they act."""
    return ReferralState(session.connection().execute(_REFERRAL, {"row_id": referral_id}).scalar_one())


def offer_is_open(session: Session, offer_id: UUID) -> bool:
    """Tell whether an offer may still be answered."""
    return session.connection().execute(_OFFER, {"row_id": offer_id}).scalar_one() is OfferState.OPEN


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
