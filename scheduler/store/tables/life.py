"""What surrounds the life of a referral: links to answer by, delegates, bridges, departures of GPs."""

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from scheduler.store.tables.columns import Instant


class OfferLink(SQLModel, table=True):
    """The address in a mail by which a group of offers is answered once, without signing in.

    Of its secret only the hash is kept. ``account_id`` is whom the mail was sent to.
    """

    __tablename__ = "offer_link"

    id: int | None = Field(default=None, primary_key=True)
    group_id: UUID = Field(index=True)
    account_id: UUID = Field(foreign_key="account.id")
    token_hash: str = Field(max_length=64, unique=True)
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    used_at: datetime | None = Field(default=None, sa_type=Instant)


class Delegation(SQLModel, table=True):
    """Somebody who answers the offers of a practitioner in their place, from one day to another."""

    __table_args__ = (
        CheckConstraint("last_on IS NULL OR last_on >= first_on", name="delegation_order"),
        Index(
            "delegation_one_open",
            "practitioner_id",
            "account_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    practitioner_id: int = Field(foreign_key="practitioner.id", index=True)
    account_id: UUID = Field(foreign_key="account.id", index=True)
    first_on: date
    last_on: date | None = None
    created_by: str = Field(max_length=80)
    created_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


class Bridge(SQLModel, table=True):
    """A consultation given to somebody who waits, without losing their rank.

    ``asked_at`` says when its practitioner was asked, after the visit, whether they would follow the patient.
    """

    booking_id: UUID = Field(foreign_key="booking.id", primary_key=True)
    referral_id: UUID = Field(foreign_key="referral.id", index=True)
    created_by: str = Field(max_length=80)
    created_at: datetime = Field(sa_type=Instant)
    asked_at: datetime | None = Field(default=None, sa_type=Instant)


class Departure(SQLModel, table=True):
    """A practitioner who announced the last day of their practice; at most one that holds."""

    __table_args__ = (
        CheckConstraint("first_wave_on <= leaving_on", name="departure_order"),
        Index(
            "departure_one_open",
            "practitioner_id",
            unique=True,
            sqlite_where=text("cancelled_at IS NULL"),
            postgresql_where=text("cancelled_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    practitioner_id: int = Field(foreign_key="practitioner.id", index=True)
    leaving_on: date
    first_wave_on: date
    created_by: str = Field(max_length=80)
    created_at: datetime = Field(sa_type=Instant)
    cancelled_at: datetime | None = Field(default=None, sa_type=Instant)


class DepartingPatient(SQLModel, table=True):
    """Somebody of the panel of a practitioner who leaves, and the day their search for a GP begins.

    Until that day they still have a GP: they are in no waiting list. ``needs`` is as a signal would say.
    """

    __tablename__ = "departing_patient"
    __table_args__ = (
        CheckConstraint("tier BETWEEN 1 AND 3", name="departing_patient_tier"),
        Index(
            "departing_patient_to_enter",
            "enters_on",
            sqlite_where=text("referral_id IS NULL AND dropped_at IS NULL"),
            postgresql_where=text("referral_id IS NULL AND dropped_at IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    departure_id: int = Field(foreign_key="departure.id", index=True)
    patient_id: UUID = Field(foreign_key="patient.id", unique=True)
    needs: dict[str, Any] = Field(default={}, sa_type=JSON)
    tier: int
    enters_on: date
    referral_id: UUID | None = Field(default=None, foreign_key="referral.id", unique=True)
    dropped_at: datetime | None = Field(default=None, sa_type=Instant)
