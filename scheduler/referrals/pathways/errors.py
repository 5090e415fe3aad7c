"""What can be wrong with a pathway.

RelaisError (matching.errors)
├── InvalidInput
│   └── InvalidPathway   the document has mistakes, all of them listed
└── NotFound
    └── UnknownPathway   the territory has no pathway of this code
"""

from collections.abc import Sequence

from matching.errors import RelaisError
from scheduler.errors import InvalidInput, NotFound


class InvalidPathway(InvalidInput):
    """A document that is not a pathway.

    Attributes
    ----------
    problems : tuple of str
        French, one per mistake: the key, then what was expected.
    """

    code = "invalid_pathway"

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        self.field = "document"
        self.expected = "une filière sans erreur"
        RelaisError.__init__(self, "Filière refusée : " + " ; ".join(self.problems) + ".")


class UnknownPathway(NotFound):
    """The territory has no pathway of this code."""

    code = "unknown_pathway"

    def __init__(self) -> None:
        super().__init__("pathway")
