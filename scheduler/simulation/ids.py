"""The identifiers of new rows, drawn from a seed: the order of rows, hence the year, depends on them."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from random import Random

_UUID_BYTES = 16
_CHANCE = os.urandom


def seeded_ids(seed: str) -> AbstractContextManager[None]:
    """Draw what takes the 16 bytes of an identifier from a seed.

    Whoever else asks, as SQLAlchemy does for 10 when a statement is first written, is given others: the
    second year of a process must be that of the first.
    """
    rng = Random(f"relais-ids:{seed}")  # noqa: S311 — no secret of a simulation is one
    return _drawn(lambda size: rng.randbytes(size) if size == _UUID_BYTES else _CHANCE(size))


def unseeded_ids() -> AbstractContextManager[None]:
    """Draw from the system again: Numba asks for 16 bytes, too, when it first compiles."""
    return _drawn(_CHANCE)


@contextmanager
def _drawn(draw: Callable[[int], bytes]) -> Iterator[None]:
    before, os.urandom = os.urandom, draw
    try:
        yield
    finally:
        os.urandom = before
