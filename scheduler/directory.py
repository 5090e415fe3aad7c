"""Registering who practises where, and how many new patients they take on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel, col, select

from scheduler.accounts.actor import Actor
from scheduler.errors import AlreadyExists, Conflict, InvalidInput, NotFound
from scheduler.inputs import (
    checked_commune,
    checked_languages,
    checked_name,
    checked_phone,
    checked_text,
    required_text,
)
from scheduler.rows import id_of
from scheduler.store.tables import Gender, Intake, Practice, Practitioner, Role, Structure
from scheduler.store.violations import broken_invariant
from scheduler.territory.communes import communes
from scheduler.territory.errors import InvalidIdentifier
from scheduler.territory.identifiers import parse_finess, parse_rpps

Row = TypeVar("Row", bound=SQLModel)

_OWN_AGENDA_ONLY = frozenset({Role.GP, Role.SECRETARY})
_UNIQUE: Mapping[str | None, str] = {
    "structure_finess_key": "finess",
    "practitioner_rpps_key": "rpps",
    "intake_one_open": "intake",
}
_MOST_PLACES = 1000
_MOST_UNITS = 3 * _MOST_PLACES
_OLDEST = 130
_FARTHEST_KM = 100.0


class PlacesAccepted(Conflict):
    """The number of places cannot fall below the patients already accepted."""

    code = "places_accepted"

    def __init__(self) -> None:
        super().__init__("Davantage de patients sont déjà acceptés : gardez au moins autant de places.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeGiven:
    """A place where somebody sees patients.

    Parameters
    ----------
    latitude, longitude : float or None
        Degrees, WGS 84; both or neither: without them, the centre of the commune.
    """

    insee: str
    structure_id: int | None = None
    address: str = ""
    phone: str = ""
    latitude: float | None = None
    longitude: float | None = None
    wheelchair_access: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeGiven:
    """How many new patients, and of which mix, a practitioner takes on.

    Parameters
    ----------
    places : int
        New patients accepted in all, 0 to 1000.
    max_tier1 : int or None
        How many of them of the most complex tier; None = no limit.
    workload : int or None
        Sum of the patients' units (1 to 3 by need) accepted in all; None = no limit.
    age_min, age_max : int or None
        Both included, years.
    max_km : float or None
        Longest distance to a patient, km.
    paused_until : date or None
        Last day of a pause.
    leaving_on : date or None
        Day from which the practitioner no longer practises there.
    """

    practice_id: int
    places: int
    max_tier1: int | None = None
    workload: int | None = None
    age_min: int | None = None
    age_max: int | None = None
    home_visits: bool = False
    max_km: float | None = None
    paused_until: date | None = None
    leaving_on: date | None = None


def register_structure(
    session: Session,
    actor: Actor,
    *,
    name: str,
    insee: str,
    kind: str = "cabinet",
    finess: str | None = None,
    fictitious: bool = False,
) -> Structure:
    """Add a place of care, or a partner, to the actor's territory.

    Raises
    ------
    InvalidInput
        When a value is not acceptable, such as a FINESS number of the wrong form.
    AlreadyExists
        When the FINESS number is registered.
    """
    return _written(
        session,
        Structure(
            territory_id=actor.territory_id,
            finess=_finess(finess),
            name=required_text("name", name, longest=200),
            kind=required_text("kind", kind, longest=30),
            insee=checked_commune(insee),
            fictitious=fictitious,
        ),
    )


def register_practitioner(
    session: Session,
    actor: Actor,
    *,
    rpps: str,
    family_name: str,
    given_name: str,
    gender: Gender | None = None,
    profession: str = "gp",
    languages: tuple[str, ...] = ("fr",),
    fictitious: bool = False,
) -> Practitioner:
    """Add a health professional to the actor's territory.

    Raises
    ------
    InvalidInput
        When a value is not acceptable, such as an RPPS number whose check digit is wrong.
    AlreadyExists
        When the RPPS number is registered, in any territory.
    """
    return _written(
        session,
        Practitioner(
            territory_id=actor.territory_id,
            rpps=_rpps(rpps),
            family_name=checked_name("family_name", family_name),
            given_name=checked_name("given_name", given_name),
            gender=gender,
            profession=required_text("profession", profession, longest=30),
            languages=list(checked_languages(languages)),
            fictitious=fictitious,
        ),
    )


def register_practice(session: Session, actor: Actor, practitioner_id: int, given: PracticeGiven) -> Practice:
    """Add a place where a practitioner sees patients.

    Raises
    ------
    NotFound
        When the practitioner or the structure is not of the territory, or not theirs.
    InvalidInput
        When a value is not acceptable.
    """
    practitioner = find_practitioner(session, actor, practitioner_id)
    if given.structure_id is not None:
        structure = session.get(Structure, given.structure_id)
        if structure is None or structure.territory_id != actor.territory_id:
            raise NotFound("structure")
    insee = checked_commune(given.insee)
    latitude, longitude = _position(given, insee)
    return _written(
        session,
        Practice(
            practitioner_id=id_of(practitioner),
            structure_id=given.structure_id,
            insee=insee,
            address=checked_text("address", given.address, longest=200),
            phone=checked_phone(given.phone),
            latitude=latitude,
            longitude=longitude,
            wheelchair_access=given.wheelchair_access,
        ),
    )


def open_intake(
    session: Session, actor: Actor, practitioner_id: int, given: IntakeGiven, *, now: datetime
) -> Intake:
    """Say how many new patients a practitioner takes on from now.

    Raises
    ------
    NotFound
        When the practitioner or the practice is not one this person may manage.
    InvalidInput
        When a value is not acceptable.
    AlreadyExists
        When an intake is open: change that one.
    """
    practitioner = find_practitioner(session, actor, practitioner_id)
    find_practice(session, practitioner, given.practice_id)
    values = _checked_intake(given)
    return _written(session, Intake(practitioner_id=id_of(practitioner), opened_at=now, **values))


def change_intake(session: Session, actor: Actor, intake_id: int, given: IntakeGiven) -> Intake:
    """Change an open intake: more or fewer places, a pause, a departure.

    Raises
    ------
    NotFound
        When it is closed, or not one this person may manage.
    InvalidInput
        When a value is not acceptable.
    PlacesAccepted
        When there would be fewer places than patients already accepted.
    """
    intake = _find_intake(session, actor, intake_id)
    find_practice(session, find_practitioner(session, actor, intake.practitioner_id), given.practice_id)
    return _written(session, intake, **_checked_intake(given))


def close_intake(session: Session, actor: Actor, intake_id: int, *, now: datetime) -> Intake:
    """Stop taking new patients on; what was accepted stays accepted.

    Raises
    ------
    NotFound
        When it is closed already, or not one this person may manage.
    """
    intake = _find_intake(session, actor, intake_id)
    return _written(session, intake, closed_at=now)


def find_practitioner(session: Session, actor: Actor, practitioner_id: int) -> Practitioner:
    """Load a practitioner whose agenda and places the actor may manage.

    A GP and their secretary manage their own only; the other roles that a route lets in, those of the
    territory.

    Raises
    ------
    NotFound
        Unknown, of another territory, or not theirs: the three look the same.
    """
    practitioner = session.get(Practitioner, practitioner_id)
    if practitioner is None or practitioner.territory_id != actor.territory_id:
        raise NotFound("practitioner")
    if actor.role in _OWN_AGENDA_ONLY and actor.practitioner_id != practitioner_id:
        raise NotFound("practitioner")
    return practitioner


def find_practice(session: Session, practitioner: Practitioner, practice_id: int) -> Practice:
    """Load a practice of a practitioner.

    Raises
    ------
    NotFound
        When there is none, or it is another's.
    """
    practice = session.get(Practice, practice_id)
    if practice is None or practice.practitioner_id != practitioner.id:
        raise NotFound("practice")
    return practice


def _find_intake(session: Session, actor: Actor, intake_id: int) -> Intake:
    query = select(Intake).where(col(Intake.id) == intake_id, col(Intake.closed_at).is_(None))
    intake = session.exec(query.with_for_update(key_share=True)).first()
    if intake is None:
        raise NotFound("intake")
    try:
        find_practitioner(session, actor, intake.practitioner_id)
    except NotFound:
        raise NotFound("intake") from None
    return intake


def _checked_intake(given: IntakeGiven) -> dict[str, Any]:
    if not 0 <= given.places <= _MOST_PLACES:
        raise InvalidInput("places", f"un nombre de 0 à {_MOST_PLACES}")
    if given.max_tier1 is not None and not 0 <= given.max_tier1 <= _MOST_PLACES:
        raise InvalidInput("max_tier1", f"un nombre de 0 à {_MOST_PLACES}, ou rien")
    if given.workload is not None and not 0 <= given.workload <= _MOST_UNITS:
        raise InvalidInput("workload", f"un nombre de 0 à {_MOST_UNITS}, ou rien")
    for name, age in (("age_min", given.age_min), ("age_max", given.age_max)):
        if age is not None and not 0 <= age <= _OLDEST:
            raise InvalidInput(name, f"un âge de 0 à {_OLDEST} ans, ou rien")
    if given.age_min is not None and given.age_max is not None and given.age_max < given.age_min:
        raise InvalidInput("age_max", "un âge qui n'est pas inférieur à l'âge minimal")
    if given.max_km is not None and not 0 < given.max_km <= _FARTHEST_KM:
        raise InvalidInput("max_km", f"une distance de 1 à {_FARTHEST_KM:g} km, ou rien")
    return asdict(given)


def _position(given: PracticeGiven, insee: str) -> tuple[float, float]:
    if given.latitude is None and given.longitude is None:
        commune = communes().by_insee(insee)
        return commune.latitude, commune.longitude
    if given.latitude is None or given.longitude is None:
        raise InvalidInput("latitude", "latitude et longitude ensemble, ou aucune des deux")
    if not (-90 <= given.latitude <= 90 and -180 <= given.longitude <= 180):
        raise InvalidInput("latitude", "une position en degrés (WGS 84)")
    return given.latitude, given.longitude


def _rpps(given: str) -> str:
    try:
        return parse_rpps(given)
    except InvalidIdentifier:
        raise InvalidInput("rpps", "un numéro RPPS : 11 chiffres, clé de contrôle comprise") from None


def _finess(given: str | None) -> str | None:
    if given is None:
        return None
    try:
        return parse_finess(given).number
    except InvalidIdentifier:
        raise InvalidInput("finess", "un numéro FINESS de 9 caractères, ou rien") from None


def _written(session: Session, row: Row, **values: Any) -> Row:
    """Write a row with these values, and name the field when the database refuses it."""
    try:
        with session.begin_nested():
            for name, value in values.items():
                setattr(row, name, value)
            session.add(row)
    except IntegrityError as error:
        refusal = broken_invariant(error)
        if refusal == "intake_places_accepted":
            raise PlacesAccepted from None
        if refusal in _UNIQUE:
            raise AlreadyExists(_UNIQUE[refusal]) from None
        raise
    return row
