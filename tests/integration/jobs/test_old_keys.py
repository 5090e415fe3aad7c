from datetime import UTC, datetime, timedelta

from sqlmodel import col, select

from scheduler.accounts.actor import system_actor
from scheduler.idempotency import once
from scheduler.jobs.old_keys import KEPT_FOR, forget_old_keys
from scheduler.store.tables import IdempotencyRecord
from tests import factories

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def test_keys_are_kept_two_days_and_then_forgotten(store) -> None:
    with store.write() as session:
        actor = system_actor("test", factories.territory(session).id)
        for key, at in (("old", NOW - KEPT_FOR - timedelta(seconds=1)), ("young", NOW - KEPT_FOR)):
            once(session, actor, key=key, route="/x", body=b"", now=at, effect=lambda: (201, {}))
    assert forget_old_keys(store, clock=lambda: NOW) == 1
    with store.read() as session:
        assert session.exec(select(col(IdempotencyRecord.key))).all() == ["young"]
