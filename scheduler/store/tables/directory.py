"""Who practises where: territories, structures, practitioners, what they take on."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from scheduler.store.tables.columns import Instant, choice


class Gender(StrEnum):
    """Gender of a practitioner, or the one a patient prefers."""

    FEMALE = "f"
    MALE = "m"


class Territory(SQLModel, table=True):
    """A CPTS and the zone its days and hours are read in."""

    id: int | None = Field(default=None, primary_key=True)
    slug: str = Field(max_length=60, unique=True)
    name: str = Field(max_length=200)
    zone: str = Field(default="Europe/Paris", max_length=60)


class TerritoryCommune(SQLModel, table=True):
    """One commune of a territory."""

    __tablename__ = "territory_commune"

    territory_id: int = Field(foreign_key="territory.id", primary_key=True)
    insee: str = Field(max_length=5, primary_key=True)


class Structure(SQLModel, table=True):
    """A place of care known by its FINESS number, or a partner without one (DAC, CPAM)."""

    id: int | None = Field(default=None, primary_key=True)
    territory_id: int = Field(foreign_key="territory.id", index=True)
    finess: str | None = Field(default=None, max_length=9, unique=True)
    name: str = Field(max_length=200)
    kind: str = Field(default="cabinet", max_length=30)
    insee: str = Field(max_length=5)
    fictitious: bool = False


class Practitioner(SQLModel, table=True):
    """A health professional, known by their RPPS number."""

    id: int | None = Field(default=None, primary_key=True)
    territory_id: int = Field(foreign_key="territory.id", index=True)
    rpps: str = Field(max_length=11, unique=True)
    family_name: str = Field(max_length=100)
    given_name: str = Field(max_length=100)
    gender: Gender | None = Field(default=None, sa_type=choice(Gender, "practitioner_gender"))
    profession: str = Field(default="gp", max_length=30)
    languages: list[str] = Field(default=["fr"], sa_type=JSON)
    fictitious: bool = False


class Practice(SQLModel, table=True):
    """A place where one practitioner sees patients."""

    __table_args__ = (
        CheckConstraint("latitude BETWEEN -90 AND 90", name="practice_latitude"),
        CheckConstraint("longitude BETWEEN -180 AND 180", name="practice_longitude"),
    )

    id: int | None = Field(default=None, primary_key=True)
    practitioner_id: int = Field(foreign_key="practitioner.id", index=True)
    structure_id: int | None = Field(default=None, foreign_key="structure.id")
    insee: str = Field(max_length=5)
    address: str = Field(default="", max_length=200)
    phone: str = Field(default="", max_length=20)
    latitude: float
    longitude: float
    wheelchair_access: bool = True


class Intake(SQLModel, table=True):
    """How many new patients, and of which mix, a practitioner takes on now.

    The database refuses more accepted offers than ``places`` and refuses to lower ``places`` below
    what has already been accepted. ``workload`` limits the sum of the patients' units (1 to 3 by need).
    """

    __table_args__ = (
        CheckConstraint("places >= 0", name="intake_places"),
        CheckConstraint("max_tier1 IS NULL OR max_tier1 >= 0", name="intake_max_tier1"),
        CheckConstraint("workload IS NULL OR workload >= 0", name="intake_workload"),
        CheckConstraint("age_min IS NULL OR age_min >= 0", name="intake_age_min"),
        CheckConstraint("age_max IS NULL OR age_min IS NULL OR age_max >= age_min", name="intake_age_range"),
        CheckConstraint("max_km IS NULL OR max_km > 0", name="intake_max_km"),
        Index(
            "intake_one_open",
            "practitioner_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    practitioner_id: int = Field(foreign_key="practitioner.id", index=True)
    practice_id: int = Field(foreign_key="practice.id")
    places: int
    max_tier1: int | None = None
    workload: int | None = None
    age_min: int | None = None
    age_max: int | None = None
    home_visits: bool = False
    max_km: float | None = None
    paused_until: date | None = None
    leaving_on: date | None = None
    opened_at: datetime = Field(sa_type=Instant)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)
