"""The ``patients`` table: who waits for a GP."""

from datetime import date

import numpy as np
import numpy.typing as npt

from matching.model import Needs, Patient
from scheduler.exchange.cells import day, gender, languages, number, text, whole, yes_no
from scheduler.exchange.columns import Column, Layout, Row, Sheet, read_sheet, refuse_repeated
from scheduler.exchange.places import PLACE_ALTERNATIVES, PLACE_COLUMNS, Locator
from scheduler.exchange.tables import Source
from scheduler.territory.communes import CommuneDirectory

_OLDEST_YEARS = 130
_LONGEST_WAIT_YEARS = 30

# Heading and aliases of every yes/no need, named like the fields of ``matching.Needs``.
NEED_ALIASES = {
    "ald": ("affection longue durée", "affection de longue durée"),
    "treatment_running_out": ("rupture de traitement", "traitement en rupture", "fin de traitement"),
    "recent_discharge": ("sortie récente", "sortie d'hospitalisation", "sortie d'hôpital récente"),
    "pregnancy": ("grossesse", "enceinte"),
    "home_bound": ("non déplaçable", "ne peut se déplacer", "dépendance", "à domicile"),
    "palliative": ("soins palliatifs", "palliatif"),
    "disability": ("handicap",),
    "c2s": ("complémentaire santé solidaire",),
    "ame": ("aide médicale d'État",),
    "wheelchair": ("fauteuil roulant", "fauteuil"),
}


def patient_layout(on: date) -> Layout:
    """Describe the columns of ``patients`` for a matching done on a given day."""
    oldest = date(on.year - _OLDEST_YEARS, 1, 1)
    long_ago = date(on.year - _LONGEST_WAIT_YEARS, 1, 1)
    needs = (Column(name=name, read=yes_no, aliases=aliases) for name, aliases in NEED_ALIASES.items())
    columns = (
        Column(name="id", read=text(100), aliases=("identifiant", "numéro", "n°", "dossier"), required=True),
        Column(name="household", read=text(100), aliases=("foyer", "famille")),
        Column(
            name="together",
            read=yes_no,
            aliases=("ensemble", "foyer ensemble", "demande le même médecin"),
            empty=False,
            absent=False,
        ),
        Column(
            name="birth_date",
            read=day(oldest, on),
            aliases=("date de naissance", "naissance", "né le", "née le", "né(e) le"),
        ),
        Column(name="age", read=whole(0, _OLDEST_YEARS), aliases=("âge",)),
        *PLACE_COLUMNS,
        Column(
            name="waiting_since",
            read=day(long_ago, on),
            aliases=("en attente depuis", "attend depuis", "attente depuis", "date du signalement"),
            required=True,
        ),
        *needs,
        Column(
            name="chronic_needs", read=whole(0, 50), aliases=("besoins chroniques", "maladies chroniques")
        ),
        Column(
            name="languages",
            read=languages,
            aliases=("langues", "langue"),
            empty=frozenset(),
            absent=frozenset(),
        ),
        Column(
            name="prefers_gender",
            read=gender,
            aliases=("préférence de genre", "genre souhaité", "sexe souhaité"),
        ),
        Column(name="known_practitioner", read=text(100), aliases=("médecin connu", "médecin déjà vu")),
        Column(
            name="max_km",
            read=number(0, 1000, "km"),
            aliases=("km max", "distance max", "distance maximale", "distance maximale (km)"),
        ),
        Column(name="consent", read=yes_no, aliases=("consentement", "accord"), empty=False, absent=True),
    )
    return Layout(columns=columns, alternatives=(PLACE_ALTERNATIVES, (("birth_date",), ("age",))))


def read_patients(
    source: Source, on: date, directory: CommuneDirectory
) -> tuple[Sheet, npt.NDArray[np.float64]]:
    """Read and check the whole table.

    Returns
    -------
    Sheet (its problems not yet raised), and positions, float64, shape (num_rows, 2): latitude and
    longitude in degrees.
    """
    sheet = read_sheet(source, patient_layout(on))
    refuse_repeated(sheet, "id")
    for row in sheet.rows:
        _check_age(sheet, row, on)
    _warn_of_gaps(sheet)
    return sheet, Locator(sheet, directory).positions()


def as_patients(sheet: Sheet, on: date) -> tuple[Patient, ...]:
    """Turn the rows of a sheet without problems into patients."""
    return tuple(_as_patient(row, on) for row in sheet.rows)


def _as_patient(row: Row, on: date) -> Patient:
    values = row.values
    return Patient(
        id=values["id"],
        household=values["household"],
        together=values["together"],
        age=_age(values["birth_date"], on) if values["birth_date"] else values["age"],
        needs=Needs(chronic_needs=values["chronic_needs"], **{name: values[name] for name in NEED_ALIASES}),
        waiting_since=values["waiting_since"],
        languages=values["languages"],
        prefers_gender=values["prefers_gender"],
        known_practitioner=values["known_practitioner"],
        max_km=values["max_km"],
        consent=values["consent"],
    )


def _age(born: date, on: date) -> int:
    """Count whole years; someone born on 29 February grows older on 1 March of common years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _check_age(sheet: Sheet, row: Row, on: date) -> None:
    """Refuse an age that contradicts the birth date by more than the year a list may have grown old."""
    born, age = row.values["birth_date"], row.values["age"]
    if born is not None and age is not None and abs(_age(born, on) - age) > 1:
        sheet.refuse(row.line, "age", "un âge en accord avec birth_date, ou rien")


def _warn_of_gaps(sheet: Sheet) -> None:
    unknown = sum(row.values["birth_date"] is None and row.values["age"] is None for row in sheet.rows)
    if unknown:
        sheet.warn(f"{unknown} patient{'s' if unknown > 1 else ''} sans âge.")
    if sheet.rows and "consent" not in sheet.headings:
        sheet.warn("pas de colonne consent : l'accord de chaque patient est supposé recueilli.")
