"""What stands from earlier: kept, released with a reason, or changed for something better."""

from dataclasses import replace

import pytest

from matching import (
    Change,
    Commitment,
    Instance,
    Needs,
    OfferRules,
    Policy,
    Solution,
    StabilityRules,
    attach,
    verify,
)
from tests.unit.matching.builders import POLICY, TODAY, TRAVEL_ONLY, instance, patient, practitioner

ALD = Needs(ald=True)


def committed(given: Instance, firm: bool, **where: str) -> Instance:
    stands = tuple(Commitment(patient_id=p, practitioner_id=d, firm=firm) for p, d in where.items())
    return replace(given, commitments=stands)


def run(given: Instance, policy: Policy = POLICY) -> Solution:
    solution = attach(given, policy)
    assert verify(given, policy, solution) == []
    return solution


def placed(solution: Solution) -> dict[str, str | None]:
    return {m.patient_id: m.practitioner_id for m in solution.matches}


def only_change(solution: Solution) -> Change:
    (change,) = solution.changes
    return change


def test_a_firm_one_stays_whoever_else_comes() -> None:
    two = instance([patient("well"), patient("ill", needs=ALD)], [practitioner()])
    assert placed(run(two)) == {"well": None, "ill": "d1"}
    pinned = run(committed(two, True, well="d1"))
    assert placed(pinned) == {"well": "d1", "ill": None}
    assert pinned.changes == ()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"leaving_on": TODAY}, "leaving"),
        ({"age_min": 50}, "age_range"),
        ({"max_km": 1.0}, "practitioner_distance"),
        ({"places": 0}, "over_capacity"),
        ({"workload": 0}, "over_capacity"),
    ],
)
@pytest.mark.parametrize("firm", [True, False])
def test_what_a_rule_forbids_is_released_and_told(changes: dict[str, object], code: str, firm: bool) -> None:
    given = instance([patient("a", age=40)], [practitioner("d1", **changes), practitioner("d2")])
    solution = run(committed(given, firm, a="d1"))
    change = only_change(solution)
    assert (change.before, change.after) == ("d1", "d2")
    assert change.reason.data["firm"] is firm
    if firm or code != "over_capacity":
        assert change.reason.code == code
        assert change.reason.sentence.startswith("Annonce retirée" if firm else "Proposition précédente")


def test_a_gp_who_is_gone_and_one_out_of_reach() -> None:
    given = instance([patient("a")], [practitioner("d1"), practitioner("far")], km={("a", "d1"): 3})
    assert only_change(run(committed(given, True, a="who"))).reason.code == "gone"
    assert only_change(run(committed(given, True, a="far"))).reason.code == "distance"


def test_over_capacity_keeps_the_better_rank_then_the_longer_wait() -> None:
    given = instance(
        [patient("new"), patient("old", waited_days=20), patient("ill", needs=ALD)], [practitioner(places=2)]
    )
    solution = run(committed(given, True, new="d1", old="d1", ill="d1"))
    assert placed(solution) == {"new": None, "old": "d1", "ill": "d1"}
    change = only_change(solution)
    assert (change.patient_id, change.after, change.reason.code) == ("new", None, "over_capacity")


def two_gps(firm: bool = False) -> Instance:
    """The earlier proposal is three minutes, thirty tenths, farther."""
    near = instance(
        [patient("a")], [practitioner("d1"), practitioner("d2")], km={("a", "d1"): 2.5, ("a", "d2"): 1}
    )
    return committed(near, firm, a="d1")


@pytest.mark.parametrize(("move_tenths", "stays"), [(1, False), (29, False), (31, True)])
def test_an_earlier_proposal_yields_to_what_is_worth_it(move_tenths: int, stays: bool) -> None:
    policy = replace(TRAVEL_ONLY, stability=StabilityRules(move_tenths=move_tenths))
    solution = run(two_gps(), policy)
    assert placed(solution) == {"a": "d1" if stays else "d2"}
    if not stays:
        change = only_change(solution)
        assert (change.reason.code, change.reason.data["saved_tenths"]) == ("better", 30)
        assert "3 min de trajet en moins" in change.reason.sentence


def test_an_earlier_proposal_wins_every_tie() -> None:
    for gp in ("d1", "d2", "d3"):
        equal = instance([patient("a")], [practitioner(d) for d in ("d1", "d2", "d3")])
        assert placed(run(committed(equal, False, a=gp))) == {"a": gp}


def test_whoever_makes_room_is_told_why() -> None:
    # "stuck" can only go to d1, where "a" is: "a" moves on for both to have a GP.
    given = instance(
        [patient("a"), patient("stuck")],
        [practitioner("d1"), practitioner("d2")],
        km={("a", "d1"): 1, ("a", "d2"): 9, ("stuck", "d1"): 5},
    )
    assert only_change(run(committed(given, False, a="d1"))).reason.code == "for_others"
    one_place = instance([patient("a"), patient("ill", needs=ALD)], [practitioner("d1")])
    change = only_change(run(committed(one_place, False, a="d1")))
    assert (change.after, change.reason.code) == (None, "let_go")


def test_a_member_joins_the_household() -> None:
    family = [
        patient("child", age=5, household="h"),
        patient("mother", age=40, household="h"),
    ]
    given = instance(family, [practitioner("d1", places=2), practitioner("d2", places=2)])
    solution = run(committed(given, False, child="d1", mother="d2"))
    assert len(set(placed(solution).values())) == 1
    assert only_change(solution).reason.code == "household"


def test_no_more_proposals_at_once_than_the_policy_says() -> None:
    four = instance([patient(f"p{i}") for i in range(4)], [practitioner(places=4)])
    policy = Policy(offers=OfferRules(at_once=2))
    solution = run(four, policy)
    assert list(placed(solution).values()).count("d1") == 2
    assert solution.place_price == (0,)  # one more place would not be offered now
    announced = run(committed(four, True, p0="d1", p1="d1", p3="d1"), policy)
    assert placed(announced) == {"p0": "d1", "p1": "d1", "p2": None, "p3": "d1"}
    assert announced.changes == ()
