"""How many requests of the platform are answered at once; the next wait a moment, the others come back.

A flood must not take the threads that serve people, nor make every answer late: some are told to come back.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.fhir.errors import Crowded

LONGEST_WAIT_S = 1.0
"""How long a request waits for its turn; the platform drops answers after seven seconds."""

WAITING_PER_PLACE = 4


class Room:
    """Places for the requests that are being answered, and a few where the next ones wait."""

    def __init__(self) -> None:
        self._num_inside = 0
        self._queue: list[asyncio.Future[None]] = []

    @asynccontextmanager
    async def turn(self, num_places: int) -> AsyncIterator[None]:
        """Hold a place while a request is answered.

        Raises
        ------
        Crowded
            When too many wait already, or none was free in time.
        """
        if self._num_inside >= num_places:
            await self._wait(num_places)
        else:
            self._num_inside += 1
        try:
            yield
        finally:
            self._leave()

    async def _wait(self, num_places: int) -> None:
        """Wait for a place that whoever leaves hands over."""
        if len(self._queue) >= num_places * WAITING_PER_PLACE:
            raise _crowded()
        turn = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            await asyncio.wait_for(turn, LONGEST_WAIT_S)
        except TimeoutError:
            raise _crowded() from None
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()  # whoever asked has hung up with a place just handed to them
            raise
        finally:
            if turn in self._queue:
                self._queue.remove(turn)

    def _leave(self) -> None:
        while self._queue:
            turn = self._queue.pop(0)
            if not turn.done():
                turn.set_result(None)  # the place goes from one to the next
                return
        self._num_inside -= 1


def _crowded() -> Crowded:
    return Crowded("throttled", "", "Trop de demandes à la fois. Revenez dans quelques secondes.")
