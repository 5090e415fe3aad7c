"""Changing a table that exists already, the same way on both engines.

SQLite can neither add a column without a default nor change a CHECK: the table is built anew from its own
text, with its indexes and triggers (https://sqlite.org/lang_altertable.html, section 7). The connection
of a migration has foreign keys off; ``migrate`` checks them at the end.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import CreateColumn


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What becomes of one table.

    Parameters
    ----------
    columns : sequence of sa.Column
        Added at the end.
    fill : mapping of str to str
        SQL value of an added column in the rows that exist; NULL where absent.
    checks : mapping of str to str
        CHECK constraints by name; one of a name that exists replaces it.
    references : mapping of str to tuple of str
        Foreign keys by name: the column, the table and the column it refers to.
    optional : mapping of str to str
        Columns that may be empty from now on, with the SQL value they get when the change is taken back.
    """

    table: str
    columns: Sequence[sa.Column[object]] = ()
    fill: Mapping[str, str] = field(default_factory=dict)
    checks: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    optional: Mapping[str, str] = field(default_factory=dict)


def apply(change: Change) -> None:
    """Add the columns, checks and foreign keys of a change."""
    if op.get_bind().dialect.name == "sqlite":
        filled = [(column.name, change.fill.get(column.name, "NULL")) for column in change.columns]
        _rebuild(change.table, lambda lines: _with(lines, change), filled)
        return
    for column in change.columns:
        value = change.fill.get(column.name)
        column.server_default = None if value is None else sa.DefaultClause(sa.text(value))
        op.add_column(change.table, column)
        if value is not None:
            op.alter_column(change.table, column.name, server_default=None)
    for name in change.optional:
        op.alter_column(change.table, name, nullable=True)
    for name, condition in change.checks.items():
        op.execute(f'ALTER TABLE "{change.table}" DROP CONSTRAINT IF EXISTS {name}')
        op.create_check_constraint(name, change.table, sa.text(condition))
    for name, (column_name, table, target) in change.references.items():
        op.create_foreign_key(name, change.table, table, [column_name], [target])


def undo(change: Change, *, checks: Mapping[str, str]) -> None:
    """Take a change back.

    Parameters
    ----------
    checks
        The CHECK constraints as they were, for those the change had replaced.
    """
    for name, value in change.optional.items():
        op.execute(f'UPDATE "{change.table}" SET "{name}" = {value} WHERE "{name}" IS NULL')  # noqa: S608 — our own names
    if op.get_bind().dialect.name == "sqlite":
        _rebuild(change.table, lambda lines: _without(lines, change, checks), [])
        return
    for name in change.optional:
        op.alter_column(change.table, name, nullable=False)
    for name in change.checks:
        op.drop_constraint(name, change.table, type_="check")
    for name, condition in checks.items():
        op.create_check_constraint(name, change.table, sa.text(condition))
    for column in change.columns:
        op.drop_column(change.table, column.name)  # and the foreign keys of the column with it


def _with(lines: list[str], change: Change) -> list[str]:
    dialect = op.get_bind().dialect
    added = [str(CreateColumn(column).compile(dialect=dialect)) for column in change.columns]
    kept = [line for line in lines if _constraint(line) not in change.checks]
    kept = [line.removesuffix(" NOT NULL") if _column(line) in change.optional else line for line in kept]
    first = next(row for row, line in enumerate(kept) if _constraint(line) is not None)
    return [
        *kept[:first],
        *added,
        *(f"CONSTRAINT {name} CHECK ({condition})" for name, condition in change.checks.items()),
        *kept[first:],
        *(
            f"CONSTRAINT {name} FOREIGN KEY({column}) REFERENCES {table} ({target})"
            for name, (column, table, target) in change.references.items()
        ),
    ]


def _without(lines: list[str], change: Change, checks: Mapping[str, str]) -> list[str]:
    names = {column.name for column in change.columns}
    constraints = {*change.checks, *change.references}
    kept = [line for line in lines if _column(line) not in names]
    kept = [line for line in kept if _constraint(line) not in constraints]
    kept = [f"{line} NOT NULL" if _column(line) in change.optional else line for line in kept]
    return [*kept, *(f"CONSTRAINT {name} CHECK ({condition})" for name, condition in checks.items())]


def _column(line: str) -> str:
    return line.split(maxsplit=1)[0].strip('"')


def _constraint(line: str) -> str | None:
    words = line.split()
    return words[1].strip('"') if words[0] == "CONSTRAINT" else None


def _rebuild(table: str, edit: Callable[[list[str]], list[str]], filled: Sequence[tuple[str, str]]) -> None:
    """Build a table of SQLite anew from its own text, one definition a line as SQLAlchemy writes it."""
    schema = "SELECT sql FROM sqlite_master WHERE tbl_name = :table AND type {} 'table' AND sql <> ''"
    bind = op.get_bind()
    around = bind.execute(sa.text(schema.format("<>")), {"table": table}).scalars().all()
    written = bind.execute(sa.text(schema.format("=")), {"table": table}).scalar_one()
    lines = [line.strip().rstrip(",").strip() for line in written.split("\n")[1:-1]]
    edited = edit([line for line in lines if line])
    before = [row[1] for row in bind.exec_driver_sql(f'PRAGMA table_info("{table}")')]
    after = {_column(line) for line in edited}
    same = [name for name in before if name in after]
    to = ", ".join(f'"{name}"' for name in [*same, *(name for name, _ in filled)])
    values = ", ".join([*(f'"{name}"' for name in same), *(value for _, value in filled)])
    body = ", \n\t".join(edited)
    for statement in (
        "PRAGMA legacy_alter_table=ON",  # or the rename would look into triggers of other tables
        f'ALTER TABLE "{table}" RENAME TO "{table}_before"',
        f'CREATE TABLE "{table}" (\n\t{body}\n)',
        f'INSERT INTO "{table}" ({to}) SELECT {values} FROM "{table}_before"',  # noqa: S608 — our own names
        f'DROP TABLE "{table}_before"',
        "PRAGMA legacy_alter_table=OFF",
        *around,
    ):
        bind.exec_driver_sql(statement)
