"""A table that is changed keeps its rows, its checks and its triggers."""

from alembic import command

from scheduler.store import migrate as module
from scheduler.store.engine import Store
from scheduler.store.tables import Intake, MatchingRun, OfferState, Proposal, Referral, RunState
from tests import factories
from tests.integration.store.raw_sql import execute, refused


def test_rows_survive_the_attachment_revision_both_ways(store: Store) -> None:
    with store.write() as session:
        run = factories.matching_run(session, state=RunState.CANCELLED)
        mine = factories.intake(session, places=1, workload=4)
        waiting = factories.referral(session, together=True)
        proposed = factories.proposal(session, run=run, intake=mine, referral=waiting, units=3)
        ids = (run.id, mine.id, waiting.id, proposed.id)
        factories.offer(session, intake_id=mine.id, state=OfferState.ACCEPTED)
    with store.migration() as connection:
        config = module._config(connection, lambda **_: None)
        command.downgrade(config, "0002")
        command.upgrade(config, "head")
        module._check_foreign_keys(connection)
    with store.read() as session:
        after = [session.get_one(MatchingRun, ids[0]).state, session.get_one(Intake, ids[1]).workload]
        after += [session.get_one(Referral, ids[2]).together, session.get_one(Proposal, ids[3]).units]
    # the older form knew neither a cancelled run nor a workload: what it could not hold is given up
    assert after == [RunState.FAILED, None, False, 1]


def test_checks_and_triggers_still_hold_after_it(store: Store) -> None:
    with store.write() as session:
        mine = factories.intake(session, places=1)
        factories.offer(session, intake_id=mine.id, state=OfferState.ACCEPTED)
        values = {"intake": mine.id}
    for refusal, change in {
        "intake_workload": "workload = -1",
        "intake_places_accepted": "places = 0",
    }.items():
        with refused(store, refusal) as session:
            execute(session, f"UPDATE intake SET {change} WHERE id = :intake", **values)
