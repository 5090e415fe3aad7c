"""A territory with GPs near and far, and short ways to make slots and requests."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, select

from scheduler.accounts.actor import Actor
from scheduler.care.requests import Given, create_request
from scheduler.care.rules import change_rules
from scheduler.store.engine import Store
from scheduler.store.tables import CareEvent, CareOffer, CareRequest, Practice, Role, Slot
from tests import factories
from tests.factories import NOW

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NEAR, FAR = {"latitude": 48.60, "longitude": 2.59}, {"latitude": 48.66, "longitude": 2.68}
URL = "https://relais.exemple.test"


@dataclass
class Town:
    """One CPTS; ``near`` is some minutes from the patients, ``far`` some twenty: in the last circle."""

    store: Store
    territory_id: int
    near: Practice
    far: Practice
    person: Actor
    email: str
    now: datetime = NOW
    _made: list[UUID] = field(default_factory=list)

    @classmethod
    def built(cls, store: Store, **rules: Any) -> "Town":
        with store.write() as session:
            territory = factories.territory(session)
            near, far = (
                factories.practice(
                    session, practitioner=factories.practitioner(session, territory=territory), **where
                )
                for where in (NEAR, FAR)
            )
            account = factories.account(session)
            person = factories.actor_of(account, Role.REGULATOR, territory.id or 0)
            if rules:
                change_rules(session, person, rules, now=NOW)
            return cls(store, territory.id or 0, near, far, person, account.email)

    def clock(self) -> datetime:
        return self.now

    def slot(self, practice: Practice, minutes: float, **values: Any) -> int:
        with self.store.write() as session:
            start_at = NOW + minutes * MINUTE
            return factories.slot(session, practice=practice, start_at=start_at, **values).id or 0

    def request(self, *, urgency: int = 2, actor: Actor | None = None, **values: Any) -> UUID:
        with self.store.write() as session:
            given = Given(insee="77445", urgency=urgency, **values)
            return create_request(session, actor or self.person, given, now=self.now).id

    def of(self, request_id: UUID) -> CareRequest:
        with self.store.read() as session:
            return session.get_one(CareRequest, request_id)

    def history(self, request_id: UUID) -> list[str]:
        with self.store.read() as session:
            query = select(CareEvent.kind).where(CareEvent.request_id == request_id).order_by(CareEvent.id)
            return list(session.exec(query))

    def offers(self, session: Session) -> list[CareOffer]:
        return list(session.exec(select(CareOffer).order_by(CareOffer.sent_at, CareOffer.id)))

    def start_of(self, slot_id: int) -> datetime:
        with self.store.read() as session:
            return session.get_one(Slot, slot_id).start_at
