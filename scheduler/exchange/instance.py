"""Two files become one matching instance, or the list of everything to correct in both."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from matching.model import Instance, Patient, Practitioner
from scheduler.exchange.columns import Sheet, refuse_if_wrong
from scheduler.exchange.patients import as_patients, read_patients
from scheduler.exchange.practitioners import as_practitioners, read_practitioners
from scheduler.exchange.tables import Dialect, Source
from scheduler.territory.communes import CommuneDirectory, communes
from scheduler.territory.travel import GreatCircleTravel, TravelTimes

_NO_COMMUNE = "commune inconnue"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Imported:
    """What two files gave.

    Parameters
    ----------
    communes, practice_communes : tuple of str
        Name of the commune of each patient, and of each practitioner.
    warnings : tuple of str
        French sentences: what was ignored or supposed.
    dialect : Dialect
        How the patients' file is written, for an answer written the same way.
    """

    instance: Instance
    warnings: tuple[str, ...]
    dialect: Dialect
    communes: tuple[str, ...]
    practice_communes: tuple[str, ...]


def import_instance(
    patients: Source,
    practitioners: Source,
    *,
    on: date,
    max_km: float,
    directory: CommuneDirectory | None = None,
    travel: TravelTimes | None = None,
) -> Imported:
    """Read both files and measure the travel between them.

    Parameters
    ----------
    on : date
        The day of the matching: ages and waits are counted to it, later dates are refused.
    max_km : float
        Longest distance that any rule could allow; farther pairs are left out.
    directory, travel
        The packaged communes and the great-circle estimate unless others are given.

    Raises
    ------
    UnreadableFile
        When a file is absent or of an unknown kind.
    BadTable
        With every bad cell of both files; nothing is then imported.
    """
    directory = directory or communes()
    patient_sheet, origins = read_patients(patients, on, directory)
    practitioner_sheet, destinations = read_practitioners(practitioners, directory)
    refuse_if_wrong(patient_sheet, practitioner_sheet)
    people = as_patients(patient_sheet, on)
    doctors = as_practitioners(practitioner_sheet)
    _warn_of_unknown_practitioners(patient_sheet, people, doctors)
    instance = _instance(people, doctors, origins, destinations, on, max_km, travel or GreatCircleTravel())
    warnings = (*patient_sheet.warnings, *practitioner_sheet.warnings)
    return Imported(
        instance=instance,
        warnings=warnings,
        dialect=patient_sheet.table.dialect,
        communes=_communes(patient_sheet, directory),
        practice_communes=_communes(practitioner_sheet, directory),
    )


def _communes(sheet: Sheet, directory: CommuneDirectory) -> tuple[str, ...]:
    """Name the commune of every line; one that only has coordinates is of no known commune."""
    codes = [row.values["insee"] for row in sheet.rows]
    return tuple(_NO_COMMUNE if code is None else directory.by_insee(code).name for code in codes)


def _warn_of_unknown_practitioners(
    sheet: Sheet, patients: tuple[Patient, ...], practitioners: tuple[Practitioner, ...]
) -> None:
    """Count the patients who already see a GP absent from the other file: perhaps a mistyped number."""
    known = {None, *(practitioner.id for practitioner in practitioners)}
    count = sum(patient.known_practitioner not in known for patient in patients)
    if count:
        many = "s" if count > 1 else ""
        sheet.warn(f"{count} patient{many} déjà suivi{many} par un médecin absent du fichier des médecins.")


def _instance(
    patients: tuple[Patient, ...],
    practitioners: tuple[Practitioner, ...],
    origins: npt.NDArray[np.float64],
    destinations: npt.NDArray[np.float64],
    on: date,
    max_km: float,
    travel: TravelTimes,
) -> Instance:
    trips = travel.between(origins, destinations, max_km)
    return Instance(patients=patients, practitioners=practitioners, travel=trips, on=on)
