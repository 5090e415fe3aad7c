"""A report that may leave as a sheet: one number a line, its definition beside it, cells made harmless."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from scheduler.exchange.formulas import harmless
from scheduler.indicators.definitions import DEFINITIONS
from scheduler.indicators.report import EQUITY

HEADS = ("indicateur", "ventilation", "categorie", "valeur", "definition")
FEW = "moins de 11"

Row = tuple[str, str, str, str | int | float, str]


def rows_of(report: dict[str, Any]) -> Iterator[Row]:
    """Lay a report out, one number a line."""
    for name, value in report["figures"].items():
        known = DEFINITIONS[name]
        yield known.label, "", "", FEW if value is None else value, known.counts
    waits = DEFINITIONS["waits"]
    median = report["waits"]["median"]
    yield waits.label, "médiane", "jours", FEW if median is None else median, waits.counts
    for band, number in report["waits"]["bands"].items():
        yield waits.label, "répartition", f"{band} jours", number, waits.counts
    for reason, number in report["declines"].items():
        yield DEFINITIONS["declines"].label, "motif", reason, number, DEFINITIONS["declines"].counts
    for step, tables in report["tables"].items():
        for dimension, table in tables.items():
            for key, number in table.items():
                yield DEFINITIONS[step].label, dimension, key, number, DEFINITIONS[step].counts
    for dimension in EQUITY:
        for step, table in report["equity"][dimension].items():
            for key, number in table.items():
                label = DEFINITIONS["waits" if step == "median_wait" else step].label
                yield f"Équité : {label}", dimension, key, number, "Même définition, par groupe."


def as_csv(report: dict[str, Any]) -> str:
    """Write a report for a spreadsheet of French people: semicolons, decimal commas."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADS)
    for row in rows_of(report):
        writer.writerow([_cell(cell) for cell in row])
    return out.getvalue()


def as_xlsx(report: dict[str, Any]) -> bytes:
    """Write a report as a workbook, numbers staying numbers."""
    from scheduler.exchange.workbooks import workbook_bytes  # noqa: PLC0415 — openpyxl is slow to load

    rows = [[harmless(cell) if isinstance(cell, str) else cell for cell in row] for row in rows_of(report)]
    return workbook_bytes("Indicateurs", [list(HEADS), *rows])


def _cell(cell: str | float) -> str:
    return harmless(cell) if isinstance(cell, str) else str(cell).replace(".", ",")
