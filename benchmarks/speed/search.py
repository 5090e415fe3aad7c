"""How long finding a slot takes in a large agenda, beside the bare SQL query, on both engines.

``nice -n -5 python -m benchmarks.speed.search --folder FOLDER``

A million slots of 5,000 GPs: one territory of a thousand, forty of a hundred. Each request is the whole use
case (``scheduler.agenda.find``) from a place drawn at random, for the next 48 hours, 1, 4 and 16 at once in
threads of this process. The bare query is the one statement of the same request that finds the slots, sent
by the driver alone with all its rows read: no ranking, nobody's patients counted, no details, no objects. It
runs right after each request, in the same thread. ``--folder`` keeps the databases, which take minutes to
write.
"""

import argparse
import random
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from sqlalchemy import event

from benchmarks.speed.large_agenda import NOW, Home, Shape, build, homes_of
from benchmarks.speed.machine import describe, load_average
from scheduler.accounts.actor import Actor
from scheduler.agenda.find import find
from scheduler.agenda.slot_query import SlotQuery
from scheduler.store.engine import Store
from scheduler.store.migrate import migrate
from scheduler.store.tables import Role
from tests import postgresql

Statement = tuple[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line for each engine and number of clients."""
    options = _options(arguments)
    shape = Shape(num_slots=options.slots, num_gps=options.gps, num_in_largest=options.gps // 5)
    print(*describe(), f"agenda    {shape}", "", sep="\n")
    print("| engine | clients | find p50 ms | p99 ms | bare p50 ms | p99 ms | ratio p50 | a second | load |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    with _folder(options.folder) as folder:
        for engine in options.engines.split(","):
            with _store(engine, folder, shape) as (store, homes):
                for num_clients in map(int, options.clients.split(",")):
                    print(_line(store, homes, engine, num_clients, options.requests), flush=True)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.search", description=__doc__)
    parser.add_argument("--folder", help="keep the databases here, and use them if they are there")
    parser.add_argument("--engines", default="sqlite,postgresql")
    parser.add_argument("--clients", default="1,4,16")
    parser.add_argument("--requests", type=int, default=160, help="in all, for each number of clients")
    parser.add_argument("--slots", type=int, default=1_000_000)
    parser.add_argument("--gps", type=int, default=5000)
    return parser.parse_args(arguments)


@contextmanager
def _folder(name: str | None) -> Iterator[Path]:
    if name is not None:
        Path(name).mkdir(parents=True, exist_ok=True)
        yield Path(name)
        return
    with tempfile.TemporaryDirectory(prefix="relais-mesure-") as folder:
        yield Path(folder)


@contextmanager
def _store(engine: str, folder: Path, shape: Shape) -> Iterator[tuple[Store, list[Home]]]:
    """Open an agenda of this shape, written now unless it is there."""
    name = f"agenda_{shape.num_slots}_{shape.num_gps}"
    if engine == "sqlite":
        is_new = not (folder / f"{name}.done").exists()
        with _opened(f"sqlite:///{folder / name}.db", shape, is_new) as opened:
            (folder / f"{name}.done").touch()
            yield opened
        return
    kept = folder / "postgresql"
    kept.mkdir(exist_ok=True)
    for path in (folder, kept):
        path.chmod(0o755)  # started by root, the server runs as another user
    try:
        server = postgresql.start(kept)
        with postgresql.Databases(server) as databases:
            is_new = not databases.has(name)
            url = databases.create(name, "template1") if is_new else server.replace("/postgres?", f"/{name}?")
        with _opened(url, shape, is_new) as opened:
            yield opened
    finally:
        postgresql.stop(kept)


@contextmanager
def _opened(url: str, shape: Shape, is_new: bool) -> Iterator[tuple[Store, list[Home]]]:
    store = Store.open(url)
    try:
        if is_new:
            migrate(store)
            build(store, shape, seed=1)
        yield store, homes_of(store)
    finally:
        store.close()


def _line(store: Store, homes: list[Home], engine: str, num_clients: int, num_requests: int) -> str:
    """Let clients look for slots, each beside its bare query; give one line of the table."""
    took: list[float] = []
    bare: list[float] = []

    def client(number: int) -> None:
        chance = random.Random(f"{engine}-{num_clients}-{number}")
        sent: list[Statement] = []
        with _listening(store, sent), store.engine.connect() as connection:
            raw: Any = connection.connection.driver_connection
            for turn in range(2 + num_requests // num_clients):
                home = chance.choice(homes)
                sent.clear()
                seconds = _timed(lambda home=home: _find(store, home))
                alone = _timed(lambda: raw.execute(*sent[-1]).fetchall())
                if turn >= 2:  # the first two warm up
                    took.append(seconds)
                    bare.append(alone)

    began, load = perf_counter(), load_average()
    _together(num_clients, client)
    pace = len(took) / (perf_counter() - began)
    ours, theirs = np.percentile(took, [50, 99]) * 1000, np.percentile(bare, [50, 99]) * 1000
    return (
        f"| {engine} | {num_clients} | {ours[0]:.0f} | {ours[1]:.0f} | {theirs[0]:.0f} | {theirs[1]:.0f}"
        f" | {ours[0] / theirs[0]:.1f} | {pace:.0f} | {load} |"
    )


def _find(store: Store, home: Home) -> None:
    actor = Actor(key="account:mesure", role=Role.REGULATOR, territory_id=home.territory_id)
    wanted = SlotQuery(
        latitude=home.latitude, longitude=home.longitude, from_at=NOW, to_at=NOW + timedelta(hours=48)
    )
    with store.read() as session:
        find(session, actor, wanted, now=NOW)


@contextmanager
def _listening(store: Store, sent: list[Statement]) -> Iterator[None]:
    """Note the statements of this thread that find slots, as the driver gets them."""
    mine = threading.get_ident()

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if threading.get_ident() == mine and "free_places" in statement:
            sent.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(store.engine, "before_cursor_execute", note)


def _timed(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def _together(num_clients: int, client: Callable[[int], None]) -> None:
    faults: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            client(number)
        except BaseException as fault:  # noqa: BLE001 — raised again below, in the main thread
            faults.append(fault)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(num_clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


if __name__ == "__main__":
    sys.exit(main())
