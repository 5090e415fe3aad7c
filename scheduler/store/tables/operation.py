"""What the service keeps of its own work: who runs the jobs, how each run ended, the months' figures."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from scheduler.store.tables.columns import Instant, choice


class JobRunState(StrEnum):
    """How one run of a job ended; ``skipped`` was not due yet when the service first started."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    ABANDONED = "abandoned"
    SKIPPED = "skipped"


class Lease(SQLModel, table=True):
    """Which process does what only one may do, until when by the database's clock.

    ``term`` grows each time the lease changes hands: what an earlier holder still tries is refused by it.
    """

    name: str = Field(primary_key=True, max_length=40)
    holder: str = Field(max_length=80)
    term: int
    taken_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)


class JobRun(SQLModel, table=True):
    """One run of a job at one tick of its schedule: counts and places in our code, no data of anybody."""

    __tablename__ = "job_run"
    __table_args__ = (
        CheckConstraint("(state = 'running') = (ended_at IS NULL)", name="job_run_ended_at"),
        UniqueConstraint("job_id", "tick", name="job_run_tick"),
        Index("job_run_by_start", "started_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    job_id: str = Field(max_length=40)
    tick: datetime = Field(sa_type=Instant)
    term: int
    num_attempts: int = 1
    state: JobRunState = Field(sa_type=choice(JobRunState, "job_run_state"))
    started_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    count: int | None = None
    failure: str | None = Field(default=None, max_length=200)


class IndicatorSnapshot(SQLModel, table=True):
    """A territory's report on one month, as it was told, with the digest of its text."""

    __tablename__ = "indicator_snapshot"
    __table_args__ = (UniqueConstraint("territory_id", "month", name="indicator_snapshot_month"),)

    id: int | None = Field(default=None, primary_key=True)
    territory_id: int = Field(foreign_key="territory.id")
    month: date
    taken_at: datetime = Field(sa_type=Instant)
    document: dict[str, Any] = Field(sa_type=JSON)
    digest: str = Field(max_length=64)
