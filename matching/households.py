"""Who is placed together: households become groups that get one GP or none, and pairs that would like to.

Bound together, when the policy says ``minors_and_asked``:

- all minors of a household (age known, under 18) and one adult: somebody whose age exceeds the youngest
  minor's by 15 to 55 years, one who asks for it first, then the best rank, the longest wait, the id. Without
  such an adult the minors are together;
- those who ask (``Patient.together``), with each other. Nobody is bound to somebody who did not ask, so one
  person who asks alone is bound to nobody, unless as the adult of the minors;
- both sets become one when somebody is in both.

With ``all``, everybody of a household. Patients who did not consent are bound to nobody.

A firm commitment goes before the household: whoever has one is alone in their group, and those bound to
them may only go where a firm one of them goes, or nowhere.

Every two groups of a household with ``n ≥ 2`` groups earn ``2 * bonus_tenths // n`` at the same GP:
``bonus_tenths`` for two groups, and ``n - 1`` times that, in all, when the whole household is together.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from matching.model import Instance, Patient
from matching.policy import HouseholdRules
from matching.priority import Standing

Int64 = npt.NDArray[np.int64]

MAJORITY_YEARS = 18
#: Least and most years between a parent and the youngest minor.
PARENT_YEARS = (15, 55)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grouping:
    """Patients as groups that are placed together or not at all.

    Parameters
    ----------
    members : tuple of tuple of int
        Rows of the patients of each group, by id; groups by their first id.
    group : ndarray of int64, shape (num_patients,)
        Group of each patient.
    only : mapping of int to frozenset of int
        Groups that may only go to some practitioners, as rows: those of firm commitments, and whom is
        bound to one of these.
    pairs : tuple of (int, int, int)
        Two groups of a household, and what being at one GP earns them, in tenths of a minute.
    lonely : tuple of int
        Rows of patients who ask to be together but are bound to nobody.
    """

    members: tuple[tuple[int, ...], ...]
    group: Int64
    only: Mapping[int, frozenset[int]]
    pairs: tuple[tuple[int, int, int], ...]
    lonely: tuple[int, ...]

    def sizes(self) -> Int64:
        """Return the number of members of each group."""
        return np.array([len(members) for members in self.members], np.int64)

    def sums(self, of_patient: npt.ArrayLike) -> Int64:
        """Return per group the sum of a number of each member."""
        total = np.zeros(len(self.members), np.int64)
        np.add.at(total, self.group, np.asarray(of_patient, np.int64))
        return total


def grouping(
    instance: Instance, rules: HouseholdRules, standings: Sequence[Standing], firm: Int64
) -> Grouping:
    """Return who is placed with whom.

    Parameters
    ----------
    firm : ndarray of int64, shape (num_patients,)
        Row of the practitioner of each kept firm commitment, -1 = none.
    """
    households = _households(instance)
    bound = [
        unit
        for rows in households
        for unit in ([frozenset(rows)] if rules.together == "all" else _bound(instance, rows, standings))
    ]
    only: dict[tuple[int, ...], frozenset[int]] = {}
    together: set[int] = set()
    for unit in bound:
        free = tuple(row for row in sorted(unit, key=lambda r: instance.patients[r].id) if firm[row] < 0)
        if free:
            together.update(free)
            only[free] = frozenset(int(firm[row]) for row in unit if firm[row] >= 0)
    alone = [(row,) for row in range(len(instance.patients)) if row not in together]
    only.update({(row,): frozenset((int(firm[row]),)) for row in np.flatnonzero(firm >= 0).tolist()})
    members = sorted({*only, *alone}, key=lambda rows: instance.patients[rows[0]].id)
    group = np.zeros(len(instance.patients), np.int64)
    for number, rows in enumerate(members):
        group[list(rows)] = number
    asked = [row for row, p in enumerate(instance.patients) if p.together and p.consent]
    return Grouping(
        members=tuple(members),
        group=group,
        only={number: only[rows] for number, rows in enumerate(members) if only.get(rows)},
        pairs=tuple(_pairs(households, group, rules.bonus_tenths)),
        lonely=tuple(row for row in asked if not any(row in unit and len(unit) > 1 for unit in bound)),
    )


def _households(instance: Instance) -> list[list[int]]:
    """Return the rows of those who consented, per household of several, by id."""
    by_key: dict[str, list[int]] = {}
    for row, patient in enumerate(instance.patients):
        if patient.household is not None and patient.consent:
            by_key.setdefault(patient.household, []).append(row)
    ids = [p.id for p in instance.patients]
    return [sorted(rows, key=ids.__getitem__) for rows in by_key.values() if len(rows) > 1]


def _bound(instance: Instance, rows: Sequence[int], standings: Sequence[Standing]) -> list[frozenset[int]]:
    """Return the sets of a household that are bound together, by the rule above."""
    patients = instance.patients
    family = {row for row in rows if _is_minor(patients[row])}
    if family:
        adults = [
            row for row in rows if _may_be_parent(patients[row], min(_age(patients[r]) for r in family))
        ]
        adults.sort(
            key=lambda r: (
                not patients[r].together,
                standings[r].rank,
                -standings[r].waited_days,
                patients[r].id,
            )
        )
        family.update(adults[:1])
    asking = {row for row in rows if patients[row].together}
    if family & asking:
        return [frozenset(family | asking)]
    return [frozenset(unit) for unit in (family, asking) if unit]


def _is_minor(patient: Patient) -> bool:
    return patient.age is not None and patient.age < MAJORITY_YEARS


def _may_be_parent(patient: Patient, youngest: int) -> bool:
    if patient.age is None or patient.age < MAJORITY_YEARS:
        return False
    return PARENT_YEARS[0] <= patient.age - youngest <= PARENT_YEARS[1]


def _age(patient: Patient) -> int:
    return 0 if patient.age is None else patient.age


def _pairs(
    households: Sequence[Sequence[int]], group: Int64, bonus_tenths: int
) -> Iterator[tuple[int, int, int]]:
    for rows in households:
        groups = sorted({int(group[row]) for row in rows})
        bonus = 2 * bonus_tenths // len(groups)
        if bonus:
            for first, second in combinations(groups, 2):
                yield first, second, bonus
