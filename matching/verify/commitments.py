"""Whether firm commitments stand, and every one that does not is told with a true reason."""

from collections.abc import Iterator

from matching.model import Change, Commitment
from matching.verify.capacity import exceeded
from matching.verify.case import Case
from matching.verify.violation import Violation, of_solution

#: Reasons of taste: only for commitments that are not firm and could have been kept.
_OF_CHOICE = {"household", "better", "let_go", "for_others"}


def broken_commitments(case: Case) -> Iterator[Violation]:
    """Yield firm commitments dropped without need, and changes that are untold or untrue."""
    moved = [
        case.commitments[p.id]
        for p in case.instance.patients
        if p.id in case.commitments and case.placed[p.id] != case.commitments[p.id].practitioner_id
    ]
    told = [(c.patient_id, c.before, c.after) for c in case.solution.changes]
    if told != [(c.patient_id, c.practitioner_id, case.placed[c.patient_id]) for c in moved]:
        yield of_solution("changes", "les changements annoncés ne sont pas ceux qui ont eu lieu")
        return
    for commitment, change in zip(moved, case.solution.changes, strict=True):
        if not _is_true(case, commitment, change):
            code = "firm_moved" if commitment.firm else "change_reason"
            message = f"le motif « {change.reason.code} » n'est pas établi"
            yield Violation(code=code, subject=commitment.patient_id, message=message)


def _is_true(case: Case, commitment: Commitment, change: Change) -> bool:
    forbidding = case.forbidding(commitment)
    if forbidding:
        return change.reason.code in forbidding
    if commitment.firm:
        return change.reason.code == "over_capacity" and _has_no_room(case, commitment)
    return change.reason.code in _OF_CHOICE


def _has_no_room(case: Case, commitment: Commitment) -> bool:
    """Tell whether the patient does not fit beside the firm commitments that were kept."""
    practitioner = case.practitioners[commitment.practitioner_id]
    kept = [case.patients[p] for p, d in case.announced.items() if d == practitioner.id]
    return any(exceeded(practitioner, [*kept, case.patients[commitment.patient_id]], case.policy))
