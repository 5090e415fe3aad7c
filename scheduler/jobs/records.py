"""The record of each run of each job: claimed before it starts, so that no tick is done twice.

A run that its process did not live to end is marked as abandoned by the next holder of the lease, who does
its tick again. Nothing of what a job worked on stands in a record: a count, and where in our code it failed.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, func, select, update

from scheduler.jobs.lease import Term, confirm
from scheduler.store.tables import JobRun, JobRunState

MOST_ATTEMPTS = 3
"""How often one tick is tried in all; the next tick comes anyway."""

_LONGEST_FAILURE = 200
_AGAIN = (JobRunState.FAILED, JobRunState.ABANDONED)


def begin(session: Session, term: Term, job_id: str, tick: datetime, *, now: datetime) -> int | None:
    """Write down that a run of a job begins; None when its tick has been done, or is being done.

    Raises
    ------
    LeaseLost
        When another process runs the jobs now.
    """
    confirm(session, term)
    row = session.exec(select(JobRun).where(col(JobRun.job_id) == job_id, col(JobRun.tick) == tick)).first()
    if row is None:
        row = JobRun(job_id=job_id, tick=tick, term=term.number, state=JobRunState.RUNNING, started_at=now)
    elif row.state in _AGAIN and row.num_attempts < MOST_ATTEMPTS:
        row.term, row.num_attempts, row.state = term.number, row.num_attempts + 1, JobRunState.RUNNING
        row.started_at, row.ended_at, row.failure = now, None, None
    else:
        return None
    session.add(row)
    session.flush()
    return row.id


def skip_first(session: Session, term: Term, job_id: str, tick: datetime, *, now: datetime) -> None:
    """Note that a job nobody has ever run was not due before; does nothing for a job with any record."""
    confirm(session, term)
    if session.exec(select(JobRun.id).where(col(JobRun.job_id) == job_id).limit(1)).first() is None:
        session.add(
            JobRun(
                job_id=job_id,
                tick=tick,
                term=term.number,
                state=JobRunState.SKIPPED,
                started_at=now,
                ended_at=now,
            )
        )


def end(session: Session, run_id: int, *, count: int | None, failure: str | None, now: datetime) -> JobRun:
    """Write down how a run ended: how much it did, or where it failed."""
    row = session.get_one(JobRun, run_id)
    row.state = JobRunState.DONE if failure is None else JobRunState.FAILED
    row.ended_at, row.count = now, count
    row.failure = None if failure is None else failure[:_LONGEST_FAILURE]
    session.add(row)
    session.flush()
    return row


def abandon_earlier(session: Session, term: Term, *, now: datetime) -> int:
    """Mark the runs that earlier holders never ended; gives their number."""
    confirm(session, term)
    changed = session.exec(
        update(JobRun)
        .where(col(JobRun.state) == JobRunState.RUNNING, col(JobRun.term) < term.number)
        .values(state=JobRunState.ABANDONED, ended_at=now)
    )
    return int(changed.rowcount)


def last_runs(session: Session, *, limit: int) -> list[JobRun]:
    """List the newest runs of all jobs."""
    return list(session.exec(select(JobRun).order_by(col(JobRun.id).desc()).limit(limit)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How long records are kept: those of jobs that run often, and those of the others."""

    frequent: timedelta
    others: timedelta


def forget(session: Session, often: Collection[str], kept: Kept, *, now: datetime) -> int:
    """Delete old records, always keeping the last of each job; gives their number.

    Parameters
    ----------
    often
        Jobs that run often; their records are many.
    """
    frequent = col(JobRun.job_id).in_(often)
    num_gone = 0
    for chosen, age in ((frequent, kept.frequent), (~frequent, kept.others)):
        last = select(func.max(JobRun.id)).group_by(col(JobRun.job_id))
        old = col(JobRun.started_at) < now - age
        num_gone += session.exec(delete(JobRun).where(chosen, old, col(JobRun.id).not_in(last))).rowcount
    return num_gone
