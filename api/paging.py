"""Lists a page at a time: opaque markers that stay right while rows come and go (keyset, no offsets)."""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query

from api.errors import InvalidCursor
from api.schemas.common import Page
from scheduler.listing import Listed

Row = TypeVar("Row")
Item = TypeVar("Item")

MAX_LIMIT = 100
_LONGEST = 400
_LARGEST = 2**31 - 1
_FIRST_YEAR, _LAST_YEAR = 1900, 2200

Key = tuple[str, ...]
"""Where a page ended: the values the list is sorted by, as text, the last one unique."""


def write_cursor(key: Key) -> str:
    """Write a marker; it holds sort values and ids only, never an identity."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> Key:
    """Read a marker back.

    Raises
    ------
    InvalidCursor
        When it is not one that ``write_cursor`` wrote.
    """
    try:
        found = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise InvalidCursor from None
    if not isinstance(found, list) or not found or not all(isinstance(part, str) for part in found):
        raise InvalidCursor
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page of a list is asked for.

    Parameters
    ----------
    limit
        Most items on it, 1 to 100.
    after
        Where the page before ended; ``None`` = from the start.
    """

    limit: int
    after: Key | None

    def after_as(self, *parts: Callable[[str], Any]) -> tuple[Any, ...] | None:
        """Give where the page before ended, each part read by its own function.

        Raises
        ------
        InvalidCursor
            When the marker comes from another list, or from nowhere.
        """
        if self.after is None:
            return None
        try:
            return tuple(read(part) for read, part in zip(parts, self.after, strict=True))
        except ValueError:
            raise InvalidCursor from None


async def _paging(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Éléments par page, 1 à 100")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=_LONGEST, description="« next_cursor » de la page précédente")
    ] = None,
) -> Paging:
    return Paging(limit, read_cursor(cursor) if cursor else None)


def whole(text: str) -> int:
    """Read a number of a marker, one that a database can hold."""
    number = int(text)
    if abs(number) > _LARGEST:
        raise ValueError("too large for a database")
    return number


def instant(text: str) -> datetime:
    """Read an instant of a marker, aware, and within reach once moved to UTC."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None or not _FIRST_YEAR < at.year < _LAST_YEAR:
        raise ValueError("not an instant of ours")
    return at


Paged = Annotated[Paging, Depends(_paging)]


def page(listed: Listed[Row], *, key: Callable[[Row], Key], show: Callable[[Row], Item]) -> Page[Item]:
    """Write one page of a list, with the marker of the next one when others follow."""
    next_cursor = write_cursor(key(listed.rows[-1])) if listed.more else None
    return Page(items=[show(row) for row in listed.rows], next_cursor=next_cursor)
