"""What each GP offers in each month."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import numpy.typing as npt

from matching.demography.events import Departure, Opening
from matching.errors import InvalidInstance
from matching.model import Instance, Practitioner
from matching.model_checks import repeated

Int64 = npt.NDArray[np.int64]


class Practices:
    """GPs of the instance, with the day they stop, and those who open."""

    def __init__(
        self,
        instance: Instance,
        departures: Sequence[Departure],
        openings: Sequence[Opening],
        places_per_month: Mapping[str, int],
    ) -> None:
        self._row = {gp.id: row for row, gp in enumerate(instance.practitioners)}
        _refuse_unknown(self._row, departures, openings, places_per_month)
        stops = {departure.practitioner_id: departure.on for departure in departures}
        present = [replace(gp, leaving_on=stops.get(gp.id, gp.leaving_on)) for gp in instance.practitioners]
        self.practitioners: list[Practitioner] = [*present, *(o.practitioner for o in openings)]
        self._openings = openings
        self._opens_on = [date.min] * len(present) + [o.on for o in openings]
        self._per_month = [places_per_month.get(gp.id, 0) for gp in present]
        self._per_month += [o.places_per_month for o in openings]

    def row(self, practitioner_id: str) -> int:
        """Return the row of a GP of the instance."""
        return self._row[practitioner_id]

    def copied(self) -> Iterator[tuple[int, int]]:
        """Yield the row of each practice that opens, and the row of the one it is like."""
        for number, opening in enumerate(self._openings):
            yield len(self._row) + number, self._row[opening.like]

    def first_places(self, on: date) -> Int64:
        """Return the places of the first run."""
        return np.array(
            [self._offer(row, on, gp.places) for row, gp in enumerate(self.practitioners)], np.int64
        )

    def next_places(self, left: Int64, before: date, on: date) -> Int64:
        """Return the places of a later run: what is left, plus the month's, plus those of who opened."""
        places = []
        for row, gp in enumerate(self.practitioners):
            opened = before < self._opens_on[row] <= on
            places.append(
                self._offer(row, on, gp.places if opened else int(left[row]) + self._per_month[row])
            )
        return np.array(places, np.int64)

    def _offer(self, row: int, on: date, places: int) -> int:
        """Return the places offered: none before the practice opens nor after it stops."""
        stops = self.practitioners[row].leaving_on
        return 0 if on < self._opens_on[row] or (stops is not None and on > stops) else places

    def offering(self, places: Int64) -> list[Practitioner]:
        """Return the GPs with places, their workload and tier-1 limits in proportion."""
        return [_with_places(self.practitioners[row], int(places[row])) for row in np.flatnonzero(places)]


def _with_places(gp: Practitioner, places: int) -> Practitioner:
    return replace(
        gp,
        places=places,
        workload=_scaled(gp.workload, gp.places, places),
        max_tier1=_scaled(gp.max_tier1, gp.places, places),
    )


def _scaled(limit: int | None, of: int, now: int) -> int | None:
    """Return a limit in proportion of the places, rounded up."""
    return limit if limit is None or not of else -(-limit * now // of)


def _refuse_unknown(
    known: Mapping[str, int],
    departures: Sequence[Departure],
    openings: Sequence[Opening],
    places_per_month: Mapping[str, int],
) -> None:
    named = [d.near for d in departures] + [o.like for o in openings] + list(places_per_month)
    problems = [f"projection : médecin {key} inconnu" for key in dict.fromkeys(named) if key not in known]
    opening = [o.practitioner.id for o in openings]
    problems += [f"projection : médecin {key} déjà présent" for key in opening if key in known]
    problems += repeated("médecin", opening)
    problems += [
        f"projection : {key}, un nombre de places ne peut pas être négatif"
        for key, number in places_per_month.items()
        if number < 0
    ]
    if problems:
        raise InvalidInstance(problems)
