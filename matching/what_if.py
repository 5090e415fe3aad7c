"""The same run again with something changed: how the claims of the explanations are checked."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from matching.attach import prepare
from matching.candidates import LAST_RANK, Candidates
from matching.errors import InvalidInstance
from matching.model import Commitment, Instance, Match, Practitioner, Solution
from matching.outcome import Outcome, Rerun, outcome_of, solved
from matching.policy import Policy
from matching.surrounding_territory import competitors, neighbours, part_of
from matching.workload import workload_units

#: Of one solve around a change where loads are general, in seconds; unit loads need none.
TIME_BOX_S = 0.6

Int64 = npt.NDArray[np.int64]


class Case:
    """A run and its outcome, and the ways to run it again.

    Parameters
    ----------
    time_box_s : float
        Limit of each re-solve where ``solution`` has no exact prices (loads, households).

    Raises
    ------
    InvalidInstance
        When the solution is of other patients.
    """

    def __init__(
        self, instance: Instance, policy: Policy, solution: Solution, *, time_box_s: float = TIME_BOX_S
    ) -> None:
        self.instance, self.policy, self.solution = instance, policy, solution
        self._time_box_s = time_box_s
        self._row = {p.id: row for row, p in enumerate(instance.patients)}
        self._practitioner = {p.id: row for row, p in enumerate(instance.practitioners)}
        if [m.patient_id for m in solution.matches] != list(self._row):
            raise InvalidInstance(["cette répartition n'est pas celle de ces patients"])

    @property
    def is_exact(self) -> bool:
        """Whether prices are exact, hence every re-solve is a proof."""
        return self.solution.place_price is not None

    @property
    def tries(self) -> int:
        """How many re-solves an answer within five seconds can afford."""
        if self.is_exact:
            return 10
        return 3

    def row(self, patient_id: str) -> int:
        """Return the row of a patient; ``InvalidInstance`` when there is none."""
        return _known(self._row, patient_id, "patient")

    def practitioner_row(self, practitioner_id: str) -> int:
        """Return the row of a practitioner; ``InvalidInstance`` when there is none."""
        return _known(self._practitioner, practitioner_id, "médecin")

    def match(self, row: int) -> Match:
        """Return what was decided for a patient."""
        return self.solution.matches[row]

    def name(self, practitioner: int) -> str:
        """Return how to call a practitioner in a sentence."""
        gp = self.instance.practitioners[practitioner]
        return gp.name or f"médecin {gp.id}"

    @cached_property
    def holders(self) -> list[list[Match]]:
        """Matches of each practitioner, by tier and then by wait."""
        held: list[list[Match]] = [[] for _ in self.instance.practitioners]
        for match in self.solution.matches:
            if match.practitioner_id is not None:
                held[self._practitioner[match.practitioner_id]].append(match)
        return [sorted(matches, key=lambda m: (m.tier, -m.waited_days)) for matches in held]

    @cached_property
    def units(self) -> list[int]:
        """Units of workload of each patient."""
        rules = self.policy.workload
        return [workload_units(p.needs, p.age, rules) for p in self.instance.patients]

    def load_of(self, practitioner: int) -> int:
        """Return the units of workload proposed to a practitioner."""
        return sum(self.units[self._row[m.patient_id]] for m in self.holders[practitioner])

    @cached_property
    def _promised(self) -> dict[str, str]:
        """Practitioner of each patient whose proposal was announced."""
        return {c.patient_id: c.practitioner_id for c in self.instance.commitments if c.firm}

    def is_pinned(self, row: int) -> bool:
        """Tell whether a patient's proposal was announced before the run, and kept."""
        match = self.match(row)
        return (
            match.practitioner_id is not None
            and self._promised.get(match.patient_id) == match.practitioner_id
        )

    def is_held(self, practitioner: int, rows: Collection[int]) -> bool:
        """Tell whether proposals announced before leave a practitioner no room for these patients."""
        ids = {self.instance.patients[row].id for row in rows}
        held = sum(
            self._promised.get(m.patient_id) == m.practitioner_id and m.patient_id not in ids
            for m in self.holders[practitioner]
        )
        return held + len(rows) > self.most_offers(practitioner) > 0 and held > 0

    def price(self, practitioner: int) -> int:
        """Return what one more place is worth, exactly or about; 0 where nothing is known."""
        prices = self.solution.place_price or self.solution.relaxed_price
        return prices[practitioner] if prices else 0

    def is_reserved(self, row: int, practitioner: int) -> bool:
        """Tell whether a patient of the last rank must outbid needier arrivals at a practitioner."""
        reserve = self.solution.reserve_price
        return reserve is not None and reserve[practitioner] > 0 and self.match(row).rank == LAST_RANK

    def most_offers(self, practitioner: int) -> int:
        """Return how many patients may be proposed to a practitioner in one run."""
        places, at_once = self.instance.practitioners[practitioner].places, self.policy.offers.at_once
        return min(places, at_once) if at_once else places

    @cached_property
    def found(self) -> Candidates:
        """The problem of the run: standings, who is placed with whom, commitments."""
        return prepare(self.instance, self.policy)

    def bound_to(self, row: int) -> tuple[int, ...]:
        """Return the patients placed together with one or not at all, themselves included."""
        grouping = self.found.grouping
        return grouping.members[int(grouping.group[row])]

    def others_at_home(self, row: int) -> list[int]:
        """Return the other patients of the household."""
        key = self.instance.patients[row].household
        return [] if key is None else [other for other in self._homes[key] if other != row]

    @cached_property
    def _homes(self) -> dict[str, list[int]]:
        homes: dict[str, list[int]] = {}
        for row, patient in enumerate(self.instance.patients):
            if patient.household is not None:
                homes.setdefault(patient.household, []).append(row)
        return homes

    def only_at(self, row: int) -> frozenset[int] | None:
        """Return the GPs to whom an announced proposal of the household ties a patient; None = any."""
        grouping = self.found.grouping
        return grouping.only.get(int(grouping.group[row]))

    @cached_property
    def before(self) -> Outcome:
        """The present solution."""
        return outcome_of(self.solution)

    def again(self, instance: Instance, focus: Collection[int], about: Collection[int] = ()) -> Rerun:
        """Solve a changed instance.

        Unit loads are solved anew, which is exact. Others around the GPs concerned only, with the change
        and without, each in a box of time; whoever is not concerned stays.

        Parameters
        ----------
        focus : collection of int
            Rows of the practitioners where something changes.
        about : collection of int
            Rows of the patients where something changes.
        """
        if self.is_exact:
            return Rerun(before=self.before, after=solved(instance, self.policy), is_whole=True)
        here = {int(self._where[row]) for row in about} - {-1}
        gps = neighbours(self.found, self._where, {*focus, *here})
        patients = competitors(self.found, self._where, gps, about)
        parts = [part_of(whole, patients, gps) for whole in (self.instance, instance)]
        before, after = (solved(part, self.policy, self._time_box_s) for part in parts)
        return Rerun(before=before, after=after, is_whole=False)

    @cached_property
    def _where(self) -> Int64:
        """Row of each patient's practitioner, -1 = none."""
        gps = [match.practitioner_id for match in self.solution.matches]
        return np.array([-1 if gp is None else self._practitioner[gp] for gp in gps], np.int64)

    def with_practitioner(self, practitioner: int, **changes: object) -> Instance:
        """Return the instance with one practitioner changed."""
        gps = list(self.instance.practitioners)
        gps[practitioner] = replace(gps[practitioner], **changes)  # type: ignore[arg-type]
        return replace(self.instance, practitioners=tuple(gps))

    def with_patients(self, rows: Collection[int], **changes: object) -> Instance:
        """Return the instance with some patients changed."""
        patients = list(self.instance.patients)
        for row in rows:
            patients[row] = replace(patients[row], **changes)  # type: ignore[arg-type]
        return replace(self.instance, patients=tuple(patients))

    def with_places(self, extra: Mapping[int, int]) -> Instance:
        """Return the instance with more (or fewer) places, by row of the practitioner."""
        return replace(
            self.instance,
            practitioners=tuple(
                with_more_places(gp, extra[row]) if row in extra else gp
                for row, gp in enumerate(self.instance.practitioners)
            ),
        )

    def with_pins(self, rows: Collection[int], practitioner: int) -> Instance:
        """Return the instance in which these patients must be proposed to this practitioner."""
        ids = {self.instance.patients[row].id for row in rows}
        key = self.instance.practitioners[practitioner].id
        pins = [Commitment(patient_id=one, practitioner_id=key, firm=True) for one in sorted(ids)]
        others = [c for c in self.instance.commitments if c.patient_id not in ids]
        return replace(self.instance, commitments=(*others, *pins))


def with_more_places(practitioner: Practitioner, extra: int) -> Practitioner:
    """Return the GP with ``extra`` places; a limited workload grows by the mean of a place, rounded up."""
    places = max(practitioner.places + extra, 0)
    workload = practitioner.workload
    if workload is not None:
        each = -(-workload // practitioner.places) if practitioner.places else 1
        workload = max(workload + each * extra, 0)
    return replace(practitioner, places=places, workload=workload)


def _known(rows: Mapping[str, int], key: str, word: str) -> int:
    if key not in rows:
        raise InvalidInstance([f"{word} {key} : absent de cette liste"])
    return rows[key]
