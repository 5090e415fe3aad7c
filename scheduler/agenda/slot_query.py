"""What somebody asks of the agenda: a place, a window, a way of being seen."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.agenda.rules import OLDEST
from scheduler.errors import InvalidInput
from scheduler.inputs import checked_commune
from scheduler.store.tables import Modality
from scheduler.territory.communes import communes

LONGEST_WINDOW = timedelta(days=31)
FARTHEST_KM = 100.0
MOST_READ = 2000
"""Most slots one search reads: a CPTS of a hundred GPs opens some hundred in two days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotQuery:
    """Where, when and how somebody can be seen.

    Parameters
    ----------
    insee : str or None
        Commune to start from; or a position in degrees, WGS 84.
    from_at, to_at : datetime
        Aware; slots that start in this half-open window, 31 days at most.
    modality : Modality or None
        None = any.
    max_km : float
        Longest distance by road; slots by video or telephone are found wherever their practitioner is.
    limit : int
        Most slots given, 1 to 2000.
    after : tuple or None
        ``FoundSlot.key`` of the last slot of the page before.
    practitioner_id : int or None
        Their slots only.
    age : int or None
        Of the patient, in whole years: those who do not see this age in person are left out.

    Raises
    ------
    InvalidInput
        Naming the first value that is not acceptable.
    """

    insee: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    from_at: datetime
    to_at: datetime
    modality: Modality | None = None
    max_km: float = 15.0
    limit: int = 20
    after: tuple[datetime, int, int] | None = None
    practitioner_id: int | None = None
    age: int | None = None

    def __post_init__(self) -> None:
        if self.from_at.tzinfo is None or self.to_at.tzinfo is None:
            raise InvalidInput("from_at", "des instants avec leur fuseau")
        if not timedelta(0) < self.to_at - self.from_at <= LONGEST_WINDOW:
            raise InvalidInput("to_at", "une fin après le début, dans les 31 jours")
        if not 0 < self.max_km <= FARTHEST_KM:
            raise InvalidInput("max_km", f"une distance de 1 à {FARTHEST_KM:g} km")
        if not 1 <= self.limit <= MOST_READ:
            raise InvalidInput("limit", f"un nombre de 1 à {MOST_READ}")
        if self.age is not None and not 0 <= self.age <= OLDEST:
            raise InvalidInput("age", f"un âge de 0 à {OLDEST} ans")

    def position(self) -> tuple[float, float]:
        """Give the latitude and longitude to start from.

        Raises
        ------
        InvalidInput
            When there is no place, or the commune is unknown.
        """
        if self.latitude is not None and self.longitude is not None:
            return self.latitude, self.longitude
        if self.insee is None:
            raise InvalidInput("insee", "le code INSEE d'une commune, ou une position")
        commune = communes().by_insee(checked_commune(self.insee))
        return commune.latitude, commune.longitude
