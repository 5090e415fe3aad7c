"""Keeping last month's report, once."""

from scheduler.clock import Clock
from scheduler.indicators.figures import take_snapshots
from scheduler.store.engine import Store


def keep_last_month(store: Store, *, clock: Clock) -> int:
    """Keep the report of last month for every territory that has none yet; gives how many were kept."""
    return take_snapshots(store, clock=clock)
