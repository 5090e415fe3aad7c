"""The trace of accesses: in the same transaction, append-only, chained, in one line under concurrency."""

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select

from scheduler import audit
from scheduler.accounts.actor import system_actor
from scheduler.audit import check_chain, record
from scheduler.store.engine import Store
from scheduler.store.tables import AuditEntry, Role, Territory
from tests import factories
from tests.factories import NOW

PATIENT = UUID(int=7)


class Refusal(Exception):
    pass


def note(session: Session, object_id: object = "1", **values: object) -> None:
    given = {"action": "R", "object_kind": "referral", "purpose": "suivi", "now": NOW} | values
    record(session, factories.actor(), object_id=object_id, **given)


def entries(store: Store) -> list[AuditEntry]:
    with store.read() as session:
        return list(session.exec(select(AuditEntry).order_by(col(AuditEntry.id))).all())


def broken(store: Store) -> int | None:
    with store.read() as session:
        return check_chain(session)


@pytest.fixture
def five(store: Store) -> Store:
    for number in range(5):
        with store.write() as session:
            note(session, number, patient_id=PATIENT, now=NOW + timedelta(seconds=number))
    return store


# --- what is kept ----------------------------------------------------------------------------------------


def test_an_access_says_who_what_whose_why_and_when(store: Store) -> None:
    actor = factories.actor(Role.REGULATOR, territory_id=3, request_id="r1")
    with store.write() as session:
        record(
            session,
            actor,
            action="U",
            object_kind="booking",
            object_id=uuid4(),
            patient_id=PATIENT,
            purpose="soins non programmés",
            outcome="denied",
            now=NOW,
        )
    (entry,) = entries(store)
    assert (entry.actor, entry.role, entry.territory_id) == (actor.key, "regulator", 3)
    assert (entry.action, entry.object_kind, entry.patient_id) == ("U", "booking", PATIENT)
    assert (entry.purpose, entry.outcome, entry.at, entry.request_id) == (
        "soins non programmés",
        "denied",
        NOW,
        "r1",
    )


def test_jobs_of_relais_leave_their_name(store: Store) -> None:
    with store.write() as session:
        record(
            session,
            system_actor("poll", 1),
            action="E",
            object_kind="feed",
            object_id=1,
            purpose="agenda",
            now=NOW,
        )
    assert entries(store)[0].actor == "system:poll"


def test_an_undone_transaction_leaves_no_trace(store: Store) -> None:
    def fail() -> None:
        with store.write() as session:
            note(session)
            raise Refusal

    with pytest.raises(Refusal):
        fail()
    assert entries(store) == []
    with store.write() as session:
        note(session, "2")
    assert [one.object_id for one in entries(store)] == ["2"]


def test_what_a_savepoint_undoes_leaves_no_trace(store: Store) -> None:
    def undone(session: Session, outside: Callable[[], None]) -> None:
        with session.begin_nested():
            note(session, "inside")
            outside()
            raise Refusal

    def deeper(session: Session) -> None:
        with session.begin_nested():
            note(session, "deeper, kept by its own savepoint")

    with store.write() as session:
        note(session, "before")
        with pytest.raises(Refusal):
            undone(session, lambda: deeper(session))
        with session.begin_nested():
            note(session, "kept")
        note(session, "after")
    assert [one.object_id for one in entries(store)] == ["before", "kept", "after"]


def test_a_read_session_cannot_note_an_access(store: Store) -> None:
    with store.read() as session, pytest.raises(RuntimeError, match="write session"):
        note(session)


def test_an_access_that_cannot_be_noted_does_not_happen(store: Store) -> None:
    """Fail closed (reliability F9): the change and the answer fall with the trace."""
    with store.migration() as connection:
        connection.execute(text("ALTER TABLE audit_entry RENAME TO elsewhere"))

    def change() -> str:
        with store.write() as session:
            factories.territory(session)
            note(session)
            return "the answer is built, not yet sent"

    with pytest.raises(DBAPIError):
        change()
    with store.read() as session:
        assert session.exec(select(Territory)).all() == []


# --- the chain -------------------------------------------------------------------------------------------


def test_rows_follow_each_other(five: Store) -> None:
    rows = entries(five)
    assert [one.id for one in rows] == [1, 2, 3, 4, 5]
    assert [one.prev_hash for one in rows] == [None, *[one.hash for one in rows[:-1]]]
    assert broken(five) is None


def test_several_accesses_of_one_transaction_follow_each_other(store: Store) -> None:
    with store.write() as session:
        for number in range(600):
            note(session, number)
    assert [one.object_id for one in entries(store)] == [str(number) for number in range(600)]
    assert broken(store) is None


def test_an_empty_trace_is_whole(store: Store) -> None:
    assert broken(store) is None


def test_anybody_can_recompute_a_hash(five: Store) -> None:
    """The rule, written out: the same on both engines, whatever form they store values in."""
    first, second = entries(five)[:2]
    written = (
        '{"action":"R","actor":"account:00000000-0000-0000-0000-000000000001",'
        '"at":"2026-11-23T08:00:01.000000+00:00","id":2,"object_id":"1","object_kind":"referral",'
        '"outcome":"ok","patient_id":"00000000-0000-0000-0000-000000000007",'
        f'"prev_hash":"{first.hash}","purpose":"suivi","request_id":null,"role":"coordinator","territory_id":1}}'
    )
    assert second.hash == hashlib.sha256(written.encode()).hexdigest()


def tamper(store: Store, statement: str) -> None:
    """Alter the trace as somebody would who may drop what protects it."""
    with store.migration() as connection:
        if store.is_sqlite:
            for name in ("audit_entry_no_update", "audit_entry_no_delete", "audit_entry_no_replace"):
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))  # no foreign keys either
            connection.execute(text("DROP TRIGGER audit_entry_append_only ON audit_entry"))
        connection.execute(text(statement))


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'account:autre'",
        "role = 'admin'",
        "territory_id = NULL",
        "territory_id = 2",
        "action = 'U'",
        "object_kind = 'autre'",
        "object_id = '9'",
        "patient_id = NULL",
        "purpose = 'autre'",
        "outcome = 'denied'",
        "request_id = 'r1'",
        "at = (SELECT at FROM audit_entry WHERE id = 4)",
    ],
)
def test_an_altered_row_is_named(five: Store, change: str) -> None:
    tamper(five, f"UPDATE audit_entry SET {change} WHERE id = 3")
    assert broken(five) == 3


def test_a_removed_row_names_the_next(five: Store) -> None:
    tamper(five, "DELETE FROM audit_entry WHERE id = 3")
    assert broken(five) == 4


def test_a_removed_beginning_is_seen(five: Store) -> None:
    tamper(five, "DELETE FROM audit_entry WHERE id = 1")
    assert broken(five) == 2


def test_a_row_with_a_hash_of_its_own_names_the_next(five: Store) -> None:
    """Whoever recomputes the hash of an altered row breaks the link from the row after it."""
    rows = entries(five)
    with five.read() as session:
        altered = session.get_one(AuditEntry, 3)
    altered.purpose = "autre"
    forged = audit._hash(altered.model_dump(exclude={"hash"}))
    tamper(five, f"UPDATE audit_entry SET purpose = 'autre', hash = '{forged}' WHERE id = 3")
    assert broken(five) == 4
    assert forged != rows[2].hash


def test_many_at_once_stay_in_one_line(store: Store) -> None:
    barrier = threading.Barrier(20)

    def work(number: int) -> None:
        barrier.wait(timeout=10)
        for turn in range(5):
            with store.write() as session:
                note(session, f"{number}-{turn}")
                factories.territory(session, slug=f"cpts-au-{number}-{turn}")
                note(session, f"{number}-{turn} bis")

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(work, range(20)))
    rows = entries(store)
    assert len(rows) == 200
    assert broken(store) is None
    for first, second in zip(rows[::2], rows[1::2], strict=True):
        assert second.object_id == f"{first.object_id} bis"  # a transaction's rows are neighbours


def test_the_lock_of_the_trace_is_taken_last(postgresql_store: Store) -> None:
    """Two people who note first and lock the same rows after do not wait for each other."""
    with postgresql_store.write() as session:
        shared = factories.territory(session).id
    both_noted = threading.Barrier(2)

    def work(_: int) -> None:
        with postgresql_store.write() as session:
            note(session)
            both_noted.wait(timeout=10)
            session.get_one(Territory, shared, with_for_update=True)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))
    assert len(entries(postgresql_store)) == 2
    assert broken(postgresql_store) is None
