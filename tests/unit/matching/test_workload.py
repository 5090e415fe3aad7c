"""A patient counts the largest units of the needs answered yes."""

import pytest

from matching import Needs, WorkloadRules, workload_units

RULES = WorkloadRules(ald=2, home_bound=3, disability=2, many_chronic_needs=2, very_old=2)


@pytest.mark.parametrize(
    ("needs", "age", "units"),
    [
        (Needs(), None, 1),
        (Needs(ald=False, home_bound=None), 40, 1),
        (Needs(ald=True), 40, 2),
        (Needs(ald=True, home_bound=True, disability=True), 40, 3),
        (Needs(chronic_needs=1), 40, 1),
        (Needs(chronic_needs=2), 40, 2),
        (Needs(), 79, 1),
        (Needs(), 80, 2),
        (Needs(palliative=True), 99, 3),
        (Needs(c2s=True, ame=True), 40, 1),
    ],
)
def test_units(needs: Needs, age: int | None, units: int) -> None:
    assert workload_units(needs, age, RULES) == units


def test_the_policy_decides() -> None:
    assert workload_units(Needs(), 50, WorkloadRules(usual=3)) == 3
    assert workload_units(Needs(pregnancy=True), 30, WorkloadRules(pregnancy=2)) == 2
    assert workload_units(Needs(), 50, WorkloadRules(very_old=3, very_old_from=50)) == 3
