"""A1: fifty clients book the same slot at the same instant, forty times on each engine.

``RUSH_ROUNDS=200 pytest tests/acceptance/http/test_one_slot_fifty_clients.py`` does it two hundred times.

SQLite is served by one process, as it must be; PostgreSQL by two, so that nothing but the database can
keep their bookings apart.
"""

import asyncio
import os
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import col, func, select

from scheduler.accounts.tokens import issue_token
from scheduler.agenda.life import TAKES_A_PLACE
from scheduler.store.engine import Store
from scheduler.store.tables import Booking, Practitioner, Role
from tests import factories
from tests.acceptance.http.rush import Crowd
from tests.acceptance.http.serving import served

NUM_CLIENTS = 50
NUM_ROUNDS = int(os.environ.get("RUSH_ROUNDS", "40"))
ONE_EACH = Counter({(201, "booked"): 1, (409, "slot_taken"): NUM_CLIENTS - 1})


def prepare(
    store: Store, num_slots: int = NUM_ROUNDS, num_tokens: int = NUM_CLIENTS
) -> tuple[list[int], list[str]]:
    """Add the slots and the clients' tokens."""
    now = datetime.now(UTC)
    with store.write() as session:
        feed = factories.feed(session)
        territory_id = session.get_one(Practitioner, feed.practitioner_id).territory_id
        slots = [
            factories.slot(session, feed=feed, start_at=now + timedelta(minutes=60 + 15 * number))
            for number in range(num_slots)
        ]
        tokens = [
            issue_token(session, name="essai", role=Role.REGULATOR, territory_id=territory_id, now=now).token
            for _ in range(num_tokens)
        ]
        return [int(slot.id or 0) for slot in slots], tokens


async def rush(ports: list[int], slot_ids: list[int], tokens: list[str]) -> list[Counter[tuple[int, str]]]:
    """Let everybody book each slot in turn; give the outcomes of each round."""
    outcomes = []
    async with Crowd(ports, tokens) as crowd:
        for slot_id in slot_ids:
            keys = [f"round-{slot_id}"] * NUM_CLIENTS
            replies = await crowd.post(f"/api/v1/slots/{slot_id}/bookings", b"{}", keys)
            outcomes.append(
                Counter((reply.status, reply.body.get("code", reply.body.get("state"))) for reply in replies)
            )
    return outcomes


ENGINES = pytest.mark.parametrize(("engine", "num_processes"), [("sqlite", 1), ("postgresql", 2)])


@ENGINES
def test_each_slot_is_booked_exactly_once(
    request: pytest.FixtureRequest, tmp_path: Path, engine: str, num_processes: int
) -> None:
    url = request.getfixturevalue(f"{engine}_url")
    store = Store.open(url)
    slot_ids, tokens = prepare(store)
    with ExitStack() as servers:
        ports = [servers.enter_context(served(url, tmp_path)).port for _ in range(num_processes)]
        outcomes = asyncio.run(rush(ports, slot_ids, tokens))
    assert [outcome for outcome in outcomes if outcome != ONE_EACH] == []
    assert len(outcomes) == NUM_ROUNDS
    with store.read() as session:
        taken = select(Booking.slot_id, func.count()).where(col(Booking.state).in_(TAKES_A_PLACE))
        booked = dict(session.exec(taken.group_by(col(Booking.slot_id))).all())
    assert booked == dict.fromkeys(slot_ids, 1)
    store.close()


@ENGINES
def test_one_request_sent_fifty_times_at_once_is_one_booking(
    request: pytest.FixtureRequest, tmp_path: Path, engine: str, num_processes: int
) -> None:
    """I1: the same client, key and body in parallel: one effect, the same answer for all."""
    url = request.getfixturevalue(f"{engine}_url")
    store = Store.open(url)
    slot_ids, tokens = prepare(store, num_slots=5, num_tokens=1)
    with ExitStack() as servers:
        ports = [servers.enter_context(served(url, tmp_path)).port for _ in range(num_processes)]
        outcomes = asyncio.run(rush(ports, slot_ids, tokens * NUM_CLIENTS))
    assert outcomes == [Counter({(201, "booked"): NUM_CLIENTS})] * 5
    with store.read() as session:
        assert len(session.exec(select(Booking)).all()) == 5
    store.close()
