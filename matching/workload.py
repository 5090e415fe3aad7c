"""How much work a patient is for their GP, in units of 1 to 3."""

from matching.model import Needs
from matching.policy import WorkloadRules


def workload_units(needs: Needs, age: int | None, rules: WorkloadRules) -> int:
    """Return the units of workload of a patient: the largest of the needs answered yes.

    What is not answered counts as "no", as it does for the rank.
    """
    concerned: list[int] = [
        rules.usual,
        *(getattr(rules, need) for need in _PLAIN_NEEDS if getattr(needs, need)),
    ]
    if (needs.chronic_needs or 0) >= rules.many_chronic_needs_from:
        concerned.append(rules.many_chronic_needs)
    if age is not None and age >= rules.very_old_from:
        concerned.append(rules.very_old)
    return max(concerned)


_PLAIN_NEEDS = (
    "ald",
    "treatment_running_out",
    "recent_discharge",
    "pregnancy",
    "home_bound",
    "palliative",
    "disability",
    "wheelchair",
)
