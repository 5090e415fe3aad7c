"""Checks of the arrays of an assignment problem, each by whole-array operations.

The good case costs a few passes over the arcs; the first offending index is looked for only once a
check has failed.
"""

from itertools import accumulate
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from matching.errors import InvalidProblem
from matching.exact import exact_sum

if TYPE_CHECKING:
    from matching.problem import AssignmentProblem

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

Whole = TypeVar("Whole", np.int32, np.int64)

LARGEST = 2**63 - 1


def integers64(name: str, values: npt.ArrayLike, length: int | None = None) -> Int64:
    """Return ``values`` as an own int64 array, or say why they are not one."""
    return _own(name, values, np.int64, length)


def integers32(
    name: str, values: npt.ArrayLike | None, length: int | None = None, *, default: int | None = None
) -> Int32:
    """Return ``values`` as an own int32 array; ``default`` everywhere, in no memory, when None."""
    if values is None and default is not None:
        return np.broadcast_to(np.int32(default), (length or 0,)).view()
    return _own(name, values, np.int32, length)


def ranges(problem: "AssignmentProblem") -> None:
    """Refuse negative numbers and indices that point nowhere."""
    for name in ("reward", "capacity", "arc_cost", "arc_load"):
        _within(name, getattr(problem, name), 0, None, "must not be negative")
    for name, first, end in (
        ("arc_group", 0, problem.num_groups),
        ("arc_bin", 0, problem.num_bins),
        ("pinned", -1, problem.num_arcs),
        ("bin_parent", -1, problem.num_bins),
    ):
        _within(name, getattr(problem, name), first, end - 1, f"must be from {first} to {end - 1}")


def no_duplicate_arcs(problem: "AssignmentProblem") -> None:
    """Refuse a (group, bin) pair given twice."""
    pair = problem.arc_group.astype(np.int64) * problem.num_bins + problem.arc_bin
    ordered = np.sort(pair)
    if not (ordered[1:] == ordered[:-1]).any():
        return
    by_pair = np.argsort(pair, kind="stable")
    repeated = np.flatnonzero(pair[by_pair[1:]] == pair[by_pair[:-1]])
    index = int(by_pair[repeated + 1].min())
    raise InvalidProblem(
        "arc_bin",
        index,
        f"pair (group {problem.arc_group[index]}, bin {problem.arc_bin[index]}) occurs before",
    )


def nesting(bin_parent: Int32) -> None:
    """Refuse bins that contain themselves. After k doublings an ancestor 2**k levels up is reached."""
    above = bin_parent
    for _ in range(int(bin_parent.size).bit_length() + 1):
        if not (above >= 0).any():
            return
        above = np.where(above >= 0, above[above], -1)
    raise InvalidProblem("bin_parent", int(np.flatnonzero(above >= 0)[0]), "lies on or under a cycle")


def pins(problem: "AssignmentProblem") -> None:
    """Refuse pinned arcs of other groups, or more of them than the capacities hold."""
    group = np.flatnonzero(problem.pinned >= 0)
    arc = problem.pinned[group]
    foreign = group[problem.arc_group[arc] != group]
    if foreign.size:
        raise InvalidProblem("pinned", int(foreign[0]), "is an arc of another group")
    if (problem.used_capacity(arc) > problem.capacity).any():
        raise InvalidProblem("pinned", _first_pin_too_many(problem, group), "exceeds a capacity")


def sums(problem: "AssignmentProblem") -> None:
    """Refuse rewards or costs whose total would not fit in 63 bits."""
    for name in ("reward", "arc_cost"):
        values: Int64 = getattr(problem, name)
        if exact_sum(values) > LARGEST:
            running = accumulate(values.tolist())
            index = next(i for i, partial in enumerate(running) if partial > LARGEST)
            raise InvalidProblem(name, index, "the sum up to here overflows 63 bits")


def _own(
    name: str, values: npt.ArrayLike | None, dtype: type[Whole], length: int | None
) -> npt.NDArray[Whole]:
    array = _one_dimension(name, values)
    if array.size > np.iinfo(np.int32).max:
        raise InvalidProblem(name, None, "has more entries than a 32-bit index can name")
    if length is not None and array.size != length:
        raise InvalidProblem(name, None, f"has {array.size} entries instead of {length}")
    if array.size and array.dtype.kind not in "iu":
        raise InvalidProblem(name, _first_not_whole(array), f"must hold integers, not {array.dtype}")
    limits = np.iinfo(dtype)
    if array.size and (int(array.max()) > limits.max or int(array.min()) < limits.min):
        outside = (array > limits.max) | (array < limits.min)
        raise InvalidProblem(name, int(np.argmax(outside)), f"does not fit in {limits.dtype}")
    return np.array(array, dtype=dtype, order="C")


def _one_dimension(name: str, values: npt.ArrayLike | None) -> npt.NDArray[Any]:
    try:
        array = np.asarray(values)
    except ValueError as error:  # rows of different lengths
        raise InvalidProblem(name, None, "must have one dimension") from error
    if array.ndim != 1:
        raise InvalidProblem(name, None, "must have one dimension")
    return array


def _within(name: str, array: npt.NDArray[np.signedinteger], low: int, high: int | None, rule: str) -> None:
    if array.size and (int(array.min()) < low or (high is not None and int(array.max()) > high)):
        outside = array < low if high is None else (array < low) | (array > high)
        index = int(np.argmax(outside))
        raise InvalidProblem(name, index, f"is {array[index]}, {rule}")


def _first_not_whole(array: npt.NDArray[Any]) -> int:
    """Return the first entry that is not a whole number of 64 bits, or 0 when only the type is wrong."""
    for index, value in enumerate(array.tolist()):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or value != value // 1 or not -LARGEST <= value <= LARGEST:
            return index
    return 0


def _first_pin_too_many(problem: "AssignmentProblem", pinned_groups: npt.NDArray[np.intp]) -> int:
    """Return the first group, in row order, whose pinned arc no longer fits."""
    free = problem.capacity.tolist()
    for group in pinned_groups.tolist():
        arc = int(problem.pinned[group])
        above = int(problem.arc_bin[arc])
        while above >= 0:
            free[above] -= int(problem.arc_load[arc])
            if free[above] < 0:
                return int(group)
            above = int(problem.bin_parent[above])
    return -1
