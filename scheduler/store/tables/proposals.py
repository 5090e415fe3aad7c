"""What the engine is asked, runs of it, and the pairs it proposes to people who decide."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from scheduler.store.tables.columns import Instant, choice


class ProposalState(StrEnum):
    """What became of the engine's suggestion."""

    PROPOSED = "proposed"
    VALIDATED = "validated"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


class ProposalOrigin(StrEnum):
    """Who thought of a pair: the engine, a person instead of it, a person alone, a visit that went well."""

    RUN = "run"
    OVERRIDE = "override"
    HAND = "hand"
    VISIT = "visit"


class RunState(StrEnum):
    """How a matching run, or a study, ended."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class StudyKind(StrEnum):
    """What a study asks the engine, beside the runs that propose."""

    PLACES = "places"
    REHEARSAL = "rehearsal"
    DEMOGRAPHY = "demography"


class PolicyDocument(SQLModel, table=True):
    """One version of a territory's policy, as its TOML text; the last one holds, none is ever changed."""

    __tablename__ = "policy_document"
    __table_args__ = (UniqueConstraint("territory_id", "version", name="policy_document_version"),)

    id: int | None = Field(default=None, primary_key=True)
    territory_id: int = Field(foreign_key="territory.id")
    version: str = Field(max_length=40)
    document: str = Field(sa_type=Text)
    note: str = Field(default="", max_length=200)
    created_by: UUID | None = Field(default=None, foreign_key="account.id")
    created_at: datetime = Field(sa_type=Instant)


class MatchingRun(SQLModel, table=True):
    """One run of the engine: with what policy and seed, how far it is, what it proved.

    ``best``, ``bound`` and ``elapsed_s`` are written while it is computed, so that any process can show
    them; ``objective`` comes at the end. ``outcome`` holds counts only: no identity, no need of anybody.
    """

    __tablename__ = "matching_run"
    __table_args__ = (Index("matching_run_by_start", "territory_id", "pathway", "started_at"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    territory_id: int = Field(foreign_key="territory.id")
    requested_by: UUID | None = Field(default=None, foreign_key="account.id")
    pathway: str = Field(default="gp", max_length=40)
    state: RunState = Field(sa_type=choice(RunState, "matching_run_state"))
    policy_version: str = Field(max_length=40)
    policy_id: int | None = Field(default=None, foreign_key="policy_document.id")
    policy_document: str = Field(default="", sa_type=Text)
    seed: int = 0
    time_limit_s: float = 60.0
    started_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    status: str | None = Field(default=None, max_length=20)
    best: str | None = Field(default=None, max_length=40)
    objective: str | None = Field(default=None, max_length=40)
    bound: str | None = Field(default=None, max_length=40)
    elapsed_s: float | None = None
    seen_alive_at: datetime | None = Field(default=None, sa_type=Instant)
    cancel_requested_at: datetime | None = Field(default=None, sa_type=Instant)
    keep_best: bool = False
    num_patients: int = 0
    num_placed: int = 0
    outcome: dict[str, Any] = Field(default={}, sa_type=JSON)
    warnings: list[str] = Field(default=[], sa_type=JSON)
    failure: str | None = Field(default=None, max_length=200)


class Study(SQLModel, table=True):
    """A question to the engine that proposes nothing: value of places, rehearsal, demography.

    Question and answer hold numbers by group, never a patient.
    """

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    territory_id: int = Field(foreign_key="territory.id", index=True)
    requested_by: UUID | None = Field(default=None, foreign_key="account.id")
    kind: StudyKind = Field(sa_type=choice(StudyKind, "study_kind"))
    state: RunState = Field(sa_type=choice(RunState, "study_state"))
    question: dict[str, Any] = Field(default={}, sa_type=JSON)
    answer: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    started_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    failure: str | None = Field(default=None, max_length=200)


class Proposal(SQLModel, table=True):
    """The engine's suggestion for one referral; a person decides.

    ``units`` is the workload the patient takes of the intake; ``facts`` what the engine weighed (codes and
    numbers, no need of the patient); ``because`` the code of what undid the proposal, when it was undone;
    ``chosen_because`` that of a person who chose this pair instead of the engine's.
    """

    __table_args__ = (
        CheckConstraint("origin <> 'run' OR run_id IS NOT NULL", name="proposal_run"),
        Index(
            "proposal_one_pending",
            "referral_id",
            unique=True,
            sqlite_where=text("state = 'proposed'"),
            postgresql_where=text("state = 'proposed'"),
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    run_id: UUID | None = Field(default=None, foreign_key="matching_run.id", index=True)
    referral_id: UUID = Field(foreign_key="referral.id", index=True)
    intake_id: int = Field(foreign_key="intake.id", index=True)
    state: ProposalState = Field(sa_type=choice(ProposalState, "proposal_state"))
    tier: int
    units: int = 1
    travel_s: int
    distance_m: int
    reason: str = Field(max_length=500)
    facts: dict[str, Any] = Field(default={}, sa_type=JSON)
    because: str | None = Field(default=None, max_length=40)
    decided_by: UUID | None = Field(default=None, foreign_key="account.id")
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    created_at: datetime = Field(sa_type=Instant)
    origin: ProposalOrigin = Field(
        default=ProposalOrigin.RUN, sa_type=choice(ProposalOrigin, "proposal_origin")
    )
    chosen_because: str | None = Field(default=None, max_length=40)
