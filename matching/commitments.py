"""What stands from earlier: firm commitments that are kept, those that must be released and why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matching.eligibility import RULES, Eligibility, first_broken
from matching.model import Instance
from matching.policy import Policy
from matching.priority import Standing
from matching.workload import workload_units

Int64 = npt.NDArray[np.int64]

#: Why a commitment cannot be kept, besides the codes of the hard rules.
GONE, NO_TRAVEL, OVER_CAPACITY = "gone", "distance", "over_capacity"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Settled:
    """The commitments of an instance, judged.

    Parameters
    ----------
    firm : ndarray of int64, shape (num_patients,)
        Row of the practitioner whom each patient must be proposed to, -1 = none.
    earlier : ndarray of int64, shape (num_patients,)
        Row of the practitioner of an earlier proposal that is still possible, -1 = none.
    impossible : mapping of int to str
        Patient row -> why their commitment cannot be kept: the code of the hard rule that forbids it
        now, or ``gone`` (no such GP any more), ``over_capacity`` (firm ones only).
    """

    firm: Int64
    earlier: Int64
    impossible: Mapping[int, str]


def settle(instance: Instance, policy: Policy, judged: Eligibility, standings: Sequence[Standing]) -> Settled:
    """Judge each commitment by the hard rules; firm ones also by what the GPs can take.

    Where more firm commitments stand than a GP has room for, those of the best rank, then of the
    longest wait, are kept.
    """
    num = len(instance.patients)
    firm, earlier = np.full(num, -1, np.int64), np.full(num, -1, np.int64)
    impossible = {}
    rooms = [_Room(gp.places, gp.workload, gp.max_tier1) for gp in instance.practitioners]
    for row, practitioner, is_firm, broken in sorted(
        _judged(instance, judged),
        key=lambda c: (standings[c[0]].rank, -standings[c[0]].waited_days, instance.patients[c[0]].id),
    ):
        if broken is not None:
            impossible[row] = broken
        elif not is_firm:
            earlier[row] = practitioner
        else:
            patient = instance.patients[row]
            units = workload_units(patient.needs, patient.age, policy.workload)
            if rooms[practitioner].take(units, is_tier1=standings[row].tier == 1):
                firm[row] = practitioner
            else:
                impossible[row] = OVER_CAPACITY
    return Settled(firm=firm, earlier=earlier, impossible=impossible)


class _Room:
    """What a GP can still take."""

    def __init__(self, places: int, workload: int | None, tier1: int | None) -> None:
        self._left = [float("inf") if limit is None else limit for limit in (places, workload, tier1)]

    def take(self, units: int, *, is_tier1: bool) -> bool:
        """Take a patient if there is room for them."""
        left = [have - need for have, need in zip(self._left, (1, units, int(is_tier1)), strict=True)]
        if min(left) < 0:
            return False
        self._left = left
        return True


def _judged(instance: Instance, judged: Eligibility) -> Iterator[tuple[int, int, bool, str | None]]:
    """Yield patient row, practitioner row, firmness of each commitment, and the rule that forbids it."""
    rows = {p.id: i for i, p in enumerate(instance.patients)}
    columns = {p.id: j for j, p in enumerate(instance.practitioners)}
    committed = [(rows[c.patient_id], columns.get(c.practitioner_id, -1)) for c in instance.commitments]
    verdict = _verdicts(instance, judged, committed)
    for commitment, (row, column) in zip(instance.commitments, committed, strict=True):
        broken = GONE if column < 0 else verdict.get((row, column), NO_TRAVEL)
        yield row, column, commitment.firm, broken


def _verdicts(
    instance: Instance, judged: Eligibility, wanted: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], str | None]:
    """Return for each wanted pair in reach the first rule that excludes it, a lack of places apart."""
    num = max(len(instance.practitioners), 1)
    patient = instance.travel.patient[judged.pair].astype(np.int64)
    practitioner = instance.travel.practitioner[judged.pair].astype(np.int64)
    here = np.flatnonzero(
        np.isin(patient * num + practitioner, np.array([i * num + j for i, j in wanted], np.int64))
    )
    rules = first_broken(judged.broken[here]).tolist()
    found = zip(patient[here].tolist(), practitioner[here].tolist(), rules, strict=True)
    codes = [rule.code for rule in RULES]
    return {(i, j): None if rule < 0 or codes[rule] == "no_places" else codes[rule] for i, j, rule in found}
