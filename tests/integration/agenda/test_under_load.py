"""Many who search, hold, book, cancel and move at once (A2); a server killed around its commit (I3).

With ``LOAD_CLIENTS=200 LOAD_SLOTS=100 LOAD_SECONDS=600 KILLS=50`` it goes on for ten minutes on each engine,
with a count each minute, and fifty servers are killed at each instant; ``-o junit_family=xunit1 --junitxml``
tells how much was done.
"""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import Session, col, func, select

from matching.errors import RelaisError
from scheduler.accounts.actor import Actor
from scheduler.agenda.booking import book, confirm, hold
from scheduler.agenda.ending import cancel, move
from scheduler.agenda.life import TAKES_A_PLACE
from scheduler.agenda.search import search
from scheduler.agenda.slot_query import SlotQuery
from scheduler.errors import StoreBusy
from scheduler.idempotency import Answer, once
from scheduler.store.engine import Store
from scheduler.store.tables import Booking, Practitioner, Role, Slot
from tests import factories
from tests.factories import NOW
from tests.races import DONE, at_once, exit_code_of_a_child

NUM_CLIENTS, NUM_SLOTS = int(os.environ.get("LOAD_CLIENTS", "16")), int(os.environ.get("LOAD_SLOTS", "8"))
LASTS_S, COUNTED_EVERY_S = float(os.environ.get("LOAD_SECONDS", "2")), 60.0
NUM_KILLS = int(os.environ.get("KILLS", "1"))
QUERY = SlotQuery(insee="77445", from_at=NOW, to_at=NOW + timedelta(hours=48), limit=200)
ANSWERS = {"slot_taken", "invalid_input", StoreBusy.code}
KEY = f"account:{UUID(int=1)}"


def opened(session: Session, num_slots: int = NUM_SLOTS) -> tuple[Actor, list[int]]:
    """Open slots of one GP, every second one of two places, and give who books them."""
    feed = factories.feed(session)
    ids = [
        factories.slot(
            session,
            feed=feed,
            capacity=1 + number % 2,
            start_at=NOW + timedelta(hours=1, minutes=20 * number),
        ).id
        for number in range(num_slots)
    ]
    territory_id = session.get_one(Practitioner, feed.practitioner_id).territory_id
    who = factories.actor(Role.REGULATOR, territory_id=territory_id, key=KEY)
    return who, [slot_id or 0 for slot_id in ids]


@dataclass
class Client:
    """Somebody who does one thing after the other, as the dice fall; a refusal is an answer."""

    store: Store
    who: Actor
    slot_ids: list[int]
    chance: random.Random
    mine: list[UUID] = field(default_factory=list)
    did: Counter[str] = field(default_factory=Counter)

    def act(self) -> None:
        """Do one thing: 70 % search, 20 % hold or book, 10 % cancel or move."""
        dice, slot_id = self.chance.random(), self.chance.choice(self.slot_ids)
        try:
            if dice < 0.7:
                self.did["search"] += 1
                with self.store.read() as session:
                    search(session, self.who, QUERY, now=NOW)
            elif dice < 0.9 or not self.mine:
                self.mine.append(self._taken(slot_id, held=dice < 0.8))
                self.did["book"] += 1
            else:
                with self.store.write() as session:
                    kept = self._given_up(session, slot_id, moves=dice < 0.95)
                self.mine[-1:] = kept
                self.did["cancel or move"] += 1
        except RelaisError as refusal:
            if refusal.code not in ANSWERS:  # "come back later" is one: they do
                raise
            self.did[refusal.code] += 1

    def _taken(self, slot_id: int, *, held: bool) -> UUID:
        """Book at once, or hold and confirm, which others come between."""
        if not held:
            with self.store.write() as session:
                return book(session, self.who, slot_id=slot_id, now=NOW).id
        with self.store.write() as session:
            booking_id = hold(session, self.who, slot_id=slot_id, now=NOW).id
        with self.store.write() as session:
            return confirm(session, self.who, booking_id=booking_id, now=NOW).id

    def _given_up(self, session: Session, slot_id: int, *, moves: bool) -> list[UUID]:
        """Move the last booking, or cancel it; gives what takes its place."""
        if moves:
            return [move(session, self.who, booking_id=self.mine[-1], to_slot_id=slot_id, now=NOW).id]
        cancel(session, self.who, booking_id=self.mine[-1], now=NOW)
        return []


def test_nothing_is_lost_or_doubled_while_many_do_everything_at_once(
    store: Store, store_url: str, record_property: Callable[[str, object], None]
) -> None:
    with store.write() as session:
        who, slot_ids = opened(session)
    over, clients = (
        threading.Event(),
        [Client(store, who, slot_ids, random.Random(number)) for number in range(NUM_CLIENTS)],
    )

    def goes_on(number: int) -> None:
        while not over.is_set():
            clients[number].act()

    def count() -> None:
        """Find every place of every slot either free or taken once, now and then and at the end."""
        until = time.monotonic() + LASTS_S
        with closing(Store.open(store_url)) as own:  # two hundred others wait for a connection of theirs
            while (left_s := until - time.monotonic()) > 0:
                time.sleep(min(left_s, COUNTED_EVERY_S))
                every_place_is_free_or_taken_once(own, who, slot_ids)

    with ThreadPoolExecutor(1) as beside:
        counted = beside.submit(count)
        counted.add_done_callback(lambda _: over.set())
        assert at_once(NUM_CLIENTS, goes_on) == {DONE: NUM_CLIENTS}
    counted.result()
    every_place_is_free_or_taken_once(store, who, slot_ids)
    done = sum((client.did for client in clients), Counter[str]())
    record_property("done", dict(done))
    assert {"search", "book", "slot_taken"} <= done.keys()


def every_place_is_free_or_taken_once(store: Store, who: Actor, slot_ids: list[int]) -> None:
    with store.read() as session:
        places = Counter(
            session.exec(select(Booking.slot_id, Booking.place).where(col(Booking.state).in_(TAKES_A_PLACE)))
        )
        free = {slot.slot_id: slot.free_places for slot in search(session, who, QUERY, now=NOW).rows}
        capacity = dict(session.exec(select(Slot.id, Slot.capacity)).all())
    assert set(places.values()) <= {1}
    taken = Counter(slot_id for slot_id, _ in places)
    assert {key: taken[key] + free.get(key, 0) for key in slot_ids} == capacity


@pytest.mark.parametrize(("when", "replayed"), [("before", False), ("after", True)] * NUM_KILLS)
def test_a_server_killed_around_its_commit_has_booked_once_or_not_at_all(
    store: Store, store_url: str, when: str, replayed: bool
) -> None:
    with store.write() as session:
        who, (slot_id,) = opened(session, 1)

    def booked_once(session: Session) -> Answer:
        def effect() -> tuple[int, dict[str, str]]:
            return 201, {"id": str(book(session, who, slot_id=slot_id, now=NOW).id)}

        return once(session, who, key="k", route="r", body=b"", now=NOW, effect=effect)

    def server() -> None:
        with Store.open(store_url).write() as session:
            booked_once(session)
            if when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)

    assert exit_code_of_a_child(server) == -signal.SIGKILL
    for number in range(2):
        with store.write() as session:
            again = booked_once(session)
        assert again.replayed is (replayed or number > 0)
    with store.read() as session:
        (booking_id,) = session.exec(select(Booking.id)).all()
        assert again.body == {"id": str(booking_id)}
        assert session.exec(select(func.count()).select_from(Booking)).one() == 1
