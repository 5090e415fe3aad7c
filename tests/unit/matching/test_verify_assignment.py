"""Each check of ``verify_assignment`` kills an answer broken in just that way."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from matching import AssignmentProblem, AssignmentResult, Status, assign, verify_assignment

PROBLEM = AssignmentProblem(
    reward=[10, 12, 8],
    arc_group=[0, 1, 1, 2],
    arc_bin=[1, 1, 2, 0],
    arc_cost=[1, 2, 5, 0],
    capacity=[2, 1, 1],
    bin_parent=[-1, 0, -1],
    pinned=[-1, -1, 3],
)
SOUND = assign(PROBLEM)


def codes(result: AssignmentResult) -> set[str]:
    return {violation.code for violation in verify_assignment(PROBLEM, result)}


def test_the_sound_answer_passes() -> None:
    assert SOUND.arc.tolist() == [0, 2, 3]
    assert codes(SOUND) == set()


def arcs(*chosen: int) -> dict[str, Any]:
    """Other arcs, with the value they would really have."""
    arc = np.array(chosen, np.int32)
    value = PROBLEM.value(arc[arc >= 0])
    return {"arc": arc, "objective": value, "bound": value, "price": None}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"arc": np.array([0, 2], np.int32)}, "shape"),
        ({"arc": np.array([0, 2, 4], np.int32)}, "arc_range"),
        ({"arc": np.array([0, -2, 3], np.int32)}, "arc_range"),
        ({"price": np.zeros(2, np.int64)}, "shape"),
        (arcs(1, 2, 3), "foreign_arc"),
        (arcs(0, 2, -1), "pin_moved"),
        (arcs(0, 1, 3), "overfull"),
        ({"objective": SOUND.objective + 1, "bound": SOUND.bound + 1}, "objective"),
        ({"objective": SOUND.objective - 1}, "objective"),
        ({"bound": SOUND.bound - 1}, "bound"),
        ({"bound": SOUND.bound + 1}, "status"),
        ({"status": Status.FEASIBLE}, "status"),
        ({"price": np.array([0, -1, 0])}, "price"),
        ({"price": np.array([0, 0, 0])}, "price"),
        ({"price": np.array([100, 0, 0])}, "price"),
    ],
)
def test_a_broken_answer_is_caught(changes: dict[str, Any], code: str) -> None:
    assert code in codes(replace(SOUND, **changes))


def test_the_bin_above_is_checked_too() -> None:
    nested = AssignmentProblem(
        reward=[1, 1], arc_group=[0, 1], arc_bin=[1, 0], arc_cost=[0, 0], capacity=[1, 1], bin_parent=[-1, 0]
    )
    both = AssignmentResult(
        arc=np.array([0, 1], np.int32), status=Status.OPTIMAL, objective=2, bound=2, price=None
    )
    (violation,) = verify_assignment(nested, both)
    assert (violation.code, violation.subject) == ("overfull", "bin 0")
    assert "2 pour 1" in violation.message


LINKED = AssignmentProblem(
    reward=[10, 10, 10],
    arc_group=[0, 1, 1, 2],
    arc_bin=[0, 0, 1, 1],
    arc_cost=[0, 0, 1, 0],
    capacity=[2, 2, 3],
    use_arc=[0, 1, 2],
    use_bin=[2, 2, 2],
    use_load=[2, 2, 1],
    pair_first=[0, 2],
    pair_second=[1, 1],
    pair_bonus=[5, 3],
)


def linked(arc: list[int], objective: int, **changes: Any) -> list[str]:
    """Codes of what is wrong with these arcs, announced as optimal at this value."""
    result = AssignmentResult(
        arc=np.array(arc, np.int32), status=Status.OPTIMAL, objective=objective, bound=objective, price=None
    )
    return [violation.code for violation in verify_assignment(LINKED, replace(result, **changes))]


def test_further_uses_and_bonuses_are_counted() -> None:
    assert assign(LINKED).arc.tolist() == [0, 2, 3]
    assert linked([0, 2, 3], 32) == []  # groups 1 and 2 earn 3
    assert linked([0, 2, 3], 29) == ["objective", "bound"]  # a bonus forgotten
    assert linked([0, 2, 3], 37) == ["objective"]  # a bonus not earned
    assert linked([0, 1, 3], 35) == ["overfull"]  # 4 units of bin 2, which has 3
    assert linked([0, 2, 3], 32, price=np.zeros(3, np.int64)) == ["price"]
    assert linked([0, 2, 3], 32, relaxed_price=np.zeros(2, np.int64)) == ["shape"]
