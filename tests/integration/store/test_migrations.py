"""Migrations end at exactly the tables of the code, on both engines, all or nothing."""

import re
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from scheduler.store import migrate as module
from scheduler.store.engine import Store
from scheduler.store.migrate import differences, draft, migrate, pending

ALL = [f"{number:04d}" for number in range(1, 17)]
OpenStore = Callable[[str], Store]


@pytest.fixture
def empty_store(empty_store_url: str, open_store: OpenStore) -> Store:
    return open_store(empty_store_url)


def tables(connection: Connection) -> set[str]:
    if connection.dialect.name == "sqlite":
        query = (
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'trigger') AND name NOT LIKE 'sqlite_%'"
        )
    else:
        query = (
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " UNION ALL SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
            " UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        )
    return set(connection.execute(text(query)).scalars())


_SQLITE_SCHEMA = """
SELECT tbl_name, sql FROM sqlite_master
WHERE type IN ('table', 'index') AND sql <> '' AND tbl_name <> 'alembic_version'
"""

_POSTGRESQL_SCHEMA = """
SELECT table_name || '.' || column_name,
       concat_ws(' ', data_type, character_maximum_length, is_nullable, column_default)
FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
UNION ALL
SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND conname <> 'slot_overlap'
      AND conrelid <> coalesce(to_regclass('alembic_version'), 0)
UNION ALL
SELECT indexname, indexdef FROM pg_indexes
WHERE schemaname = 'public' AND indexname <> 'slot_overlap' AND tablename <> 'alembic_version'
"""


def schema(connection: Connection) -> set[tuple[str, str]]:
    """Describe every column, constraint and index by a line of text, except what only migrations make."""
    if connection.dialect.name == "postgresql":
        return {(row[0], row[1]) for row in connection.execute(text(_POSTGRESQL_SCHEMA))}
    lines = (
        (row[0], line) for row in connection.execute(text(_SQLITE_SCHEMA)) for line in row[1].split("\n")
    )
    return {(name, line.strip().rstrip(",").replace('"', "")) for name, line in lines}


def test_an_empty_database_gets_every_revision_once(empty_store: Store) -> None:
    assert pending(empty_store) == ALL
    assert migrate(empty_store) == ALL
    assert pending(empty_store) == []
    assert migrate(empty_store) == []


def test_alembic_finds_no_difference_with_the_tables(store: Store) -> None:
    with store.migration() as connection:
        assert differences(connection) == []


def test_alembic_would_find_a_difference(store: Store) -> None:
    with store.migration() as connection:
        connection.execute(text("ALTER TABLE feed ADD COLUMN colour integer"))
        assert [kind for kind, *_ in differences(connection)] == ["remove_column"]


def test_the_migrated_schema_is_the_one_of_the_tables(empty_store: Store) -> None:
    """Stricter than Alembic: every CHECK, default and partial index too, as the engine itself tells them."""
    with empty_store.migration() as connection:
        SQLModel.metadata.create_all(connection)
        from_tables = schema(connection)
        SQLModel.metadata.drop_all(connection)
    migrate(empty_store)
    with empty_store.migration() as connection:
        assert schema(connection) == from_tables
    assert len(from_tables) > 200


def test_going_down_leaves_nothing_and_up_again_everything(store: Store) -> None:
    with store.migration() as connection:
        before = tables(connection)
        config = module._config(connection, lambda **_: None)
        command.downgrade(config, "base")
        assert tables(connection) - {"alembic_version", "alembic_version_pkc"} == set()
        command.upgrade(config, "head")
        assert tables(connection) == before


def test_a_revision_that_fails_leaves_nothing(empty_store: Store) -> None:
    with empty_store.migration() as connection:
        connection.execute(text("CREATE TABLE slot (id integer)"))
        before = tables(connection)
    with pytest.raises(DBAPIError):
        migrate(empty_store)
    with empty_store.migration() as connection:
        assert tables(connection) == before


def test_servers_started_together_migrate_once(empty_store_url: str, open_store: OpenStore) -> None:
    stores = [open_store(empty_store_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        applied = list(pool.map(migrate, stores))
    assert sorted(applied) == [[], [], [], ALL]


def test_rows_that_point_to_nothing_stop_a_migration(sqlite_store: Store, monkeypatch) -> None:
    def breaks(connection: Connection, _revision: str) -> None:
        connection.execute(text("INSERT INTO territory_commune VALUES (99, '77445')"))

    monkeypatch.setattr(
        module.command, "upgrade", lambda config, to: breaks(config.attributes["connection"], to)
    )
    with pytest.raises(RuntimeError, match="1 rows pointing to nothing"):
        migrate(sqlite_store)
    with sqlite_store.read() as session:
        assert session.connection().execute(text("SELECT * FROM territory_commune")).all() == []


def test_revisions_stand_by_themselves() -> None:
    versions = sorted((module._FOLDER / "versions").glob("[0-9]*.py"))
    assert [path.name[:4] for path in versions] == ALL
    for path in versions:
        assert not re.search(r"import .*(scheduler|sqlmodel|matching)", path.read_text())


def test_a_drafted_revision_runs(sqlite_store: Store, tmp_path: Path, monkeypatch) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(module._FOLDER, folder)
    monkeypatch.setattr(module, "_FOLDER", folder)
    with sqlite_store.migration() as connection:
        connection.execute(text("CREATE TABLE leftover (id integer)"))
    path = draft(sqlite_store, "drop what is left")
    assert path.name == f"{len(ALL) + 1:04d}_drop_what_is_left.py"
    assert migrate(sqlite_store) == [path.name[:4]]
    with sqlite_store.migration() as connection:
        assert "leftover" not in tables(connection)
