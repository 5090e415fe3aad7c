"""The objective of a solution worked out again, and what its numbers must satisfy."""

from collections import Counter
from collections.abc import Iterator
from itertools import combinations, pairwise

from matching.model import Match, Patient, Practitioner
from matching.problem import Status
from matching.verify.case import Case
from matching.verify.people import rank, tier, units
from matching.verify.violation import Violation, of_solution

_TENTH_OF_MINUTE_S = 6


def objective(case: Case) -> int:
    """Return the value of the proposals: people, less what they cost, plus what being together earns."""
    people = sum(_value(case, *sound) for sound in case.sound_matches())
    return people - _imbalance(case) - _reserve(case) + _together(case)


def wrong_values(case: Case) -> Iterator[Violation]:
    """Yield a wrong objective, bound, status, rank value or price."""
    solution, value = case.solution, objective(case)
    if value != solution.objective:
        yield of_solution("objective", f"la valeur est {value}, pas {solution.objective}")
    if solution.bound < value:
        yield of_solution("bound", f"la borne {solution.bound} est sous la valeur {value}")
    if (solution.status is Status.OPTIMAL) != (solution.bound == solution.objective):
        yield of_solution("status", "« optimal » veut dire valeur égale à la borne, et rien d'autre")
    yield from _wrong_rank_values(case)
    yield from _wrong_prices(case)


def _value(case: Case, patient: Patient, practitioner: Practitioner, match: Match) -> int:
    """Return what one placed patient adds alone, in tenths of a minute."""
    tiers, weights = case.policy.tiers, case.policy.weights
    days = min((case.instance.on - patient.waiting_since).days, tiers.seniority_cap_days)
    _, duration_s = case.travel[match.patient_id, practitioner.id]
    cost = (duration_s + _TENTH_OF_MINUTE_S // 2) // _TENTH_OF_MINUTE_S
    if patient.languages and not patient.languages & (practitioner.languages | {"fr"}):
        cost += weights.language_tenths
    if patient.prefers_gender not in {None, practitioner.gender}:
        cost += weights.gender_tenths
    if patient.known_practitioner not in {None, practitioner.id}:
        cost += weights.known_practitioner_tenths
    if patient.household_practitioners and practitioner.id not in patient.household_practitioners:
        cost += weights.household_followed_tenths
    earlier = case.commitments.get(patient.id)
    if earlier and not earlier.firm and earlier.practitioner_id != practitioner.id:
        cost += 0 if case.forbidding(earlier) else case.policy.stability.move_tenths
    own = case.solution.rank_values[rank(patient, case.policy, case.instance.on)]
    return own + days * tiers.seniority_tenths_per_day - cost


def _imbalance(case: Case) -> int:
    """Return what tier-1 patients above the fair shares cost."""
    agreeing = [p for p in case.instance.patients if p.consent]
    first = sum(tier(p, case.policy) == 1 for p in agreeing)
    got = Counter(d.id for p, d, _ in case.sound_matches() if tier(p, case.policy) == 1)
    total = 0
    for practitioner in case.instance.practitioners:
        share = -(-first * practitioner.places // len(agreeing)) if agreeing else 0
        far = -(-3 * share // 2)
        number = got[practitioner.id]
        total += max(0, number - share) + max(0, number - far)
    return total * case.policy.balance.tenths


def _reserve(case: Case) -> int:
    """Return what patients of the last rank pay for places kept for others."""
    if case.solution.reserve_price is None:
        return 0
    ids = [p.id for p in case.instance.practitioners]
    price = dict(zip(ids, case.solution.reserve_price, strict=False))
    return sum(
        len(group) * price.get(case.placed[group[0].id] or "", 0)
        for group in case.groups
        if all(rank(p, case.policy, case.instance.on) == 3 and p.id not in case.announced for p in group)
    )


def _together(case: Case) -> int:
    """Return what groups of one household at the same GP earn."""
    earned = 0
    for groups in case.homes:
        bonus = 2 * case.policy.households.bonus_tenths // len(groups)
        for one, other in combinations(groups, 2):
            homes = {case.placed[one[0].id], case.placed[other[0].id]}
            earned += bonus if len(homes) == 1 and None not in homes else 0
    return earned


def _wrong_rank_values(case: Case) -> Iterator[Violation]:
    """Yield rank values that let a lower rank, or minutes of travel, outweigh a higher rank."""
    values, load = case.solution.rank_values, _largest_load(case)
    least = _least_weight(case, load)
    if values[3] != case.solution.rank_weight or values[3] < least:
        yield of_solution("rank_weight", "un rang pourrait être racheté par des minutes de trajet")
    elif any(above < load * below + least for above, below in pairwise(values)):
        yield of_solution("rank_values", "un rang pourrait être racheté par des rangs inférieurs")


def _largest_load(case: Case) -> int:
    """Return the most that one group takes of anything."""
    people = max((len(group) for group in case.groups), default=1)
    if all(d.workload is None for d in case.instance.practitioners):
        return people
    return max(people, *(sum(units(p, case.policy) for p in group) for group in case.groups), 1)


def _least_weight(case: Case, load: int) -> int:
    """Return what one change along a path through all practitioners can cost at most, plus one."""
    policy, weights = case.policy, case.policy.weights
    num_bins = sum(1 if p.max_tier1 is None else 2 for p in case.instance.practitioners)
    longest_s = int(max(case.instance.travel.duration_s.tolist(), default=0))
    dearest = (longest_s + _TENTH_OF_MINUTE_S // 2) // _TENTH_OF_MINUTE_S
    dearest += weights.language_tenths + weights.gender_tenths + weights.known_practitioner_tenths
    dearest += weights.household_followed_tenths + policy.stability.move_tenths + 2 * policy.balance.tenths
    people = max((len(group) for group in case.groups), default=1)
    seniority = policy.tiers.seniority_cap_days * policy.tiers.seniority_tenths_per_day
    return min(len(case.groups), num_bins) * people * dearest + load * seniority + 1


def _wrong_prices(case: Case) -> Iterator[Violation]:
    solution, num = case.solution, len(case.instance.practitioners)
    for name in ("place_price", "relaxed_price", "reserve_price"):
        price = getattr(solution, name)
        if price is not None and (len(price) != num or min(price, default=0) < 0):
            yield of_solution(name, "un prix par médecin, jamais négatif, est attendu")
    if (solution.reserve_price is None) != (case.policy.reserve.horizon_days == 0):
        yield of_solution("reserve_price", "une réserve sans prix, ou un prix sans réserve")
    if (solution.price_of_together is None) != (case.policy.households.together != "all"):
        yield of_solution("price_of_together", "ce prix se donne quand tous les foyers sont réunis")
