"""Who waits in one scenario: copies of the people on the list, with the journeys of those they copy."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import numpy.typing as npt

from matching.demography.events import Departure, Inflow, households
from matching.demography.practices import Practices
from matching.errors import InvalidInstance
from matching.model import Instance, Patient, Travel
from matching.policy import Policy
from matching.priority import tier_of

Int64 = npt.NDArray[np.int64]


class Templates:
    """The people on the list as models of those to come."""

    def __init__(
        self, instance: Instance, policy: Policy, labels: Sequence[str], practices: Practices
    ) -> None:
        self.patients = instance.patients
        self.labels = tuple(sorted(set(labels)))
        number = {label: i for i, label in enumerate(self.labels)}
        self.label = np.array([number[label] for label in labels], np.int64)
        self.tier = np.array([tier_of(p.needs, p.age, policy.tiers) - 1 for p in self.patients], np.int64)
        self._members = households(instance)
        self._first = np.array([min(rows, key=self.tier.__getitem__) for rows in self._members], np.int64)
        self._journeys = _Journeys(instance, practices)
        self._reach_m = policy.reach.max_km * 1000

    def of_inflow(self, inflow: Inflow, random: np.random.Generator) -> list[list[int]]:
        """Draw a month of households: rows of the people each one copies."""
        drawn = []
        for (label, tier), rate in sorted(inflow.per_month.items()):
            like = np.flatnonzero(self._kind(label, tier))
            if not like.size and rate > 0:
                raise _nobody_like(f"arrivées, {label}", tier)
            drawn += [self._members[which] for which in _some(like, int(random.poisson(rate)), random)]
        return drawn

    def of_panel(
        self, departure: Departure, practitioner: int, random: np.random.Generator
    ) -> list[list[int]]:
        """Draw the patients whom a GP leaves without one: alone, and from those who live in reach."""
        near = self._journeys.patients_near(practitioner, self._reach_m)
        joining = int(random.binomial(departure.panel, departure.share_signalled))
        per_tier = random.multinomial(joining, departure.tier_mix)
        drawn: list[list[int]] = []
        for tier, number in enumerate(per_tier.tolist()):
            like = near[self.tier[near] == tier]
            if number and not like.size:
                raise _nobody_like(f"départ de {departure.practitioner_id}", tier + 1)
            drawn += [[row] for row in _some(like, number, random)]
        return drawn

    def travel(self, templates: Int64, column: Int64) -> Travel:
        """Return the journeys of people who copy ``templates``; ``column`` renumbers GPs, -1 = left out."""
        return self._journeys.of(templates, column)

    def _kind(self, label: str, tier: int) -> npt.NDArray[np.bool_]:
        if label not in self.labels:
            raise InvalidInstance([f"arrivées : {label} n'est l'étiquette de personne"])
        same: npt.NDArray[np.bool_] = (self.label[self._first] == self.labels.index(label)) & (
            self.tier[self._first] == tier - 1
        )
        return same


def _some(like: Int64, number: int, random: np.random.Generator) -> list[int]:
    """Draw from some rows, the same one more than once if it comes so."""
    drawn: list[int] = random.choice(like, number).tolist() if number else []
    return drawn


def _nobody_like(event: str, tier: int) -> InvalidInstance:
    return InvalidInstance([f"{event} : personne de priorité {tier} à imiter sur la liste"])


class _Journeys:
    """Travel by patient, those to practices that open copied from the practice they are like."""

    def __init__(self, instance: Instance, practices: Practices) -> None:
        travel = instance.travel
        rows, columns = [np.arange(travel.num_pairs)], [travel.practitioner.astype(np.int64)]
        for new, like in practices.copied():
            copied = np.flatnonzero(travel.practitioner == like)
            rows.append(copied)
            columns.append(np.full(copied.size, new, np.int64))
        row = np.concatenate(rows)
        order = np.argsort(travel.patient[row], kind="stable")
        self._row, self._column = row[order], np.concatenate(columns)[order]
        self._patient: Int64 = travel.patient[self._row].astype(np.int64)
        self._start = np.searchsorted(self._patient, np.arange(len(instance.patients) + 1))
        self._distance_m, self._duration_s = travel.distance_m[self._row], travel.duration_s[self._row]

    def patients_near(self, practitioner: int, reach_m: float) -> Int64:
        """Return the patients who live within reach of a practice."""
        near: Int64 = self._patient[(self._column == practitioner) & (self._distance_m <= reach_m)]
        return near

    def of(self, templates: Int64, column: Int64) -> Travel:
        start, number = self._start[templates], np.diff(self._start)[templates]
        patient = np.repeat(np.arange(templates.size), number)
        begins = np.cumsum(number) - number
        pair = np.arange(int(number.sum())) + np.repeat(start - begins, number)
        practitioner = column[self._column[pair]]
        kept = practitioner >= 0
        return Travel(
            patient=patient[kept],
            practitioner=practitioner[kept],
            distance_m=self._distance_m[pair[kept]],
            duration_s=self._duration_s[pair[kept]],
        )


class Waiting:
    """The list of one scenario; it changes from month to month."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates
        self.patients: list[Patient] = list(templates.patients)
        self.template = np.arange(len(self.patients), dtype=np.int64)
        self._next = 0

    def copy(self) -> "Waiting":
        """Return the same list, for another scenario to change."""
        other = Waiting(self._templates)
        other.patients, other.template, other._next = list(self.patients), self.template, self._next
        return other

    def add(self, households: Sequence[Sequence[int]], since: date) -> Int64:
        """Put copies of households on the list; return the templates of those who came."""
        for rows in households:
            self._next += 1
            household = f"venus-{self._next}" if len(rows) > 1 else None
            self.patients += [
                replace(
                    self._templates.patients[row],
                    id=f"venu-{self._next}-{member}",
                    household=household,
                    waiting_since=since,
                )
                for member, row in enumerate(rows)
            ]
        came = np.array([row for rows in households for row in rows], np.int64)
        self.template = np.concatenate([self.template, came])
        return came

    def remove(self, placed: npt.NDArray[np.bool_]) -> None:
        """Take those who were placed off the list."""
        self.patients = [p for p, gone in zip(self.patients, placed.tolist(), strict=True) if not gone]
        self.template = self.template[~placed]
