"""Why this GP, why nobody, why not that one: French sentences and the same facts as data."""

from matching.codes import say
from matching.explain.explanation import Explanation
from matching.explain.forced import forced_reason
from matching.explain.household import household_facts
from matching.explain.options import Options
from matching.explain.pair import pair_reason
from matching.explain.placed import proposal_facts, standing_facts
from matching.explain.remedies import remedies
from matching.model import Instance, Reason, Solution
from matching.policy import Policy
from matching.what_if import TIME_BOX_S, Case

#: Of the GPs beyond the patient's limit, so many of the nearest are named too.
_MOST_TOO_FAR = 3


def explain(
    instance: Instance,
    policy: Policy,
    solution: Solution,
    patient_id: str,
    *,
    time_box_s: float = TIME_BOX_S,
) -> Explanation:
    """Return why a patient is, or is not, proposed to a GP, and what would change it.

    Parameters
    ----------
    solution : Solution
        Of ``attach`` on this instance under this policy.
    time_box_s : float
        Limit of each of the few re-solves where loads or households leave no exact prices.

    Raises
    ------
    InvalidInstance
        When the patient is unknown, or the solution is of other patients.
    """
    return Explainer(instance, policy, solution, time_box_s=time_box_s).explain(patient_id)


def why_not(
    instance: Instance,
    policy: Policy,
    solution: Solution,
    patient_id: str,
    practitioner_id: str,
    *,
    time_box_s: float = TIME_BOX_S,
) -> Reason:
    """Return why this GP is not proposed to this patient.

    Too far or excluded: the rule. Possible: what the whole would lose if the pair were forced, and how
    many patients of each tier would lose their place, found by running again with the pair pinned.
    ``data["loss"]`` gives the loss in tenths of a minute (``value``; ``at_least`` and ``at_most`` are
    proven, and equal where ``proven``).

    Raises
    ------
    InvalidInstance
        When patient or GP are unknown, or the solution is of other patients.
    """
    explainer = Explainer(instance, policy, solution, time_box_s=time_box_s)
    return explainer.why_not(patient_id, practitioner_id)


class Explainer:
    """Answers several questions about one run; reads the instance once."""

    def __init__(
        self, instance: Instance, policy: Policy, solution: Solution, *, time_box_s: float = TIME_BOX_S
    ) -> None:
        self._case = Case(instance, policy, solution, time_box_s=time_box_s)
        self._options = Options(self._case)

    def explain(self, patient_id: str) -> Explanation:
        """As the function ``explain``."""
        case = self._case
        row = case.row(patient_id)
        match, options = case.match(row), self._options.of(row)
        facts = [*standing_facts(case, row), *household_facts(case, row)]
        if match.practitioner_id is not None:
            return Explanation(
                patient_id=patient_id,
                practitioner_id=match.practitioner_id,
                verdict=match.reason,
                facts=(*facts, *proposal_facts(case, row, options)),
            )
        near = [o for o in options if o.in_reach]
        near += [o for o in options if not o.in_reach][:_MOST_TOO_FAR]
        return Explanation(
            patient_id=patient_id,
            practitioner_id=None,
            verdict=match.reason,
            facts=tuple(facts),
            nearby=tuple(pair_reason(case, self._options, row, option) for option in near),
            remedies=tuple(remedies(case, row, options)),
        )

    def why_not(self, patient_id: str, practitioner_id: str) -> Reason:
        """As the function ``why_not``."""
        case = self._case
        row, practitioner = case.row(patient_id), case.practitioner_row(practitioner_id)
        option = self._options.to(row, practitioner)
        if option is None:
            return say(
                "no_travel",
                f"{case.name(practitioner)} : trop loin, aucun trajet connu.",
                practitioner_id=practitioner_id,
            )
        reason = pair_reason(case, self._options, row, option)
        is_possible = reason.code in {"reserved", "free"} or reason.code.startswith("full")
        return forced_reason(case, row, option) if is_possible else reason
