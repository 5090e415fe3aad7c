"""The ``proposals`` table: what a matching run suggests, one line per patient."""

from pathlib import Path

from matching.model import Match, Solution
from scheduler.exchange.formulas import harmless
from scheduler.exchange.tables import Dialect
from scheduler.exchange.writing import Cell, write_rows

PROPOSAL_COLUMNS = ("patient_id", "practitioner_id", "tier", "travel_min", "distance_km", "reason")


def proposal_rows(solution: Solution) -> list[tuple[Cell, ...]]:
    """List the lines of the table below its heading, in the order of the patients.

    ``travel_min`` and ``distance_km`` have one decimal, and are empty when nobody is proposed. No text
    begins like a formula.
    """
    return [_row(match) for match in solution.matches]


def write_proposals(path: Path, solution: Solution, dialect: Dialect | None = None) -> None:
    """Write the table as XLSX when the name ends so, else as CSV.

    The file appears whole or not at all: it is written beside its place, then moved there.

    Parameters
    ----------
    dialect
        How to write CSV; by default as French Excel opens it (``;``, UTF-8 with BOM).

    Raises
    ------
    OSError
        When the folder is absent, full or closed to us.
    """
    write_rows(path, "proposals", [PROPOSAL_COLUMNS, *proposal_rows(solution)], dialect)


def _row(match: Match) -> tuple[Cell, ...]:
    return (
        harmless(match.patient_id),
        harmless(match.practitioner_id or ""),
        match.tier,
        "" if match.duration_s is None else round(match.duration_s / 60, 1),
        "" if match.distance_m is None else round(match.distance_m / 1000, 1),
        harmless(match.reason.sentence),
    )
