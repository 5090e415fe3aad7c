"""One solution laid out for the judge: who is where, which commitments were kept, who forms a group."""

from collections.abc import Iterable
from functools import cached_property

import numpy as np

from matching.model import Commitment, Instance, Match, Patient, Practitioner, Solution
from matching.policy import Policy
from matching.verify.households import Unit, bound_together, groups_of, households_of
from matching.verify.rules import broken_rules


class Case:
    """An instance, a policy and the solution to judge, with look-ups."""

    def __init__(self, instance: Instance, policy: Policy, solution: Solution) -> None:
        self.instance, self.policy, self.solution = instance, policy, solution
        self.patients = {p.id: p for p in instance.patients}
        self.practitioners = {p.id: p for p in instance.practitioners}
        self.commitments = {c.patient_id: c for c in instance.commitments}
        self.placed = {m.patient_id: m.practitioner_id for m in solution.matches}
        proposed = [(m.patient_id, m.practitioner_id) for m in solution.matches if m.practitioner_id]
        committed = [(c.patient_id, c.practitioner_id) for c in instance.commitments]
        self.travel = _travel_of(instance, {*proposed, *committed})

    def sound_matches(self) -> Iterable[tuple[Patient, Practitioner, Match]]:
        """Yield the proposals to a known GP over a known journey."""
        for match in self.solution.matches:
            practitioner = self.practitioners.get(match.practitioner_id or "")
            if practitioner is not None and (match.patient_id, practitioner.id) in self.travel:
                yield self.patients[match.patient_id], practitioner, match

    def forbidding(self, commitment: Commitment) -> set[str]:
        """Return why a commitment can no longer be kept: codes of rules, a lack of places apart."""
        practitioner = self.practitioners.get(commitment.practitioner_id)
        if practitioner is None:
            return {"gone"}
        journey = self.travel.get((commitment.patient_id, practitioner.id))
        if journey is None:
            return {"distance"}
        patient = self.patients[commitment.patient_id]
        broken = broken_rules(patient, practitioner, journey[0], self.instance, self.policy)
        return set(broken) - {"no_places"}

    @cached_property
    def announced(self) -> dict[str, str]:
        """GP of each firm commitment that was kept, by patient id."""
        return {
            c.patient_id: c.practitioner_id
            for c in self.instance.commitments
            if c.firm and self.placed.get(c.patient_id) == c.practitioner_id
        }

    @cached_property
    def units(self) -> list[Unit]:
        """The sets of patients that must be together."""
        return [
            unit
            for home in households_of(self.instance)
            for unit in bound_together(home, self.instance, self.policy)
        ]

    @cached_property
    def homes(self) -> list[list[Unit]]:
        """Each household of several, as the groups that were placed as one."""
        return [
            groups_of(home, bound_together(home, self.instance, self.policy), self.announced)
            for home in households_of(self.instance)
        ]

    @cached_property
    def groups(self) -> list[Unit]:
        """All groups, single patients included."""
        several = [group for home in self.homes for group in home]
        known = {p.id for group in several for p in group}
        return several + [(p,) for p in self.instance.patients if p.id not in known]


def _travel_of(instance: Instance, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], tuple[int, int]]:
    """Return distance and duration of the wanted (patient, GP) pairs that the instance knows."""
    rows = {p.id: i for i, p in enumerate(instance.patients)}
    columns = {p.id: j for j, p in enumerate(instance.practitioners)}
    num = max(len(columns), 1)
    key = {rows[p] * num + columns[d]: (p, d) for p, d in wanted if d in columns}
    travel = instance.travel
    pair = travel.patient.astype(np.int64) * num + travel.practitioner
    here = np.flatnonzero(np.isin(pair, np.array(list(key), np.int64))).tolist()
    return {key[int(pair[i])]: (int(travel.distance_m[i]), int(travel.duration_s[i])) for i in here}
