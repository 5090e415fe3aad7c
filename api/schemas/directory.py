"""Who practises where: communes, structures, practitioners, and how many patients they take on."""

from datetime import date

from pydantic import Field

from api.listings import PractitionerShown
from api.schemas.common import Id, Insee, Moment, Name, Text, Wire
from api.schemas.referrals import Language
from scheduler.directory import IntakeGiven, PracticeGiven
from scheduler.store.tables import Gender


class CommuneOut(Wire):
    """A commune of France."""

    insee: str
    name: str
    postcodes: list[str]
    population: int | None = Field(description="Habitants ; null : non publié")
    latitude: float = Field(description="Degrés, WGS 84")
    longitude: float = Field(description="Degrés, WGS 84")
    coordinates_from: str = Field(description="Source des coordonnées")


class StructureIn(Wire):
    """A place of care, or a partner without a FINESS number."""

    name: Text = Field(min_length=1, max_length=200)
    kind: Text = Field(default="cabinet", min_length=1, max_length=30)
    finess: str | None = Field(default=None, max_length=20, description="9 caractères, ou null")
    insee: Insee


class StructureOut(Wire):
    """A place of care or a partner."""

    id: int
    name: str
    kind: str
    finess: str | None
    insee: str
    fictitious: bool


class PracticeIn(Wire):
    """A place where a practitioner sees patients; without coordinates, those of the commune are used."""

    insee: Insee
    structure_id: Id | None = None
    address: Text = Field(default="", max_length=200)
    phone: Text = Field(default="", max_length=20)
    latitude: float | None = Field(default=None, ge=-90, le=90, description="Degrés, WGS 84")
    longitude: float | None = Field(default=None, ge=-180, le=180, description="Degrés, WGS 84")
    wheelchair_access: bool = True


class PracticeOut(Wire):
    """A place where a practitioner sees patients."""

    id: int
    insee: str
    structure_id: int | None
    address: str
    phone: str
    latitude: float
    longitude: float
    wheelchair_access: bool


class PractitionerIn(Wire):
    """A health professional and the place, or places, of their practice."""

    rpps: str = Field(max_length=20, description="11 chiffres")
    family_name: Name
    given_name: Name
    gender: Gender | None = None
    profession: Text = Field(default="gp", min_length=1, max_length=30)
    languages: list[Language] = Field(default_factory=lambda: ["fr"], max_length=10)
    practices: list[PracticeIn] = Field(min_length=1, max_length=10)


class IntakeIn(Wire):
    """How many new patients, and of which mix, a practitioner takes on from now."""

    practice_id: Id
    places: int = Field(ge=0, le=1000, description="Nouveaux patients acceptés en tout")
    max_tier1: int | None = Field(
        default=None, ge=0, le=1000, description="Dont situations les plus complexes ; null : sans limite"
    )
    workload: int | None = Field(
        default=None,
        ge=0,
        le=3000,
        description="Charge acceptée en tout, 1 à 3 par patient ; null : sans limite",
    )
    age_min: int | None = Field(default=None, ge=0, le=130, description="Âge minimal, en années")
    age_max: int | None = Field(default=None, ge=0, le=130, description="Âge maximal, en années")
    home_visits: bool = False
    max_km: float | None = Field(default=None, gt=0, le=100, description="Distance maximale, en km")
    paused_until: date | None = Field(default=None, description="En pause jusqu'à ce jour compris")
    leaving_on: date | None = Field(default=None, description="Départ annoncé")


class IntakeOut(Wire):
    """What a practitioner takes on now."""

    id: int
    practice_id: int
    places: int
    max_tier1: int | None
    workload: int | None
    age_min: int | None
    age_max: int | None
    home_visits: bool
    max_km: float | None
    paused_until: date | None
    leaving_on: date | None
    opened_at: Moment


class PractitionerRef(Wire):
    """A practitioner and their places of practice, by their ids."""

    id: int
    practice_ids: list[int]


class PractitionerLine(Wire):
    """A practitioner in a list."""

    id: int
    rpps: str
    family_name: str
    given_name: str
    gender: Gender | None
    profession: str
    languages: list[str]
    fictitious: bool


class PractitionerOut(PractitionerLine):
    """A practitioner with their places of practice and what they take on."""

    practices: list[PracticeOut]
    intake: IntakeOut | None
    num_accepted: int = Field(description="Patients déjà acceptés sur les places ouvertes")


def intake_given(given: IntakeIn) -> IntakeGiven:
    """Read off the wire what a practitioner takes on."""
    return IntakeGiven(**given.model_dump())


def practice_given(given: PracticeIn) -> PracticeGiven:
    """Read a place of practice off the wire."""
    return PracticeGiven(**given.model_dump())


def practitioner_out(shown: PractitionerShown) -> PractitionerOut:
    """Write a practitioner to the wire."""
    return PractitionerOut.of(
        shown.practitioner,
        practices=[PracticeOut.of(practice) for practice in shown.practices],
        intake=None if shown.intake is None else IntakeOut.of(shown.intake),
        num_accepted=shown.num_accepted,
    )
