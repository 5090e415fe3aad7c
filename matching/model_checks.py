"""What the constructors of the domain values refuse: pure functions that list what is wrong, in French."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from matching.errors import InvalidInstance

Int32 = npt.NDArray[np.int32]


class Pairs(Protocol):
    """Columns of travel pairs."""

    @property
    def patient(self) -> Int32:
        """Row of the patient of each pair."""

    @property
    def practitioner(self) -> Int32:
        """Row of the practitioner of each pair."""

    @property
    def distance_m(self) -> Int32:
        """Distance of each pair, in metres."""

    @property
    def duration_s(self) -> Int32:
        """Duration of each pair, in seconds."""


def int32_column(name: str, values: npt.ArrayLike) -> Int32:
    """Return a read-only int32 view or copy; a number that does not fit is refused, never wrapped."""
    array = np.asarray(values)
    limits = np.iinfo(np.int32)
    if array.size and (array.dtype.kind not in "iu" or array.max() > limits.max or array.min() < limits.min):
        raise InvalidInstance([f"trajets, colonne {name} : des entiers de 32 bits sont attendus"])
    column = np.ascontiguousarray(array, dtype=np.int32).view()
    column.setflags(write=False)
    return column


def repeated(word: str, ids: Sequence[str]) -> list[str]:
    """Return a sentence per id that occurs more than once."""
    return [f"{word} {key} : identifiant présent {n} fois" for key, n in Counter(ids).items() if n > 1]


def broken_commitments(committed: Sequence[str], patients: Sequence[str]) -> Iterator[str]:
    """Yield what is wrong with whom the commitments name."""
    known = frozenset(patients)
    for key, times in Counter(committed).items():
        if key not in known:
            yield f"engagement : patient {key} inconnu"
        if times > 1:
            yield f"engagement : patient {key} présent {times} fois"


def broken_travel(travel: Pairs, num_patients: int, num_practitioners: int) -> list[str]:
    """Return what is wrong with the pairs, the first offending row of each kind."""
    checks = {
        "patient inconnu": (travel.patient < 0) | (travel.patient >= num_patients),
        "médecin inconnu": (travel.practitioner < 0) | (travel.practitioner >= num_practitioners),
        "distance négative": travel.distance_m < 0,
        "durée négative": travel.duration_s < 0,
    }
    problems = [f"trajet {int(np.argmax(bad))} : {word}" for word, bad in checks.items() if bad.any()]
    pair = np.sort(travel.patient.astype(np.int64) * max(num_practitioners, 1) + travel.practitioner)
    if not problems and (pair[1:] == pair[:-1]).any():
        problems.append("trajets : un même couple patient-médecin est présent deux fois")
    return problems
