"""The soft preferences: what an unmet wish costs, in tenths of a minute; it never excludes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matching.columns import Bools
from matching.eligibility import Pairs
from matching.policy import SoftWeights

Int64 = npt.NDArray[np.int64]


def shared_language(pairs: Pairs) -> tuple[Bools, Bools]:
    """Wish for a GP who speaks one of the patient's languages; every GP speaks French."""
    spoken = pairs.patients.languages[pairs.patient]
    shared = spoken & pairs.practitioners.languages[pairs.practitioner]
    return np.any(spoken, axis=1), np.any(shared, axis=1)


def wished_gender(pairs: Pairs) -> tuple[Bools, Bools]:
    """Wish for a GP of a gender; a gender not stated does not meet it."""
    wished = pairs.patients.gender[pairs.patient]
    return wished > 0, wished == pairs.practitioners.gender[pairs.practitioner]


def known_practitioner(pairs: Pairs) -> tuple[Bools, Bools]:
    """Wish for the GP the patient already sees."""
    known = pairs.patients.known[pairs.patient]
    return known != -1, known == pairs.practitioner


def household_practitioner(pairs: Pairs) -> tuple[Bools, Bools]:
    """Wish for a GP who already follows somebody of the household."""
    num = pairs.practitioners.places.size
    pair = pairs.patient.astype(np.int64) * num + pairs.practitioner
    return pairs.patients.household_followed[pairs.patient], np.isin(pair, pairs.patients.household_pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A soft preference: its code, its test (stated, met), its weight and its French name."""

    code: str
    test: Callable[[Pairs], tuple[Bools, Bools]]
    weight: Callable[[SoftWeights], int]
    name: str


WISHES = (
    Wish(code="language", test=shared_language, weight=lambda w: w.language_tenths, name="langue parlée"),
    Wish(code="gender", test=wished_gender, weight=lambda w: w.gender_tenths, name="genre du médecin"),
    Wish(
        code="known_practitioner",
        test=known_practitioner,
        weight=lambda w: w.known_practitioner_tenths,
        name="médecin déjà consulté",
    ),
    Wish(
        code="household_followed",
        test=household_practitioner,
        weight=lambda w: w.household_followed_tenths,
        name="médecin du foyer",
    ),
)


def largest_penalty(weights: SoftWeights) -> int:
    """Return what a pair that meets no wish at all would cost."""
    return sum(wish.weight(weights) for wish in WISHES)


def penalties(pairs: Pairs, weights: SoftWeights) -> Int64:
    """Return the total penalty of each pair, in tenths of a minute, ≥ 0."""
    total = np.zeros(pairs.patient.size, np.int64)
    for wish in WISHES:
        stated, met = wish.test(pairs)
        total += (stated & ~met) * np.int64(wish.weight(weights))
    return total
