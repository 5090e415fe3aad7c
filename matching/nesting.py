"""Bins inside bins: what lies inside a bin counts for every bin above it."""

import numpy as np
import numpy.typing as npt

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


def with_inner(direct: Int64, parent: Int32) -> Int64:
    """Return for each bin its own value plus those of all bins inside it.

    Parameters
    ----------
    direct : ndarray of int64, shape (num_bins,)
        Each bin's own value.
    parent : ndarray of int32, shape (num_bins,)
        Containing bin or -1, without cycles.
    """
    total = direct.copy()
    inner, outer = _first_step(parent)
    while inner.size:
        np.add.at(total, outer, direct[inner])
        inner, outer = _step_up(inner, outer, parent)
    return total


def with_outer(direct: Int64, parent: Int32) -> Int64:
    """Return for each bin its own value plus those of all bins that contain it."""
    total = direct.copy()
    inner, outer = _first_step(parent)
    while inner.size:
        total[inner] += direct[outer]
        inner, outer = _step_up(inner, outer, parent)
    return total


def outermost(parent: Int32) -> Int64:
    """Return for each bin the outermost one that contains it, itself where none does."""
    root = np.arange(parent.size)
    while (inner := parent[root] >= 0).any():
        root[inner] = parent[root[inner]]
    return root


def _first_step(parent: Int32) -> tuple[npt.NDArray[np.intp], Int32]:
    inner = np.flatnonzero(parent >= 0)
    return inner, parent[inner]


def _step_up(inner: npt.NDArray[np.intp], outer: Int32, parent: Int32) -> tuple[npt.NDArray[np.intp], Int32]:
    higher = parent[outer]
    return inner[higher >= 0], higher[higher >= 0]
