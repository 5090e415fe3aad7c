"""Which invariant of the database a refused write broke, by the same name on both engines.

Besides the names written in the tables (unique indexes, checks), the migrations add:

======================== ===========================================================================
slot_overlap             two open slots of one practitioner would overlap
booking_within_capacity  the place is above those of the slot, with those granted en sus
booking_slot_open        a place would become taken on a slot that is not open
booking_step             the booking would take a step that ``scheduler.agenda.life`` does not know
booking_hold_over        a hold would become a booking after its end
slot_capacity_taken      the places would fall below a taken one
offer_within_places      one more accepted offer than the intake has places
intake_places_accepted   the places would fall below the offers already accepted
…_append_only            a row of ``audit_entry``, ``referral_event`` or ``booking_event`` would change
======================== ===========================================================================
"""

import re
from collections.abc import Iterator

from sqlalchemy import Index, PrimaryKeyConstraint, Table, UniqueConstraint
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

_SQLITE_COLUMNS = re.compile(r"UNIQUE constraint failed: (?P<columns>.+)$")
_SQLITE_CHECK = re.compile(r"CHECK constraint failed: (?P<name>\w+)$")
_SQLITE_TRIGGER = re.compile(r"[a-z_]+")


def broken_invariant(error: IntegrityError) -> str | None:
    """Name the constraint, index or trigger that refused a write.

    Returns
    -------
    The name given in the tables or migrations (``booking_one_per_place``, ``slot_overlap``…), or
    ``None`` when the engine does not say: a missing value, and on SQLite a broken foreign key.
    """
    diagnostic = getattr(error.orig, "diag", None)
    if diagnostic is None:
        return _sqlite_name(str(error.orig))
    name = diagnostic.constraint_name if diagnostic.sqlstate != "23502" else None
    return str(name) if name else None


def _sqlite_name(message: str) -> str | None:
    if check := _SQLITE_CHECK.fullmatch(message):
        return check["name"]
    if unique := _SQLITE_COLUMNS.fullmatch(message):
        return _unique_on(tuple(part.strip() for part in unique["columns"].split(",")))
    return message if _SQLITE_TRIGGER.fullmatch(message) else None


def _unique_on(columns: tuple[str, ...]) -> str | None:
    """Find the name SQLite leaves out of its message: that of the unique rule on exactly these columns."""
    for table in SQLModel.metadata.tables.values():
        for rule in _unique_rules(table):
            if tuple(f"{table.name}.{column.name}" for column in rule.columns) == columns:
                return str(rule.name)
    return None


def _unique_rules(table: Table) -> Iterator[UniqueConstraint | PrimaryKeyConstraint | Index]:
    yield from (
        rule for rule in table.constraints if isinstance(rule, UniqueConstraint | PrimaryKeyConstraint)
    )
    yield from (rule for rule in table.indexes if rule.unique)
