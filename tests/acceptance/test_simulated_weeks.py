"""Simulated weeks of a small CPTS: invariants every hour, the report is that of the history (L5)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from scheduler.simulation.beside import Beside, Question
from scheduler.simulation.invariants import BrokenInvariant, Watch
from scheduler.simulation.plan import Outcome, Plan
from scheduler.simulation.year import simulate
from scheduler.store.engine import Store
from scheduler.store.tables import MatchingRun, Proposal, RunState
from tests import factories
from tests.factories import NOW
from tests.machines import fresh_store

WEEKS = Plan(from_on=date(2026, 3, 23), days=14, num_gps=6, signals_a_day=4, places_a_month=12, seed=7)


@contextmanager
def watching(store: Store, territory_id: int, at: datetime) -> Iterator[Watch]:
    with (
        Beside(store, territory_id, clock=lambda: at, seed=1) as beside,
        Watch(store, watcher=beside, reader=beside) as watch,
    ):
        yield watch


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
        with watching(store, row.territory_id, at) as watch:
            watch.check_hour()
            watch.check_hour()
            with store.write() as session:
                session.connection().execute(text("UPDATE referral SET next_action_on = NULL"))
            watch.check_hour()
            with pytest.raises(BrokenInvariant, match="nobody's turn"):
                watch.finish()


def test_the_lists_beside_are_those_of_the_moment_they_were_asked_for() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    with fresh_store() as store:
        with store.write() as session:
            row = factories.referral(session, next_action_on=None)
            factories.consent(session, referral_id=row.id)
        with watching(store, row.territory_id, at) as watch:
            watch.ask_cases(at=at)
            with store.write() as session:
                session.connection().execute(text("UPDATE referral SET next_action_on = '2026-03-02'"))
            with pytest.raises(BrokenInvariant, match="in no list and without a next date"):
                watch.cases()
            watch.ask_cases(at=at)
            assert watch.cases() == []


def waits_and_takes_patients(session: Session) -> int:
    """Have somebody wait, and a GP take five; gives the territory."""
    row = factories.referral(session)
    gp = factories.practitioner(session, territory_id=row.territory_id)
    factories.intake(session, practitioner_id=gp.id, places=5)
    return row.territory_id


def test_a_run_beside_is_of_the_moment_it_was_asked_for_and_written_when_it_is_waited_for() -> None:
    hours, late = [NOW], []
    with fresh_store() as store:
        with store.write() as session:
            territory_id = waits_and_takes_patients(session)
        with Beside(store, territory_id, clock=lambda: hours[-1], seed=1) as beside:
            for num_proposed in (1, 2, 3):
                run = beside.ask(Question.NIGHTLY_RUN)
                with store.write() as session:
                    late.append(factories.referral(session, territory_id=territory_id).id)
                    assert len(session.exec(select(Proposal)).all()) == num_proposed - 1
                hours.append(hours[-1] + timedelta(hours=3))
                assert beside.wait(run) == 1
                with store.read() as session:
                    proposed = set(session.exec(select(Proposal.referral_id)))
                assert len(proposed) == num_proposed
                assert late[-1] not in proposed
        with store.read() as session:
            runs = session.exec(select(MatchingRun).order_by(col(MatchingRun.started_at))).all()
        assert [(run.started_at, run.ended_at) for run in runs] == list(pairwise(hours))


def test_a_run_beside_draws_its_identifiers_from_the_seed() -> None:
    """Two processes draw the same: what a process did before, or is, changes nothing."""
    drawn = []
    for _ in range(2):
        with fresh_store() as store:
            with store.write() as session:
                territory_id = waits_and_takes_patients(session)
            with Beside(store, territory_id, clock=lambda: NOW, seed=1) as beside:
                beside.wait(beside.ask(Question.NIGHTLY_RUN))
            with store.read() as session:
                drawn.append(session.exec(select(MatchingRun.id)).one())
    assert drawn[0] == drawn[1]


def test_a_run_that_fails_beside_is_not_passed_over() -> None:
    with fresh_store() as store:
        with store.write() as session:
            territory_id = waits_and_takes_patients(session)
            session.connection().execute(text("ALTER TABLE matching_run RENAME TO gone"))
        with Beside(store, territory_id, clock=lambda: NOW, seed=1) as beside, pytest.raises(EOFError):
            beside.wait(beside.ask(Question.NIGHTLY_RUN))


def test_a_run_that_was_recorded_as_failed_is_found_at_the_end() -> None:
    with fresh_store() as store:
        with store.write() as session:
            run = factories.matching_run(session, state=RunState.FAILED)
        with (
            watching(store, run.territory_id, NOW) as watch,
            pytest.raises(BrokenInvariant, match="a matching run that failed"),
        ):
            watch.check_end(at=NOW)


def test_the_process_beside_prints_nothing_into_the_report(capfd: pytest.CaptureFixture[str]) -> None:
    with fresh_store() as store:
        with store.write() as session:
            territory_id = waits_and_takes_patients(session)
        capfd.readouterr()
        with Beside(store, territory_id, clock=lambda: NOW, seed=1) as beside:
            beside.wait(beside.ask(Question.NIGHTLY_RUN))
        assert capfd.readouterr().out == ""
