"""What a judge says: one broken rule."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One broken rule.

    Parameters
    ----------
    code : str
        Stable name of the rule.
    subject : str
        What breaks it: a patient id, a practitioner id, ``group 3``, ``solution``.
    message : str
        In French, without health data.
    """

    code: str
    subject: str
    message: str


def of_solution(code: str, message: str) -> Violation:
    """Return what is wrong with a solution as a whole."""
    return Violation(code=code, subject="solution", message=message)
