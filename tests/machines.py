"""State machines over a real store: each example has its own migrated SQLite file, or shares a given store.

Examples that share a store keep to a territory of their own. What happens at the same instant is raced on
both engines in the integration tests.
"""

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from hypothesis.stateful import RuleBasedStateMachine
from sqlmodel import Session

from matching.errors import RelaisError
from scheduler.store.engine import Store
from scheduler.store.migrate import migrate

_MEMORY = Path("/dev/shm")  # hundreds of small commits: on a disk each would wait for it


def _new_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="relais-machine-", dir=_MEMORY if _MEMORY.is_dir() else None))


@cache
def _template() -> Path:
    folder = _new_folder()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    store = Store.open(f"sqlite:///{folder / 'relais.db'}")
    migrate(store)
    store.close()
    return folder / "relais.db"


@contextmanager
def fresh_store() -> Iterator[Store]:
    """Open a migrated SQLite file for the length of one example, and remove it."""
    folder = _new_folder()
    shutil.copyfile(_template(), folder / "relais.db")
    store = Store.open(f"sqlite:///{folder / 'relais.db'}")
    try:
        yield store
    finally:
        store.close()
        shutil.rmtree(folder)


class StoreMachine(RuleBasedStateMachine):
    """A machine whose steps go through ``self.store``.

    Parameters
    ----------
    shared
        A store that stays the caller's to close; ``None`` = a fresh file.
    """

    def __init__(self, shared: Store | None = None) -> None:
        super().__init__()
        self._folder: Path | None = None
        if shared is not None:
            self.store = shared
            return
        self._folder = _new_folder()
        shutil.copyfile(_template(), self._folder / "relais.db")
        self.store = Store.open(f"sqlite:///{self._folder / 'relais.db'}")

    def refusal_of(self, act: Callable[[Session], object]) -> RelaisError | None:
        """Do something in one transaction; give the error that refused it, None when it was done."""
        try:
            with self.store.write() as session:
                act(session)
        except RelaisError as refusal:
            return refusal
        return None

    def teardown(self) -> None:
        """Close and remove the store of this example."""
        if self._folder is not None:
            self.store.close()
            shutil.rmtree(self._folder)
