"""The store of the demo: the embedded one, never one that holds anything else."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlmodel import select

from scheduler.errors import Conflict, InvalidSetting
from scheduler.settings import Settings
from scheduler.store.engine import Store
from scheduler.store.migrate import migrate
from scheduler.store.tables import Territory

_SLUG = "demo-"


class NotADemo(Conflict):
    """The store holds a real territory; the demo leaves it alone."""

    code = "not_a_demo"

    def __init__(self) -> None:
        super().__init__(
            "Cette base contient un vrai territoire : la démonstration n'y touche pas. "
            "Choisissez un autre dossier avec RELAIS_DATA_DIR."
        )


class DemoLoaded(Conflict):
    """The demo is there already."""

    code = "demo_loaded"

    def __init__(self) -> None:
        super().__init__("La démonstration est déjà chargée. Relancez avec --fresh pour repartir de zéro.")


def erase_demo(settings: Settings) -> None:
    """Remove the database file of a former demo; does nothing when there is none.

    Raises
    ------
    NotADemo
        When the file holds a territory that is not the demo's.
    """
    path = _file(settings)
    if not path.exists():
        return
    with closing(Store.open(settings.store_url)) as store:
        _holds_a_demo(store)
    for suffix in ("", "-wal", "-shm", ".writer"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


@contextmanager
def open_demo_store(settings: Settings) -> Iterator[Store]:
    """Open the embedded store, migrated and empty, for the demo.

    Raises
    ------
    NotADemo, DemoLoaded
        When it holds a territory already.
    """
    _file(settings)
    with closing(Store.open(settings.store_url)) as store:
        if _holds_a_demo(store):
            raise DemoLoaded
        yield store


def _file(settings: Settings) -> Path:
    address = make_url(settings.store_url)
    if settings.in_production or address.get_backend_name() != "sqlite" or not address.database:
        raise InvalidSetting("RELAIS_ENVIRONMENT, RELAIS_DATABASE_URL", "development et la base embarquée")
    return Path(address.database)


def _holds_a_demo(store: Store) -> bool:
    """Tell whether a demo is loaded; refuse a store that holds anything else."""
    migrate(store)
    with store.read() as session:
        slugs = session.exec(select(Territory.slug)).all()
    if not all(slug.startswith(_SLUG) for slug in slugs):
        raise NotADemo
    return bool(slugs)
