"""Changes looked at around one GP, where loads or households make the whole slow to solve."""

from dataclasses import replace

import numpy as np

from matching import Needs, Solution, attach, verify
from matching.attach import prepare
from matching.explain import why_not
from matching.policy import BalanceRules
from matching.surrounding_territory import competitors, neighbours, part_of
from matching.worth import value_of_places
from tests.unit.matching.builders import TRAVEL_ONLY, instance, patient, practitioner, territory

PLAIN = replace(TRAVEL_ONLY, balance=BalanceRules(tenths=0))


def where(given, solution: Solution) -> np.ndarray:
    row = {gp.id: j for j, gp in enumerate(given.practitioners)}
    return np.array([row.get(m.practitioner_id, -1) for m in solution.matches])


def test_only_those_who_could_compete_come_along() -> None:
    given = instance(
        [patient("here"), patient("waits"), patient("elsewhere"), patient("far")],
        [practitioner("a"), practitioner("b")],
        km={("here", "a"): 1.0, ("waits", "a"): 2.0, ("elsewhere", "b"): 1.0, ("far", "b"): 9.0},
    )
    found, present = prepare(given, PLAIN), where(given, attach(given, PLAIN))
    chosen = competitors(found, present, np.array([0]), [])
    assert chosen.tolist() == [True, True, False, False]
    part = part_of(given, chosen, np.array([0]))
    assert [p.id for p in part.patients] == ["here", "waits"]
    assert (part.travel.patient.tolist(), part.travel.practitioner.tolist()) == ([0, 1], [0, 0])


def test_neighbours_are_those_who_share_most_patients() -> None:
    given = territory(200, 14, seed=4)
    present = where(given, attach(given, PLAIN, time_limit_s=0.0))
    near = neighbours(prepare(given, PLAIN), present, [3, 5])
    assert near.size == 10
    assert {3, 5} <= set(near.tolist())


def test_a_part_is_an_instance_that_can_be_solved_and_judged() -> None:
    given = territory(200, 14, seed=4)
    present = where(given, attach(given, PLAIN, time_limit_s=0.0))
    found = prepare(given, PLAIN)
    gps = neighbours(found, present, [3])
    part = part_of(given, competitors(found, present, gps, [0]), gps)
    assert verify(part, PLAIN, attach(part, PLAIN, time_limit_s=0.3)) == []


def family(places: int):
    """A mother and her son of tier 1 take both places; somebody else waits."""
    return instance(
        [
            patient("mother", age=30, household="h"),
            patient("son", age=3, household="h", needs=Needs(ald=True)),
            patient("alone", needs=Needs(c2s=True)),
        ],
        [practitioner(places=places)],
    )


def test_a_gift_to_a_gp_of_households_is_found_but_not_called_proven() -> None:
    given = family(2)
    solution = attach(given, PLAIN)
    assert solution.place_price is None
    worth = value_of_places(given, PLAIN, solution, {"d1": 1})
    assert worth.by_tier == (0, 1, 0)
    assert not worth.effect.is_proven
    assert worth.sentence.endswith("(calcul limité aux médecins voisins).")


def test_a_forced_pair_puts_the_household_out_together() -> None:
    given = family(2)
    reason = why_not(given, PLAIN, attach(given, PLAIN), "alone", "d1")
    assert reason.code == "full"
    loss = reason.data["loss"]
    assert loss["displaced"] == [1, 0, 1]  # type: ignore[index]
    assert loss["at_least"] == 0 < loss["value"] == loss["at_most"]  # type: ignore[index]
    assert "retirerait leur place à 1 patient de priorité 1 et 1 patient de priorité 3" in reason.sentence
