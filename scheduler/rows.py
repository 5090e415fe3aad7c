"""Small facts about rows that every use case relies on."""

from typing import Protocol


class HasId(Protocol):
    """A row whose id the database gives."""

    id: int | None


def id_of(row: HasId) -> int:
    """Give the id of a row that comes from the store, or was flushed to it.

    Raises
    ------
    ValueError
        When the row has not been written yet: a fault of the caller.
    """
    if row.id is None:
        raise ValueError(f"{type(row).__name__} has not been written yet")
    return row.id
