"""A recycled PostgreSQL database is as good as a fresh one."""

import psycopg
import pytest
from sqlalchemy import text
from sqlmodel import select

from scheduler.audit import record
from scheduler.store.engine import Store
from scheduler.store.tables import AuditEntry, Territory
from tests import factories, postgresql
from tests.factories import NOW
from tests.postgresql import Databases, Recycled


@pytest.fixture
def recycled(postgresql_databases: Databases):
    recycled = Recycled(postgresql_databases)
    yield recycled
    recycled.close()


def use(recycled: Recycled, open_store) -> tuple[int | None, str]:
    store: Store = open_store(recycled.url)
    with store.write() as session:
        record(session, factories.actor(), action="R", object_kind="x", object_id=1, purpose="essai", now=NOW)
        made = factories.territory(session)
    with store.read() as session:
        assert len(session.exec(select(Territory)).all()) == 1
        assert session.exec(select(AuditEntry.id)).all() == [1]
    store.close()
    return made.id, recycled.url


def test_the_next_test_finds_nothing_and_counts_from_one(recycled: Recycled, open_store) -> None:
    for _ in range(3):
        made, url = use(recycled, open_store)
        assert made == 1
        recycled.take_back()
        assert recycled.url == url  # emptied, not copied anew


@pytest.mark.parametrize(
    "change",
    [
        "DROP TRIGGER slot_open ON slot",
        "DROP TABLE booking_event",
        "CREATE TABLE more (id integer)",
        "ALTER TABLE slot DROP CONSTRAINT slot_overlap",
        "ALTER TABLE slot ADD COLUMN colour integer",
    ],
)
def test_a_touched_schema_is_thrown_away(recycled: Recycled, open_store, change: str) -> None:
    _, url = use(recycled, open_store)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(change)
    recycled.take_back()
    assert recycled.url != url
    use(recycled, open_store)


def test_a_database_somebody_still_locks_is_thrown_away(recycled: Recycled, open_store) -> None:
    _, url = use(recycled, open_store)
    left_open = psycopg.connect(url)
    left_open.execute("LOCK TABLE slot")
    recycled.take_back()
    assert recycled.url != url
    left_open.close()


def test_a_database_is_replaced_after_many_loans(recycled: Recycled, monkeypatch) -> None:
    monkeypatch.setattr(Recycled, "MAX_LOANS", 2)
    first = recycled.url
    recycled.take_back()
    assert recycled.url == first
    recycled.take_back()
    assert recycled.url != first


def test_tables_are_guarded_again_for_the_next_test(postgresql_store: Store) -> None:
    with postgresql_store.read() as session:
        role = session.connection().execute(text("SHOW session_replication_role")).scalar_one()
    assert role == "origin"
    assert postgresql.TEMPLATE not in str(postgresql_store.engine.url)
