"""The hard rules: which patient may be proposed to which practitioner.

One function per rule. Each looks at many pairs at once and says which it allows; ``RULES`` fixes
their codes and the order in which they are named when several exclude the same pair.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from matching.columns import Bools, Int32, PatientColumns, PractitionerColumns, columns
from matching.model import Instance
from matching.policy import Policy

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """Patient-practitioner pairs to judge.

    Parameters
    ----------
    patient, practitioner : ndarray of int32, shape (num_pairs,)
        Rows of the instance.
    distance_m : ndarray of int32, shape (num_pairs,)
    """

    patients: PatientColumns
    practitioners: PractitionerColumns
    patient: Int32
    practitioner: Int32
    distance_m: Int32
    leaving_horizon_days: int

    @classmethod
    def of(cls, instance: Instance, policy: Policy) -> "Pairs":
        """Return all travel pairs of the instance."""
        patients, practitioners = columns(instance, policy.reach)
        return cls(
            patients=patients,
            practitioners=practitioners,
            patient=instance.travel.patient,
            practitioner=instance.travel.practitioner,
            distance_m=instance.travel.distance_m,
            leaving_horizon_days=policy.reach.leaving_horizon_days,
        )

    def take(self, rows: Int64) -> "Pairs":
        """Return some of the pairs, in the order of ``rows``."""
        return replace(
            self,
            patient=self.patient[rows],
            practitioner=self.practitioner[rows],
            distance_m=self.distance_m[rows],
        )


def within_patient_limit(pairs: Pairs) -> Bools:
    """Allow what is not farther than the policy, or the patient, accepts."""
    return pairs.distance_m <= pairs.patients.limit_m[pairs.patient]


def with_consent(pairs: Pairs) -> Bools:
    """Allow patients who consented to be proposed to a GP."""
    return pairs.patients.consent[pairs.patient]


def not_leaving(pairs: Pairs) -> Bools:
    """Allow GPs who stay longer than the horizon of the policy."""
    stays = pairs.practitioners.leaving_in_days > pairs.leaving_horizon_days
    return stays[pairs.practitioner]


def age_known_where_it_matters(pairs: Pairs) -> Bools:
    """Allow an unanswered age only with GPs who see every age: a limit cannot be checked blindly."""
    limited = (pairs.practitioners.age_min > 0) | (pairs.practitioners.age_max < 130)
    return ~limited[pairs.practitioner] | (pairs.patients.age[pairs.patient] >= 0)


def within_age_range(pairs: Pairs) -> Bools:
    """Allow ages that the GP sees."""
    age = pairs.patients.age[pairs.patient]
    low, high = pairs.practitioners.age_min, pairs.practitioners.age_max
    return (age < 0) | ((age >= low[pairs.practitioner]) & (age <= high[pairs.practitioner]))


def home_visits_for_the_home_bound(pairs: Pairs) -> Bools:
    """Allow a home-bound patient only with a GP who visits."""
    return ~pairs.patients.home_bound[pairs.patient] | pairs.practitioners.home_visits[pairs.practitioner]


def access_for_wheelchairs(pairs: Pairs) -> Bools:
    """Allow a wheelchair user only with a practice they can enter."""
    access = pairs.practitioners.wheelchair_access
    return ~pairs.patients.wheelchair[pairs.patient] | access[pairs.practitioner]


def within_practitioner_limit(pairs: Pairs) -> Bools:
    """Allow what is not farther than the GP accepts."""
    return pairs.distance_m <= pairs.practitioners.limit_m[pairs.practitioner]


def with_places(pairs: Pairs) -> Bools:
    """Allow GPs who have places at all."""
    return pairs.practitioners.places[pairs.practitioner]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A hard rule: its stable code, its test, and how to say in French whom it excludes."""

    code: str
    allows: Callable[[Pairs], Bools]
    excludes: str


#: In the order in which they are named. The first decides what is "in reach".
RULES = (
    Rule(code="distance", allows=within_patient_limit, excludes="trop loin"),
    Rule(code="consent", allows=with_consent, excludes="sans l'accord du patient"),
    Rule(code="leaving", allows=not_leaving, excludes="va cesser son activité"),
    Rule(
        code="age_unknown",
        allows=age_known_where_it_matters,
        excludes="limite les âges, or l'âge du patient n'est pas renseigné",
    ),
    Rule(code="age_range", allows=within_age_range, excludes="ne suit pas les patients de cet âge"),
    Rule(code="home_visits", allows=home_visits_for_the_home_bound, excludes="ne se déplace pas à domicile"),
    Rule(code="wheelchair", allows=access_for_wheelchairs, excludes="cabinet non accessible en fauteuil"),
    Rule(
        code="practitioner_distance",
        allows=within_practitioner_limit,
        excludes="n'accepte pas de patient aussi éloigné",
    ),
    Rule(code="no_places", allows=with_places, excludes="n'offre aucune place actuellement"),
)


_NO_PLACES = np.uint16(1 << next(i for i, rule in enumerate(RULES) if rule.code == "no_places"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Eligibility:
    """What the hard rules say of the pairs in reach.

    Parameters
    ----------
    pair : ndarray of int64, shape (num_in_reach,)
        Row of ``instance.travel``, ascending.
    broken : ndarray of uint16, shape (num_in_reach,)
        Bit ``i`` set: ``RULES[i]`` excludes the pair.
    """

    pair: Int64
    broken: npt.NDArray[np.uint16]

    def allowed(self) -> Int64:
        """Return the travel rows that no rule excludes, those of GPs without places included.

        A GP without places cannot be filled anyway, and keeping the pairs gives a price to the
        first place such a GP would open.
        """
        rows: Int64 = self.pair[(self.broken & ~_NO_PLACES) == 0]
        return rows


def eligibility(pairs: Pairs) -> Eligibility:
    """Judge all pairs by all rules; those out of reach are dropped after the first one."""
    in_reach = np.flatnonzero(RULES[0].allows(pairs))
    judged = pairs.take(in_reach)
    broken = np.zeros(in_reach.size, np.uint16)
    for i, rule in enumerate(RULES[1:], start=1):
        broken |= (~rule.allows(judged)).astype(np.uint16) << np.uint16(i)
    return Eligibility(pair=in_reach, broken=broken)


def first_broken(broken: npt.NDArray[np.uint16]) -> Int64:
    """Return for each pair the first rule that excludes it, as an index into ``RULES``; -1 = none."""
    first = np.full(broken.size, -1, np.int64)
    for i in reversed(range(len(RULES))):
        first[(broken >> np.uint16(i)) & np.uint16(1) == 1] = i
    return first
