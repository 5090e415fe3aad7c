"""The words of attachment as frozen values: patients, practitioners, travel, instance, solution.

Everything here is data already cleaned. Constructors refuse nonsense; nothing is computed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import numpy as np
import numpy.typing as npt

from matching.errors import InvalidInstance
from matching.model_checks import broken_commitments, broken_travel, int32_column, repeated
from matching.problem import Status

Gender = Literal["f", "m"]
Tier = Literal[1, 2, 3]
Int32 = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a patient needs. None means *not answered* and counts as "no" for the rank.

    Because "no" never makes a patient more urgent than "not answered", filling in an answer
    can only keep or raise a rank.
    """

    ald: bool | None = None
    treatment_running_out: bool | None = None
    recent_discharge: bool | None = None
    pregnancy: bool | None = None
    home_bound: bool | None = None
    palliative: bool | None = None
    disability: bool | None = None
    c2s: bool | None = None
    ame: bool | None = None
    wheelchair: bool | None = None
    chronic_needs: int | None = None

    def __post_init__(self) -> None:
        if self.chronic_needs is not None and self.chronic_needs < 0:
            raise InvalidInstance(["le nombre de besoins chroniques ne peut pas être négatif"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """One person who waits for a GP.

    Parameters
    ----------
    household : str or None
        Key shared by those who live together; None when alone.
    together : bool
        True = asks to have the same GP as the others of the household who ask it too, or none.
    household_practitioners : frozenset of str
        Ids of GPs who already follow somebody of the household.
    age : int or None
        In whole years on the day of the instance.
    languages : frozenset of str
        ISO 639-1 codes the patient can be treated in; empty = no wish.
    max_km : float or None
        Longest distance the patient agrees to, in km; None = the default limit of the policy.
    consent : bool
        False = never matched.
    tier : {1, 2, 3} or None
        Tier that another pathway's own criteria give; None = that of needs and age.
    """

    id: str
    household: str | None = None
    together: bool = False
    household_practitioners: frozenset[str] = frozenset()
    age: int | None = None
    needs: Needs = field(default_factory=Needs)
    waiting_since: date
    languages: frozenset[str] = frozenset()
    prefers_gender: Gender | None = None
    known_practitioner: str | None = None
    max_km: float | None = None
    consent: bool = True
    tier: Tier | None = None

    def __post_init__(self) -> None:
        problems = []
        if self.age is not None and not 0 <= self.age <= 130:
            problems.append(f"patient {self.id} : l'âge doit être compris entre 0 et 130 ans")
        if self.max_km is not None and not 0 <= self.max_km < float("inf"):
            problems.append(f"patient {self.id} : la distance acceptée doit être un nombre positif de km")
        if problems:
            raise InvalidInstance(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Practitioner:
    """One volunteer GP and what they accept now.

    Parameters
    ----------
    places : int
        New patients accepted now, ≥ 0, those with a firm commitment to this GP included.
    workload : int or None
        Units of work accepted now, ≥ 0; a patient counts 1 to 3 by need (``workload_units``); None = no
        limit but the places.
    max_tier1 : int or None
        How many of these places may go to tier 1; None = all of them.
    age_min, age_max : int or None
        Ages accepted, both included, in years.
    home_visits, wheelchair_access : bool
        Hard rules for the home-bound and for wheelchair users; not stated counts as no.
    languages : frozenset of str
        ISO 639-1 codes; French is always understood.
    max_km : float or None
        Longest distance to a patient that this GP accepts, in km.
    leaving_on : date or None
        Last day of practice when known.
    """

    id: str
    name: str = ""
    places: int
    workload: int | None = None
    max_tier1: int | None = None
    age_min: int | None = None
    age_max: int | None = None
    home_visits: bool = False
    wheelchair_access: bool = False
    languages: frozenset[str] = frozenset()
    gender: Gender | None = None
    max_km: float | None = None
    leaving_on: date | None = None

    def __post_init__(self) -> None:
        problems = []
        for value, word in (
            (self.places, "places"),
            (self.workload, "unités de charge"),
            (self.max_tier1, "places pour la priorité 1"),
        ):
            if value is not None and value < 0:
                problems.append(f"médecin {self.id} : le nombre de {word} ne peut pas être négatif")
        if self.age_min is not None and self.age_max is not None and self.age_min > self.age_max:
            problems.append(f"médecin {self.id} : l'âge minimal dépasse l'âge maximal")
        if self.max_km is not None and not 0 <= self.max_km < float("inf"):
            problems.append(f"médecin {self.id} : la distance acceptée doit être un nombre positif de km")
        if problems:
            raise InvalidInstance(problems)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Travel:
    """Sparse travel between patients and practitioners; a pair that is absent is too far.

    Parameters
    ----------
    patient, practitioner : ndarray of int32, shape (num_pairs,)
        Rows in ``Instance.patients`` and ``Instance.practitioners``; a pair occurs at most once.
    distance_m, duration_s : ndarray of int32, shape (num_pairs,)
        One-way distance in metres and duration in seconds, both ≥ 0.

    Raises
    ------
    InvalidInstance
        When columns differ in length or hold anything but integers of 32 bits.
    """

    patient: Int32
    practitioner: Int32
    distance_m: Int32
    duration_s: Int32

    def __post_init__(self) -> None:
        for name in ("patient", "practitioner", "distance_m", "duration_s"):
            object.__setattr__(self, name, int32_column(name, getattr(self, name)))
        if len({a.shape for a in (self.patient, self.practitioner, self.distance_m, self.duration_s)}) > 1:
            raise InvalidInstance(["les quatre colonnes des trajets n'ont pas la même longueur"])

    @property
    def num_pairs(self) -> int:
        """Number of pairs."""
        return int(self.patient.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """Where an earlier run, or a person, sent a patient.

    Parameters
    ----------
    practitioner_id : str
        May be absent from the instance: a GP who no longer accepts anybody.
    firm : bool
        True = announced (a validated proposal, an offer): kept unless a hard rule forbids it now. False =
        an earlier proposal: kept where nothing else is worth ``policy.stability.move_tenths`` more.
    """

    patient_id: str
    practitioner_id: str
    firm: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Instance:
    """One matching run's input: who waits, who accepts, how far, on which day.

    Parameters
    ----------
    commitments : tuple of Commitment
        What stands from earlier; at most one per patient.

    Raises
    ------
    InvalidInstance
        When an id occurs twice, a travel pair is repeated, negative or points to no row, or a
        commitment names an unknown patient.
    """

    patients: tuple[Patient, ...]
    practitioners: tuple[Practitioner, ...]
    travel: Travel
    on: date
    commitments: tuple[Commitment, ...] = ()

    def __post_init__(self) -> None:
        problems = [
            *repeated("patient", [p.id for p in self.patients]),
            *repeated("médecin", [p.id for p in self.practitioners]),
            *(
                f"patient {p.id} : en attente depuis une date à venir"
                for p in self.patients
                if p.waiting_since > self.on
            ),
            *broken_travel(self.travel, len(self.patients), len(self.practitioners)),
            *broken_commitments([c.patient_id for c in self.commitments], [p.id for p in self.patients]),
        ]
        if problems:
            raise InvalidInstance(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a patient is, or is not, proposed to a GP.

    ``code`` is stable (``placed``, ``no_consent``, ``nobody_in_reach``, ``excluded``, ``full``),
    ``sentence`` is plain French, ``data`` holds the facts behind both, ready for JSON: numbers,
    codes, ISO dates, never an identity other than practitioner ids.
    """

    code: str
    sentence: str
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What the run decided for one patient.

    Parameters
    ----------
    practitioner_id : str or None
        None when nobody is proposed.
    tier : {1, 2, 3}
        From needs and age.
    rank : int
        0 to 3: ``tier``, one less when the longest wait of the tier has passed.
    waited_days : int
        ≥ 0, on the day of the instance.
    distance_m, duration_s : int or None
        Travel to the proposed GP.
    """

    patient_id: str
    practitioner_id: str | None
    tier: Tier
    rank: int
    waited_days: int
    distance_m: int | None
    duration_s: int | None
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A commitment that the run did not keep, and why.

    Parameters
    ----------
    before : str or None
        GP of the commitment.
    after : str or None
        GP of the match; None when nobody is proposed any more.
    """

    patient_id: str
    before: str | None
    after: str | None
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """The outcome of ``attach``.

    Parameters
    ----------
    matches : tuple of Match
        One per patient, in the order of the instance.
    objective, bound : int
        Value reached and proven upper bound, in tenths of a minute on top of the rank weights;
        equal when ``status`` is OPTIMAL.
    rank_weight : int
        What one rank is worth at least in ``objective``; more than any total of minutes can outweigh.
    rank_values : tuple of four int
        What placing one person of rank 0, 1, 2, 3 is worth, costs and seniority apart.
    place_price : tuple of int, or None
        Per practitioner, what one more place would add to ``objective``; None where no dual exists.
    relaxed_price : tuple of int, or None
        Per practitioner, about what one more place would add: prices of the relaxation that may split
        households and loads; None when ``place_price`` is given.
    reserve_price : tuple of int, or None
        Per practitioner, what a place is worth to expected, needier arrivals: what a patient of a lower
        rank must be worth to get it today; None when the policy keeps no reserve.
    price_of_together : tuple of three int, or None
        Patients of tier 1, 2, 3 placed fewer (negative: more) because the policy keeps all households
        together; None when it does not.
    changes : tuple of Change
        One per commitment that was not kept, in the order of the instance's patients.
    warnings : tuple of str
        French sentences the coordinator must read.
    """

    matches: tuple[Match, ...]
    status: Status
    objective: int
    bound: int
    rank_weight: int
    rank_values: tuple[int, int, int, int] = (0, 0, 0, 0)
    place_price: tuple[int, ...] | None
    relaxed_price: tuple[int, ...] | None = None
    reserve_price: tuple[int, ...] | None = None
    price_of_together: tuple[int, int, int] | None = None
    changes: tuple[Change, ...] = ()
    warnings: tuple[str, ...] = ()
