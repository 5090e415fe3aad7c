"""Bringing a database to the schema of this version, or telling how far it is from it."""

import sys
from pathlib import Path
from typing import Any, Literal

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, text
from sqlmodel import AutoString, SQLModel

import scheduler.store.tables  # noqa: F401 — fills the metadata
from scheduler.store.engine import Store
from scheduler.store.tables.columns import Instant

_FOLDER = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 0x52_45_4C_41_49_53  # "RELAIS": two servers started together migrate one after the other


def migrate(store: Store) -> list[str]:
    """Bring the database to the newest schema, all of it or nothing.

    Returns
    -------
    list of str
        The revisions that were applied, oldest first; empty when there was nothing to do.

    Raises
    ------
    RuntimeError
        When a revision left rows that point to nothing (SQLite, where the check waits for the end).
    """
    applied: list[str] = []

    def note(step: Any, **_: object) -> None:
        applied.append(step.up_revision_id)

    with store.migration() as connection:
        _wait_for_other_migrations(connection)
        command.upgrade(_config(connection, note), "head")
        _check_foreign_keys(connection)
    return applied


def pending(store: Store) -> list[str]:
    """List the revisions that ``migrate`` would apply, oldest first."""
    with store.read() as session:
        current = MigrationContext.configure(session.connection()).get_current_heads()
    scripts = ScriptDirectory(str(_FOLDER))
    return [step.revision for step in scripts.iterate_revisions("head", current or "base")][::-1]


def differences(connection: Connection) -> list[Any]:
    """List what still separates a database from the tables; empty when they agree."""
    context = MigrationContext.configure(connection, opts=comparison_options())
    return list(compare_metadata(context, SQLModel.metadata))


def comparison_options() -> dict[str, Any]:
    """Give the options under which Alembic compares a database with the tables."""
    return {
        "target_metadata": SQLModel.metadata,
        "compare_type": True,
        "compare_server_default": True,
        "render_as_batch": True,
        "render_item": _render_type,
    }


def _render_type(kind: str, value: Any, _context: object) -> str | Literal[False]:
    """Write our own column types as plain ones, so that a revision stands by itself."""
    if kind == "type" and isinstance(value, Instant):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(value, AutoString):
        return f"sa.String({value.length})"
    return False


def draft(store: Store, message: str) -> Path:
    """Write a revision that takes an up-to-date database to the tables as they are now; to be reviewed."""
    with store.migration() as connection:
        number = f"{len(list((_FOLDER / 'versions').glob('[0-9]*.py'))) + 1:04d}"
        script = command.revision(_config(connection, None), message, autogenerate=True, rev_id=number)
    assert isinstance(script, Script)  # noqa: S101 — one head, so one script
    return Path(script.path)


def _config(connection: Connection, on_version_apply: Any) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["on_version_apply"] = on_version_apply
    return config


def _wait_for_other_migrations(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if orphans:
            raise RuntimeError(f"migration left {len(orphans)} rows pointing to nothing, first: {orphans[0]}")


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        scratch = Store.open(f"sqlite:///{folder}/draft.db")
        migrate(scratch)
        sys.stdout.write(f"{draft(scratch, sys.argv[1])}\n")
        scratch.close()
