"""The errors of Relais, from the root down to those of the core.

RelaisError                    root of every error that Relais raises on purpose
├── InvalidProblem             arrays that do not describe an assignment problem
├── InvalidInstance            patients, practitioners or travel that contradict each other
├── InvalidPolicy              policy values out of their ranges, all listed at once
└── CertificateFailed          a solver's answer that its own dual does not prove: a bug, never the data

The other packages hang their own errors under ``RelaisError``. Every class has a stable ``code``.
"""

from collections.abc import Sequence
from typing import ClassVar


class RelaisError(Exception):
    """Root of all errors raised on purpose; ``code`` never changes once published."""

    code: ClassVar[str] = "relais_error"


class InvalidProblem(RelaisError):
    """The arrays do not describe an assignment problem.

    Attributes
    ----------
    array : str
        Name of the offending array, as spelled in ``AssignmentProblem``.
    index : int or None
        First offending position in that array; None when the array as a whole is wrong.
    problem : str
        What is wrong, in English (this message is for programmers).
    """

    code = "invalid_problem"

    def __init__(self, array: str, index: int | None, problem: str) -> None:
        self.array = array
        self.index = index
        self.problem = problem
        place = array if index is None else f"{array}[{index}]"
        super().__init__(f"{place}: {problem}")


class InvalidInstance(RelaisError):
    """The instance contradicts itself.

    Attributes
    ----------
    problems : tuple of str
        Every problem found, in French, each naming the row, never its health data.
    """

    code = "invalid_instance"

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("Données incohérentes : " + " ; ".join(self.problems))


class InvalidPolicy(RelaisError):
    """The policy has values out of range.

    Attributes
    ----------
    problems : tuple of str
        Every problem found, in French, each beginning with the key concerned (``reach.max_km``).
    """

    code = "invalid_policy"

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("Politique refusée : " + " ; ".join(self.problems))


class CertificateFailed(RelaisError):
    """A solver's answer is not what the core can prove: never the caller's fault.

    Attributes
    ----------
    detail : str
        What could not be proven, in English.
    objective, bound : int or None
        The two values that should have been equal, where it got that far.
    """

    code = "certificate_failed"

    def __init__(self, detail: str, objective: int | None = None, bound: int | None = None) -> None:
        self.detail = detail
        self.objective = objective
        self.bound = bound
        super().__init__(f"{detail} (objective {objective}, bound {bound})")
