"""What each GP offered against what they got: places, workload, tier 1, proposals at once."""

from collections import Counter
from collections.abc import Iterator

from matching.model import Patient, Practitioner
from matching.policy import Policy
from matching.verify.case import Case
from matching.verify.people import tier, units
from matching.verify.violation import Violation


def overfull_practitioners(case: Case) -> Iterator[Violation]:
    """Yield practitioners with more patients, units or tier 1 than they offered or the policy asks."""
    with_each: dict[str | None, list[Patient]] = {}
    for patient in case.instance.patients:
        with_each.setdefault(case.placed[patient.id], []).append(patient)
    announcements = Counter(case.announced.values())
    for practitioner in case.instance.practitioners:
        taken = with_each.get(practitioner.id, [])
        for code, much, limit in exceeded(practitioner, taken, case.policy):
            yield Violation(code=code, subject=practitioner.id, message=f"{much} au lieu de {limit} au plus")
        at_once = max(case.policy.offers.at_once, announcements[practitioner.id])
        if case.policy.offers.at_once and len(taken) > at_once:
            yield Violation(
                code="at_once",
                subject=practitioner.id,
                message=f"{len(taken)} propositions au lieu de {at_once}",
            )


def exceeded(
    practitioner: Practitioner, taken: list[Patient], policy: Policy
) -> Iterator[tuple[str, int, int]]:
    """Yield (code, used, limit) of each limit of a practitioner that these patients exceed."""
    used = {
        "places": (len(taken), practitioner.places),
        "workload": (sum(units(p, policy) for p in taken), practitioner.workload),
        "max_tier1": (sum(tier(p, policy) == 1 for p in taken), practitioner.max_tier1),
    }
    for code, (much, limit) in used.items():
        if limit is not None and much > limit:
            yield code, much, limit
