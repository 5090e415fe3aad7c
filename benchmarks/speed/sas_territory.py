"""The territory of the SAS platform's searches: 500 GPs with 100 slots each, and a long waiting list."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session

from scheduler.accounts.tokens import issue_token
from scheduler.clock import local_day, utc_now
from scheduler.demo.load import load_demo
from scheduler.demo.people import demo_territory
from scheduler.store.engine import Store
from scheduler.store.migrate import migrate
from scheduler.store.tables import (
    Community,
    Feed,
    Modality,
    Practice,
    Practitioner,
    Role,
    Slot,
    SlotSource,
    SlotState,
    Visibility,
)
from tests import factories

NUM_GPS, NUM_SLOTS = 500, 50_000
NUM_PATIENTS, NUM_VOLUNTEERS = 1_000, 60
SEED = 6


@dataclass(frozen=True)
class SasTerritory:
    """Whom to ask for, and the key of a coordinator's software."""

    rpps: tuple[str, ...]
    token: str


def fill(url: str) -> SasTerritory:
    """Write the demo with its own patients replaced by more, then GPs with slots over ten days."""
    store = Store.open(url)
    migrate(store)
    now = utc_now()
    demo = demo_territory(2026, local_day(now, "Europe/Paris"))
    with store.write() as session:
        territory_id = load_demo(session, replace(demo, referrals=()), now=now).territory_id
        session.add(Community(territory_id=territory_id, finess="000009013", phone="0199000901"))
        people = [factories.practitioner(session, territory_id=territory_id) for _ in range(NUM_GPS)]
        for number, who in enumerate(people):
            practice = factories.practice(session, practitioner=who, address="1 rue des Essais")
            feed = factories.feed(session, practice=practice, practitioner=who)
            session.execute(insert(Slot), list(_slots(who, practice, feed, now)))
            if number < NUM_VOLUNTEERS:
                factories.intake(session, practice=practice, practitioner=who, places=10, workload=14)
        _waiting(session, territory_id, now)
        key = issue_token(session, name="essai", role=Role.COORDINATOR, territory_id=territory_id, now=now)
        rpps = tuple(who.rpps for who in people)
    store.close()
    return SasTerritory(rpps, key.token)


def _waiting(session: Session, territory_id: int, now: datetime) -> None:
    """Add patients, some of them in households; needs decide tiers and workload."""
    chance = Random(SEED)
    home = None
    for _ in range(NUM_PATIENTS):
        if home is None or chance.random() < 0.7:
            home = factories.household(session, territory_id=territory_id)
        born = date(1930 + chance.randrange(80), 1 + chance.randrange(12), 1)
        factories.referral(
            session,
            territory_id=territory_id,
            patient_id=factories.patient(session, birth_date=born).id,
            household_id=home.id,
            together=chance.random() < 0.3,
            ald=chance.random() < 0.2,
            palliative=chance.random() < 0.02,
            chronic_needs=chance.randrange(4),
            waiting_since=now.date() - timedelta(days=chance.randrange(300)),
        )


def _slots(who: Practitioner, practice: Practice, feed: Feed, now: datetime) -> Iterator[dict[str, Any]]:
    """Ten slots of a quarter of an hour a day, over ten days: more than a GP opens to others."""
    morning = now.replace(hour=7, minute=0, second=0, microsecond=0)
    kinds = (Visibility.PUBLIC, Visibility.SNP, Visibility.CPTS, Visibility.PRO)
    for number in range(NUM_SLOTS // NUM_GPS):
        day, turn = divmod(number, 10)
        start_at = morning + timedelta(days=day, minutes=30 * turn)
        yield {
            "practitioner_id": who.id or 0,
            "practice_id": practice.id or 0,
            "source": SlotSource.FEED,
            "feed_id": feed.id,
            "key": str(number),
            "start_at": start_at,
            "end_at": start_at + timedelta(minutes=15),
            "modality": Modality.AMB,
            "visibility": kinds[number % 4],
            "state": SlotState.OPEN,
            "seen_at": now,
            "updated_at": now,
        }
