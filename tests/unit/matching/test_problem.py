"""An assignment problem is checked once, at its door, and then never changes."""

from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest

from matching import AssignmentProblem, InvalidProblem, assign

GOOD: dict[str, Any] = {
    "reward": [10, 10, 5],
    "arc_group": [0, 1, 1, 2],
    "arc_bin": [0, 0, 1, 1],
    "arc_cost": [1, 2, 3, 4],
    "capacity": [1, 2],
}


def problem(**changes: object) -> AssignmentProblem:
    return AssignmentProblem(**{**GOOD, **changes})


def test_arrays_get_the_stated_types_and_optional_ones_a_constant() -> None:
    built = problem()
    assert [built.reward.dtype, built.arc_cost.dtype, built.capacity.dtype] == [np.int64] * 3
    assert [built.arc_group.dtype, built.arc_bin.dtype, built.arc_load.dtype] == [np.int32] * 3
    assert built.arc_load.tolist() == [1, 1, 1, 1]
    assert built.pinned.tolist() == [-1, -1, -1]
    assert built.bin_parent.tolist() == [-1, -1]
    assert (built.num_groups, built.num_bins, built.num_arcs) == (3, 2, 4)


def test_nothing_can_be_changed_afterwards() -> None:
    given = np.array([10, 10, 5])
    built = problem(reward=given)
    given[0] = 99
    assert built.reward[0] == 10
    with pytest.raises(ValueError, match="read-only"):
        built.reward[0] = 1
    with pytest.raises(FrozenInstanceError):
        built.reward = np.zeros(3, np.int64)  # type: ignore[misc]


def test_any_integer_type_and_plain_lists_are_welcome() -> None:
    built = problem(reward=np.array([10, 10, 5], np.uint16), arc_cost=(1, 2, 3, 4))
    assert built.reward.tolist() == [10, 10, 5]


@pytest.mark.parametrize("empty", [{"reward": []}, {"capacity": []}], ids=["no group", "no bin"])
def test_an_empty_problem_is_a_problem(empty: dict[str, Any]) -> None:
    arcless: dict[str, Any] = {"arc_group": [], "arc_bin": [], "arc_cost": []}
    assert problem(**arcless, **empty).num_arcs == 0


@pytest.mark.parametrize(
    ("changes", "array", "index"),
    [
        ({"arc_group": [0, 1, 3, 2]}, "arc_group", 2),
        ({"arc_group": [0, -1, 1, 2]}, "arc_group", 1),
        ({"arc_bin": [0, 0, 1, 2]}, "arc_bin", 3),
        ({"arc_bin": [0, 0, 0, 1]}, "arc_bin", 2),  # group 1 reaches bin 0 twice
        ({"reward": [10, -1, 5]}, "reward", 1),
        ({"arc_cost": [1, 2, 3, -4]}, "arc_cost", 3),
        ({"arc_load": [1, -1, 1, 1]}, "arc_load", 1),
        ({"capacity": [1, -2]}, "capacity", 1),
        ({"arc_cost": [1, 2, 3]}, "arc_cost", None),
        ({"arc_bin": [0, 0, 1, 1, 1]}, "arc_bin", None),
        ({"arc_load": [1]}, "arc_load", None),
        ({"pinned": [-1]}, "pinned", None),
        ({"bin_parent": [-1]}, "bin_parent", None),
        ({"reward": [[10, 10, 5]]}, "reward", None),
        ({"reward": [[1], [2, 3]]}, "reward", None),
        ({"reward": 7}, "reward", None),
        ({"reward": [10.0, 10.0, 5.0]}, "reward", 0),
        ({"arc_cost": [1, 2, float("nan"), 4]}, "arc_cost", 2),
        ({"arc_cost": [1, 2, 3, 0.5]}, "arc_cost", 3),
        ({"capacity": [True, False]}, "capacity", 0),
        ({"reward": ["ten", "ten", "five"]}, "reward", 0),
        ({"reward": [1, 2**64, 1]}, "reward", 1),
        ({"reward": [1, 1, 2**63]}, "reward", 2),
        ({"arc_bin": [0, 0, 1, 2**40]}, "arc_bin", 3),
        ({"pinned": [1, -1, -1]}, "pinned", 0),  # arc 1 belongs to group 1
        ({"pinned": [-1, -1, 4]}, "pinned", 2),
        ({"pinned": [-2, -1, -1]}, "pinned", 0),
        ({"pinned": [0, 1, -1]}, "pinned", 1),  # both in bin 0, which holds one
        ({"pinned": [-1, 2, 3], "bin_parent": [-1, 0]}, "pinned", 2),  # the bin above holds one
        ({"bin_parent": [-1, 2]}, "bin_parent", 1),
        ({"bin_parent": [-1, 1]}, "bin_parent", 1),
        ({"bin_parent": [1, 0]}, "bin_parent", 0),
        ({"reward": [2**62, 2**62, 5]}, "reward", 1),
        ({"arc_cost": [2**61, 2**61, 2**61, 2**62]}, "arc_cost", 3),
        ({"use_arc": [0, 4], "use_bin": [1, 1], "use_load": [1, 1]}, "use_arc", 1),
        ({"use_arc": [0], "use_bin": [2], "use_load": [1]}, "use_bin", 0),
        ({"use_arc": [0], "use_bin": [1], "use_load": [-1]}, "use_load", 0),
        ({"use_arc": [0], "use_bin": [1]}, "use_load", None),
        ({"use_arc": [0], "use_bin": [], "use_load": [1]}, "use_bin", None),
        ({"use_arc": [0, 2, 0], "use_bin": [1, 0, 1], "use_load": [1, 2, 3]}, "use_bin", 2),
        ({"use_arc": [2, 0], "use_bin": [0, 0], "use_load": [1, 1]}, "use_bin", 1),  # its own bin
        ({"use_arc": [0], "use_bin": [1], "use_load": [1], "bin_parent": [-1, 0]}, "use_bin", 0),
        ({"use_arc": [0], "use_bin": [1], "use_load": [3], "pinned": [0, -1, -1]}, "pinned", 0),
        ({"pair_first": [0, 3], "pair_second": [1, 0], "pair_bonus": [1, 1]}, "pair_first", 1),
        ({"pair_first": [0], "pair_second": [-1], "pair_bonus": [1]}, "pair_second", 0),
        ({"pair_first": [0, 1], "pair_second": [1, 1], "pair_bonus": [1, 1]}, "pair_second", 1),
        ({"pair_first": [0, 1], "pair_second": [1, 0], "pair_bonus": [1, 1]}, "pair_second", 1),
        ({"pair_first": [0], "pair_second": [1], "pair_bonus": [-1]}, "pair_bonus", 0),
        ({"pair_first": [0], "pair_second": [1], "pair_bonus": []}, "pair_bonus", None),
        ({"pair_first": [0, 0], "pair_second": [1, 2], "pair_bonus": [2**62, 2**62]}, "pair_bonus", 1),
    ],
)
def test_a_broken_problem_is_refused_by_array_and_index(
    changes: dict[str, Any], array: str, index: int | None
) -> None:
    with pytest.raises(InvalidProblem) as refusal:
        problem(**changes)
    assert (refusal.value.array, refusal.value.index) == (array, index)
    assert refusal.value.code == "invalid_problem"
    assert array in str(refusal.value)


def test_the_largest_sums_that_fit_are_accepted() -> None:
    built = problem(reward=[2**62, 2**62 - 1, 0], capacity=[2**63 - 1, 2**63 - 1])
    assert built.value(np.array([0, 1])) == 2**63 - 1 - 3


def test_used_capacity_counts_for_every_bin_above() -> None:
    nested = problem(bin_parent=[-1, 0], capacity=[3, 2], arc_load=[1, 1, 2, 1])
    assert nested.used_capacity(np.array([0, 2])).tolist() == [3, 2]
    pinned = problem(bin_parent=[-1, 0], capacity=[3, 2], pinned=[-1, 2, -1])
    assert pinned.free_capacity().tolist() == [2, 1]


def test_further_uses_take_capacity_upwards() -> None:
    built = problem(
        capacity=[1, 2, 9, 9], bin_parent=[-1, -1, -1, 2],
        use_arc=[0, 0, 2], use_bin=[1, 3, 3], use_load=[1, 4, 2],
    )  # fmt: skip
    assert built.used_capacity(np.array([0, 2])).tolist() == [1, 2, 6, 6]
    assert built.used_capacity(np.array([1])).tolist() == [1, 0, 0, 0]
    assert not built.is_flow


def test_a_bonus_is_earned_under_one_outermost_bin() -> None:
    pairs: dict[str, Any] = {"pair_first": [0], "pair_second": [1], "pair_bonus": [100]}
    apart = problem(**pairs)
    assert apart.value(np.array([0, 2])) == 9 + 7
    assert apart.value(np.array([0])) == 9
    assert apart.value(np.array([0, 1])) == 9 + 8 + 100
    nested = problem(**pairs, bin_parent=[-1, 0])
    assert nested.value(np.array([0, 2])) == 9 + 7 + 100


@pytest.mark.parametrize(
    ("start", "index"),
    [
        ([0, 2], None),
        ([0, 2, 4], 2),
        ([1, -1, -1], 0),  # an arc of group 1
        ([0, 1, 3], None),  # both in bin 0, which holds one
        ([-1, -1, -1], 2),  # group 2 is pinned
    ],
)
def test_an_unsound_start_is_refused(start: list[int], index: int | None) -> None:
    with pytest.raises(InvalidProblem) as refusal:
        assign(problem(pinned=[-1, -1, 3]), start=start)
    assert (refusal.value.array, refusal.value.index) == ("start", index)
