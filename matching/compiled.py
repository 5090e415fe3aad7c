"""Loops that are compiled to machine code, once: what comes out is kept on disk for the next process."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Return ``function`` compiled by Numba when it is first called with each set of types.

    The machine code is kept beside the module or, where that must not be written to, in the folder that
    ``NUMBA_CACHE_DIR`` names or the user's own; where there is none, each process compiles for itself.
    """
    try:
        return cast("Callable[P, R]", njit(cache=True)(function))
    except RuntimeError:  # Numba's word for: there is nowhere to keep it
        return cast("Callable[P, R]", njit(function))
