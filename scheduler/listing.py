"""Lists a page at a time, by the values they are sorted by (keyset): stable while rows come and go."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, and_, or_

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Listed(Generic[Row]):
    """One page of a list.

    Parameters
    ----------
    rows : tuple
        At most as many as asked for.
    more : bool
        Whether others follow the last one.
    """

    rows: tuple[Row, ...]
    more: bool

    @classmethod
    def cut(cls, read: Sequence[Row], limit: int) -> "Listed[Row]":
        """Make a page of ``limit`` rows from what was read with one row too many."""
        return cls(tuple(read[:limit]), len(read) > limit)


def beyond(columns: Sequence[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """Give the SQL condition that a row sorts after ``values`` by ``columns``, all ascending.

    Examples
    --------
    ``beyond([a, b], [1, 2])`` reads ``a > 1 OR (a = 1 AND b > 2)``.
    """
    cases = [
        and_(*(columns[before] == values[before] for before in range(place)), columns[place] > values[place])
        for place in range(len(columns))
    ]
    return or_(*cases)
