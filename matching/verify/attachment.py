"""The judge of ``attach``: every rule re-checked and every value recomputed, without a solver.

Nothing here is imported by the code that solves, and nothing here imports it: the two agree only if
both are right. Written as plain loops over what was decided, to be read beside the rules.
"""

from collections.abc import Iterator

from matching.model import Instance, Match, Patient, Solution
from matching.policy import Policy
from matching.verify.capacity import overfull_practitioners
from matching.verify.case import Case
from matching.verify.commitments import broken_commitments
from matching.verify.households import broken_units
from matching.verify.people import rank, tier
from matching.verify.rules import broken_rules
from matching.verify.values import wrong_values
from matching.verify.violation import Violation, of_solution


def verify(instance: Instance, policy: Policy, solution: Solution) -> list[Violation]:
    """Return the rules that a solution of ``attach`` breaks; empty when sound.

    Hard rules, tiers, ranks, travel, households, commitments and the objective are worked out again
    from the instance. Two things are taken as given, because only a solver can find them: the reserve
    price (its application is checked) and the numbers of ``price_of_together``.
    """
    if [m.patient_id for m in solution.matches] != [p.id for p in instance.patients]:
        return [of_solution("patients", "une décision par patient, dans l'ordre, est attendue")]
    case = Case(instance, policy, solution)
    return [
        *_broken_matches(case),
        *overfull_practitioners(case),
        *_broken_households(case),
        *broken_commitments(case),
        *wrong_values(case),
    ]


def _broken_matches(case: Case) -> Iterator[Violation]:
    """Yield what is wrong with single matches."""
    for patient, match in zip(case.instance.patients, case.solution.matches, strict=True):
        yield from _wrong_standing(case, patient, match)
        if (match.practitioner_id is not None) != (match.reason.code == "placed"):
            yield _about(match, "reason", "le motif ne dit pas ce qui a été décidé")
        if match.practitioner_id is not None:
            yield from _wrong_proposal(case, patient, match)


def _wrong_standing(case: Case, patient: Patient, match: Match) -> Iterator[Violation]:
    own, waited = tier(patient, case.policy), (case.instance.on - patient.waiting_since).days
    counted = rank(patient, case.policy, case.instance.on)
    if match.tier != own:
        yield _about(match, "tier", f"la priorité est {own}, pas {match.tier}")
    if match.waited_days != waited:
        yield _about(match, "waited_days", f"l'attente est de {waited} jours, pas {match.waited_days}")
    if match.rank != counted:
        yield _about(match, "rank", f"le rang est {counted}, pas {match.rank}")


def _wrong_proposal(case: Case, patient: Patient, match: Match) -> Iterator[Violation]:
    practitioner = case.practitioners.get(str(match.practitioner_id))
    if practitioner is None:
        yield _about(match, "unknown_practitioner", "médecin inconnu")
        return
    journey = case.travel.get((patient.id, practitioner.id))
    if journey is None:
        yield _about(match, "no_travel", "aucun trajet connu jusqu'à ce médecin")
        return
    if (match.distance_m, match.duration_s) != journey:
        yield _about(match, "travel", "le trajet annoncé n'est pas celui de l'instance")
    for code in broken_rules(patient, practitioner, journey[0], case.instance, case.policy):
        yield _about(match, code, f"le médecin {practitioner.id} ne peut pas être proposé ({code})")


def _broken_households(case: Case) -> Iterator[Violation]:
    for unit in case.units:
        wrong = broken_units(unit, case.placed, case.announced)
        if wrong is not None:
            yield Violation(code="household", subject=unit[0].id, message=wrong)


def _about(match: Match, code: str, message: str) -> Violation:
    return Violation(code=code, subject=match.patient_id, message=message)
