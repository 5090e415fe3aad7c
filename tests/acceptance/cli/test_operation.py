import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager

import pytest
from sqlmodel import select

from scheduler.accounts.passwords import check_password
from scheduler.accounts.tokens import actor_of_token
from scheduler.clock import utc_now
from scheduler.errors import NotSignedIn
from scheduler.store.engine import Store
from scheduler.store.tables import Account, Practitioner, Role, Territory
from tests.acceptance.cli.running import RELAIS, relais, relais_here, relais_on_a_terminal, relais_script

PASSWORD = "une phrase assez longue"
NEW_PASSWORD = "une autre phrase longue"


@contextmanager
def opened(folder):
    store = Store.open(f"sqlite:///{folder / 'relais.db'}")
    try:
        yield store
    finally:
        store.close()


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    assert relais_here("migrate", folder=folder).code == 0
    with opened(folder) as store, store.write() as session:
        session.add(Territory(slug="senart", name="CPTS Sénart"))
        session.flush()
        session.add(
            Practitioner(
                territory_id=1, rpps="10000000001", family_name="Fictive", given_name="Aline", fictitious=True
            )
        )
    return folder


@pytest.fixture
def database(migrated, tmp_path):
    """A copy of a migrated database with one territory."""
    (tmp_path / "relais.db").write_bytes((migrated / "relais.db").read_bytes())
    return tmp_path


def add(folder, *more, email="claire@exemple.fr"):
    return relais_here(
        "user",
        "add",
        email,
        "--name",
        "Claire Petit",
        *more,
        "--password-stdin",
        folder=folder,
        stdin=PASSWORD,
    )


def account(folder, email="claire@exemple.fr"):
    with opened(folder) as store, store.read() as session:
        return session.exec(select(Account).where(Account.email == email)).one()


def test_migrate_makes_the_database_then_has_nothing_to_do(tmp_path):
    first = relais_script("migrate", folder=tmp_path)
    assert (first.code, first.err) == (0, "")
    assert "appliquée" in first.out
    assert "déjà à jour" in relais("migrate", folder=tmp_path).out


def test_the_password_of_the_database_is_never_shown(tmp_path):
    address = "postgresql://relais:tressecret@127.0.0.1:1/relais"
    done = relais("migrate", folder=tmp_path, RELAIS_DATABASE_URL=address)
    assert done.code == 1
    assert len(done.err.splitlines()) == 1
    assert "base de données ne répond pas" in done.err
    assert "tressecret" not in done.err + done.out


def test_an_unmigrated_database_is_told_what_to_run(tmp_path):
    done = relais("user", "list", folder=tmp_path)
    assert (done.code, done.out) == (1, "")
    assert "relais migrate" in done.err


def test_the_same_on_postgresql(empty_postgresql_url):
    def run(*command):
        return relais_here(*command, RELAIS_DATABASE_URL=empty_postgresql_url)

    before = run("user", "list")
    assert (before.code, "relais migrate" in before.err) == (1, True)
    assert "appliquée" in run("migrate").out
    assert run("user", "list", "--json").out == "[]\n"


def test_a_wrong_setting_is_one_line(tmp_path):
    done = relais_here("migrate", folder=tmp_path, RELAIS_SESSION_HOURS="beaucoup")
    assert done.code == 1
    assert len(done.err.splitlines()) == 1
    assert "RELAIS_SESSION_HOURS" in done.err


def test_an_account_from_opening_to_closing(database):
    done = add(database, "--role", "coordinator", "--role", "bureau", "--practitioner", "10000000001")
    assert (done.code, done.err) == (0, "")
    kept = account(database)
    assert check_password(PASSWORD, kept.password_hash).right
    assert kept.practitioner_id == 1

    listed = json.loads(relais_here("user", "list", "--json", folder=database).out)
    assert listed == [
        {
            "email": "claire@exemple.fr",
            "name": "Claire Petit",
            "active": True,
            "roles": ["bureau@senart", "coordinator@senart"],
        }
    ]
    assert "claire@exemple.fr" in relais_here("user", "list", folder=database).out

    changed = relais_here(
        "user",
        "password",
        "claire@exemple.fr",
        "--password-stdin",
        folder=database,
        stdin=f"{NEW_PASSWORD}\n",
    )
    assert changed.code == 0
    assert check_password(NEW_PASSWORD, account(database).password_hash).right

    assert relais_here("user", "deactivate", "Claire@exemple.fr", folder=database).code == 0
    assert account(database).active is False


def test_the_password_is_asked_twice_on_a_terminal_and_not_shown(database):
    asked = ("user", "add", "paul@exemple.fr", "--name", "Paul", "--role", "gp")
    done = relais_on_a_terminal(
        *asked, folder=database, answers=[("Mot de passe", PASSWORD), ("seconde fois", PASSWORD)]
    )
    assert done.code == 0, done.out
    assert PASSWORD not in done.out
    assert check_password(PASSWORD, account(database, "paul@exemple.fr").password_hash).right


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--role", "coordinator", "--territory", "ailleurs"), "l'un des territoires de cette base (senart)"),
        (("--practitioner", "123"), "--practitioner"),
    ],
)
def test_what_the_database_does_not_know_exits_1(database, more, told):
    done = add(database, *more)
    assert (done.code, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1
    assert told in done.err
    assert json.loads(relais_here("user", "list", "--json", folder=database).out) == []


def test_an_unknown_role_is_wrong_usage(database):
    done = add(database, "--role", "chef")
    assert done.code == 2
    assert "attendu un rôle parmi signaller, gp" in done.err


def test_a_weak_password_a_taken_address_and_an_unknown_one_exit_1(database):
    weak = relais_here(
        "user", "add", "a@b.fr", "--name", "A", "--password-stdin", folder=database, stdin="court"
    )
    assert (weak.code, "12 à 200 caractères" in weak.err) == (1, True)
    assert add(database).code == 0
    assert add(database).code == 1
    for command in ("deactivate", "password"):
        more = ("--password-stdin",) if command == "password" else ()
        done = relais_here("user", command, "personne@exemple.fr", *more, folder=database, stdin=NEW_PASSWORD)
        assert (done.code, "relais user list" in done.err) == (1, True)


def test_a_password_is_never_an_argument_and_never_read_from_a_pipe_unasked(database):
    assert (
        relais_here("user", "add", "a@b.fr", "--name", "A", "--password", PASSWORD, folder=database).code == 2
    )
    done = relais_here("user", "add", "a@b.fr", "--name", "A", folder=database, stdin=PASSWORD)
    assert done.code == 2
    assert "--password-stdin" in done.err


def test_a_key_is_printed_alone_and_once_listed_without_itself_and_revoked(database):
    issued = relais_here(
        "token", "issue", "Tableau de bord", "--role", "bureau", "--days", "90", folder=database
    )
    assert (issued.code, issued.err) == (0, "")
    key = issued.out.strip()
    assert key.startswith("relais_")
    with opened(database) as store, store.read() as session:
        actor = actor_of_token(session, key, now=utc_now())
    assert (actor.role, actor.territory_id) == (Role.BUREAU, 1)

    (told,) = json.loads(relais_here("token", "list", "--json", folder=database).out)
    assert (told["name"], told["role"], told["state"]) == ("Tableau de bord", "bureau@senart", "active")
    shown = relais_here("token", "list", folder=database).out
    assert told["id"] in shown
    assert key not in shown + str(told)

    assert relais_here("token", "revoke", told["id"], folder=database).code == 0
    with opened(database) as store, store.read() as session, pytest.raises(NotSignedIn):
        actor_of_token(session, key, now=utc_now())
    assert "révoquée" in relais_here("token", "list", folder=database).out


def test_keys_refused(database):
    assert relais_here("token", "issue", "x", folder=database).code == 2
    assert relais_here("token", "issue", "x", "--role", "bureau", "--days", "0", folder=database).code == 2
    assert relais_here("token", "revoke", "pas-un-identifiant", folder=database).code == 2
    unknown = relais_here("token", "revoke", "3f0c1b1e-5f0e-4b1c-9a57-0d6c3c9a2f11", folder=database)
    assert (unknown.code, "relais token list" in unknown.err) == (1, True)


@contextmanager
def serving(folder, *more):
    command = [str(RELAIS), "serve", "--port", "0", *more]
    environment = os.environ | {"RELAIS_DATA_DIR": str(folder)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield process, process.stdout.readline()
        finally:
            if process.poll() is None:
                process.kill()


def test_serve_migrates_answers_and_stops_at_ctrl_c(tmp_path):
    with serving(tmp_path, "--no-jobs") as (process, said):
        address = said.split(" ")[3]
        assert address.startswith("http://127.0.0.1:")
        assert "ok" in _health(address)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        assert "Traceback" not in process.stderr.read()
    assert (tmp_path / "relais.db").exists()


def _health(address):
    deadline = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def test_serve_refuses_a_placeholder_secret_outside_development(tmp_path):
    done = relais("serve", "--port", "0", folder=tmp_path, RELAIS_ENVIRONMENT="production")
    assert (done.code, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1
    assert "RELAIS_SECRET_KEY" in done.err
    assert not (tmp_path / "relais.db").exists()


def test_serve_on_a_port_that_is_taken_changes_nothing(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = relais_here("serve", "--port", taken.getsockname()[1], folder=tmp_path)
    assert (done.code, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1
    assert "--port" in done.err
    assert not (tmp_path / "relais.db").exists()
