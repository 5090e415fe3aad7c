"""What one more place is worth: read from the prices, and found by running again."""

from dataclasses import replace

import pytest

from matching import InvalidInstance, Needs, attach
from matching.policy import BalanceRules, HouseholdRules
from matching.what_if import with_more_places
from matching.worth import best_by_label, nearest_rank, place_values, value_of_places
from tests.unit.matching.builders import TRAVEL_ONLY, instance, patient, practitioner, territory

ALD = Needs(ald=True)
PLAIN = replace(TRAVEL_ONLY, balance=BalanceRules(tenths=0), households=HouseholdRules(bonus_tenths=0))


def queue(places: int = 1):
    """Two of tier 1 and one of tier 3 for few places, and a second GP nobody needs."""
    return instance(
        [patient("a", needs=ALD), patient("b", needs=ALD), patient("c")],
        [practitioner("busy", name="Dr A", places=places), practitioner("idle", name="Dr B", places=1)],
        km={(p, "busy"): 2.0 for p in "abc"},
    )


def test_the_price_says_whom_one_more_place_would_place() -> None:
    def busy(places: int):
        return place_values(queue(places), attach(queue(places), PLAIN))[0]

    assert [busy(n).rank for n in (1, 2, 3)] == [1, 3, None]
    assert [busy(n).minutes for n in (1, 2, 3)] == [-4.0, -4.0, 0.0]
    assert busy(1).basis == "exact"
    assert busy(1).sentence == (
        "Une place de plus chez Dr A placerait un patient de plus, qui passe en priorité 1."
    )
    assert busy(3).sentence == "Une place de plus chez Dr A ne changerait rien."


def test_a_place_that_only_brings_people_nearer() -> None:
    far = instance(
        [patient()], [practitioner("near", name="Dr A", places=0), practitioner("far")],
        km={("p1", "near"): 1.0, ("p1", "far"): 4.0},
    )  # fmt: skip
    value = place_values(far, attach(far, PLAIN))[0]
    assert (value.rank, value.minutes) == (None, 6.0)
    assert value.sentence.endswith("ne placerait personne de plus, mais ferait gagner 6 min.")


def test_somebody_who_waited_too_long_is_said_so() -> None:
    late = instance([patient(needs=ALD, waited_days=20)], [practitioner(places=0)])
    (value,) = place_values(late, attach(late, PLAIN))
    assert value.rank == 0
    assert "de priorité 1 en attente depuis trop longtemps" in value.sentence


def test_without_prices_nothing_is_claimed() -> None:
    given = territory(100, 5, seed=1)
    values = place_values(given, attach(given, PLAIN, time_limit_s=0.0))
    assert {value.basis for value in values} <= {"none", "relaxed"}
    assert all("inconnue" in value.sentence for value in values if value.basis == "none")


def test_a_gift_is_checked_by_running_again() -> None:
    given = queue()
    worth = value_of_places(given, PLAIN, attach(given, PLAIN), {"busy": 2})
    assert (worth.placed, worth.by_tier) == (2, (1, 0, 1))
    assert worth.effect.is_proven
    assert worth.sentence == (
        "Avec 2 places de plus chez Dr A : 2 patients de plus auraient un médecin "
        "(1 de priorité 1 et 1 de priorité 3)."
    )


def test_a_gift_may_move_people_nearer_or_be_worth_nothing() -> None:
    far = instance(
        [patient()], [practitioner("near", places=0, name="Dr A"), practitioner("far", name="Dr B")],
        km={("p1", "near"): 1.0, ("p1", "far"): 4.0},
    )  # fmt: skip
    solution = attach(far, PLAIN)
    worth = value_of_places(far, PLAIN, solution, {"near": 1})
    assert worth.sentence == (
        "Avec 1 place de plus chez Dr A : personne de plus n'aurait de médecin ; 1 autre changerait de "
        "médecin, 6 min de trajet en moins au total."
    )
    fewer = value_of_places(far, PLAIN, solution, {"far": -1})
    assert fewer.by_tier == (0, 0, -1)
    assert fewer.sentence == "Avec 1 place de moins chez Dr B : 1 patient de moins en priorité 3."
    assert value_of_places(far, PLAIN, solution, {}).placed == 0
    with pytest.raises(InvalidInstance):
        value_of_places(far, PLAIN, solution, {"nobody": 1})


def test_the_best_gp_of_each_commune() -> None:
    given = queue()
    values = place_values(given, attach(given, PLAIN))
    best = best_by_label(values, ["Brunoy", "Brunoy"])
    assert best["Brunoy"].practitioner_id == "busy"
    with pytest.raises(InvalidInstance):
        best_by_label(values, ["Brunoy"])


def test_a_limited_workload_grows_with_the_places() -> None:
    assert with_more_places(practitioner(places=4, workload=6), 2).workload == 10
    assert with_more_places(practitioner(places=4, workload=6), -3).places == 1
    assert with_more_places(practitioner(places=0, workload=0), 2).workload == 2
    assert with_more_places(practitioner(places=1), 1).workload is None


def test_the_nearest_rank_of_a_price() -> None:
    values = (400, 300, 200, 100)
    assert [nearest_rank(price, values) for price in (0, 30, 98, 395, 210)] == [
        (None, 0), (None, 30), (3, -2), (0, -5), (2, 10),
    ]  # fmt: skip
