"""XLSX workbooks as text cells, read and written with openpyxl; imported only when one is met."""

import io
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from scheduler.exchange.errors import UnreadableFile
from scheduler.exchange.tables import Dialect, Lines, Source, Table, gather

MAX_UNZIPPED_BYTES = 500_000_000
_DAMAGED = (InvalidFileException, zipfile.BadZipFile, ParseError, KeyError, ValueError, TypeError, EOFError)


def read_workbook(source: Source) -> Table:
    """Read the first visible sheet of a workbook; the values it shows, not the formulas behind them.

    Raises
    ------
    UnreadableFile
        When the workbook is damaged, or would take more than 500 MB once unzipped.
    """
    try:
        return _read(source)
    except _DAMAGED as error:
        raise UnreadableFile(
            source.name, "classeur illisible ; enregistrez-le de nouveau en .xlsx"
        ) from error


def _read(source: Source) -> Table:
    _refuse_bomb(source)
    with warnings.catch_warnings():
        # openpyxl announces the decorations that it drops (styles, validations): nothing we read
        warnings.simplefilter("ignore", UserWarning)
        workbook = load_workbook(io.BytesIO(source.body), read_only=True, data_only=True)
        try:
            visible = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
            sheet = (visible or workbook.worksheets)[0]
            sheet.reset_dimensions()  # the size written in the file is often wrong
            rows = sheet.iter_rows(values_only=True)
            return gather(source, _text_lines(rows), Dialect(), _other_sheets(source, visible))
        finally:
            workbook.close()


def _refuse_bomb(source: Source) -> None:
    with zipfile.ZipFile(io.BytesIO(source.body)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MAX_UNZIPPED_BYTES:
            raise UnreadableFile(source.name, "classeur trop gros (500 Mo au plus une fois décompressé)")


def _other_sheets(source: Source, visible: Sequence[object]) -> list[str]:
    if len(visible) < 2:
        return []
    return [f"{source.name} : seule la première feuille est lue, sur {len(visible)}."]


def _text_lines(rows: Iterator[tuple[object, ...]]) -> Lines:
    for line, row in enumerate(rows, start=1):
        yield line, [_as_text(value) for value in row]


def _as_text(value: object) -> str:
    """Write a cell as the CSV twin of the workbook would hold it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date | time) else str(value)


def workbook_bytes(title: str, rows: Sequence[Sequence[str | int | float]]) -> bytes:
    """Make a workbook of one sheet, numbers staying numbers, with a frozen heading and readable widths."""
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet(title)
    sheet.freeze_panes = "A2"
    for index, column in enumerate(zip(*rows, strict=True), start=1):
        widest = max(len(str(cell)) for cell in column)
        sheet.column_dimensions[get_column_letter(index)].width = min(max(widest + 2, 10), 80)
    for row in rows:
        sheet.append(list(row))
    body = io.BytesIO()
    workbook.save(body)
    return body.getvalue()
