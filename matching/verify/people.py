"""What the judge knows of one patient: tier, rank, workload; written again, not imported."""

from datetime import date, timedelta

from matching.model import Patient
from matching.policy import Policy


def tier(patient: Patient, policy: Policy) -> int:
    """Return the tier the patient comes with, else that of the design's table."""
    if patient.tier is not None:
        return patient.tier
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


def rank(patient: Patient, policy: Policy, on: date) -> int:
    """Return the tier, one less when the longest wait has passed."""
    own = tier(patient, policy)
    longest = timedelta(days=policy.tiers.longest_wait_days[own - 1])
    return own - 1 if on >= patient.waiting_since + longest else own


def units(patient: Patient, policy: Policy) -> int:
    """Return the units of workload of a patient."""
    needs, rules = patient.needs, policy.workload
    return max(
        rules.usual,
        rules.ald if needs.ald else 0,
        rules.treatment_running_out if needs.treatment_running_out else 0,
        rules.recent_discharge if needs.recent_discharge else 0,
        rules.pregnancy if needs.pregnancy else 0,
        rules.home_bound if needs.home_bound else 0,
        rules.palliative if needs.palliative else 0,
        rules.disability if needs.disability else 0,
        rules.wheelchair if needs.wheelchair else 0,
        rules.many_chronic_needs if (needs.chronic_needs or 0) >= rules.many_chronic_needs_from else 0,
        rules.very_old if patient.age is not None and patient.age >= rules.very_old_from else 0,
    )
