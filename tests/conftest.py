"""Fixtures for every test that stores: a fresh migrated database per test, on both engines.

``store`` runs a test once on SQLite and once on PostgreSQL; ``sqlite_store`` and ``postgresql_store`` are
for what concerns one of them. ``-k "not postgresql"`` leaves one engine out. Rows come from
``tests.factories``.
"""

import gc
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from scheduler.store.engine import Store
from scheduler.store.migrate import migrate
from tests import postgresql
from tests.engines import Engines, copy_database, quick_folder

# How long examples take says what else the machine does; in CI (a profile of Hypothesis) they stay the same.
settings.register_profile(
    "relais",
    settings.get_profile(settings.get_current_profile_name()),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("relais")

_FOLDER = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Name the folder of this run's PostgreSQL, the same for all workers."""
    worker = getattr(config, "workerinput", None)
    if worker is None:
        postgresql.remove_abandoned()
        config.stash[_FOLDER] = postgresql.new_folder()
    else:
        config.stash[_FOLDER] = Path(worker["postgresql_folder"])


def pytest_collectstart() -> None:
    """Collect no garbage while tests are loaded: nothing of it is any."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Leave what has been loaded out of every collection of garbage to come, as ``relais serve`` does."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    """Tell a worker of xdist which folder it is."""
    node.workerinput["postgresql_folder"] = str(node.config.stash[_FOLDER])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server when the run is over."""
    if not hasattr(config, "workerinput"):
        postgresql.remove(config.stash[_FOLDER])


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate one database file, to be copied."""
    path = tmp_path_factory.mktemp("template") / "relais.db"
    _migrated(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_server(pytestconfig: pytest.Config) -> str:
    """Start PostgreSQL and migrate the template database; give the server's address."""
    folder = pytestconfig.stash[_FOLDER]
    server = postgresql.start(folder)
    with postgresql.one_at_a_time(folder), postgresql.Databases(server) as databases:
        if not databases.has(postgresql.TEMPLATE):
            _migrated(databases.create(postgresql.TEMPLATE, "template1"))
    return server


def _migrated(url: str) -> None:
    store = Store.open(url)
    migrate(store)
    store.close()


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    """Keep the database engines of one worker."""
    engines = Engines()
    yield engines
    engines.close()


@pytest.fixture(scope="session")
def sqlite_file() -> Iterator[Path]:
    """Name the SQLite file of one worker: the same for all tests, so that its engine stays the same."""
    folder = quick_folder()
    yield folder / "relais.db"
    shutil.rmtree(folder)


@pytest.fixture
def sqlite_url(sqlite_template: Path, sqlite_file: Path) -> str:
    """Give the address of a fresh migrated SQLite file."""
    return copy_database(sqlite_template, sqlite_file)


@pytest.fixture(scope="session")
def postgresql_databases(postgresql_server: str) -> Iterator[postgresql.Databases]:
    """Make and remove databases on the server."""
    with postgresql.Databases(postgresql_server) as databases:
        yield databases


@pytest.fixture
def empty_postgresql_url(postgresql_databases: postgresql.Databases) -> Iterator[str]:
    """Give the address of a fresh PostgreSQL database without any table."""
    with postgresql_databases.fresh("template1") as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_recycled(
    postgresql_databases: postgresql.Databases, engines: Engines
) -> Iterator[postgresql.Recycled]:
    """Keep one migrated PostgreSQL database per worker."""
    recycled = postgresql.Recycled(postgresql_databases, before_drop=engines.forget)
    yield recycled
    recycled.close()


@pytest.fixture
def postgresql_url(postgresql_recycled: postgresql.Recycled) -> Iterator[str]:
    """Give the address of an empty migrated PostgreSQL database."""
    yield postgresql_recycled.url
    postgresql_recycled.take_back()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """Give the address of a fresh migrated database of each engine in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def empty_store_url(request: pytest.FixtureRequest, engine_name: str, tmp_path: Path) -> str:
    """Give the address of a fresh database without any table, of each engine in turn."""
    if engine_name == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    url: str = request.getfixturevalue("empty_postgresql_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """Name each engine in turn."""
    name: str = request.param
    return name


@pytest.fixture
def open_store(engines: Engines) -> Iterator[Callable[[str], Store]]:
    """Open stores that are closed when the test ends."""
    yield engines.open
    engines.take_back()


@pytest.fixture
def store(store_url: str, open_store: Callable[[str], Store]) -> Store:
    """Open a fresh migrated database, on each engine in turn."""
    return open_store(store_url)


@pytest.fixture
def sqlite_store(sqlite_url: str, open_store: Callable[[str], Store]) -> Store:
    """Open a fresh migrated SQLite file."""
    return open_store(sqlite_url)


@pytest.fixture
def postgresql_store(postgresql_url: str, open_store: Callable[[str], Store]) -> Store:
    """Open a fresh migrated PostgreSQL database."""
    return open_store(postgresql_url)
