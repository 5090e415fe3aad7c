"""Whether the jobs run: last success, last trouble, and who is late."""

import threading
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

PERIODS_BEFORE_LATE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class JobHealth:
    """How one job fares.

    Parameters
    ----------
    every : timedelta
        Its period.
    since : datetime
        When the scheduler started.
    succeeded_at : datetime or None
        End of its last good run.
    trouble : str or None
        What happened since then: ``error: <class>``, ``missed`` or ``still_running``; None = nothing.
    """

    job_id: str
    every: timedelta
    since: datetime
    succeeded_at: datetime | None = None
    trouble: str | None = None

    def is_late(self, now: datetime) -> bool:
        """Tell whether three periods have passed without a success."""
        return now - (self.succeeded_at or self.since) > PERIODS_BEFORE_LATE * self.every


@dataclass(slots=True)
class JobBoard:
    """What is known of every job; written by the scheduler's threads, read by ``/health``."""

    _jobs: dict[str, JobHealth] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, job: JobHealth) -> None:
        """Put a job on the board."""
        with self._lock:
            self._jobs[job.job_id] = job

    def succeeded(self, job_id: str, at: datetime) -> None:
        """Note a good run; the troubles before it are over."""
        self._change(job_id, succeeded_at=at, trouble=None)

    def troubled(self, job_id: str, trouble: str) -> None:
        """Note what went wrong."""
        self._change(job_id, trouble=trouble)

    def all(self) -> tuple[JobHealth, ...]:
        """Give every job as it stands."""
        with self._lock:
            return tuple(self._jobs.values())

    def _change(self, job_id: str, **values: object) -> None:
        with self._lock:
            self._jobs[job_id] = replace(self._jobs[job_id], **values)  # type: ignore[arg-type]
