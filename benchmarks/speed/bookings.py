"""How many bookings a second, beside the bare transaction, on both engines.

``nice -n -5 python -m benchmarks.speed.bookings``

Ours is ``scheduler.agenda.booking.book`` in a transaction of the store: the slot locked, the reasons to
refuse looked at, the booking, its history and its audit entry written. The bare transaction is one INSERT of
a booking, sent by the driver and committed, with the triggers that hold the invariants. Each client books
slots of its own, one after the other, from 1 and 4 threads; the two take turns by blocks. SQLite writes
through to the disk at each commit in both; PostgreSQL is the one of the tests, which does not wait for the
disk in either.
"""

import argparse
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

from benchmarks.speed.large_agenda import NOW
from benchmarks.speed.machine import describe, load_average
from scheduler.accounts.actor import Actor
from scheduler.agenda.booking import book
from scheduler.store.engine import Store
from scheduler.store.migrate import migrate
from scheduler.store.tables import Practitioner, Role
from tests import factories, postgresql

BLOCKS = 5
_BARE = (
    "INSERT INTO booking (id, slot_id, place, state, booked_by, created_at, updated_at)"
    " VALUES ({mark}, {mark}, 1, 'booked', 'account:mesure', {mark}, {mark})"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line for each engine and number of clients."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.bookings", description=__doc__)
    parser.add_argument("--bookings", type=int, default=60, help="of each kind, in each of five blocks")
    parser.add_argument("--clients", default="1,4")
    options = parser.parse_args(arguments)
    print(*describe(), "", sep="\n")
    print("| engine | clients | bookings a second | bare transactions a second | ratio | load |")
    print("|---|---:|---:|---:|---:|---:|")
    for engine in ("sqlite", "postgresql"):
        with _store(engine) as store:
            for num_clients in map(int, options.clients.split(",")):
                print(_line(store, engine, num_clients, options.bookings), flush=True)
    return 0


def _line(store: Store, engine: str, num_clients: int, num_bookings: int) -> str:
    actor, slots = _prepare(store, 2 * BLOCKS * num_bookings)
    paces: dict[str, list[float]] = {"ours": [], "bare": []}
    with _bare(store, num_clients) as bare:
        works: dict[str, Callable[[int, int], None]] = {
            "ours": lambda _client, slot_id: _book(store, actor, slot_id),
            "bare": bare,
        }
        for _ in range(BLOCKS):
            for name, work in works.items():
                taken = [slots.pop() for _ in range(num_bookings)]
                paces[name].append(_pace(num_clients, taken, work))
    ours, theirs = median(paces["ours"]), median(paces["bare"])
    return (
        f"| {engine} | {num_clients} | {ours:.0f} | {theirs:.0f} | {ours / theirs:.2f} | {load_average()} |"
    )


def _book(store: Store, actor: Actor, slot_id: int) -> None:
    with store.write() as session:
        book(session, actor, slot_id=slot_id, now=NOW)


@contextmanager
def _bare(store: Store, num_clients: int) -> Iterator[Callable[[int, int], None]]:
    """Give the same write without anything around it, on one connection per client."""
    opened = [store.engines[-1].connect() for _ in range(num_clients)]  # those that may write
    raws: list[Any] = [one.connection.driver_connection for one in opened]
    is_sqlite = store.is_sqlite
    statement = _BARE.format(mark="?" if is_sqlite else "%s")
    at = f"{NOW:%Y-%m-%d %H:%M:%S}.000000" if is_sqlite else NOW
    one_writer = threading.Lock()

    def write(client: int, slot_id: int) -> None:
        key = uuid4()
        values = (key.hex if is_sqlite else key, slot_id, at, at)
        if not is_sqlite:
            raws[client].execute(statement, values)
            raws[client].commit()
            return
        with one_writer:  # what the writer's lock of the store is to ours
            raws[client].execute("BEGIN IMMEDIATE")
            raws[client].execute(statement, values)
            raws[client].execute("COMMIT")

    try:
        yield write
    finally:
        for one in opened:
            one.close()


def _pace(num_clients: int, slots: list[int], work: Callable[[int, int], None]) -> float:
    """Share slots out between clients and let each book its own; give how many a second."""
    faults: list[BaseException] = []
    start = threading.Barrier(num_clients + 1)

    def client(number: int) -> None:
        start.wait()
        try:
            for slot_id in slots[number::num_clients]:
                work(number, slot_id)
        except BaseException as fault:  # noqa: BLE001 — raised again below, in the main thread
            faults.append(fault)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(num_clients)]
    for thread in threads:
        thread.start()
    start.wait()
    began = perf_counter()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return len(slots) / (perf_counter() - began)


def _prepare(store: Store, num_slots: int) -> tuple[Actor, list[int]]:
    with store.write() as session:
        feed = factories.feed(session)
        territory_id = session.get_one(Practitioner, feed.practitioner_id).territory_id
        slots = [
            factories.slot(session, feed=feed, start_at=NOW + timedelta(minutes=60 + 15 * number))
            for number in range(num_slots)
        ]
        actor = Actor(key=f"account:{UUID(int=1)}", role=Role.REGULATOR, territory_id=territory_id)
        return actor, [int(slot.id or 0) for slot in slots]


@contextmanager
def _store(engine: str) -> Iterator[Store]:
    """Open a fresh migrated database."""
    with tempfile.TemporaryDirectory(prefix="relais-mesure-") as name:
        folder = Path(name)
        if engine == "sqlite":
            url = f"sqlite:///{folder / 'relais.db'}"
        else:
            folder.chmod(0o755)  # started by root, the server runs as another user
            server = postgresql.start(folder)
            with postgresql.Databases(server) as databases:
                url = databases.create("mesure", "template1")
        store = Store.open(url)
        try:
            migrate(store)
            yield store
        finally:
            store.close()
            if engine != "sqlite":
                postgresql.stop(folder)


if __name__ == "__main__":
    sys.exit(main())
