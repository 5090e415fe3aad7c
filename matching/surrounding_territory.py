"""A few GPs and everybody who competes for their places: a small instance that can be solved at once.

Where loads or households make the whole slow to solve again, a change at one GP is looked at among the
GPs with whom they share most patients; everybody else stays where they are.
"""

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from matching.candidates import Candidates
from matching.model import Instance, Travel

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

#: GPs looked at together.
MOST_GPS = 10


def neighbours(found: Candidates, practitioner: Int64, focus: Collection[int]) -> Int64:
    """Return the rows of some GPs and of those who could follow most of the same patients.

    Parameters
    ----------
    practitioner : ndarray of int64, shape (num_patients,)
        Present GP of each patient, -1 = none.
    focus : collection of int
        Rows of the GPs where something changes; all of them are kept.
    """
    wanted = np.zeros(found.practitioner.size, bool)
    wanted[list(focus)] = True
    pair = found.judged.allowed()
    patient, gp = found.pairs.patient[pair], found.pairs.practitioner[pair]
    near = np.zeros(practitioner.size, bool)
    near[patient[wanted[gp]]] = True
    shared = np.bincount(gp[near[patient] & (practitioner[patient] == gp)], minlength=wanted.size)
    order = np.lexsort((np.arange(wanted.size), -shared, ~wanted))
    return np.sort(order[: max(MOST_GPS, int(wanted.sum()))])


def competitors(found: Candidates, practitioner: Int64, gps: Int64, always: Collection[int]) -> Bools:
    """Tell who is at one of some GPs, or at none and could be; those placed together stay together."""
    inside = np.zeros(found.practitioner.size, bool)
    inside[gps] = True
    pair = found.judged.allowed()
    reaches = np.zeros(practitioner.size, bool)
    reaches[found.pairs.patient[pair][inside[found.pairs.practitioner[pair]]]] = True
    concerned = np.where(practitioner >= 0, inside[practitioner], reaches)
    concerned[list(always)] = True
    with_group = np.zeros(len(found.grouping.members), bool)
    with_group[found.grouping.group[concerned]] = True
    chosen: Bools = with_group[found.grouping.group]
    return chosen


def part_of(instance: Instance, patients: Bools, gps: Int64) -> Instance:
    """Return the instance of some patients and some GPs only."""
    travel = instance.travel
    row, column = np.cumsum(patients) - 1, np.full(len(instance.practitioners), -1, np.int64)
    column[gps] = np.arange(gps.size)
    kept = patients[travel.patient] & (column[travel.practitioner] >= 0)
    rows = np.flatnonzero(patients).tolist()
    ids = {instance.patients[i].id for i in rows}
    return Instance(
        patients=tuple(instance.patients[i] for i in rows),
        practitioners=tuple(instance.practitioners[j] for j in gps.tolist()),
        travel=Travel(
            patient=row[travel.patient[kept]].astype(np.int32),
            practitioner=column[travel.practitioner[kept]].astype(np.int32),
            distance_m=travel.distance_m[kept],
            duration_s=travel.duration_s[kept],
        ),
        on=instance.on,
        commitments=tuple(c for c in instance.commitments if c.patient_id in ids),
    )
