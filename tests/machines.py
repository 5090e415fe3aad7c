"""State machines over a real store: each example has an empty migrated SQLite file, or shares a given store.

Examples that share a store keep to a territory of their own. What happens at the same instant is raced on
both engines in the integration tests.
"""

import atexit
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from hypothesis.stateful import RuleBasedStateMachine
from sqlmodel import Session

from matching.errors import RelaisError
from scheduler.store.engine import Store
from scheduler.store.migrate import migrate
from tests.engines import Engines, copy_database, quick_folder

_ENGINES = Engines()


@cache
def _template() -> Path:
    folder = quick_folder()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    store = Store.open(f"sqlite:///{folder / 'template.db'}")
    migrate(store)
    store.close()
    return folder / "template.db"


def _new_store() -> Store:
    """Open the one file of all examples, migrated and empty."""
    return _ENGINES.open(copy_database(_template(), _template().with_name("relais.db")))


@contextmanager
def fresh_store() -> Iterator[Store]:
    """Open a migrated SQLite file for the length of one example."""
    store = _new_store()
    try:
        yield store
    finally:
        _ENGINES.take_back()


class StoreMachine(RuleBasedStateMachine):
    """A machine whose steps go through ``self.store``.

    Parameters
    ----------
    shared
        A store that stays the caller's to close; ``None`` = a fresh file.
    """

    def __init__(self, shared: Store | None = None) -> None:
        super().__init__()
        self._is_shared = shared is not None
        self.store = shared or _new_store()

    def refusal_of(self, act: Callable[[Session], object]) -> RelaisError | None:
        """Do something in one transaction; give the error that refused it, None when it was done."""
        try:
            with self.store.write() as session:
                act(session)
        except RelaisError as refusal:
            return refusal
        return None

    def teardown(self) -> None:
        """Close the store of this example."""
        if not self._is_shared:
            _ENGINES.take_back()
