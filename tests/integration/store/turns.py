"""A program that writes to a database again and again, as others do at the same time."""

import sys

from sqlmodel import Session, select

from scheduler.store.engine import Store
from scheduler.store.tables import Territory


def add_one(session: Session) -> None:
    """Read, then write one more: loses updates, or fails in WAL mode, unless writers take turns."""
    found = session.exec(select(Territory).with_for_update()).one()
    found.name = str(int(found.name) + 1)


def take() -> None:
    """Add one fifty times to the database that the command line names."""
    store = Store.open(sys.argv[1])
    for _ in range(50):
        with store.write() as session:
            add_one(session)
    store.close()
