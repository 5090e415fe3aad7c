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
from matching.nesting import outermost
from matching.pairs import first_repeated

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
    for name in ("reward", "capacity", "arc_cost", "arc_load", "use_load", "pair_bonus"):
        _within(name, getattr(problem, name), 0, None, "must not be negative")
    for name, first, end in (
        ("arc_group", 0, problem.num_groups),
        ("arc_bin", 0, problem.num_bins),
        ("pinned", -1, problem.num_arcs),
        ("bin_parent", -1, problem.num_bins),
        ("use_arc", 0, problem.num_arcs),
        ("use_bin", 0, problem.num_bins),
        ("pair_first", 0, problem.num_groups),
        ("pair_second", 0, problem.num_groups),
    ):
        _within(name, getattr(problem, name), first, end - 1, f"must be from {first} to {end - 1}")


def no_duplicate_arcs(problem: "AssignmentProblem") -> None:
    """Refuse a (group, bin) pair given twice."""
    index = first_repeated(problem.arc_group, problem.arc_bin, problem.num_bins)
    if index is not None:
        raise InvalidProblem(
            "arc_bin",
            index,
            f"pair (group {problem.arc_group[index]}, bin {problem.arc_bin[index]}) occurs before",
        )


def uses(problem: "AssignmentProblem") -> None:
    """Refuse a further use given twice, or of what the arc's own bin already counts for."""
    index = first_repeated(problem.use_arc, problem.use_bin, problem.num_bins)
    if index is not None:
        raise InvalidProblem("use_bin", index, f"occurs before for arc {problem.use_arc[index]}")
    root = outermost(problem.bin_parent)
    own = root[problem.use_bin] == root[problem.arc_bin[problem.use_arc]]
    if own.any():
        raise InvalidProblem("use_bin", int(np.argmax(own)), "shares its outermost bin with the arc's own")


def pairs(problem: "AssignmentProblem") -> None:
    """Refuse a group paired with itself, and a pair given twice in either order."""
    first, second = problem.pair_first, problem.pair_second
    if (first == second).any():
        raise InvalidProblem("pair_second", int(np.argmax(first == second)), "is the same group")
    index = first_repeated(np.minimum(first, second), np.maximum(first, second), problem.num_groups)
    if index is not None:
        raise InvalidProblem("pair_second", index, f"pair ({first[index]}, {second[index]}) occurs before")


def start(problem: "AssignmentProblem", arc: npt.ArrayLike) -> Int32:
    """Return a first choice (an arc per group, -1 = none) as an own array, or refuse an unsound one."""
    chosen = integers32("start", arc, problem.num_groups)
    _within("start", chosen, -1, problem.num_arcs - 1, f"must be from -1 to {problem.num_arcs - 1}")
    group = np.flatnonzero(chosen >= 0)
    foreign = group[problem.arc_group[chosen[group]] != group]
    if foreign.size:
        raise InvalidProblem("start", int(foreign[0]), "is an arc of another group")
    moved = np.flatnonzero((problem.pinned >= 0) & (chosen != problem.pinned))
    if moved.size:
        raise InvalidProblem("start", int(moved[0]), "moves a pinned group")
    if (problem.used_capacity(chosen[group]) > problem.capacity).any():
        raise InvalidProblem("start", None, "exceeds a capacity")
    return chosen


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
    """Refuse rewards, bonuses or costs whose total would not fit in 63 bits."""
    for name in ("reward", "arc_cost"):
        values: Int64 = getattr(problem, name)
        if exact_sum(values) > LARGEST:
            running = accumulate(values.tolist())
            index = next(i for i, partial in enumerate(running) if partial > LARGEST)
            raise InvalidProblem(name, index, "the sum up to here overflows 63 bits")
    earned = exact_sum(problem.reward)
    if earned + exact_sum(problem.pair_bonus) > LARGEST:
        running = accumulate(problem.pair_bonus.tolist(), initial=earned)
        index = next(i for i, partial in enumerate(running) if partial > LARGEST) - 1
        raise InvalidProblem("pair_bonus", index, "the sum up to here, rewards included, overflows 63 bits")


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
    """Return the first group, in row order, whose pinned arc no longer fits; a search by halves."""
    low, high = 0, pinned_groups.size  # the first ``low`` pins fit, the first ``high`` do not
    while high - low > 1:
        middle = (low + high) // 2
        fits = (problem.used_capacity(problem.pinned[pinned_groups[:middle]]) <= problem.capacity).all()
        low, high = (middle, high) if fits else (low, middle)
    return int(pinned_groups[high - 1])
