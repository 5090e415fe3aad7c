"""Slot searches of the SAS platform under load: 25 practitioners over 72 hours, of 500 GPs and 50,000 slots.

``nice -n -5 python -m benchmarks.speed.fhir --seconds 20`` (``--engine sqlite|postgresql``, ``--spike``)

A real server in a process of its own; requests leave by the clock, whether or not the last one was answered,
so a server that lags is measured as one (no coordinated omission). Then the same while the server computes
matching runs, asked of it over its API (it reads, and writes proposals; its child solves); then a spike of
30 requests a second: how many were turned away, and how quick it is again afterwards.
"""

import argparse
import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import perf_counter, sleep

import httpx

from benchmarks.speed.machine import describe, load_average
from benchmarks.speed.sas_territory import NUM_GPS, NUM_PATIENTS, NUM_SLOTS, NUM_VOLUNTEERS, fill
from scheduler.sas.codes import PRACTITIONER_SYSTEM
from tests import postgresql

NUM_ASKED = 25
CALM_PER_S, SPIKE_PER_S = 10, 30
RUNS = "/api/v1/matching-runs"
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Answer:
    """One answer: when it was due, how long it took from then, and its status (0: none)."""

    due_s: float
    took_s: float
    status: int


def main() -> None:
    """Measure both engines, or one."""
    options = _options()
    print(*describe(), f"data      {NUM_GPS} GPs, {NUM_SLOTS} slots; {NUM_ASKED} asked over 72 h", sep="\n")
    for engine in options.engine:
        with tempfile.TemporaryDirectory() as folder, _database(engine, Path(folder)) as url:
            territory = fill(url)
            with _served(url, Path(folder)) as (address, pid):
                _measure(engine, _Asker(address, territory.rpps, pid), address, territory.token, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", action="append", choices=["sqlite", "postgresql"])
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--spike", type=int, default=8, help="seconds")
    parsed = parser.parse_args()
    parsed.engine = parsed.engine or ["sqlite", "postgresql"]
    return parsed


def _measure(engine: str, ask: "_Asker", address: str, token: str, options: argparse.Namespace) -> None:
    ask.run(CALM_PER_S, 3)  # the first answers load what later ones find ready
    print(f"\n{engine:10} {len(ask.body)} bytes an answer")
    ask.tell(f"{CALM_PER_S}/s", CALM_PER_S, options.seconds)
    with _matching(address, token) as runs:
        ask.tell(f"{CALM_PER_S}/s during matching runs", CALM_PER_S, options.seconds)
    print(
        f"  {len(runs)} runs of {NUM_PATIENTS} patients, {NUM_VOLUNTEERS} GPs:", *(f"{s:.0f} s" for s in runs)
    )
    ask.tell(f"spike of {SPIKE_PER_S}/s", SPIKE_PER_S, options.spike)
    ask.tell("right after it", CALM_PER_S, 5)


def _tell(title: str, answers: Sequence[Answer], cpu_s: float) -> None:
    statuses = dict(sorted(Counter(answer.status for answer in answers).items()))
    good = sorted(answer.took_s for answer in answers if answer.status == 200) or [0.0]
    marks = {share: good[min(len(good) - 1, int(len(good) * share))] * 1000 for share in (0.5, 0.95, 0.99)}
    print(
        f"  {title:28} p50 {marks[0.5]:5.0f}  p95 {marks[0.95]:5.0f}  p99 {marks[0.99]:5.0f} ms"
        f"  longest {good[-1] * 1000:5.0f}  {statuses}"
        f"  processor {cpu_s * 1000 / len(good):.0f} ms an answer  load {load_average()}",
        flush=True,
    )


def _processor_s(pid: int) -> float:
    """Read how much processor time a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class _Asker:
    """Sends searches by the clock."""

    def __init__(self, address: str, rpps: Sequence[str], pid: int) -> None:
        self._address, self._rpps, self._pid, self._random = address, rpps, pid, Random(6)
        self.body = httpx.get(self._target(), headers={"Accept": "application/json+fhir"}).content

    def run(self, per_s: int, seconds: int) -> list[Answer]:
        """Send so many a second, each at its instant."""
        return asyncio.run(self._run([number / per_s for number in range(per_s * seconds)]))

    def tell(self, title: str, per_s: int, seconds: int) -> None:
        """Send them, and print what came of it."""
        before = _processor_s(self._pid)
        answers = self.run(per_s, seconds)
        _tell(title, answers, _processor_s(self._pid) - before)

    async def _run(self, due: Sequence[float]) -> list[Answer]:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(limits=limits, timeout=20, trust_env=False) as client:
            began = perf_counter()
            return await asyncio.gather(*(self._one(client, began, at) for at in due))

    async def _one(self, client: httpx.AsyncClient, began: float, due: float) -> Answer:
        target = self._target()
        await asyncio.sleep(max(0.0, began + due - perf_counter()))
        try:
            status = (await client.get(target)).status_code
        except httpx.TransportError:
            status = 0
        return Answer(due, perf_counter() - began - due, status)

    def _target(self) -> str:
        now = datetime.now(UTC)
        asked = ",".join(
            f"{PRACTITIONER_SYSTEM}%7C8{number}" for number in self._random.sample(self._rpps, NUM_ASKED)
        )
        return (
            f"{self._address}/fhir/Slot?_include=Slot:schedule&_include:iterate=Schedule:actor"
            f"&_include=Slot:service-type-reference&_include:iterate=HealthcareService:organization"
            f"&start=ge{now:%FT%T}.000%2B00:00&start=le{now + timedelta(hours=72):%FT%T}.000%2B00:00"
            f"&schedule.actor:Practitioner.identifier={asked}&status=free"
        )


@contextmanager
def _database(engine: str, folder: Path) -> Iterator[str]:
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'relais.db'}"
        return
    home = postgresql.new_folder()
    try:
        server = postgresql.start(home)
        with postgresql.Databases(server) as databases, databases.fresh("template1") as url:
            yield url
    finally:
        postgresql.remove(home)


@contextmanager
def _served(url: str, folder: Path) -> Iterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    environment = os.environ | {
        "RELAIS_DATABASE_URL": url,
        "RELAIS_DATA_DIR": str(folder),
        "RELAIS_FHIR_OPEN": "true",
    }
    command = [
        sys.executable,
        "-c",
        "from api.cli import main; main()",
        "serve",
        "--no-jobs",
        "--port",
        str(port),
    ]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(lambda: httpx.get(f"http://127.0.0.1:{port}/fhir/metadata").status_code == 200)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(30)


def _wait(ready: Callable[[], bool]) -> None:
    for _ in range(600):
        try:
            if ready():
                return
        except httpx.TransportError:
            pass
        sleep(0.1)
    raise TimeoutError("the server did not start")


@contextmanager
def _matching(address: str, token: str) -> Iterator[list[float]]:
    """Ask the server for one matching run after the other, as a coordinator does; yield what they took, in s.

    The last one is cancelled, without any proposal.
    """
    over, took = threading.Event(), list[float]()
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
        thread = threading.Thread(target=_run_until, args=(client, over, took))
        thread.start()
        try:
            yield took
        finally:
            over.set()
            thread.join()


def _run_until(client: httpx.Client, over: threading.Event, took: list[float]) -> None:
    while not over.is_set():
        began = perf_counter()
        started = client.post(RUNS, json={})
        started.raise_for_status()
        where = started.headers["location"]
        while (run := client.get(where).json())["state"] == "running":
            if over.wait(0.5):
                client.post(f"{where}/cancel", json={})
        if run["state"] not in {"done", "cancelled"}:
            raise RuntimeError(f"a run ended as {run['state']}")
        took.append(perf_counter() - began)


if __name__ == "__main__":
    main()
