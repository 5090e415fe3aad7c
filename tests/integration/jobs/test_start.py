import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from scheduler.clock import utc_now
from scheduler.jobs.start import (
    ALERT_EVERY,
    CLEAN_EVERY,
    JOB_DEFAULTS,
    LOOK_EVERY,
    RunningJobs,
    start_jobs,
    start_scheduler,
)
from scheduler.settings import Settings
from scheduler.store.engine import Store

Start = Callable[[Callable[[], object]], RunningJobs]
OFTEN = timedelta(milliseconds=50)


@pytest.fixture
def start() -> Iterator[Start]:
    """Start one job, stopped when the test ends."""
    running: list[RunningJobs] = []

    def start_one(run: Callable[[], object]) -> RunningJobs:
        running.append(start_scheduler({"job": (run, OFTEN)}, "Europe/Paris", utc_now))
        return running[-1]

    yield start_one
    for jobs in running:
        jobs.stop()


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


def test_a_job_runs_at_once_and_again_and_its_success_is_remembered(start: Start) -> None:
    runs: list[int] = []
    jobs = start(lambda: runs.append(1))
    wait_until(lambda: len(runs) > 2)
    wait_until(lambda: jobs.board.all()[0].succeeded_at is not None)
    (job,) = jobs.board.all()
    assert (job.trouble, job.is_late(utc_now())) == (None, False)


def test_a_job_that_fails_is_said_aloud_and_tried_again(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    attempts: list[int] = []

    def fails_twice() -> None:
        attempts.append(1)
        if len(attempts) < 3:
            raise KeyError("Jeanne Lefèvre")

    with capture_logs() as logs:
        jobs = start(fails_twice)
        wait_until(lambda: (jobs.board.all()[0].trouble or "").startswith("error: KeyError test_start.py:"))
        wait_until(lambda: jobs.board.all()[0].trouble is None)
    assert {(line["event"], line["job_id"]) for line in logs} == {("job_in_trouble", "job")}
    assert "Jeanne" not in str(logs) + caplog.text


def test_a_job_that_overruns_is_not_started_twice_and_it_is_said(start: Start) -> None:
    may_end, at_once, most = threading.Event(), [0], [0]

    def slow() -> None:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        may_end.wait(10)
        at_once[0] -= 1

    jobs = start(slow)
    try:
        wait_until(lambda: jobs.board.all()[0].trouble == "still_running")
    finally:
        may_end.set()
    assert most == [1]


def test_stopping_waits_for_the_job_under_way() -> None:
    ended: list[bool] = []
    began = threading.Event()

    def slow() -> None:
        began.set()
        time.sleep(0.2)
        ended.append(True)

    jobs = start_scheduler({"job": (slow, timedelta(hours=1))}, "Europe/Paris", utc_now)
    assert began.wait(10)
    jobs.stop()
    assert ended == [True]


def test_what_the_defaults_get_wrong_is_set() -> None:
    assert JOB_DEFAULTS == {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}


def test_the_jobs_of_relais_start_on_an_empty_store(sqlite_store: Store, tmp_path: Path) -> None:
    jobs = start_jobs(sqlite_store, Settings(data_dir=tmp_path))
    try:
        wait_until(lambda: all(job.succeeded_at is not None for job in jobs.board.all()))
    finally:
        jobs.stop()
    assert [(job.job_id, job.every, job.trouble) for job in jobs.board.all()] == [
        ("due_feeds", LOOK_EVERY, None),
        ("feed_alerts", ALERT_EVERY, None),
        ("care", LOOK_EVERY, None),
        ("mail", LOOK_EVERY, None),
        ("coming_slots", CLEAN_EVERY, None),
        ("old_holds", LOOK_EVERY, None),
        ("old_keys", CLEAN_EVERY, None),
    ]
