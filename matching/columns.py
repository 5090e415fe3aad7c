"""The instance turned on its side: one array per attribute, so that rules look at all pairs at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matching.model import Instance, Patient
from matching.policy import ReachRules

Bools = npt.NDArray[np.bool_]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt64 = npt.NDArray[np.uint64]

#: Stands for "no limit" in metres, years and days; nothing on Earth reaches it.
NO_LIMIT = 2**31 - 1
_GENDERS = {None: 0, "f": 1, "m": 2}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PatientColumns:
    """Attributes of all patients, each of shape (num_patients,).

    Parameters
    ----------
    age : ndarray of int32
        In years, -1 when not answered.
    limit_m : ndarray of int32
        Longest distance in metres that policy and patient allow.
    gender : ndarray of int32
        Gender wished: 0 none, 1 f, 2 m.
    languages : ndarray of uint64, shape (num_patients, num_words)
        One bit per language.
    known : ndarray of int32
        Row of the practitioner already seen, -1 unknown, -2 not in the instance.
    household_followed : ndarray of bool
        Whether somebody of the household has a GP.
    household_pairs : ndarray of int64, shape (num_pairs,)
        Those GPs, as patient row × number of practitioners + practitioner row, ascending.
    """

    consent: Bools
    age: Int32
    home_bound: Bools
    wheelchair: Bools
    limit_m: Int32
    gender: Int32
    languages: UInt64
    known: Int32
    household_followed: Bools
    household_pairs: Int64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PractitionerColumns:
    """Attributes of all practitioners, each of shape (num_practitioners,).

    Parameters
    ----------
    age_min, age_max : ndarray of int32
        In years, both included, 0 and ``NO_LIMIT`` when open.
    limit_m : ndarray of int32
        Longest distance in metres the practitioner accepts.
    leaving_in_days : ndarray of int32
        Days until the departure, ``NO_LIMIT`` when none is known.
    """

    places: Bools
    age_min: Int32
    age_max: Int32
    home_visits: Bools
    wheelchair_access: Bools
    limit_m: Int32
    leaving_in_days: Int32
    gender: Int32
    languages: UInt64


def columns(instance: Instance, rules: ReachRules) -> tuple[PatientColumns, PractitionerColumns]:
    """Return the attributes of patients and of practitioners as arrays in row order."""
    patients, practitioners = instance.patients, instance.practitioners
    words = _LanguageBits([p.languages for p in patients] + [p.languages for p in practitioners])
    row = {p.id: i for i, p in enumerate(practitioners)}
    return (
        PatientColumns(
            consent=_bools(p.consent for p in patients),
            age=_ints(-1 if p.age is None else p.age for p in patients),
            home_bound=_bools(p.needs.home_bound for p in patients),
            wheelchair=_bools(p.needs.wheelchair for p in patients),
            limit_m=_ints(_metres(patient_limit_km(p.max_km, rules)) for p in patients),
            gender=_ints(_GENDERS[p.prefers_gender] for p in patients),
            languages=words.of(p.languages for p in patients),
            known=_ints(
                -1 if p.known_practitioner is None else row.get(p.known_practitioner, -2) for p in patients
            ),
            household_followed=_bools(p.household_practitioners for p in patients),
            household_pairs=_household_pairs(patients, row),
        ),
        PractitionerColumns(
            places=_bools(p.places for p in practitioners),
            age_min=_ints(p.age_min or 0 for p in practitioners),
            age_max=_ints(NO_LIMIT if p.age_max is None else p.age_max for p in practitioners),
            home_visits=_bools(p.home_visits for p in practitioners),
            wheelchair_access=_bools(p.wheelchair_access for p in practitioners),
            limit_m=_ints(NO_LIMIT if p.max_km is None else _metres(p.max_km) for p in practitioners),
            leaving_in_days=_ints(
                NO_LIMIT if p.leaving_on is None else (p.leaving_on - instance.on).days for p in practitioners
            ),
            gender=_ints(_GENDERS[p.gender] for p in practitioners),
            languages=words.of(p.languages | {"fr"} for p in practitioners),
        ),
    )


def _household_pairs(patients: Sequence[Patient], row: Mapping[str, int]) -> Int64:
    followed = [
        i * len(row) + row[key]
        for i, p in enumerate(patients)
        for key in p.household_practitioners
        if key in row
    ]
    return np.array(sorted(followed), np.int64)


def patient_limit_km(max_km: float | None, rules: ReachRules) -> float:
    """Return how far, in km, a patient may be sent: beyond the usual limit only with their consent."""
    return rules.max_km if max_km is None else min(max_km, rules.max_km_with_consent)


def _metres(km: float) -> int:
    return min(round(km * 1000), NO_LIMIT)


def _bools(values: Iterable[object]) -> Bools:
    return np.fromiter((bool(v) for v in values), dtype=np.bool_)


def _ints(values: Iterable[int]) -> Int32:
    return np.fromiter(values, dtype=np.int32)


class _LanguageBits:
    """Numbers the languages that occur, 64 to a word."""

    def __init__(self, spoken: Iterable[frozenset[str]]) -> None:
        languages = sorted(frozenset({"fr"}).union(*spoken))
        self._bit = {
            language: (i // 64, np.uint64(1) << np.uint64(i % 64)) for i, language in enumerate(languages)
        }
        self._num_words = (len(languages) + 63) // 64

    def of(self, spoken: Iterable[frozenset[str]]) -> UInt64:
        """Return one row of words per set of languages."""
        rows = []
        for languages in spoken:
            words = [np.uint64(0)] * self._num_words
            for word, bit in map(self._bit.__getitem__, languages):
                words[word] |= bit
            rows.append(words)
        return np.array(rows, dtype=np.uint64).reshape(-1, self._num_words)
