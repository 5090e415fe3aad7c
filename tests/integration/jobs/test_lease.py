"""One holder at a time, by the database's clock; a former one is told so when it acts."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import select

from scheduler.jobs import lease, records
from scheduler.jobs.lease import LeaseLost, confirm, give_back, renew, take
from scheduler.store.engine import Store
from scheduler.store.tables import JobRun, JobRunState, Lease
from tests.factories import NOW
from tests.races import at_once

MINUTE = timedelta(minutes=1)
TICK = NOW


def let_expire(store: Store) -> None:
    with store.write() as session:
        row = session.exec(select(Lease)).one()
        row.expires_at = lease.database_now(session)
        session.add(row)


def test_of_many_that_come_at_once_one_takes_it(store: Store) -> None:
    got = []
    at_once(8, lambda n: got.append(take(store, "jobs", f"p{n}", lasting=MINUTE)))
    (term,) = [one for one in got if one is not None]
    assert take(store, "jobs", "late", lasting=MINUTE) is None
    assert renew(store, term, lasting=MINUTE)


def test_what_was_given_back_or_has_expired_is_taken_and_the_former_holder_is_fenced(store: Store) -> None:
    first = take(store, "jobs", "a", lasting=MINUTE)
    assert first is not None
    let_expire(store)
    assert not renew(store, first, lasting=MINUTE)
    second = take(store, "jobs", "a", lasting=MINUTE)  # the same process counts as another
    assert second is not None
    assert second.number == first.number + 1
    assert not renew(store, first, lasting=MINUTE)
    give_back(store, first)  # not its to give
    with store.write() as session:
        confirm(session, second)
        with pytest.raises(LeaseLost):
            confirm(session, first)
        with pytest.raises(LeaseLost):
            records.begin(session, first, "job", TICK, now=NOW)
    give_back(store, second)
    assert take(store, "jobs", "b", lasting=MINUTE) is not None


def begin(store: Store, term: lease.Term) -> int | None:
    with store.write() as session:
        return records.begin(session, term, "job", TICK, now=NOW)


def test_a_tick_is_done_once_and_again_only_if_it_failed_or_was_abandoned(store: Store) -> None:
    first = take(store, "jobs", "a", lasting=MINUTE)
    assert first is not None
    run_id = begin(store, first)
    assert run_id is not None
    assert begin(store, first) is None
    let_expire(store)
    second = take(store, "jobs", "b", lasting=MINUTE)
    assert second is not None
    with store.write() as session:
        assert records.abandon_earlier(session, second, now=NOW) == 1
    assert begin(store, second) == run_id
    end(store, run_id, failure="KeyError x.py:1")
    assert begin(store, second) == run_id  # the third and last attempt
    end(store, run_id, failure="KeyError x.py:1")
    assert begin(store, second) is None
    with store.read() as session:
        (row,) = session.exec(select(JobRun))
    assert (row.state, row.num_attempts, row.failure) == (JobRunState.FAILED, 3, "KeyError x.py:1")


def end(store: Store, run_id: int, failure: str | None) -> None:
    with store.write() as session:
        records.end(session, run_id, count=None, failure=failure, now=NOW)


def test_old_records_go_but_the_last_of_each_job(store: Store) -> None:
    ages = {"often": (8, 9, 6), "daily": (399, 401), "gone": (500,)}
    with store.write() as session:
        for job_id, days in ages.items():
            for age in sorted(days, reverse=True):
                at = NOW - timedelta(days=age)
                session.add(
                    JobRun(job_id=job_id, tick=at, term=1, state=JobRunState.DONE, started_at=at, ended_at=at)
                )
        session.flush()
        kept = records.Kept(frequent=timedelta(days=7), others=timedelta(days=400))
        assert records.forget(session, ["often"], kept, now=NOW) == 3
        left: Callable[[str], list[int]] = lambda job_id: [  # noqa: E731
            (NOW - row.tick).days for row in session.exec(select(JobRun).where(JobRun.job_id == job_id))
        ]
        assert {job_id: left(job_id) for job_id in ages} == {"often": [6], "daily": [399], "gone": [500]}
