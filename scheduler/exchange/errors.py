"""What can be wrong with a file that is given to Relais.

RelaisError
├── UnreadableFile   the file is absent, or not something Relais reads
└── BadTable         the file is read, but some cells are not what their column asks
"""

from collections.abc import Sequence
from dataclasses import dataclass

from matching.errors import RelaisError


class UnreadableFile(RelaisError):
    """The file is absent, closed to us, or of a kind that Relais does not read.

    Attributes
    ----------
    file : str
        The file as it was named.
    expected : str
        French, what to do about it.
    """

    code = "unreadable_file"

    def __init__(self, file: str, expected: str) -> None:
        self.file = file
        self.expected = expected
        super().__init__(f"{file} : {expected}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CellProblem:
    """One thing to correct: where it is and what was expected there.

    What was found is never repeated: a cell may hold a name or a state of health.

    Parameters
    ----------
    line : int or None
        Line of the file, the first being 1; None when the file as a whole is concerned.
    column : str or None
        Heading as written in the file, or the expected heading when it is missing.
    """

    file: str
    line: int | None
    column: str | None
    expected: str

    def __str__(self) -> str:
        place = [self.file]
        if self.line is not None:
            place.append(f"ligne {self.line}")
        if self.column is not None:
            place.append(f"colonne {self.column}")
        return f"{', '.join(place)} : attendu {self.expected}"


class BadTable(RelaisError):
    """Cells to correct, all of them; nothing was imported.

    Attributes
    ----------
    problems : tuple of CellProblem
        By file, then by line.
    """

    code = "bad_table"

    def __init__(self, problems: Sequence[CellProblem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        files = ", ".join(dict.fromkeys(problem.file for problem in self.problems))
        many = "s" if count > 1 else ""
        super().__init__(f"{count} correction{many} à faire dans {files} ; rien n'a été importé.")
