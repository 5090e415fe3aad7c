"""Writing a table as French Excel opens it, or as a workbook; whole or not at all."""

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path

from scheduler.exchange.tables import Dialect

Cell = str | int | float


def write_rows(
    path: Path, title: str, rows: Sequence[Sequence[Cell]], dialect: Dialect | None = None
) -> None:
    """Write lines of cells, the first being the headings: XLSX when the name ends so, else CSV.

    The file appears whole or not at all: it is written beside its place, then moved there.

    Parameters
    ----------
    title
        Name of the sheet.
    dialect
        How to write CSV; by default as French Excel opens it (``;``, UTF-8 with BOM).

    Raises
    ------
    OSError
        When the folder is absent, full or closed to us.
    """
    body = table_bytes(title, rows, workbook=path.suffix.casefold() == ".xlsx", dialect=dialect)
    if path.exists() and not path.is_file():
        path.write_bytes(body)  # a pipe or a terminal cannot be replaced
        return
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(body)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def table_bytes(
    title: str, rows: Sequence[Sequence[Cell]], *, workbook: bool, dialect: Dialect | None = None
) -> bytes:
    """Give lines of cells, the first being the headings, as the content of an XLSX or a CSV file."""
    return _xlsx(title, rows) if workbook else _csv(rows, dialect or Dialect())


def _csv(rows: Sequence[Sequence[Cell]], dialect: Dialect) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=dialect.delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8-sig" if dialect.bom else "utf-8")


def _xlsx(title: str, rows: Sequence[Sequence[Cell]]) -> bytes:
    from scheduler.exchange.workbooks import workbook_bytes  # noqa: PLC0415 — openpyxl is slow to load

    return workbook_bytes(title, rows)
