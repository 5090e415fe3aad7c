"""Two simulated weeks over a clock change: invariants every hour, the report is that of the history (L5)."""

from dataclasses import replace
from datetime import date

from scheduler.simulation.year import Outcome, Plan, simulate
from tests.machines import fresh_store

WEEKS = Plan(from_on=date(2026, 3, 23), days=14, num_gps=6, signals_a_day=4, places_a_month=12, seed=7)


def lived(plan: Plan) -> Outcome:
    with fresh_store() as store:
        return simulate(store, plan)


def test_two_weeks_hold_every_hour_and_are_reported_as_they_were_lived() -> None:
    once = lived(WEEKS)
    assert once.num_hours == 14 * 24 - 1  # 29 March lacks an hour
    figures = once.report["figures"]
    told = {name: figures[name] for name in ("signalled", "qualified", "placed", "declared", "declines")}
    assert told == {name: once.acted[name] for name in told}
    assert min(told["signalled"], told["qualified"], told["placed"]) > 0
    assert once.num_messages > 0
    assert once.months
    assert all(same for _, same in once.months)


def test_the_same_seed_gives_the_same_days() -> None:
    once, again = (lived(replace(WEEKS, days=3)) for _ in range(2))
    assert (again.report, again.acted, again.num_events) == (once.report, once.acted, once.num_events)
    assert once.acted["accepted"] > 0
