"""One explanation per patient, as a text file: what holds of each, and where the places near them went.

Only what needs no further solving: thousands of patients are explained in a second or two. What would
have to change, and why not one given GP, is asked patient by patient (``matching.explain``).
"""

from collections.abc import Iterator

from matching import Instance, Policy, Solution
from matching.explain.options import Options
from matching.explain.pair import pair_reason
from matching.explain.placed import standing_facts
from matching.what_if import Case

_MOST_NEARBY = 5


def explanations(instance: Instance, policy: Policy, solution: Solution) -> Iterator[tuple[str, str]]:
    """Give the id of each patient, in the order of the instance, with some lines of French."""
    case = Case(instance, policy, solution)
    options = Options(case)
    for row, match in enumerate(solution.matches):
        lines = [match.reason.sentence, *(f"- {fact.sentence}" for fact in standing_facts(case, row))]
        if match.practitioner_id is None:
            near = [option for option in options.of(row) if option.in_reach][:_MOST_NEARBY]
            lines += [f"- {pair_reason(case, options, row, option).sentence}" for option in near]
        yield match.patient_id, "\n".join(lines)


def explanation_text(instance: Instance, policy: Policy, solution: Solution) -> str:
    """Give all of them in one text, a blank line between two patients."""
    names = {each.id: each.name or each.id for each in instance.practitioners}
    proposed = {match.patient_id: match.practitioner_id for match in solution.matches}
    blocks = []
    for patient_id, told in explanations(instance, policy, solution):
        gp = proposed[patient_id]
        blocks.append(f"{patient_id} → {'personne' if gp is None else names[gp]}\n{told}\n")
    return "\n".join(blocks)
