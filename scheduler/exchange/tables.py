"""Any CSV or XLSX file as a heading and lines of text cells, before anything is understood.

Everything becomes text first, so that a CSV file and its XLSX twin are judged by the same rules.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from scheduler.exchange.errors import BadTable, CellProblem, UnreadableFile
from scheduler.exchange.formulas import disarmed

MAX_BYTES = 50_000_000
MAX_LINES = 200_000

Lines = Iterator[tuple[int, list[str]]]
Score = Callable[[Sequence[str]], int]

_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_SEPARATOR_LINE = re.compile(r'"?sep=([;,])"?', re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file as received: its name, for messages, and its bytes."""

    name: str
    body: bytes

    @classmethod
    def from_path(cls, path: Path) -> Self:
        """Read a file of this machine.

        Raises
        ------
        UnreadableFile
            When it is absent, a folder, closed to us, or over 50 MB.
        """
        try:
            body = path.read_bytes()
        except FileNotFoundError:
            raise UnreadableFile(str(path), "fichier introuvable ; vérifiez son nom et son dossier") from None
        except OSError as error:
            raise UnreadableFile(str(path), f"lecture impossible ({error.strerror})") from error
        if len(body) > MAX_BYTES:
            raise UnreadableFile(str(path), "fichier trop gros (50 Mo au plus)")
        return cls(name=str(path), body=body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a CSV file is written, so that an answer can be written the same way.

    Parameters
    ----------
    delimiter : str
        ``;`` or ``,``.
    bom : bool
        Whether the file opens with the mark that tells Excel it is UTF-8.
    """

    delimiter: str = ";"
    bom: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The text of one file.

    Parameters
    ----------
    headings : tuple of str
        Cells of the first line that is not blank, as written.
    heading_line : int
        Its line in the file.
    lines : tuple of (int, tuple of str)
        Line of the file and cells, without surrounding spaces; blank lines are left out.
    problems : tuple of CellProblem
        What stopped the reading before the end of the file, if anything did.
    warnings : tuple of str
    """

    file: str
    headings: tuple[str, ...]
    heading_line: int
    lines: tuple[tuple[int, tuple[str, ...]], ...]
    dialect: Dialect
    problems: tuple[CellProblem, ...] = ()
    warnings: tuple[str, ...] = ()


def read_table(source: Source, score: Score) -> Table:
    """Read a CSV or XLSX file, told apart by content and not by name.

    Parameters
    ----------
    score
        How many of some headings are known; decides between ``;`` and ``,``.

    Raises
    ------
    UnreadableFile
        When the file is of another kind, empty, in an unknown encoding, or damaged.
    """
    if source.body.startswith(_ZIP):
        from scheduler.exchange.workbooks import read_workbook  # noqa: PLC0415 — openpyxl takes a third of a second to load

        return read_workbook(source)
    if source.body.startswith(_OLD_EXCEL):
        raise UnreadableFile(source.name, "ancien format Excel ; enregistrez le classeur en .xlsx ou en CSV")
    return _read_csv(source, score)


def gather(source: Source, lines: Lines, dialect: Dialect, warnings: Sequence[str] = ()) -> Table:
    """Put lines of cells together: the first that is not blank is the heading, blank ones are left out."""
    kept: list[tuple[int, tuple[str, ...]]] = []
    problems: tuple[CellProblem, ...] = ()
    try:
        for line, cells in lines:
            texts = tuple(disarmed(cell.strip()) for cell in cells)
            if any(texts):
                kept.append((line, texts))
            if len(kept) > MAX_LINES:
                raise UnreadableFile(source.name, f"fichier trop long ({MAX_LINES} lignes au plus)")
    except BadTable as error:
        problems = error.problems
    if not kept and problems:
        raise BadTable(problems)
    if not kept:
        raise UnreadableFile(
            source.name, "fichier vide ; la première ligne doit porter les noms des colonnes"
        )
    (heading_line, headings), *rest = kept
    return Table(
        file=source.name,
        headings=headings,
        heading_line=heading_line,
        lines=tuple(rest),
        dialect=dialect,
        problems=problems,
        warnings=tuple(warnings),
    )


def _read_csv(source: Source, score: Score) -> Table:
    content, bom = _decode(source)
    declared = _SEPARATOR_LINE.fullmatch(content.split("\n", 1)[0].strip())
    skip = 1 if declared else 0
    delimiter = declared[1] if declared else _likelier_delimiter(source.name, content, score)
    lines = _csv_lines(source.name, content, delimiter)
    kept = ((line, cells) for line, cells in lines if line > skip)
    return gather(source, kept, Dialect(delimiter=delimiter, bom=bom))


def _decode(source: Source) -> tuple[str, bool]:
    """Give the text, and whether an answer to this file should open with a byte-order mark."""
    body = source.body
    if body.startswith(_UTF16_BOMS) or b"\x00" in body:
        raise UnreadableFile(source.name, "encodage inconnu ; enregistrez en « CSV UTF-8 »")
    if body.startswith(_UTF8_BOM):
        body, bom = body[len(_UTF8_BOM) :], True
    else:
        bom = False
    try:
        return body.decode("utf-8"), bom
    except UnicodeDecodeError:
        pass  # then it can only be what Excel writes by itself in France
    try:
        return body.decode("cp1252"), True
    except UnicodeDecodeError:
        raise UnreadableFile(source.name, "encodage inconnu ; enregistrez en « CSV UTF-8 »") from None


def _likelier_delimiter(file: str, content: str, score: Score) -> str:
    """Choose the delimiter under which more headings are known, then the one giving more cells."""

    def quality(delimiter: str) -> tuple[int, int]:
        try:
            cells = next((row for _, row in _csv_lines(file, content, delimiter) if any(row)), [])
        except BadTable:
            return (0, 0)
        return (score(cells), len(cells))

    return max(";,", key=quality)


def _csv_lines(file: str, content: str, delimiter: str) -> Lines:
    """Yield each record with the line of the file it begins on.

    Strict, because a quote that is never closed would otherwise swallow the rest of the file unseen.
    """
    reader = csv.reader(
        io.StringIO(content, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True
    )
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error:
        expected = "un guillemet \" fermé avant la cellule suivante (la suite du fichier n'a pas pu être lue)"
        raise BadTable([CellProblem(file=file, line=line, column=None, expected=expected)]) from None
