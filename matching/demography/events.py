"""What is expected: who leaves, who opens, who comes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from matching.errors import InvalidInstance
from matching.model import Instance, Practitioner, Tier
from matching.policy import Policy
from matching.priority import tier_of

_DAYS_PER_MONTH = 365.25 / 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A GP who stops.

    Parameters
    ----------
    on : date
        Last day of practice.
    panel : int
        Patients who lose their GP that day.
    tier_mix : tuple of three float
        Parts of tiers 1, 2, 3 in the panel; they sum to 1.
    share_signalled : float
        Part of the panel that comes to the waiting list, 0 to 1.
    like : str or None
        Id of a GP of the instance near whom the panel lives, for somebody who is not of the instance
        because they take nobody.
    """

    practitioner_id: str
    on: date
    panel: int
    tier_mix: tuple[float, float, float]
    share_signalled: float = 1.0
    like: str | None = None

    @property
    def near(self) -> str:
        """Id of the GP of the instance near whom the panel lives."""
        return self.like or self.practitioner_id

    def __post_init__(self) -> None:
        who = f"départ de {self.practitioner_id}"
        problems = []
        if self.panel < 0:
            problems.append(f"{who} : la patientèle ne peut pas être négative")
        if min(self.tier_mix) < 0 or abs(sum(self.tier_mix) - 1) > 1e-6:
            problems.append(f"{who} : les parts des priorités 1, 2, 3 doivent faire 1")
        if not 0 <= self.share_signalled <= 1:
            problems.append(f"{who} : la part signalée doit être comprise entre 0 et 1")
        if problems:
            raise InvalidInstance(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A GP who arrives.

    Parameters
    ----------
    practitioner : Practitioner
        What they accept; ``places`` are those of the first month.
    on : date
        First day of practice.
    like : str
        Id of a GP of the instance from whose practice travel is the same.
    places_per_month : int
        More places each following month, ≥ 0.
    """

    practitioner: Practitioner
    on: date
    like: str
    places_per_month: int = 0

    def __post_init__(self) -> None:
        if self.places_per_month < 0:
            who = f"arrivée de {self.practitioner.id}"
            raise InvalidInstance([f"{who} : le nombre de places par mois ne peut pas être négatif"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Inflow:
    """Households signalled per month, in the mean.

    Parameters
    ----------
    per_month : mapping of (str, int) to float
        By label (a commune, say) and tier of the most urgent member, ≥ 0.
    """

    per_month: Mapping[tuple[str, Tier], float]

    def __post_init__(self) -> None:
        if any(rate < 0 for rate in self.per_month.values()):
            raise InvalidInstance(["arrivées : un nombre par mois ne peut pas être négatif"])


def estimated_inflow(
    instance: Instance, policy: Policy, labels: Sequence[str], *, months: int = 12
) -> Inflow:
    """Return the arrivals of the last months as they show in the list.

    Those who came and were placed since are no longer there, so this is a lower estimate; give real
    counts to ``Inflow`` where they are known.

    Parameters
    ----------
    labels : sequence of str
        One per patient.
    months : int
        ≥ 1, counted back from the day of the instance.
    """
    if months < 1:
        raise InvalidInstance(["arrivées : au moins un mois est attendu"])
    arrivals: Counter[tuple[str, Tier]] = Counter()
    for rows in households(instance):
        first = min(rows, key=lambda row: _tier(instance, policy, row))
        waited = (instance.on - min(instance.patients[row].waiting_since for row in rows)).days
        if waited <= months * _DAYS_PER_MONTH:
            arrivals[labels[first], _tier(instance, policy, first)] += 1
    return Inflow(per_month={key: number / months for key, number in sorted(arrivals.items())})


def households(instance: Instance) -> list[list[int]]:
    """Return the rows of each household, somebody alone being one."""
    rows: dict[tuple[bool, str], list[int]] = {}
    for row, patient in enumerate(instance.patients):
        key = (True, patient.household) if patient.household is not None else (False, patient.id)
        rows.setdefault(key, []).append(row)
    return list(rows.values())


def _tier(instance: Instance, policy: Policy, row: int) -> Tier:
    patient = instance.patients[row]
    return tier_of(patient.needs, patient.age, policy.tiers)
