"""Who may do what, and the trace of who did: accounts, sessions, tokens, idempotency, audit."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from scheduler.store.tables.columns import Instant, choice


class Role(StrEnum):
    """What a person or a machine comes to do."""

    SIGNALLER = "signaller"
    GP = "gp"
    SECRETARY = "secretary"
    COORDINATOR = "coordinator"
    REGULATOR = "regulator"
    BUREAU = "bureau"
    ADMIN = "admin"


class Account(SQLModel, table=True):
    """A person who signs in. The e-mail is kept in lower case."""

    __table_args__ = (CheckConstraint("email = lower(email)", name="account_email_lower"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    email: str = Field(max_length=200, unique=True)
    name: str = Field(max_length=200)
    password_hash: str = Field(max_length=200)
    active: bool = True
    practitioner_id: int | None = Field(default=None, foreign_key="practitioner.id")
    created_at: datetime = Field(sa_type=Instant)


class Grant(SQLModel, table=True):
    """One role of one account in one territory."""

    __tablename__ = "role_grant"

    account_id: UUID = Field(foreign_key="account.id", primary_key=True)
    territory_id: int = Field(foreign_key="territory.id", primary_key=True)
    role: Role = Field(sa_type=choice(Role, "role_grant_role"), primary_key=True)


class WebSession(SQLModel, table=True):
    """A signed-in browser. Only the hash of its token is kept.

    ``role`` and ``territory_id`` are what a person of several roles has chosen to act as, and where.
    """

    __tablename__ = "web_session"

    token_hash: str = Field(max_length=64, primary_key=True)
    account_id: UUID = Field(foreign_key="account.id", index=True)
    created_at: datetime = Field(sa_type=Instant)
    seen_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    role: Role | None = Field(default=None, sa_type=choice(Role, "web_session_role"))
    territory_id: int | None = Field(default=None, foreign_key="territory.id")


class AccessLink(SQLModel, table=True):
    """A link of one use by which somebody chooses their password. Only the hash of its secret is kept."""

    __tablename__ = "access_link"

    token_hash: str = Field(max_length=64, primary_key=True)
    account_id: UUID = Field(foreign_key="account.id", index=True)
    made_by: str = Field(max_length=80)
    made_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    used_at: datetime | None = Field(default=None, sa_type=Instant)


class ApiToken(SQLModel, table=True):
    """A machine's key: one role in one territory. Only its hash is kept.

    With ``account_id`` the machine acts for that person: the agenda is theirs, what it opens carries them.
    """

    __tablename__ = "api_token"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    token_hash: str = Field(max_length=64, unique=True)
    name: str = Field(max_length=100)
    role: Role = Field(sa_type=choice(Role, "api_token_role"))
    territory_id: int = Field(foreign_key="territory.id")
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)
    account_id: UUID | None = Field(default=None, foreign_key="account.id")


class IdempotencyRecord(SQLModel, table=True):
    """The one effect of one key of one client, written in the transaction of that effect."""

    __tablename__ = "idempotency_record"

    actor: str = Field(max_length=80, primary_key=True)
    key: str = Field(max_length=255, primary_key=True)
    route: str = Field(max_length=200)
    body_sha256: str = Field(max_length=64)
    status: int
    answer: dict[str, Any] = Field(sa_type=JSON)
    created_at: datetime = Field(sa_type=Instant, index=True)


class SignInFailure(SQLModel, table=True):
    """A wrong password, counted to slow down guessing; holds a hash of the e-mail or of the network."""

    __tablename__ = "sign_in_failure"

    id: int | None = Field(default=None, primary_key=True)
    email_hash: str = Field(max_length=64, index=True)
    at: datetime = Field(sa_type=Instant)


class AuditEntry(SQLModel, table=True):
    """Who read or changed what of a patient's file, shaped on the FHIR AuditEvent.

    Append-only and chained: each row carries the number after the row before it and the hash of that row,
    no two rows can follow the same one, and the database refuses updates and deletes. Written by
    ``scheduler.audit`` only.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        UniqueConstraint("hash", name="audit_entry_hash"),
        UniqueConstraint("prev_hash", name="audit_entry_prev_hash"),
        CheckConstraint("(prev_hash IS NULL) = (id = 1)", name="audit_entry_one_first"),
        CheckConstraint("action IN ('C', 'R', 'U', 'D', 'E')", name="audit_entry_action"),
    )

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=Instant, index=True)
    actor: str = Field(max_length=80)
    role: str = Field(max_length=20)
    territory_id: int | None = None
    action: str = Field(max_length=1)
    object_kind: str = Field(max_length=40)
    object_id: str = Field(max_length=40)
    patient_id: UUID | None = Field(default=None, index=True)
    purpose: str = Field(max_length=60)
    outcome: str = Field(default="ok", max_length=20)
    request_id: str | None = Field(default=None, max_length=40)
    prev_hash: str | None = Field(default=None, max_length=64, foreign_key="audit_entry.hash")
    hash: str = Field(max_length=64)
