"""Sums of int64 arrays in exact integers, whatever their size."""

import numpy as np
import numpy.typing as npt

Int64 = npt.NDArray[np.int64]


def exact_sum(values: Int64) -> int:
    """Return the sum of fewer than 2**31 entries; 32-bit halves of each cannot overflow in int64."""
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


def exact_dot(left: Int64, right: Int64) -> int:
    """Return the scalar product; loops over the entries where both differ from zero (bins, not arcs)."""
    both = np.flatnonzero((left != 0) & (right != 0))
    return sum(a * b for a, b in zip(left[both].tolist(), right[both].tolist(), strict=True))
