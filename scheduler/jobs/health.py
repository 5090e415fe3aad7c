"""Whether the jobs run, as the database knows it: any process can tell, whoever runs them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from scheduler.jobs.lease import JOBS, database_now
from scheduler.store.tables import JobRun, JobRunState, Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class JobHealth:
    """How one job fares.

    Parameters
    ----------
    late_after : timedelta
        How long after its last success it counts as late.
    since : datetime
        When the process that runs the jobs began to.
    succeeded_at : datetime or None
        End of its last good run.
    took_s, count : float, int or None
        How long that run took, and how much it did.
    trouble : str or None
        Where its last run failed, when that is later than its last success; None = nowhere.
    """

    job_id: str
    late_after: timedelta
    since: datetime
    succeeded_at: datetime | None = None
    took_s: float | None = None
    count: int | None = None
    trouble: str | None = None

    def is_late(self, now: datetime) -> bool:
        """Tell whether it should have succeeded again by now."""
        return now - max(self.succeeded_at or self.since, self.since) > self.late_after


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsHealth:
    """How the jobs fare.

    Parameters
    ----------
    holder : str or None
        The process that runs them; None when none does.
    silent_for : timedelta or None
        Since when nobody does; None while somebody does, or when nobody ever did.
    """

    holder: str | None
    silent_for: timedelta | None
    jobs: tuple[JobHealth, ...]


def jobs_health(session: Session, jobs: Mapping[str, timedelta]) -> JobsHealth:
    """Look at the lease and at the last runs.

    Parameters
    ----------
    jobs
        How long after its last success each job counts as late, by id.
    """
    lease = session.get(Lease, JOBS)
    if lease is None:
        return JobsHealth(holder=None, silent_for=None, jobs=())
    now = database_now(session)
    held = lease.expires_at > now
    done = _last(session, jobs, JobRunState.DONE)
    failed = _last(session, jobs, JobRunState.FAILED, JobRunState.ABANDONED)
    return JobsHealth(
        holder=lease.holder if held else None,
        silent_for=None if held else now - lease.expires_at,
        jobs=tuple(
            _health(job_id, late_after, lease.taken_at, done.get(job_id), failed.get(job_id))
            for job_id, late_after in jobs.items()
        ),
    )


def _health(
    job_id: str, late_after: timedelta, since: datetime, done: JobRun | None, failed: JobRun | None
) -> JobHealth:
    trouble = None
    if failed is not None and (done is None or failed.tick > done.tick):
        trouble = failed.failure or failed.state.value
    if done is None or done.ended_at is None:
        return JobHealth(job_id=job_id, late_after=late_after, since=since, trouble=trouble)
    return JobHealth(
        job_id=job_id,
        late_after=late_after,
        since=since,
        succeeded_at=done.ended_at,
        took_s=(done.ended_at - done.started_at).total_seconds(),
        count=done.count,
        trouble=trouble,
    )


def _last(session: Session, job_ids: Iterable[str], *states: JobRunState) -> dict[str, JobRun]:
    newest = (
        select(func.max(JobRun.id))
        .where(col(JobRun.job_id).in_(list(job_ids)), col(JobRun.state).in_(states))
        .group_by(col(JobRun.job_id))
    )
    return {row.job_id: row for row in session.exec(select(JobRun).where(col(JobRun.id).in_(newest)))}
