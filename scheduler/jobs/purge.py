"""Setting aside and erasing the files whose time is over."""

from scheduler.clock import Clock
from scheduler.retention.periods import Retention
from scheduler.retention.purge import purge
from scheduler.store.engine import Store


def erase_what_is_over(store: Store, retention: Retention, *, clock: Clock) -> int:
    """Set aside and erase whatever is due; gives how many files were erased."""
    return purge(store, retention, clock=clock)
