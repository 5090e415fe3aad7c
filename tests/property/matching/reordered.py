"""The same territory, its rows in another order."""

from dataclasses import replace
from random import Random

import numpy as np

from matching import Instance


def reordered(instance: Instance, random: Random) -> Instance:
    rows, columns = np.arange(len(instance.patients)), np.arange(len(instance.practitioners))
    random.shuffle(rows)
    random.shuffle(columns)
    travel = instance.travel
    return replace(
        instance,
        patients=tuple(instance.patients[i] for i in rows),
        practitioners=tuple(instance.practitioners[j] for j in columns),
        travel=replace(
            travel,
            patient=np.argsort(rows)[travel.patient] if rows.size else travel.patient,
            practitioner=np.argsort(columns)[travel.practitioner] if columns.size else travel.practitioner,
        ),
        commitments=instance.commitments[::-1],
    )
