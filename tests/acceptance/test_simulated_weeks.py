"""Simulated weeks of a small CPTS: invariants every hour, the report is that of the history (L5)."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from matching import Policy
from scheduler.referrals.run import Solve
from scheduler.simulation.beside import Beside
from scheduler.simulation.invariants import BrokenInvariant, Watch
from scheduler.simulation.meanwhile import Meanwhile
from scheduler.simulation.plan import Outcome, Plan
from scheduler.simulation.year import simulate
from tests import factories
from tests.machines import fresh_store
from tests.unit.matching.builders import territory

WEEKS = Plan(from_on=date(2026, 3, 23), days=14, num_gps=6, signals_a_day=4, places_a_month=12, seed=7)


def lived(plan: Plan) -> Outcome:
    with fresh_store() as store:
        return simulate(store, plan)


def test_two_weeks_hold_every_hour_and_are_reported_as_they_were_lived() -> None:
    once = lived(WEEKS)
    assert once.num_hours == 14 * 24 - 1  # 29 March lacks an hour
    assert once.differences == []
    assert {name for name, _ in once.months} == {"2026-03"}
    happened = ("signalled", "with_others", "qualified", "placed", "departures", "declines", "letters")
    assert {name for name in happened if once.acted[name] == 0} == set()
    assert once.num_messages > 0


def test_the_same_seed_gives_the_same_days_and_autumn_has_an_hour_more() -> None:
    autumn = replace(WEEKS, from_on=date(2026, 10, 21), days=6)
    once, again = (lived(autumn) for _ in range(2))
    assert (again.report, again.acted, again.num_events) == (once.report, once.acted, once.num_events)
    assert once.num_hours == 6 * 24 + 1
    assert once.acted["accepted"] > 0


def test_an_hour_in_which_somebody_was_lost_is_not_passed_over() -> None:
    """The hours at which nothing was written are skipped: one at which something was never is."""
    at = datetime(2026, 3, 1, tzinfo=UTC)
    with fresh_store() as store:
        with store.write() as session:
            row = factories.referral(session, next_action_on=at.date())
            coordinator = factories.actor(territory_id=row.territory_id)
        with Beside(store, row.territory_id) as beside, Watch(store, coordinator, beside) as watch:
            watch.check_hour(at=at)
            watch.check_hour(at=at)
            with store.write() as session:
                session.connection().execute(text("UPDATE referral SET next_action_on = NULL"))
            watch.check_hour(at=at)
            with pytest.raises(BrokenInvariant, match="nobody's turn"):
                watch.finish()


def test_the_lists_beside_are_those_of_the_moment_they_were_asked_for() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    with fresh_store() as store:
        with store.write() as session:
            row = factories.referral(session, next_action_on=None)
            factories.consent(session, referral_id=row.id)
            coordinator = factories.actor(territory_id=row.territory_id)
        with Beside(store, row.territory_id) as beside, Watch(store, coordinator, beside) as watch:
            watch.ask_cases(at=at)
            with store.write() as session:
                session.connection().execute(text("UPDATE referral SET next_action_on = '2026-03-02'"))
            with pytest.raises(BrokenInvariant, match="in no list and without a next date"):
                watch.cases()
            watch.ask_cases(at=at)
            assert watch.cases() == []


def test_what_is_solved_beside_is_used_when_its_hour_has_come() -> None:
    done: list[object] = []

    def job(solve: Solve) -> None:
        done.append("asked")
        solution = solve(territory(4, 2, seed=1), Policy(), time_limit_s=1, seed=0, watch=None)
        done.append(len(solution.matches))

    with fresh_store() as store, Beside(store, 1) as beside:
        meanwhile = Meanwhile(beside, lambda: datetime(2026, 3, 1, tzinfo=UTC))
        meanwhile.begin(job)
        assert done == ["asked"]
        meanwhile.finish()
        assert done == ["asked", 4]


def test_a_job_that_fails_meanwhile_is_not_passed_over() -> None:
    def job(_: Solve) -> None:
        raise KeyError("of the job")

    with fresh_store() as store, Beside(store, 1) as beside:
        meanwhile = Meanwhile(beside, lambda: datetime(2026, 3, 1, tzinfo=UTC))
        meanwhile.begin(job)
        with pytest.raises(KeyError, match="of the job"):
            meanwhile.finish()
