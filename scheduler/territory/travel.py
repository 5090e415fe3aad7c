"""Travel between places: an interface that a routing server can fill, and an estimate that needs none."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from matching import Travel
from scheduler.errors import InvalidInput

Places = npt.NDArray[np.float64]
"""Shape (num_places, 2): latitude and longitude in degrees, WGS 84."""

_EARTH_RADIUS_KM = 6371.0088  # mean radius of GRS 80
_BLOCK_PAIRS = 1_000_000  # pairs computed at once: some 50 MB of temporaries whatever the instance

DETOUR = 1.3
MINIMUM_ROAD_KM = 1.0
START_AND_PARK_S = 120.0
SPEED_BANDS_KM_H = ((0.0, 25.0), (2.0, 45.0), (10.0, 60.0), (30.0, 85.0))


class TravelTimes(Protocol):
    """Whoever can say how far patients are from practices."""

    def between(self, origins: Places, destinations: Places, max_km: float) -> Travel:
        """Return the pairs no farther apart than `max_km` by road.

        Parameters
        ----------
        origins : ndarray of float64, shape (num_origins, 2)
            Latitude and longitude of the patients, degrees.
        destinations : ndarray of float64, shape (num_destinations, 2)
            Latitude and longitude of the practices, degrees.
        max_km : float
            Longest road distance kept, inclusive, in km.

        Returns
        -------
        Travel
            ``patient`` is a row of `origins`, ``practitioner`` a row of `destinations`; sorted by
            both. A pair that is absent is too far.
        """
        ...


class GreatCircleTravel:
    """Travel by car estimated from the straight line; an approximation, to compare GPs, not to plan a trip.

    Road distance = great circle × 1.3, and at least 1 km. Duration = 2 min to start and park, then each
    kilometre at the speed of its band of the road distance: 0–2 km at 25 km/h, 2–10 km at 45, 10–30 km
    at 60, beyond at 85. Each band begins where the one before ends, so that farther is never faster.

    Where the constants come from:

    - *detour 1.3*: road networks measured elsewhere give 1.2 (cities) to 1.45 (mountains, coasts); 1.3
      lies between. On 66,000 real trips to hospitals the straight line and the road agree with
      r² > 0.9 but for shores and other barriers (Boscoe et al.). A river without a bridge, the Seine
      south of Sénart for one, is such a barrier: there the estimate is too short.
    - *1 km at least*: a patient of whom only the commune is known stands at its centre, where the
      practice stands too; the true distance is not zero.
    - *speeds and the 2 minutes*: chosen by us so that trips of 3, 13 and 40 km by road take 8, 20 and
      45 minutes, plausible by day at the edge of a large city; not fitted to measurements.

    References
    ----------
    Boscoe, Henry, Zdeb (2012), *A nationwide comparison of driving distance versus straight-line distance
    to hospitals*, The Professional Geographer 64(2), doi:10.1080/00330124.2011.583586.
    """

    def between(self, origins: Places, destinations: Places, max_km: float) -> Travel:
        """Return the pairs no farther apart than `max_km`; see ``TravelTimes.between``.

        Memory is bounded by the pairs kept plus one block of a million pairs.

        Raises
        ------
        InvalidInput
            When a position is missing, not finite or not on Earth, or `max_km` is negative or NaN.
        """
        _check(origins, "origines")
        _check(destinations, "destinations")
        if not max_km >= 0:
            raise InvalidInput("distance maximale", "un nombre de kilomètres positif ou nul")
        rows = max(1, _BLOCK_PAIRS // max(1, len(destinations)))
        blocks = [
            _near_pairs(origins[start : start + rows], destinations, start, max_km)
            for start in range(0, len(origins), rows)
        ]
        patient, practitioner, distance_m = (
            np.concatenate([block[part] for block in blocks]) if blocks else np.empty(0, np.int32)
            for part in range(3)
        )
        duration_s = np.rint(driving_s(distance_m / 1000.0)).astype(np.int32)
        return Travel(
            patient=patient, practitioner=practitioner, distance_m=distance_m, duration_s=duration_s
        )


def road_km(origins: Places, destinations: Places) -> npt.NDArray[np.float64]:
    """Return the estimated road distance of every pair, shape (num_origins, num_destinations), in km."""
    latitude, longitude = np.radians(origins[:, :1]), np.radians(origins[:, 1:])
    other_latitude, other_longitude = np.radians(destinations).T
    # Haversine formula: exact for points close to each other, where the law of cosines loses digits.
    half_chord = np.sin((other_latitude - latitude) / 2) ** 2
    half_chord += np.cos(latitude) * np.cos(other_latitude) * np.sin((other_longitude - longitude) / 2) ** 2
    great_circle_km = 2 * _EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(half_chord, 1.0)))
    estimate: npt.NDArray[np.float64] = np.maximum(great_circle_km * DETOUR, MINIMUM_ROAD_KM)
    return estimate


def driving_s(distance_km: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the estimated duration by car of road distances in km, in seconds."""
    duration_s = np.full_like(distance_km, START_AND_PARK_S)
    ends_km = (*(start for start, _ in SPEED_BANDS_KM_H[1:]), np.inf)
    for (start_km, speed_km_h), end_km in zip(SPEED_BANDS_KM_H, ends_km, strict=True):
        duration_s += np.clip(distance_km - start_km, 0.0, end_km - start_km) * (3600.0 / speed_km_h)
    return duration_s


def _near_pairs(
    origins: Places, destinations: Places, first_row: int, max_km: float
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return origin rows, destination rows and metres of the pairs within reach."""
    distance_m = np.rint(road_km(origins, destinations) * 1000.0)
    near_origin, near_destination = np.nonzero(distance_m <= max_km * 1000.0)
    return (
        (near_origin + first_row).astype(np.int32),
        near_destination.astype(np.int32),
        distance_m[near_origin, near_destination].astype(np.int32),
    )


def _check(places: Places, name: str) -> None:
    if places.ndim != 2 or places.shape[1] != 2:
        raise InvalidInput(name, "une latitude et une longitude par ligne")
    wrong = ~(np.abs(places) <= (90.0, 180.0)).all(axis=1)  # NaN compares false, hence is wrong too
    if wrong.any():
        line = int(np.argmax(wrong)) + 1
        raise InvalidInput(f"{name}, ligne {line}", "une latitude (−90 à 90) et une longitude (−180 à 180)")
