"""Ending the holds that nobody confirmed."""

from scheduler.agenda.ending import expire_holds
from scheduler.clock import Clock
from scheduler.store.engine import Store


def end_old_holds(store: Store, *, clock: Clock) -> int:
    """Write down that holds are over; they took no place any more already. Gives their number."""
    with store.write() as session:
        return expire_holds(session, now=clock())
