"""The ``practitioners`` table: the volunteer GPs and what each takes on."""

from datetime import date

import numpy as np
import numpy.typing as npt

from matching.model import Practitioner
from scheduler.exchange.cells import day, gender, languages, number, text, whole, yes_no
from scheduler.exchange.columns import Column, Layout, Row, Sheet, read_sheet, refuse_repeated
from scheduler.exchange.places import PLACE_ALTERNATIVES, PLACE_COLUMNS, Locator
from scheduler.exchange.tables import Source
from scheduler.territory.communes import CommuneDirectory

_MOST_PLACES = 10_000
_OLDEST_YEARS = 150
_ANY_DAY = (date(1900, 1, 1), date(2199, 12, 31))

LAYOUT = Layout(
    columns=(
        Column(
            name="id",
            read=text(100),
            aliases=("identifiant", "RPPS", "n° RPPS", "numéro RPPS"),
            required=True,
        ),
        Column(
            name="name", read=text(200), aliases=("nom", "médecin", "nom du médecin"), empty="", absent=""
        ),
        *PLACE_COLUMNS,
        Column(
            name="places",
            read=whole(0, _MOST_PLACES),
            aliases=("nombre de places", "capacité", "nouveaux patients"),
            required=True,
        ),
        Column(
            name="max_tier1",
            read=whole(0, _MOST_PLACES),
            aliases=("max rang 1", "places rang 1", "places patients complexes"),
        ),
        Column(
            name="workload",
            read=whole(0, 3 * _MOST_PLACES),
            aliases=("charge", "charge acceptée", "charge maximale", "unités de charge"),
        ),
        Column(
            name="age_min", read=whole(0, _OLDEST_YEARS), aliases=("âge min", "âge minimal", "âge minimum")
        ),
        Column(
            name="age_max", read=whole(0, _OLDEST_YEARS), aliases=("âge max", "âge maximal", "âge maximum")
        ),
        Column(
            name="home_visits",
            read=yes_no,
            aliases=("visites à domicile", "visite à domicile"),
            empty=False,
            absent=False,
        ),
        Column(
            name="wheelchair_access",
            read=yes_no,
            aliases=("accès fauteuil", "accès fauteuil roulant", "accès PMR", "accessible PMR"),
            empty=False,
            absent=False,
        ),
        Column(
            name="languages",
            read=languages,
            aliases=("langues", "langue"),
            empty=frozenset(),
            absent=frozenset(),
        ),
        Column(name="gender", read=gender, aliases=("genre", "sexe")),
        Column(
            name="max_km",
            read=number(0, 1000, "km"),
            aliases=("km max", "distance max", "distance maximale", "distance maximale (km)"),
        ),
        Column(
            name="leaving_on",
            read=day(*_ANY_DAY),
            aliases=("départ", "date de départ", "départ le", "part le"),
        ),
    ),
    alternatives=(PLACE_ALTERNATIVES,),
)


def read_practitioners(source: Source, directory: CommuneDirectory) -> tuple[Sheet, npt.NDArray[np.float64]]:
    """Read and check the whole table.

    Returns
    -------
    Sheet (its problems not yet raised), and positions, float64, shape (num_rows, 2): latitude and
    longitude in degrees.
    """
    sheet = read_sheet(source, LAYOUT)
    refuse_repeated(sheet, "id")
    for row in sheet.rows:
        _check_age_range(sheet, row)
    if sheet.rows and "wheelchair_access" not in sheet.headings:
        sheet.warn("pas de colonne wheelchair_access : aucun cabinet n'est supposé accessible en fauteuil.")
    return sheet, Locator(sheet, directory).positions()


def as_practitioners(sheet: Sheet) -> tuple[Practitioner, ...]:
    """Turn the rows of a sheet without problems into practitioners."""
    return tuple(_as_practitioner(row) for row in sheet.rows)


def _as_practitioner(row: Row) -> Practitioner:
    values = {name: value for name, value in row.values.items() if name not in {"insee", "lat", "lon"}}
    return Practitioner(**values)


def _check_age_range(sheet: Sheet, row: Row) -> None:
    youngest, oldest = row.values["age_min"], row.values["age_max"]
    if youngest is not None and oldest is not None and youngest > oldest:
        sheet.refuse(row.line, "age_max", "un âge qui n'est pas inférieur à age_min")
