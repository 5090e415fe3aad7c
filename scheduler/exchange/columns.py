"""What a table must look like, and the reading of all its cells, every fault noted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from scheduler.exchange.cells import Read, Unexpected, fold
from scheduler.exchange.errors import BadTable, CellProblem
from scheduler.exchange.tables import Source, Table, read_table

_SPREADSHEET_ERRORS = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#VALEUR!", "#DIV/0!", "#NAME?", "#NOM?", "#NUM!"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : str
        Heading of the contract; ``aliases`` are other headings that mean the same. Case, accents and
        punctuation of a heading do not count.
    read : callable
        Gives the value of a cell that is not empty, or raises ``Unexpected``.
    empty : object
        Value of an empty cell.
    absent : object
        Value on every line when the file has no such column.
    required : bool
        Whether the column must exist and all its cells be filled.
    """

    name: str
    read: Read
    aliases: tuple[str, ...] = ()
    empty: object = None
    absent: object = None
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The columns of one kind of table.

    Parameters
    ----------
    columns : tuple of Column
    alternatives : tuple
        Each is several groups of headings, of which at least one group must be whole.
    """

    columns: tuple[Column, ...]
    alternatives: tuple[tuple[tuple[str, ...], ...], ...] = ()

    def by_heading(self) -> dict[str, Column]:
        """Give the column of every folded heading that is understood."""
        return {fold(heading): c for c in self.columns for heading in (c.name, *c.aliases)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line understood: value per column name; columns in ``refused`` had a bad cell and hold None."""

    line: int
    values: dict[str, Any]
    refused: frozenset[str]


@dataclass(slots=True, kw_only=True)
class Sheet:
    """A table understood, and the list of what is wrong with it, which later checks add to."""

    table: Table
    rows: tuple[Row, ...] = ()
    headings: dict[str, str] = field(default_factory=dict)
    problems: list[CellProblem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def refuse(self, line: int | None, column: str | None, expected: str) -> None:
        """Note that something else was expected in the column of this name."""
        heading = None if column is None else self.headings.get(column, column)
        self.problems.append(CellProblem(file=self.table.file, line=line, column=heading, expected=expected))

    def warn(self, sentence: str) -> None:
        """Note something that the reader should know and that stops nothing."""
        self.warnings.append(f"{self.table.file} : {sentence}")


def read_sheet(source: Source, layout: Layout) -> Sheet:
    """Read a file and every one of its cells.

    Returns
    -------
    Sheet whose ``problems`` may not be empty: call ``refuse_if_wrong`` once all checks are done.

    Raises
    ------
    UnreadableFile
        When there is no table to speak of.
    """
    known = layout.by_heading()
    table = read_table(source, lambda cells: sum(fold(cell) in known for cell in cells))
    sheet = Sheet(table=table, problems=list(table.problems), warnings=list(table.warnings))
    places = _locate(sheet, known)
    if _check_headings(sheet, layout, known):
        sheet.rows = tuple(_read_row(sheet, layout, places, line, cells) for line, cells in table.lines)
    return sheet


def refuse_if_wrong(*sheets: Sheet) -> None:
    """Stop when any cell of any of these tables was refused.

    Raises
    ------
    BadTable
        With every problem, by file then by line.
    """
    problems = [p for sheet in sheets for p in sorted(sheet.problems, key=lambda p: p.line or 0)]
    if problems:
        raise BadTable(problems)


def refuse_repeated(sheet: Sheet, column: str) -> None:
    """Refuse every value of a column that an earlier line already holds."""
    first_line: dict[object, int] = {}
    for row in sheet.rows:
        value = row.values[column]
        if value is None:
            continue
        before = first_line.setdefault(value, row.line)
        if before != row.line:
            sheet.refuse(row.line, column, f"un identifiant unique (celui-ci est déjà ligne {before})")


def _locate(sheet: Sheet, known: dict[str, Column]) -> dict[str, int]:
    """Find where each column stands; note the unknown headings and those that come twice."""
    places: dict[str, int] = {}
    unknown: list[str] = []
    for place, heading in enumerate(sheet.table.headings):
        column = known.get(fold(heading))
        if column is None:
            unknown.append(heading)
        elif column.name in places:
            sheet.refuse(sheet.table.heading_line, column.name, f"une seule colonne « {column.name} »")
        else:
            places[column.name] = place
            sheet.headings[column.name] = heading
    if named := [heading[:40] for heading in unknown if heading]:
        many = "s" if len(named) > 1 else ""
        sheet.warn(f"colonne{many} inconnue{many}, ignorée{many} : {', '.join(named)}.")
    return places


def _check_headings(sheet: Sheet, layout: Layout, known: dict[str, Column]) -> bool:
    """Tell whether the cells are worth reading; note every heading that is missing."""
    line = sheet.table.heading_line
    if not sheet.headings:
        some = ", ".join(column.name for column in layout.columns[:4])
        sheet.refuse(line, None, f"une première ligne qui porte les noms des colonnes ({some}…)")
        return False
    missing = [
        column.name for column in known.values() if column.required and column.name not in sheet.headings
    ]
    for name in dict.fromkeys(missing):
        sheet.refuse(line, name, "cette colonne, obligatoire")
    for groups in layout.alternatives:
        if not any(all(name in sheet.headings for name in group) for group in groups):
            wanted = ", ou ".join(" et ".join(group) for group in groups)
            sheet.refuse(line, groups[0][0], f"cette colonne ({wanted})")
    return True


def _read_row(sheet: Sheet, layout: Layout, places: dict[str, int], line: int, cells: Sequence[str]) -> Row:
    values: dict[str, Any] = {}
    refused = set()
    if any(cells[len(sheet.table.headings) :]):
        most = len(sheet.table.headings)
        sheet.refuse(line, None, f"{most} cellules au plus (séparateur de trop, guillemets oubliés ?)")
    for column in layout.columns:
        place = places.get(column.name)
        if place is None:
            values[column.name] = column.absent
            continue
        cell = cells[place] if place < len(cells) else ""
        try:
            values[column.name] = _read_cell(column, cell)
        except Unexpected as error:
            values[column.name] = None
            refused.add(column.name)
            sheet.refuse(line, column.name, error.expected)
    return Row(line=line, values=values, refused=frozenset(refused))


def _read_cell(column: Column, cell: str) -> object:
    if cell in _SPREADSHEET_ERRORS:
        raise Unexpected("une valeur, et non une erreur de tableur")
    if cell:
        return column.read(cell)
    if column.required:
        column.read(cell)  # says what was expected, unless any text would do
        raise Unexpected("une valeur, et non une cellule vide")
    return column.empty
