"""Forgetting idempotency keys that no client will send again."""

from datetime import timedelta

from scheduler.clock import Clock
from scheduler.idempotency import forget_keys
from scheduler.store.engine import Store

KEPT_FOR = timedelta(hours=48)
"""A client retries within minutes; two days cover a phone that was out of reach over a weekend day."""


def forget_old_keys(store: Store, *, clock: Clock) -> int:
    """Delete the records of keys older than 48 hours; gives their number."""
    with store.write() as session:
        return forget_keys(session, before_at=clock() - KEPT_FOR)
