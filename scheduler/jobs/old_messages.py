"""Emptying the messages sent long ago: that they were stays, what they said and to whom does not."""

from datetime import timedelta

from scheduler.clock import Clock
from scheduler.messages.outbox import empty_old
from scheduler.store.engine import Store

KEPT_FOR = timedelta(days=90)
"""How long the text and the recipient of a message are kept once it was sent."""


def empty_old_messages(store: Store, *, clock: Clock) -> int:
    """Empty the messages sent more than 90 days ago; gives their number."""
    with store.write() as session:
        return empty_old(session, before_at=clock() - KEPT_FOR)
