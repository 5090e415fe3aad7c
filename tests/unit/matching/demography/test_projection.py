"""The coming months: what is put in comes out, in the month where it belongs."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from matching import InvalidInstance, Needs
from matching.demography import Departure, Inflow, Opening, Projection, estimated_inflow, project
from matching.demography.effort import enough
from matching.demography.outlook import Spread
from matching.progress import Progress
from tests.unit.matching.builders import POLICY, TODAY, instance, patient, practitioner, territory

NOBODY = Inflow(per_month={})
ALD = Needs(ald=True)


def people(number: int, **more: object) -> list:
    return [patient(f"p{i}", **more) for i in range(number)]


def totals(projection: Projection, what: str) -> list[int]:
    """Patients of the first scenario per month."""
    return getattr(projection, what)[0].sum(axis=(1, 2)).tolist()


def test_places_of_each_month_go_to_those_who_wait() -> None:
    five = instance(people(5), [practitioner(places=2)])
    projection = project(five, POLICY, labels=["A"] * 5, months=3, inflow=NOBODY, places_per_month={"d1": 1})
    assert projection.months == (date(2026, 11, 21), date(2026, 12, 21), date(2027, 1, 21))
    assert totals(projection, "arrived") == [5, 0, 0]
    assert totals(projection, "placed") == [2, 1, 1]
    assert totals(projection, "waiting") == [3, 2, 1]


def test_unused_places_are_kept_for_the_next_month() -> None:
    one = instance(people(1), [practitioner(places=3)])
    coming = Inflow(per_month={("A", 3): 50.0})
    projection = project(one, POLICY, labels=["A"], months=2, inflow=coming, scenarios=1)
    assert totals(projection, "placed") == [1, 2]


def test_the_month_is_the_last_day_where_it_is_shorter() -> None:
    late = replace(instance(people(1), [practitioner()]), on=date(2026, 12, 31))
    projection = project(late, POLICY, labels=["A"], months=3, inflow=NOBODY, scenarios=1)
    assert projection.months == (date(2026, 12, 31), date(2027, 1, 31), date(2027, 2, 28))


def test_who_leaves_closes_and_sends_a_panel() -> None:
    three = instance(
        [patient("a", needs=ALD), *people(2)],
        [practitioner("stays", places=0), practitioner("leaves", places=9, leaving_on=None)],
    )
    leaving = Departure(
        practitioner_id="leaves", on=TODAY + timedelta(days=45), panel=20, tier_mix=(0.5, 0.0, 0.5)
    )
    near = replace(POLICY, reach=replace(POLICY.reach, leaving_horizon_days=0))
    projection = project(
        three, near, labels=["A"] * 3, months=4, inflow=NOBODY, departures=[leaving], scenarios=3
    )
    assert totals(projection, "placed") == [3, 0, 0, 0]
    assert totals(projection, "arrived") == [3, 0, 20, 0]
    assert projection.arrived[:, 2, 0, 1].tolist() == [0, 0, 0]
    # With the usual horizon nobody is sent any more to a GP who stops within half a year.
    cautious = project(
        three, POLICY, labels=["A"] * 3, months=1, inflow=NOBODY, departures=[leaving], scenarios=1
    )
    assert totals(cautious, "placed") == [0]


def test_only_the_part_of_a_panel_that_is_signalled_comes() -> None:
    one = instance(people(1), [practitioner(places=0)])
    leaving = Departure(
        practitioner_id="d1",
        on=TODAY + timedelta(days=5),
        panel=400,
        tier_mix=(0, 0, 1),
        share_signalled=0.25,
    )
    projection = project(
        one, POLICY, labels=["A"], months=2, inflow=NOBODY, departures=[leaving], scenarios=9
    )
    came = projection.arrived[:, 1].sum(axis=(1, 2))
    assert 70 < came.mean() < 130
    assert came.std() > 0


def test_who_opens_receives_from_that_day_on() -> None:
    queue = instance(people(9), [practitioner(places=0)])
    opening = Opening(
        practitioner=practitioner("new", places=3),
        on=TODAY + timedelta(days=20),
        like="d1",
        places_per_month=2,
    )
    projection = project(
        queue, POLICY, labels=["A"] * 9, months=4, inflow=NOBODY, openings=[opening], scenarios=1
    )
    assert totals(projection, "placed") == [0, 3, 2, 2]


def test_limits_follow_the_places_in_proportion() -> None:
    queue = instance(people(8, needs=ALD), [practitioner(places=4, max_tier1=2)])
    projection = project(
        queue, POLICY, labels=["A"] * 8, months=2, inflow=NOBODY, places_per_month={"d1": 2}, scenarios=1
    )
    assert totals(projection, "placed") == [2, 2]


def test_households_come_as_they_are_on_the_list() -> None:
    family = [patient("mother", age=35, household="h"), patient("son", age=4, household="h")]
    coming = Inflow(per_month={("A", 3): 10.0})
    given = instance(family, [practitioner(places=0)])
    projection = project(given, POLICY, labels=["A", "A"], months=2, inflow=coming, scenarios=2)
    came = projection.arrived[:, 1].sum(axis=(1, 2))
    assert (came % 2 == 0).all()
    assert (came > 0).all()


def test_arrivals_are_counted_by_label_and_most_urgent_member() -> None:
    given = instance(
        [
            patient("a", household="h", needs=ALD),
            patient("b", household="h"),
            patient("c", waited_days=20),
            patient("old", waited_days=400),
        ],
        [],
    )
    labels = ["A", "A", "B", "B"]
    assert estimated_inflow(given, POLICY, labels).per_month == {("A", 1): 1 / 12, ("B", 3): 1 / 12}
    with pytest.raises(InvalidInstance):
        estimated_inflow(given, POLICY, labels, months=0)


def test_the_same_seed_gives_the_same_future() -> None:
    given = territory(80, 5, seed=1)
    labels = ["A" if i % 2 else "B" for i in range(80)]
    inflow = estimated_inflow(given, POLICY, labels)

    def future(seed: int) -> np.ndarray:
        return project(given, POLICY, labels=labels, months=3, inflow=inflow, scenarios=2, seed=seed).waiting

    assert (future(1) == future(1)).all()
    assert (future(1) != future(2)).any()
    assert (future(1)[0] != future(1)[1]).any()


def test_nobody_is_lost_between_the_months() -> None:
    given = territory(120, 6, seed=2)
    labels = [f"c{i % 3}" for i in range(120)]
    projection = project(
        given, POLICY, labels=labels, months=4, inflow=estimated_inflow(given, POLICY, labels), scenarios=2,
        places_per_month={gp.id: 1 for gp in given.practitioners},
    )  # fmt: skip
    before = np.concatenate([np.zeros_like(projection.waiting[:, :1]), projection.waiting[:, :-1]], axis=1)
    assert (before + projection.arrived - projection.placed == projection.waiting).all()


def test_what_is_said_of_months_and_communes() -> None:
    two = instance(people(2), [practitioner(places=1)])
    coming = Inflow(per_month={("Combs-la-Ville", 3): 30.0})
    labels = ["Combs-la-Ville", "Brunoy"]
    projection = project(two, POLICY, labels=labels, months=3, inflow=coming, scenarios=1, seed=4)
    (short,) = projection.running_short()
    assert short.label == "Combs-la-Ville"
    assert short.longer_from == date(2026, 12, 21)
    lines = projection.text().splitlines()
    assert lines[0] == (
        "Novembre 2026 : 1 patient en attente ; placés ce mois : 0 % en priorité 1, 0 % en priorité 2, "
        "50 % en priorité 3."
    )
    assert lines[-1].startswith("Combs-la-Ville : la liste s'allonge, depuis décembre 2026, de ")
    calm = project(two, POLICY, labels=labels, months=2, inflow=NOBODY)
    assert calm.text().splitlines()[-1] == "Aucune liste d'attente ne s'allonge."
    assert calm.by_month()[0].share_placed_by_tier[2] == Spread(median=0.5, least=0.5, most=0.5)


def test_a_seed_gives_the_same_future_with_households_and_loads_however_many_scenarios() -> None:
    given = territory(60, 5, seed=3)
    given = replace(given, practitioners=tuple(replace(gp, workload=9) for gp in given.practitioners))
    labels = ["A" if i % 2 else "B" for i in range(len(given.patients))]

    def futures(scenarios: int, time_limit_s: float | None = None) -> np.ndarray:
        return project(
            given, POLICY, labels=labels, months=3, inflow=estimated_inflow(given, POLICY, labels),
            places_per_month={gp.id: 1 for gp in given.practitioners}, scenarios=scenarios,
            time_limit_s=time_limit_s,
        ).waiting  # fmt: skip

    two = futures(2)
    assert (two == futures(2)).all()
    assert (two[:, 0] == two[0, 0]).all()  # nothing is drawn before the first run
    assert (futures(2, time_limit_s=0) == two[:1]).all()  # no time: one scenario, the first


def test_rounds_end_by_number_by_proof_or_by_wish() -> None:
    def said(looks: list[tuple[int, int]], **more: object) -> list[bool]:
        look = enough(**more)
        return [look(Progress(best=best, bound=bound, elapsed_s=0.0)) for best, bound in looks]

    assert said([(0, 90), (0, 90), (5, 90), (7, 80)], rounds=3) == [True, True, True, False]
    assert said([(0, 90_000), (89_995, 90_000)]) == [True, False]
    assert said([(0, 90)], watch=lambda _: False) == [False]


@pytest.mark.parametrize(
    "wrong",
    [
        {"months": 0},
        {"scenarios": 0},
        {"labels": []},
        {"places_per_month": {"nobody": 1}},
        {"places_per_month": {"d1": -1}},
        {"inflow": Inflow(per_month={("Nowhere", 3): 1.0})},
        {"inflow": Inflow(per_month={("A", 1): 1.0})},
        {"departures": [Departure(practitioner_id="nobody", on=TODAY, panel=1, tier_mix=(0, 0, 1))]},
        {"openings": [Opening(practitioner=practitioner("d1"), on=TODAY, like="d1")]},
        {"departures": [
            Departure(practitioner_id="d1", on=TODAY + timedelta(days=1), panel=5, tier_mix=(1, 0, 0))
        ]},
    ],
)  # fmt: skip
def test_what_cannot_be_projected_is_refused(wrong: dict) -> None:
    one = instance(people(1), [practitioner()])
    usual = {"labels": ["A"], "months": 2, "inflow": NOBODY}
    with pytest.raises(InvalidInstance):
        project(one, POLICY, **{**usual, **wrong})


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Departure(practitioner_id="d", on=TODAY, panel=-1, tier_mix=(0, 0, 1)),
        lambda: Departure(practitioner_id="d", on=TODAY, panel=1, tier_mix=(0, 0, 0.5)),
        lambda: Departure(practitioner_id="d", on=TODAY, panel=1, tier_mix=(0, 0, 1), share_signalled=2),
        lambda: Opening(practitioner=practitioner(), on=TODAY, like="d", places_per_month=-1),
        lambda: Inflow(per_month={("A", 1): -1.0}),
    ],
)
def test_events_refuse_nonsense(wrong) -> None:
    with pytest.raises(InvalidInstance):
        wrong()
