"""What ties a territory to the national SAS platform: numbers, memberships, its regulators, its reports."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from scheduler.store.tables.columns import Instant, choice


class Community(SQLModel, table=True):
    """The number and the telephone under which a CPTS is known nationally."""

    territory_id: int = Field(foreign_key="territory.id", primary_key=True)
    finess: str = Field(max_length=9, unique=True)
    phone: str = Field(default="", max_length=20)


class Membership(SQLModel, table=True):
    """A professional who also keeps slots for another CPTS than that of their own territory."""

    practitioner_id: int = Field(foreign_key="practitioner.id", primary_key=True)
    territory_id: int = Field(foreign_key="territory.id", primary_key=True)


class SasRegulator(SQLModel, table=True):
    """A regulator whose account the platform made here, known by the identifier it uses for them.

    Of the active ones, no two share an identifier; that of somebody who left may be given to another.
    """

    __tablename__ = "sas_regulator"
    __table_args__ = (
        Index(
            "sas_regulator_identifier",
            "system",
            "value",
            unique=True,
            sqlite_where=text("active"),
            postgresql_where=text("active"),
        ),
    )

    account_id: UUID = Field(foreign_key="account.id", primary_key=True)
    system: str = Field(max_length=60)
    value: str = Field(max_length=80)
    family_name: str = Field(max_length=100)
    given_name: str = Field(max_length=100)
    email: str = Field(max_length=200)
    active: bool = True
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)


class SasVisit(SQLModel, table=True):
    """A browser session that came from the platform: its regulator acts in this territory, until it ends."""

    __tablename__ = "sas_visit"

    token_hash: str = Field(
        max_length=64, foreign_key="web_session.token_hash", ondelete="CASCADE", primary_key=True
    )
    territory_id: int = Field(foreign_key="territory.id")
    arrived_at: datetime = Field(sa_type=Instant)


class ReportState(StrEnum):
    """Whether the platform has received a report; ``dead`` ones wait for a person."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"


class SasReport(SQLModel, table=True):
    """One change of a booking made by a regulator of the platform, to be told to it; no patient data."""

    __tablename__ = "sas_report"
    __table_args__ = (
        UniqueConstraint("booking_id", "sequence", name="sas_report_sequence"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sas_report_sent_at"),
        Index(
            "sas_report_due",
            "due_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    booking_id: UUID = Field(foreign_key="booking.id")
    sequence: int
    resource: dict[str, Any] = Field(sa_type=JSON)
    state: ReportState = Field(default=ReportState.WAITING, sa_type=choice(ReportState, "sas_report_state"))
    num_attempts: int = 0
    last_failure: str | None = Field(default=None, max_length=80)
    created_at: datetime = Field(sa_type=Instant)
    due_at: datetime = Field(sa_type=Instant)
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
