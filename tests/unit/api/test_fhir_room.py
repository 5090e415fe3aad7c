"""A bounded number of requests of the platform at once: the next wait, the others are told to come back."""

import asyncio

import pytest

from api.fhir import room as module
from api.fhir.errors import Crowded
from api.fhir.room import WAITING_PER_PLACE, Room


async def _stay(room: Room, num_places: int, leave: asyncio.Event, inside: list[int]) -> str:
    try:
        async with room.turn(num_places):
            inside.append(1)
            assert len(inside) <= num_places
            await leave.wait()
            inside.pop()
    except Crowded:
        return "crowded"
    return "answered"


def test_a_few_wait_for_their_turn_and_the_rest_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_WAIT_S", 60)

    async def rush() -> list[str]:
        room, leave, inside = Room(), asyncio.Event(), list[int]()
        tasks = [asyncio.create_task(_stay(room, 2, leave, inside)) for _ in range(2 * WAITING_PER_PLACE + 5)]
        await asyncio.sleep(0)  # each has asked
        leave.set()
        told = await asyncio.gather(*tasks)
        again = await _stay(room, 2, leave, inside)  # the room is as it was
        return [*told, again]

    told = asyncio.run(rush())
    assert told[:-1].count("crowded") == 3
    assert told[-1] == "answered"


def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_WAIT_S", 0)

    async def late() -> tuple[str, str, str]:
        room, leave, inside = Room(), asyncio.Event(), list[int]()
        first = asyncio.create_task(_stay(room, 1, leave, inside))
        await asyncio.sleep(0)
        second = await _stay(room, 1, leave, inside)
        leave.set()
        return await first, second, await _stay(room, 1, leave, inside)

    assert asyncio.run(late()) == ("answered", "crowded", "answered")
