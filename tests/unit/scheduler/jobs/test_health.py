from datetime import UTC, datetime, timedelta

import pytest

from scheduler.jobs.faults import where
from scheduler.jobs.health import JobBoard, JobHealth

START = datetime(2026, 11, 24, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def board() -> JobBoard:
    made = JobBoard()
    made.add(JobHealth(job_id="due_feeds", every=MINUTE, since=START))
    return made


def test_a_job_is_late_after_three_periods_without_success() -> None:
    (job,) = board().all()
    assert not job.is_late(START + 3 * MINUTE)
    assert job.is_late(START + 3 * MINUTE + timedelta(seconds=1))


def test_a_success_counts_from_its_end_and_ends_the_trouble_before_it() -> None:
    jobs = board()
    jobs.troubled("due_feeds", "missed")
    assert jobs.all()[0].trouble == "missed"
    jobs.succeeded("due_feeds", START + 5 * MINUTE)
    (job,) = jobs.all()
    assert (job.trouble, job.is_late(START + 8 * MINUTE)) == (None, False)
    jobs.troubled("due_feeds", "error: KeyError")
    assert jobs.all()[0].succeeded_at == START + 5 * MINUTE


def test_a_fault_is_named_by_its_class_and_place_never_by_its_text() -> None:
    with pytest.raises(KeyError) as raised:
        {}["Jeanne Lefèvre"]
    named = where(ExceptionGroup("Jeanne", [raised.value, ValueError("Lefèvre")]))
    assert named.startswith("KeyError test_health.py:")
    assert named.endswith(" ; ValueError")
    assert "Jeanne" not in named
