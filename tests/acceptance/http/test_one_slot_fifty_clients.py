"""A1: fifty clients book the same slot at the same instant, two hundred times."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scheduler.accounts.tokens import issue_token
from scheduler.store.engine import Store
from scheduler.store.tables import Booking, Role
from sqlmodel import func, select
from tests import factories
from tests.acceptance.http.rush import Crowd
from tests.acceptance.http.serving import served

NUM_CLIENTS = 50
NUM_ROUNDS = 200


def prepare(store: Store) -> tuple[list[int], list[str]]:
    now = datetime.now(UTC)
    with store.write() as session:
        feed = factories.feed(session)
        territory_id = session.get_one(factories.Practitioner, feed.practitioner_id).territory_id
        slots = [
            factories.slot(session, feed=feed, start_at=now + timedelta(minutes=60 + 15 * number))
            for number in range(NUM_ROUNDS)
        ]
        tokens = [
            issue_token(session, name="essai", role=Role.REGULATOR, territory_id=territory_id, now=now).token
            for _ in range(NUM_CLIENTS)
        ]
        return [int(slot.id or 0) for slot in slots], tokens


async def rush(port: int, slot_ids: list[int], tokens: list[str]) -> list[Counter[tuple[int, str]]]:
    outcomes = []
    async with Crowd(port, tokens) as crowd:
        for slot_id in slot_ids:
            keys = [f"round-{slot_id}"] * NUM_CLIENTS
            replies = await crowd.post(f"/api/v1/slots/{slot_id}/bookings", b"{}", keys)
            outcomes.append(
                Counter((reply.status, reply.body.get("code", reply.body.get("state"))) for reply in replies)
            )
    return outcomes


def test_each_slot_is_booked_exactly_once(store_url: str, tmp_path: Path) -> None:
    store = Store.open(store_url)
    slot_ids, tokens = prepare(store)
    with served(store_url, tmp_path) as server:
        outcomes = asyncio.run(rush(server.port, slot_ids, tokens))
    wanted = Counter({(201, "booked"): 1, (409, "slot_taken"): NUM_CLIENTS - 1})
    assert [outcome for outcome in outcomes if outcome != wanted] == []
    with store.read() as session:
        assert session.exec(select(func.count()).select_from(Booking)).one() == NUM_ROUNDS
    store.close()
