"""What comes with a signal: doctors already seen, doubles to decide, drafts, lists taken over, pathways."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from scheduler.store.tables.columns import Instant, choice


class DeclareAnswer(StrEnum):
    """What came of asking to declare first a doctor who already sees the patient."""

    DECLARED = "declared"
    REFUSED = "refused"
    NOT_FOLLOWED = "not_followed"
    NO_ANSWER = "no_answer"


class DuplicateDecision(StrEnum):
    """What a person decided on two files that may be of one patient."""

    OPEN = "open"
    MERGED = "merged"
    DISTINCT = "distinct"
    UNDONE = "undone"


class SeenPractitioner(SQLModel, table=True):
    """A practitioner the patient has seen lately, known to the territory or by name only."""

    __tablename__ = "seen_practitioner"
    __table_args__ = (
        CheckConstraint("num_visits BETWEEN 1 AND 99", name="seen_practitioner_num_visits"),
        CheckConstraint("practitioner_id IS NOT NULL OR name <> ''", name="seen_practitioner_who"),
    )

    id: int | None = Field(default=None, primary_key=True)
    referral_id: UUID = Field(foreign_key="referral.id", index=True)
    practitioner_id: int | None = Field(default=None, foreign_key="practitioner.id")
    name: str = Field(default="", max_length=200)
    num_visits: int = 1
    last_seen_on: date | None = None


class DeclareRequest(SQLModel, table=True):
    """A practitioner seen repeatedly and never declared is asked to declare first; one open at a time."""

    __tablename__ = "declare_request"
    __table_args__ = (
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="declare_request_answered_at"),
        Index(
            "declare_request_one_open",
            "referral_id",
            unique=True,
            sqlite_where=text("answer IS NULL"),
            postgresql_where=text("answer IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    referral_id: UUID = Field(foreign_key="referral.id", index=True)
    practitioner_id: int | None = Field(default=None, foreign_key="practitioner.id")
    name: str = Field(default="", max_length=200)
    asked_by: UUID | None = Field(default=None, foreign_key="account.id")
    asked_at: datetime = Field(sa_type=Instant)
    due_on: date
    answer: DeclareAnswer | None = Field(
        default=None, sa_type=choice(DeclareAnswer, "declare_request_answer")
    )
    answered_at: datetime | None = Field(default=None, sa_type=Instant)


class ReferralCorrection(SQLModel, table=True):
    """What was written before and after, where the history only names the fields; erased with the file."""

    __tablename__ = "referral_correction"

    id: int | None = Field(default=None, primary_key=True)
    referral_id: UUID = Field(foreign_key="referral.id", index=True)
    at: datetime = Field(sa_type=Instant)
    actor: str = Field(max_length=80)
    reason: str = Field(max_length=40)
    before: dict[str, Any] = Field(default={}, sa_type=JSON)
    after: dict[str, Any] = Field(default={}, sa_type=JSON)


class DuplicatePair(SQLModel, table=True):
    """Two files that may be of one patient, and what a person decided; ``because`` holds codes only."""

    __tablename__ = "duplicate_pair"
    __table_args__ = (
        UniqueConstraint("referral_id", "other_id", name="duplicate_pair_once"),
        CheckConstraint("referral_id <> other_id", name="duplicate_pair_two"),
        CheckConstraint("(decision = 'open') = (decided_at IS NULL)", name="duplicate_pair_decided_at"),
        Index(
            "duplicate_pair_open",
            "territory_id",
            sqlite_where=text("decision = 'open'"),
            postgresql_where=text("decision = 'open'"),
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    territory_id: int = Field(foreign_key="territory.id")
    referral_id: UUID = Field(foreign_key="referral.id")
    other_id: UUID = Field(foreign_key="referral.id", index=True)
    because: list[str] = Field(default=[], sa_type=JSON)
    decision: DuplicateDecision = Field(
        default=DuplicateDecision.OPEN, sa_type=choice(DuplicateDecision, "duplicate_pair_decision")
    )
    found_at: datetime = Field(sa_type=Instant)
    decided_by: UUID | None = Field(default=None, foreign_key="account.id")
    decided_at: datetime | None = Field(default=None, sa_type=Instant)


class SignalDraft(SQLModel, table=True):
    """A signal half typed: seen by the account that types it only, erased when sent or left alone."""

    __tablename__ = "signal_draft"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    account_id: UUID = Field(foreign_key="account.id", index=True)
    territory_id: int = Field(foreign_key="territory.id")
    pathway: str = Field(default="gp", max_length=40)
    typed: dict[str, str] = Field(default={}, sa_type=JSON)
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)


class SignalImport(SQLModel, table=True):
    """A list of patients taken over from a file; its bytes are erased once imported or left alone."""

    __tablename__ = "signal_import"
    __table_args__ = (
        CheckConstraint("(imported_at IS NULL) = (num_received IS NULL)", name="signal_import_num_received"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    territory_id: int = Field(foreign_key="territory.id", index=True)
    account_id: UUID | None = Field(default=None, foreign_key="account.id")
    pathway: str = Field(default="gp", max_length=40)
    file_name: str = Field(max_length=200)
    content: bytes | None = Field(default=None, sa_type=LargeBinary)
    num_rows: int
    num_received: int | None = None
    created_at: datetime = Field(sa_type=Instant)
    imported_at: datetime | None = Field(default=None, sa_type=Instant)


class PathwayDocument(SQLModel, table=True):
    """One version of a territory's own pathway, as its TOML text; the last one holds, none is changed."""

    __tablename__ = "pathway_document"
    __table_args__ = (UniqueConstraint("territory_id", "code", "version", name="pathway_document_version"),)

    id: int | None = Field(default=None, primary_key=True)
    territory_id: int = Field(foreign_key="territory.id")
    code: str = Field(max_length=40)
    version: str = Field(max_length=40)
    document: str = Field(sa_type=Text)
    created_by: UUID | None = Field(default=None, foreign_key="account.id")
    created_at: datetime = Field(sa_type=Instant)
