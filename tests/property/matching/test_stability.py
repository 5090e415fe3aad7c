"""After one arrival or one decline few are moved, and none of them for nothing."""

from dataclasses import replace

import numpy as np
import pytest

from matching import BalanceRules, Commitment, Instance, Policy, Solution, attach, verify
from tests.unit.matching.builders import territory

NUM_PRACTITIONERS = 10
UNBALANCED = Policy(balance=BalanceRules(tenths=0))


def everybody_alone(seed: int) -> Instance:
    given = territory(150, NUM_PRACTITIONERS, seed=seed)
    alone = tuple(replace(p, household=None) for p in given.patients)
    return replace(given, patients=alone)


def committed(instance: Instance, solution: Solution) -> Instance:
    """The instance after a run: its proposals stand, none is announced."""
    known = {p.id for p in instance.patients}
    stands = tuple(
        Commitment(patient_id=m.patient_id, practitioner_id=m.practitioner_id, firm=False)
        for m in solution.matches
        if m.practitioner_id and m.patient_id in known
    )
    return replace(instance, commitments=stands)


def without_pairs(instance: Instance, kept: np.ndarray) -> Instance:
    travel = instance.travel
    columns = {name: getattr(travel, name)[kept] for name in travel.__dataclass_fields__}
    return replace(instance, travel=replace(travel, **columns))


def bins(instance: Instance) -> int:
    """One change moves along a path that enters each limit of each GP once at most."""
    return sum(1 if d.max_tier1 is None else 2 for d in instance.practitioners)


@pytest.mark.parametrize("seed", range(6))
def test_one_arrival_moves_one_path_at_most(seed: int) -> None:
    given = everybody_alone(seed)
    newcomer = int(np.random.default_rng(seed).integers(len(given.patients)))
    before = without_pairs(given, given.travel.patient != newcomer)  # known, but nowhere to go yet
    after = committed(given, attach(before, UNBALANCED))
    second = attach(after, UNBALANCED)
    assert verify(after, UNBALANCED, second) == []
    assert len(second.changes) <= bins(given)
    assert sum(change.after is None for change in second.changes) <= 1


@pytest.mark.parametrize("seed", range(6))
def test_one_decline_moves_one_path_at_most(seed: int) -> None:
    given = everybody_alone(seed)
    first = attach(given, UNBALANCED)
    row, declined = next((i, m) for i, m in enumerate(first.matches) if m.practitioner_id and i >= 20 * seed)
    gp = [d.id for d in given.practitioners].index(str(declined.practitioner_id))
    travel = given.travel
    after = without_pairs(given, ~((travel.patient == row) & (travel.practitioner == gp)))
    second = attach(committed(after, first), UNBALANCED)
    assert len(second.changes) <= bins(given) + 1
    reasons = {c.patient_id: c.reason.code for c in second.changes}
    assert reasons.pop(declined.patient_id) == "distance"  # the pair is no longer there
    assert set(reasons.values()) <= {"better", "for_others", "let_go"}


@pytest.mark.parametrize("seed", range(3))
def test_with_fair_shares_changes_stay_few(seed: int) -> None:
    given = everybody_alone(seed)
    before = without_pairs(given, given.travel.patient != seed)
    second = attach(committed(given, attach(before, Policy())), Policy())
    assert len(second.changes) <= 2 * NUM_PRACTITIONERS
