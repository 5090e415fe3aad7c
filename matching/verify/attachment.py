"""The judge of ``attach``: every rule re-checked and every value recomputed, without a solver.

Nothing here is imported by the code that solves, and nothing here imports it: the two agree only if
both are right. Written as plain loops over what was decided, to be read beside the rules.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import numpy as np

from matching.model import Instance, Match, Patient, Practitioner, Solution
from matching.policy import Policy
from matching.problem import Status
from matching.verify.violation import Violation, of_solution

_RANKS = 4
_TENTH_OF_MINUTE_S = 6


def verify(instance: Instance, policy: Policy, solution: Solution) -> list[Violation]:
    """Return the rules that a solution of ``attach`` breaks; empty when sound.

    Hard rules, tiers, ranks, travel and the objective are worked out again from the instance.
    """
    if [m.patient_id for m in solution.matches] != [p.id for p in instance.patients]:
        return [of_solution("patients", "une décision par patient, dans l'ordre, est attendue")]
    judge = _Judge(instance, policy, solution)
    return [*judge.broken_matches(), *judge.overfull_practitioners(), *judge.wrong_values()]


class _Judge:
    """Looks at one solution, match by match."""

    def __init__(self, instance: Instance, policy: Policy, solution: Solution) -> None:
        self._instance, self._policy, self._solution = instance, policy, solution
        self._practitioners = {p.id: p for p in instance.practitioners}
        self._travel = _travel_of(instance, solution)

    def broken_matches(self) -> Iterator[Violation]:
        """Yield what is wrong with single matches."""
        for patient, match in zip(self._instance.patients, self._solution.matches, strict=True):
            yield from self._wrong_standing(patient, match)
            if match.practitioner_id is None:
                if match.reason.code == "placed":
                    yield _about(match, "reason", "motif d'une proposition sans proposition")
                continue
            if match.reason.code != "placed":
                yield _about(match, "reason", "motif d'un refus avec une proposition")
            if match.practitioner_id not in self._practitioners:
                yield _about(match, "unknown_practitioner", "médecin inconnu")
                continue
            if match.patient_id not in self._travel:
                yield _about(match, "no_travel", "aucun trajet connu jusqu'à ce médecin")
                continue
            yield from self._wrong_travel(match)
            yield from self._broken_rules(patient, self._practitioners[match.practitioner_id], match)

    def overfull_practitioners(self) -> Iterator[Violation]:
        """Yield practitioners with more patients, or more of tier 1, than they offered."""
        placed: Counter[str] = Counter()
        of_tier1: Counter[str] = Counter()
        for patient, match in zip(self._instance.patients, self._solution.matches, strict=True):
            if match.practitioner_id is not None:
                placed[match.practitioner_id] += 1
                of_tier1[match.practitioner_id] += _tier(patient, self._policy) == 1
        for p in self._instance.practitioners:
            if placed[p.id] > p.places:
                yield Violation(
                    code="places", subject=p.id, message=f"{placed[p.id]} patients pour {p.places} places"
                )
            if p.max_tier1 is not None and of_tier1[p.id] > p.max_tier1:
                yield Violation(
                    code="max_tier1",
                    subject=p.id,
                    message=f"{of_tier1[p.id]} patients de priorité 1 au lieu de {p.max_tier1} au plus",
                )

    def wrong_values(self) -> Iterator[Violation]:
        """Yield a wrong objective, bound, status or rank weight."""
        solution = self._solution
        value = sum(
            self._value(patient, match)
            for patient, match in zip(self._instance.patients, solution.matches, strict=True)
            if match.patient_id in self._travel and match.practitioner_id in self._practitioners
        )
        if value != solution.objective:
            yield of_solution("objective", f"la valeur est {value}, pas {solution.objective}")
        if solution.bound < value:
            yield of_solution("bound", f"la borne {solution.bound} est sous la valeur {value}")
        if (solution.status is Status.OPTIMAL) != (solution.bound == solution.objective):
            yield of_solution("status", "« optimal » veut dire valeur égale à la borne, et rien d'autre")
        if solution.rank_weight < self._least_rank_weight():
            yield of_solution("rank_weight", "un rang pourrait être racheté par des minutes de trajet")
        if solution.place_price is not None and len(solution.place_price) != len(
            self._instance.practitioners
        ):
            yield of_solution("place_price", "un prix par médecin est attendu")

    def _wrong_standing(self, patient: Patient, match: Match) -> Iterator[Violation]:
        tier, waited = _tier(patient, self._policy), (self._instance.on - patient.waiting_since).days
        if match.tier != tier:
            yield _about(match, "tier", f"la priorité est {tier}, pas {match.tier}")
        if match.waited_days != waited:
            yield _about(match, "waited_days", f"l'attente est de {waited} jours, pas {match.waited_days}")
        if match.rank != self._rank(patient):
            yield _about(match, "rank", f"le rang est {self._rank(patient)}, pas {match.rank}")

    def _wrong_travel(self, match: Match) -> Iterator[Violation]:
        if (match.distance_m, match.duration_s) != self._travel[match.patient_id]:
            yield _about(match, "travel", "le trajet annoncé n'est pas celui de l'instance")

    def _broken_rules(
        self, patient: Patient, practitioner: Practitioner, match: Match
    ) -> Iterator[Violation]:
        distance_m, _ = self._travel[match.patient_id]
        reach, needs, age = self._policy.reach, patient.needs, patient.age
        allowed_km = (
            reach.max_km if patient.max_km is None else min(patient.max_km, reach.max_km_with_consent)
        )
        horizon = self._instance.on + timedelta(days=reach.leaving_horizon_days)
        sees_every_age = (practitioner.age_min or 0) == 0 and (practitioner.age_max or 130) >= 130
        checks = {
            "distance": distance_m <= round(allowed_km * 1000),
            "consent": patient.consent,
            "leaving": practitioner.leaving_on is None or practitioner.leaving_on > horizon,
            "age_unknown": age is not None or sees_every_age,
            "age_range": age is None
            or (
                (practitioner.age_min or 0) <= age
                and (practitioner.age_max is None or age <= practitioner.age_max)
            ),
            "home_visits": not needs.home_bound or practitioner.home_visits,
            "wheelchair": not needs.wheelchair or practitioner.wheelchair_access,
            "practitioner_distance": practitioner.max_km is None
            or distance_m <= round(practitioner.max_km * 1000),
            "no_places": practitioner.places > 0,
        }
        for code, holds in checks.items():
            if not holds:
                yield _about(match, code, f"le médecin {practitioner.id} ne peut pas être proposé ({code})")

    def _rank(self, patient: Patient) -> int:
        tier = _tier(patient, self._policy)
        longest = timedelta(days=self._policy.tiers.longest_wait_days[tier - 1])
        return tier - 1 if self._instance.on >= patient.waiting_since + longest else tier

    def _value(self, patient: Patient, match: Match) -> int:
        """Return what one placed patient adds to the objective, in tenths of a minute."""
        practitioner = self._practitioners[str(match.practitioner_id)]
        tiers, weights = self._policy.tiers, self._policy.weights
        days = min((self._instance.on - patient.waiting_since).days, tiers.seniority_cap_days)
        cost = (self._travel[match.patient_id][1] + _TENTH_OF_MINUTE_S // 2) // _TENTH_OF_MINUTE_S
        if patient.languages and not patient.languages & (practitioner.languages | {"fr"}):
            cost += weights.language_tenths
        if patient.prefers_gender not in {None, practitioner.gender}:
            cost += weights.gender_tenths
        if patient.known_practitioner not in {None, practitioner.id}:
            cost += weights.known_practitioner_tenths
        rank_value = (_RANKS - self._rank(patient)) * self._solution.rank_weight
        return rank_value + days * tiers.seniority_tenths_per_day - cost

    def _least_rank_weight(self) -> int:
        """Return what any alternating path can cost at most, plus one."""
        weights, tiers = self._policy.weights, self._policy.tiers
        num_bins = sum(1 if p.max_tier1 is None else 2 for p in self._instance.practitioners)
        longest_s = int(max(self._instance.travel.duration_s.tolist(), default=0))
        dearest = (longest_s + _TENTH_OF_MINUTE_S // 2) // _TENTH_OF_MINUTE_S
        dearest += weights.language_tenths + weights.gender_tenths + weights.known_practitioner_tenths
        seniority = tiers.seniority_cap_days * tiers.seniority_tenths_per_day
        return min(len(self._instance.patients), num_bins) * dearest + seniority + 1


def _tier(patient: Patient, policy: Policy) -> int:
    needs, rules = patient.needs, policy.tiers
    first = (
        needs.ald, needs.treatment_running_out, needs.recent_discharge,
        needs.pregnancy, needs.home_bound, needs.palliative,
    )  # fmt: skip
    old = patient.age is not None and patient.age > rules.over_age
    several = needs.chronic_needs is not None and needs.chronic_needs >= rules.chronic_needs
    if any(first):
        return 1
    return 2 if any((old, several, needs.disability, needs.c2s, needs.ame)) else 3


def _travel_of(instance: Instance, solution: Solution) -> dict[str, tuple[int, int]]:
    """Return distance and duration of each proposed pair that the instance knows, by patient id."""
    row = {p.id: i for i, p in enumerate(instance.practitioners)}
    num = max(len(instance.practitioners), 1)
    wanted = {
        i * num + row[m.practitioner_id]: m.patient_id
        for i, m in enumerate(solution.matches)
        if m.practitioner_id in row
    }
    travel = instance.travel
    pair = travel.patient.astype(np.int64) * num + travel.practitioner
    here = np.flatnonzero(np.isin(pair, list(wanted)))
    return {
        wanted[int(pair[i])]: (int(travel.distance_m[i]), int(travel.duration_s[i])) for i in here.tolist()
    }


def _about(match: Match, code: str, message: str) -> Violation:
    return Violation(code=code, subject=match.patient_id, message=message)
