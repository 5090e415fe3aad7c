from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

import api.health as looking
from api.app import create_app
from scheduler.jobs.lease import JOBS, database_now
from scheduler.settings import Settings
from scheduler.store.engine import Store
from scheduler.store.tables import JobRun, JobRunState, Lease
from tests import factories
from tests.factories import NOW
from tests.integration.api.client import clients_of
from tests.integration.api.conftest import Setting


def checks(answer: httpx.Response) -> dict[str, tuple[str, str]]:
    return {check["name"]: (check["state"], check["sentence"]) for check in answer.json()["checks"]}


def test_a_service_that_works_says_so(anonymous: httpx.Client) -> None:
    answer = anonymous.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert checks(answer).keys() - {"sqlite_version"} == {"database", "migrations", "feeds", "jobs"}
    assert checks(answer)["migrations"] == ("ok", "Le schéma est à jour.")
    assert answer.headers["cache-control"] == "no-store"


def test_the_dangerous_sqlite_is_named(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    for version, state in (((3, 40, 1), "warning"), ((3, 51, 3), "ok")):
        monkeypatch.setattr("sqlite3.sqlite_version_info", version)
        with clients_of(create_app(settings, sqlite_store)) as clients, clients.new() as client:
            answer = client.get("/health")
            assert (answer.status_code, checks(answer)["sqlite_version"][0]) == (200, state)


def test_broken_calendars_are_counted_not_named(anonymous: httpx.Client, store: Store) -> None:
    with store.write() as session:
        factories.feed(session, name="ZZCANARI", num_failures=3)
        factories.feed(session, num_failures=2)
        factories.feed(session, num_failures=9, state="suspended")
    answer = anonymous.get("/health")
    state, sentence = checks(answer)["feeds"]
    assert (answer.status_code, state) == (200, "warning")
    assert sentence.startswith("1 agenda(s) sur 2")
    assert "ZZCANARI" not in answer.text


@pytest.fixture
def unmigrated(tmp_path: Path, settings: Settings) -> Iterator[httpx.Client]:
    store = Store.open(f"sqlite:///{tmp_path / 'empty.db'}")
    with clients_of(create_app(settings, store)) as clients, clients.new() as client:
        yield client
    store.close()


def test_a_missing_migration_is_503_and_says_what_to_do(unmigrated: httpx.Client) -> None:
    answer = unmigrated.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "degraded")
    assert checks(answer)["migrations"][0] == "failed"
    assert "relais migrate" in checks(answer)["migrations"][1]
    assert checks(answer)["feeds"][0] == "failed"


def test_a_database_that_is_gone_is_503_without_its_address(settings: Settings) -> None:
    store = Store.open("postgresql://ZZCANARI:ZZCANARI@127.0.0.1:1/relais")
    with clients_of(create_app(settings, store)) as clients, clients.new() as client:
        answer = client.get("/health")
        me = client.get("/api/v1/me", headers={"authorization": "Bearer relais_x"})
    store.close()
    assert (answer.status_code, checks(answer)["database"][0]) == (503, "failed")
    assert "ZZCANARI" not in answer.text
    assert (me.status_code, me.json()["code"]) == (503, "store_unavailable")
    assert int(me.headers["retry-after"]) > 0
    assert "ZZCANARI" not in me.text


RUN = {"job_id": "due_feeds", "tick": NOW, "term": 1, "state": JobRunState.DONE, "started_at": NOW}


@pytest.mark.parametrize(
    ("ago", "failed", "silent", "status", "state", "words"),
    [
        (
            timedelta(seconds=30),
            False,
            False,
            200,
            "ok",
            "due_feeds : dernière réussite il y a 30 s, en 2.0 s",
        ),
        (timedelta(seconds=30), True, False, 200, "warning", "dernier essai en échec (KeyError poll.py:41)"),
        (timedelta(minutes=4), False, False, 503, "failed", "1 tâche(s) de fond en retard"),
        (timedelta(seconds=30), False, True, 503, "failed", "lancez « relais jobs »"),
    ],
)
def test_jobs_that_no_longer_run_are_told_by_any_process(
    store: Store,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    ago: timedelta,
    failed: bool,
    silent: bool,
    status: int,
    state: str,
    words: str,
) -> None:
    monkeypatch.setattr(looking, "late_after", lambda *_: {"due_feeds": timedelta(minutes=3)})
    with store.write() as session:
        now = database_now(session)
        until = now - timedelta(minutes=2) if silent else now + timedelta(minutes=1)
        session.add(
            Lease(name=JOBS, holder="ZZCANARI", term=1, taken_at=NOW - timedelta(hours=1), expires_at=until)
        )
        ended = {"started_at": NOW - ago - timedelta(seconds=2), "ended_at": NOW - ago}
        session.add(JobRun(**{**RUN, **ended}))
        if failed:
            later = {"tick": NOW + timedelta(minutes=1), "state": JobRunState.FAILED, "ended_at": NOW}
            session.add(JobRun(**{**RUN, **later, "failure": "KeyError poll.py:41"}))
    with clients_of(create_app(settings, store, clock=Setting().clock)) as clients, clients.new() as client:
        answer = client.get("/health")
    assert (answer.status_code, checks(answer)["jobs"][0]) == (status, state)
    assert words in checks(answer)["jobs"][1]
    assert "ZZCANARI" not in answer.text
