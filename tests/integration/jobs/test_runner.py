"""Jobs run while the lease is held: recorded, told, never twice at once."""

import threading
import time as clock_time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlmodel import col, select
from structlog.testing import capture_logs

from scheduler.clock import utc_now
from scheduler.jobs import lease
from scheduler.jobs.health import JobHealth, jobs_health
from scheduler.jobs.runner import JOB_DEFAULTS, Job, RunningJobs
from scheduler.jobs.schedule import Daily, Every
from scheduler.jobs.start import late_after, start_jobs
from scheduler.settings import Settings
from scheduler.store.engine import Store
from scheduler.store.tables import JobRun, JobRunState, Lease

OFTEN = Every(timedelta(milliseconds=50))
LASTING = timedelta(seconds=30)

Start = Callable[..., RunningJobs]


@pytest.fixture
def start(sqlite_store: Store) -> Iterator[Start]:
    """Start jobs, stopped when the test ends."""
    running: list[RunningJobs] = []

    def start_them(lasting: timedelta = LASTING, clock=utc_now, **jobs: Job) -> RunningJobs:
        running.append(
            RunningJobs(store=sqlite_store, jobs=jobs, zone="Europe/Paris", clock=clock, lasting=lasting)
        )
        running[-1].start()
        return running[-1]

    yield start_them
    for jobs in running:
        jobs.stop()


def wait_until(true: Callable[[], object]) -> None:
    deadline = clock_time.monotonic() + 20
    while not true():
        assert clock_time.monotonic() < deadline, "it never happened"
        clock_time.sleep(0.01)


def runs(store: Store, state: JobRunState) -> list[JobRun]:
    with store.read() as session:
        return list(session.exec(select(JobRun).where(col(JobRun.state) == state).order_by(col(JobRun.id))))


def health(store: Store) -> JobHealth:
    with store.read() as session:
        return jobs_health(session, {"job": OFTEN.late_after}).jobs[0]


def test_a_job_runs_at_once_and_again_and_each_run_is_recorded(start: Start, sqlite_store: Store) -> None:
    start(job=Job(OFTEN, lambda: 7))
    wait_until(lambda: len(runs(sqlite_store, JobRunState.DONE)) > 2)
    done = runs(sqlite_store, JobRunState.DONE)
    assert len({run.tick for run in done}) == len(done)
    assert (done[0].count, done[0].term, done[0].failure) == (7, 1, None)
    assert (health(sqlite_store).count, health(sqlite_store).trouble) == (7, None)


def test_a_job_that_fails_is_said_aloud_recorded_by_its_place_and_tried_again(
    start: Start, sqlite_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    may_succeed = threading.Event()

    def fails_at_first() -> None:
        if not may_succeed.is_set():
            raise KeyError("Jeanne Lefèvre")

    with capture_logs() as logs:
        start(job=Job(OFTEN, fails_at_first))
        wait_until(lambda: runs(sqlite_store, JobRunState.FAILED))
        trouble = health(sqlite_store).trouble
        may_succeed.set()
        wait_until(lambda: runs(sqlite_store, JobRunState.DONE))
    assert trouble is not None
    assert trouble.startswith("KeyError test_runner.py:")
    assert "job_in_trouble" in {line["event"] for line in logs}
    assert health(sqlite_store).trouble is None
    assert "Jeanne" not in str(logs) + caplog.text + str(runs(sqlite_store, JobRunState.FAILED))


def test_a_job_that_overruns_is_not_started_twice_and_it_is_said(start: Start) -> None:
    may_end, at_once, most = threading.Event(), [0], [0]

    def slow() -> None:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        may_end.wait(20)
        at_once[0] -= 1

    with capture_logs() as logs:
        start(job=Job(OFTEN, slow))
        try:
            wait_until(lambda: any(line.get("trouble") == "still_running" for line in logs))
        finally:
            may_end.set()
    assert most == [1]


def test_stopping_waits_for_the_job_under_way_and_lets_another_take_over_at_once(
    start: Start, sqlite_store: Store
) -> None:
    began, may_end = threading.Event(), threading.Event()

    def slow() -> None:
        began.set()
        may_end.wait(20)

    first = start(job=Job(Every(timedelta(hours=1)), slow))
    assert began.wait(20)
    stopping = threading.Thread(target=first.stop)
    stopping.start()
    may_end.set()
    stopping.join(20)
    assert [run.state for run in runs(sqlite_store, JobRunState.DONE)] == [JobRunState.DONE]
    assert lease.take(sqlite_store, lease.JOBS, "another", lasting=LASTING) is not None


def test_a_holder_that_lost_the_lease_starts_nothing_any_more(start: Start, sqlite_store: Store) -> None:
    jobs = start(job=Job(OFTEN, lambda: None))  # renews every 7.5 s: it does not know yet
    wait_until(lambda: runs(sqlite_store, JobRunState.DONE))
    with sqlite_store.write() as session:
        row = session.exec(select(Lease)).one()
        row.holder, row.term = "another", row.term + 1
        session.add(row)
    num_begun = len(runs(sqlite_store, JobRunState.DONE)) + len(runs(sqlite_store, JobRunState.RUNNING))
    wait_until(lambda: not jobs.are_run_here)
    num_done = len(runs(sqlite_store, JobRunState.DONE)) + len(runs(sqlite_store, JobRunState.RUNNING))
    assert num_done == num_begun


def test_a_daily_job_waits_for_its_first_hour_and_makes_up_for_a_missed_one(
    start: Start, sqlite_store: Store
) -> None:
    done: list[datetime] = []
    now = [datetime(2026, 11, 24, 8, tzinfo=UTC)]

    def job() -> Job:
        return Job(Daily(time(4, 30)), lambda: done.append(now[0]))

    first = start(clock=lambda: now[0], job=job())
    wait_until(lambda: runs(sqlite_store, JobRunState.SKIPPED))
    first.stop()
    now[0] += timedelta(hours=2)
    start(clock=lambda: now[0], job=job()).stop()
    assert done == []
    now[0] += timedelta(days=2)
    start(clock=lambda: now[0], job=job())
    wait_until(lambda: runs(sqlite_store, JobRunState.DONE))
    assert done == [now[0]]
    assert runs(sqlite_store, JobRunState.DONE)[0].tick == datetime(2026, 11, 26, 3, 30, tzinfo=UTC)


def test_what_the_defaults_get_wrong_is_set() -> None:
    assert JOB_DEFAULTS == {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}


def test_the_jobs_of_relais_all_succeed_on_an_empty_store(sqlite_store: Store, tmp_path) -> None:
    settings = Settings(data_dir=tmp_path)
    jobs = start_jobs(sqlite_store, settings)
    daily = {job_id for job_id, job in jobs.jobs.items() if isinstance(job.when, Daily)}
    try:
        wait_until(
            lambda: {run.job_id for run in runs(sqlite_store, JobRunState.DONE)} == jobs.jobs.keys() - daily
        )
    finally:
        jobs.stop()
    assert {run.job_id for run in runs(sqlite_store, JobRunState.SKIPPED)} == daily
    assert late_after(sqlite_store, settings).keys() == jobs.jobs.keys()
    for job_id in daily:  # each would work, had its hour come
        jobs.jobs[job_id].run()
