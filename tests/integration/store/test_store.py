"""The two kinds of session, on both engines; the single writer of SQLite, among threads and processes."""

import os
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Session, col, func, select
from structlog.testing import capture_logs

from scheduler.errors import InvalidSetting, StoreBusy
from scheduler.store import engine
from scheduler.store.engine import Store, sqlite_has_wal_reset_bug
from scheduler.store.tables import Patient, Slot, Territory
from scheduler.store.writer import WriterLock
from tests import factories, warm
from tests.factories import NOW
from tests.integration.store.turns import add_one


def num_territories(store: Store) -> int:
    with store.read() as session:
        return session.exec(select(func.count()).select_from(Territory)).one()


class Refusal(Exception):
    pass


# --- what each session may do ----------------------------------------------------------------------------


def test_what_is_written_is_kept(store: Store) -> None:
    with store.write() as session:
        factories.territory(session)
    assert num_territories(store) == 1


def test_an_error_undoes_the_whole_block(store: Store) -> None:
    def write_then_fail() -> None:
        with store.write() as session:
            factories.territory(session)
            raise Refusal

    with pytest.raises(Refusal):
        write_then_fail()
    assert num_territories(store) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO territory (slug, name, zone) VALUES ('a', 'b', 'c')",
        "DELETE FROM territory",
        "CREATE TABLE more (id integer)",
    ],
)
def test_a_read_session_cannot_write(store: Store, statement: str) -> None:
    with pytest.raises(DBAPIError), store.read() as session:
        session.connection().execute(text(statement))


def test_reading_before_and_after_does_not_let_it_write(store: Store) -> None:
    with store.write() as session:
        factories.territory(session)
    with store.read() as session:
        session.exec(select(Territory)).all()
        with pytest.raises(DBAPIError):
            factories.territory(session)


def test_reading_and_writing_in_turn_works(store: Store) -> None:
    for number in range(3):
        with store.read() as session:
            session.exec(select(Territory)).all()
        with store.write() as session:
            factories.territory(session, slug=f"cpts-numero-{number}")
    assert num_territories(store) == 3


def test_a_read_session_sees_one_moment(store: Store) -> None:
    with store.read() as session:
        count = select(func.count()).select_from(Territory)
        assert session.exec(count).one() == 0
        with store.write() as writing:
            factories.territory(writing)
        assert session.exec(count).one() == 0
    assert num_territories(store) == 1


def test_instants_come_back_in_utc(store: Store) -> None:
    paris = NOW.astimezone(ZoneInfo("Europe/Paris"))
    with store.write() as session:
        slot_id = factories.slot(session, start_at=paris, end_at=paris + timedelta(minutes=15)).id
    with store.read() as session:
        found = session.get_one(Slot, slot_id).start_at
    assert found == NOW
    assert found.utcoffset() == timedelta(0)


def test_a_naive_instant_is_refused(store: Store) -> None:
    with pytest.raises(Exception, match="an instant must carry its zone"), store.write() as session:
        factories.account(session, created_at=NOW.replace(tzinfo=None))


def test_errors_do_not_repeat_what_was_to_be_written(store: Store) -> None:
    with store.write() as session:
        patient = factories.patient(session, family_name="CANARI")
    with pytest.raises(IntegrityError) as refusal, store.write() as session:
        session.connection().execute(
            Patient.__table__.insert(), patient.model_dump() | {"given_name": "Canarine", "gender": None}
        )
    assert "CANARI" not in str(refusal.value)
    assert "Canarine" not in str(refusal.value.orig)


# --- opening ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "sqlite:///x.db?mode=ro", "mysql://h/x", "nonsense", ""]
)
def test_an_address_that_is_neither_engine_stops_the_start(url: str) -> None:
    with pytest.raises(InvalidSetting) as refusal:
        Store.open(url)
    assert refusal.value.field == "RELAIS_DATABASE_URL"


def test_a_folder_that_is_missing_is_made(tmp_path, open_store: Callable[[str], Store]) -> None:
    with open_store(f"sqlite:///{tmp_path}/new/deeper/relais.db").read() as session:
        assert session.connection().execute(text("SELECT 1")).scalar_one() == 1


def test_the_files_are_for_their_owner_only(tmp_path, open_store: Callable[[str], Store]) -> None:
    folder = tmp_path / "data"
    with open_store(f"sqlite:///{folder}/relais.db").write() as session:
        session.connection().execute(text("CREATE TABLE one (id integer)"))
        modes = {path.name: path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())}
    files = ("relais.db", "relais.db-wal", "relais.db-shm", "relais.db.writer")
    assert modes == {"data": 0o700, **dict.fromkeys(files, 0o600)}


def test_sqlite_is_opened_for_safety(sqlite_store: Store) -> None:
    with sqlite_store.write() as session:
        pragmas = {
            name: session.connection().exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


def test_no_connection_of_sqlite_reads_only_at_times_or_forgets_its_keys(sqlite_store: Store) -> None:
    """A switch of either makes SQLite prepare all of a connection's statements again."""

    def pragmas(connection: Connection) -> tuple[int, int]:
        ask = connection.exec_driver_sql
        return ask("PRAGMA query_only").scalar_one(), ask("PRAGMA foreign_keys").scalar_one()

    seen = []
    for _ in range(2):
        with sqlite_store.read() as session:
            seen.append(pragmas(session.connection()))
        with sqlite_store.write() as session:
            seen.append(pragmas(session.connection()))
        with sqlite_store.migration() as connection:
            seen.append(pragmas(connection))
    assert seen == [(1, 1), (0, 1), (0, 0)] * 2


def test_the_operator_is_told_of_a_faulty_sqlite(tmp_path, monkeypatch, open_store) -> None:
    monkeypatch.setattr(engine.sqlite3, "sqlite_version_info", (3, 40, 1))
    with capture_logs() as logs:
        open_store(f"sqlite:///{tmp_path}/relais.db")
    assert [line["event"] for line in logs] == ["sqlite_wal_reset_bug"]
    monkeypatch.setattr(engine.sqlite3, "sqlite_version_info", (3, 51, 3))
    with capture_logs() as logs:
        open_store(f"sqlite:///{tmp_path}/relais.db")
    assert logs == []


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 52, 0), False),
    ],
)
def test_versions_with_the_wal_reset_bug(version: tuple[int, int, int], affected: bool) -> None:
    assert sqlite_has_wal_reset_bug(version) is affected


# --- many writers ----------------------------------------------------------------------------------------


def test_fifty_threads_that_read_then_write_lose_nothing(store: Store) -> None:
    with store.write() as session:
        factories.territory(session, name="0")
    barrier = threading.Barrier(50)

    def work(_: int) -> None:
        barrier.wait()
        for _ in range(4):
            with store.write() as session:
                add_one(session)

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(work, range(50)))
    with store.read() as session:
        assert session.exec(select(Territory.name)).one() == "200"


def test_two_processes_take_turns(store: Store, store_url: str, tmp_path: Path) -> None:
    with store.write() as session:
        factories.territory(session, name="0")
    said = tmp_path / "said.log"
    with Path(os.devnull).open() as nothing, said.open("ab") as log:
        streams = nothing.fileno(), log.fileno(), log.fileno()
        both = [
            warm.start("tests.integration.store.turns:take", store_url, environment={}, streams=streams)
            for _ in range(2)
        ]
    assert [process.wait() for process in both] == [0, 0], said.read_text(encoding="utf-8")
    with store.read() as session:
        assert session.exec(select(Territory.name)).one() == "100"


def test_readers_do_not_wait_for_the_writer(store: Store) -> None:
    with store.write() as session:
        factories.territory(session)
        assert num_territories(store) == 0


def test_a_thread_cannot_open_a_write_session_inside_its_own(sqlite_store: Store) -> None:
    with (
        sqlite_store.write(),
        pytest.raises(RuntimeError, match="already has a write session"),
        sqlite_store.write(),
    ):
        pass
    with sqlite_store.write() as session:
        factories.territory(session)


def test_the_writers_place_is_given_up_after_an_error(sqlite_store: Store) -> None:
    with pytest.raises(Refusal), sqlite_store.write():
        raise Refusal
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: add_to(sqlite_store)).result(timeout=5)


def add_to(store: Store) -> None:
    with store.write() as session:
        factories.territory(session)


def test_waiting_for_the_writers_place_ends(tmp_path) -> None:
    path = tmp_path / "relais.db.writer"
    holder, waiter = WriterLock(path), WriterLock(path, patience_s=0.05)
    with holder, pytest.raises(StoreBusy), waiter:
        pass  # another process holds the file
    with waiter, ThreadPoolExecutor(1) as pool, pytest.raises(StoreBusy):
        pool.submit(waiter.__enter__).result()  # another thread of this process holds it
    with waiter:
        pass
    holder.close()
    waiter.close()


def test_what_need_not_be_written_now_does_not_wait(store: Store) -> None:
    with store.write() as session:
        row = factories.territory(session, name="avant")
        number = row.id
    with store.write() as session, ThreadPoolExecutor(1) as pool:
        session.get_one(Territory, number).name = "pendant"
        session.flush()  # holds the file, or the row
        with pytest.raises(StoreBusy):
            pool.submit(rename, store, number, patience_s=0.02).result(timeout=5)
    rename(store, number, patience_s=0.02)
    with store.read() as session:
        assert session.get_one(Territory, number).name == "ensuite"


def rename(store: Store, number: int | None, *, patience_s: float) -> None:
    with store.write(patience_s=patience_s) as session:
        session.get_one(Territory, number).name = "ensuite"


# --- a busy database -------------------------------------------------------------------------------------


def test_a_file_locked_by_a_stranger_is_busy(sqlite_store: Store, sqlite_url: str) -> None:
    with sqlite_store.write() as session:  # so that the connection is open
        session.connection().exec_driver_sql("PRAGMA busy_timeout=50")
    stranger = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    stranger.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy), sqlite_store.write() as session:
        factories.territory(session)
    stranger.execute("ROLLBACK")
    stranger.close()
    add_to(sqlite_store)


def test_a_row_locked_for_too_long_is_busy(postgresql_store: Store) -> None:
    with postgresql_store.write() as session:
        factories.territory(session)
    with postgresql_store.write() as holder:
        add_lock(holder)
        with pytest.raises(StoreBusy), postgresql_store.write() as session:
            lock_impatiently(session)


def add_lock(session: Session) -> None:
    session.exec(select(Territory).with_for_update()).one()


def lock_impatiently(session: Session) -> None:
    assert session.connection().execute(text("SHOW lock_timeout")).scalar_one() == "10s"
    session.connection().execute(text("SET LOCAL lock_timeout = '50ms'"))
    add_lock(session)


def test_two_transactions_that_wait_for_each_other_are_busy_for_one(postgresql_store: Store) -> None:
    with postgresql_store.write() as session:
        first, second = factories.territory(session).id, factories.territory(session).id
    both = threading.Barrier(2)

    def lock(order: tuple[int, int]) -> bool:
        try:
            with postgresql_store.write() as session:
                session.get_one(Territory, order[0], with_for_update=True)
                both.wait(timeout=10)
                session.get_one(Territory, order[1], with_for_update=True)
        except StoreBusy:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(lock, [(first, second), (second, first)])) == [False, True]


def test_any_other_failure_of_the_database_is_not_busy(store: Store) -> None:
    with pytest.raises(DBAPIError), store.write() as session:
        session.connection().execute(text("SELECT * FROM nowhere"))


def test_the_newest_writes_are_read_by_time(store: Store) -> None:
    """Instants sort as time on both engines, also with and without microseconds."""
    starts = [NOW + timedelta(microseconds=n) for n in (0, 1, 1_000_000, 999_999, 60_000_000)]
    with store.write() as session:
        for start_at in starts:
            factories.slot(session, start_at=start_at)
    with store.read() as session:
        assert list(session.exec(select(Slot.start_at).order_by(col(Slot.start_at)))) == sorted(starts)
        later = select(func.count()).select_from(Slot).where(col(Slot.start_at) > NOW)
        assert session.exec(later).one() == 4


def test_statements_are_planned_for_their_own_values(postgresql_store: Store) -> None:
    with postgresql_store.read() as session:
        mode = session.connection().execute(text("SHOW plan_cache_mode")).scalar_one()
    assert mode == "force_custom_plan"
