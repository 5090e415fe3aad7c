"""Where a line of a table is: from its coordinates, else from the INSEE code of its commune."""

import numpy as np
import numpy.typing as npt

from scheduler.exchange.cells import number, text
from scheduler.exchange.columns import Column, Row, Sheet
from scheduler.territory.communes import CommuneDirectory
from scheduler.territory.errors import UnknownCommune

Position = tuple[float, float]

_NO_COMMUNE = "le code INSEE d'une commune (5 caractères, qui n'est pas le code postal), ou lat et lon"

PLACE_COLUMNS = (
    Column(
        name="insee", read=text(10), aliases=("code INSEE", "INSEE commune", "commune INSEE", "code commune")
    ),
    Column(name="lat", read=number(-90, 90, "degrés"), aliases=("latitude",)),
    Column(name="lon", read=number(-180, 180, "degrés"), aliases=("longitude", "lng", "long")),
)
PLACE_ALTERNATIVES = (("insee",), ("lat", "lon"))


class Locator:
    """Positions of the rows of one sheet; the same commune is looked up once."""

    def __init__(self, sheet: Sheet, directory: CommuneDirectory) -> None:
        self._sheet = sheet
        self._directory = directory
        self._known: dict[str, Position | None] = {}
        self._approximate: set[str] = set()

    def positions(self) -> npt.NDArray[np.float64]:
        """Locate every row, and note on the sheet those that cannot be.

        Returns
        -------
        ndarray of float64, shape (num_rows, 2)
            Latitude and longitude in degrees; 0, 0 for a row that is refused.
        """
        nowhere = (0.0, 0.0)
        if not any(all(name in self._sheet.headings for name in group) for group in PLACE_ALTERNATIVES):
            found = [nowhere for _ in self._sheet.rows]  # the missing heading is already noted, once
        else:
            found = [self._position(row) or nowhere for row in self._sheet.rows]
        if self._approximate:
            first, *others = sorted(self._approximate)
            more = f" et {len(others)} autre{'s' if len(others) > 1 else ''}" if others else ""
            self._sheet.warn(f"position approchée pour {first}{more} (coordonnées exactes inconnues).")
        return np.array(found, dtype=np.float64).reshape(len(found), 2)

    def _position(self, row: Row) -> Position | None:
        if row.refused & {"insee", "lat", "lon"}:
            return None
        latitude, longitude, insee = row.values["lat"], row.values["lon"], row.values["insee"]
        if latitude is not None and longitude is not None:
            return latitude, longitude
        if insee is not None:
            return self._commune(row, insee)
        half = {"lat": longitude, "lon": latitude}
        for column, other in half.items():
            if other is not None:
                self._sheet.refuse(row.line, column, "lat et lon ensemble")
                return None
        self._sheet.refuse(row.line, "insee" if "insee" in self._sheet.headings else "lat", _NO_COMMUNE)
        return None

    def _commune(self, row: Row, insee: str) -> Position | None:
        if insee not in self._known:
            self._known[insee] = self._look_up(insee)
        position = self._known[insee]
        if position is None:
            self._sheet.refuse(row.line, "insee", _NO_COMMUNE)
        return position

    def _look_up(self, insee: str) -> Position | None:
        try:
            commune = self._directory.by_insee(insee)
        except UnknownCommune:
            return None
        if commune.approximate:
            self._approximate.add(commune.name)
        return commune.latitude, commune.longitude
