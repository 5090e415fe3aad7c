"""Many who search, hold, book, cancel and move at once (A2); a server killed around its commit (I3)."""

import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import Session, col, func, select

from scheduler.accounts.actor import Actor
from scheduler.agenda.booking import book, confirm, hold
from scheduler.agenda.ending import cancel, move
from scheduler.agenda.life import TAKES_A_PLACE
from scheduler.agenda.search import search
from scheduler.agenda.slot_query import SlotQuery
from scheduler.errors import RelaisError, StoreBusy
from scheduler.idempotency import Answer, once
from scheduler.store.engine import Store
from scheduler.store.tables import Booking, Practitioner, Role, Slot
from tests import factories
from tests.factories import NOW
from tests.races import DONE, at_once, exit_code_of_a_child

NUM_CLIENTS, NUM_ACTS, NUM_SLOTS = 16, 8, 8
QUERY = SlotQuery(insee="77445", from_at=NOW, to_at=NOW + timedelta(hours=48), limit=200)
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


@contextmanager
def patiently(store: Store) -> Iterator[Session]:
    """Write when it is one's turn, however slow the machine: a client told to come back does."""
    with ExitStack() as turn:
        for _ in range(5):
            with suppress(StoreBusy):
                session = turn.enter_context(store.write())
                break
        else:
            session = turn.enter_context(store.write())
        yield session


def test_nothing_is_lost_or_doubled_while_many_do_everything_at_once(store: Store) -> None:
    with store.write() as session:
        who, slot_ids = opened(session)

    def client(number: int) -> None:
        """Act as 70 % search, 20 % hold or book, 10 % cancel or move; a refusal is an answer."""
        chance, mine = random.Random(number), []
        for _ in range(NUM_ACTS):
            dice, slot_id = chance.random(), chance.choice(slot_ids)
            if dice < 0.7:
                with store.read() as session:
                    search(session, who, QUERY, now=NOW)
                continue
            try:
                with patiently(store) as session:
                    if dice < 0.8:
                        held = hold(session, who, slot_id=slot_id, now=NOW)
                        mine.append(confirm(session, who, booking_id=held.id, now=NOW).id)
                    elif dice < 0.9 or not mine:
                        mine.append(book(session, who, slot_id=slot_id, now=NOW).id)
                    elif dice < 0.95:
                        cancel(session, who, booking_id=mine.pop(), now=NOW)
                    else:
                        moved = move(session, who, booking_id=mine[-1], to_slot_id=slot_id, now=NOW)
                        mine[-1] = moved.id
            except RelaisError as refusal:
                assert refusal.code in {"slot_taken", "invalid_input"}  # noqa: PT017 — the only answers

    assert at_once(NUM_CLIENTS, client) == {DONE: NUM_CLIENTS}
    with store.read() as session:
        places = Counter(
            session.exec(select(Booking.slot_id, Booking.place).where(col(Booking.state).in_(TAKES_A_PLACE)))
        )
        free = {slot.slot_id: slot.free_places for slot in search(session, who, QUERY, now=NOW).rows}
        capacity = dict(session.exec(select(Slot.id, Slot.capacity)).all())
    assert set(places.values()) == {1}
    taken = Counter(slot_id for slot_id, _ in places)
    assert {key: taken[key] + free.get(key, 0) for key in slot_ids} == capacity


@pytest.mark.parametrize(("when", "replayed"), [("before", False), ("after", True)])
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
