"""The GPs around one patient: how far, which rules exclude them, what they would cost."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matching.candidates import travel_tenths
from matching.eligibility import RULES, Pairs
from matching.what_if import Case
from matching.wishes import WISHES, penalties

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One GP as seen from one patient.

    Parameters
    ----------
    practitioner : int
        Row in the instance.
    rules : tuple of str
        Codes of the hard rules that exclude the pair, in the order of ``RULES``.
    cost : int
        Travel and unmet wishes, in tenths of a minute.
    met, unmet : tuple of str
        Codes of wishes.
    """

    practitioner: int
    distance_m: int
    duration_s: int
    rules: tuple[str, ...]
    cost: int
    met: tuple[str, ...]
    unmet: tuple[str, ...]

    @property
    def in_reach(self) -> bool:
        """Whether the patient may be sent so far."""
        return RULES[0].code not in self.rules

    @property
    def is_possible(self) -> bool:
        """Whether nothing but missing places stands against it."""
        return not set(self.rules) - {"no_places"}


class Options:
    """Looks up the options of patients; turns the instance into columns once."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._pairs = Pairs.of(case.instance, case.policy)

    def of(self, row: int) -> list[Option]:
        """Return the GPs with a known journey from a patient, nearest first."""
        travel = self._case.instance.travel
        rows = np.flatnonzero(travel.patient == row)
        rows = rows[np.lexsort((travel.practitioner[rows], travel.distance_m[rows]))]
        return self._read(rows)

    def to(self, row: int, practitioner: int) -> Option | None:
        """Return one GP as seen from a patient, None when no journey is known."""
        travel = self._case.instance.travel
        found = self._read(np.flatnonzero((travel.patient == row) & (travel.practitioner == practitioner)))
        return found[0] if found else None

    def _read(self, rows: Int64) -> list[Option]:
        travel, here = self._case.instance.travel, self._pairs.take(rows)
        broken = [(rule.code, (~rule.allows(here)).tolist()) for rule in RULES]
        wishes = [(wish.code, *wish.test(here)) for wish in WISHES]
        cost = travel_tenths(travel.duration_s[rows]) + penalties(here, self._case.policy.weights)
        return [
            Option(
                practitioner=int(travel.practitioner[pair]),
                distance_m=int(travel.distance_m[pair]),
                duration_s=int(travel.duration_s[pair]),
                rules=tuple(code for code, breaks in broken if breaks[i]),
                cost=int(cost[i]),
                met=tuple(code for code, stated, met in wishes if stated[i] and met[i]),
                unmet=tuple(code for code, stated, met in wishes if stated[i] and not met[i]),
            )
            for i, pair in enumerate(rows.tolist())
        ]
