"""``relais jobs`` in two real processes on PostgreSQL: each tick once; the killed holder is replaced."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlmodel import col, select

from scheduler.store.engine import Store
from scheduler.store.tables import JobRun, JobRunState, Lease
from tests import warm
from tests.acceptance.cli.running import COMMAND, relais_here
from tests.warm import Program

TAKEOVER_S = 30.0

Start = Callable[[], Program]


@pytest.fixture
def start(postgresql_url: str, tmp_path: Path) -> Iterator[Start]:
    """Start ``relais jobs`` on a database, with a lease of two seconds."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RELAIS_")}
    environment |= {
        "RELAIS_DATABASE_URL": postgresql_url,
        "RELAIS_DATA_DIR": str(tmp_path),
        "RELAIS_JOBS_LEASE_SECONDS": "2",
    }
    started: list[Program] = []

    def start_one() -> Program:
        with Path(os.devnull).open() as nothing, (tmp_path / f"{len(started)}.log").open("wb") as log:
            streams = nothing.fileno(), log.fileno(), log.fileno()
            started.append(warm.start(COMMAND, "jobs", environment=environment, streams=streams))
        return started[-1]

    yield start_one
    for process in started:
        process.send(signal.SIGTERM)
        assert process.wait(30) in {0, -signal.SIGKILL}


def wait_for(store: Store, found: Callable[[Store], object], *, at_most_s: float = 90) -> None:
    deadline = time.monotonic() + at_most_s
    while not found(store):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


def lease(store: Store) -> Lease | None:
    with store.read() as session:
        return session.exec(select(Lease)).first()


def runs(store: Store) -> list[JobRun]:
    with store.read() as session:
        return list(session.exec(select(JobRun).order_by(col(JobRun.id))))


def done_in(store: Store, term: int) -> bool:
    found = [run for run in runs(store) if run.term == term]
    return bool(found) and all(run.ended_at for run in found) and "mail" in {run.job_id for run in found}


def daily(store: Store) -> JobRun:
    (found,) = [run for run in runs(store) if run.job_id == "old_records"]
    return found


def test_each_tick_once_and_the_killed_holder_is_replaced_by_one_that_does_what_it_left(
    start: Start, postgresql_store: Store
) -> None:
    """Reliability test F5: two processes, each tick once; the holder killed, another within 30 seconds."""
    both = [start(), start()]
    wait_for(postgresql_store, lambda store: done_in(store, 1))
    held = lease(postgresql_store)
    assert held is not None
    (holder,) = [process for process in both if f":{process.pid}:" in held.holder]
    (other,) = [process for process in both if process is not holder]
    with postgresql_store.write() as session:  # as if it were killed within its daily work
        begun = session.get_one(JobRun, daily(postgresql_store).id)
        begun.state, begun.ended_at = JobRunState.RUNNING, None
        session.add(begun)

    holder.send(signal.SIGKILL)
    holder.wait(30)
    wait_for(postgresql_store, lambda store: (lease(store) or held).term > held.term, at_most_s=TAKEOVER_S)
    now_held = lease(postgresql_store)
    assert now_held is not None
    assert f":{other.pid}:" in now_held.holder
    wait_for(postgresql_store, lambda store: daily(store).state is JobRunState.DONE)
    assert daily(postgresql_store).num_attempts == 2
    assert daily(postgresql_store).term > held.term
    assert set(Counter((run.job_id, run.tick) for run in runs(postgresql_store)).values()) == {1}
    assert JobRunState.FAILED not in {run.state for run in runs(postgresql_store)}


def test_a_second_process_is_refused_on_a_file(tmp_path: Path) -> None:
    """Reliability test F5, on SQLite: one process writes, and it does the jobs too."""
    done = relais_here("jobs", folder=tmp_path)
    assert (done.code, done.out) == (1, "")
    assert "PostgreSQL" in done.err
    assert not list(tmp_path.rglob("relais.db"))
