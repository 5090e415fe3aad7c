"""Writing the coming slots of the weekly series that go on."""

from scheduler.agenda.by_hand import grow_all
from scheduler.clock import Clock
from scheduler.store.engine import Store


def write_coming_slots(store: Store, *, clock: Clock) -> int:
    """Write what the weekly series open up to five weeks ahead; gives the number of new slots."""
    with store.write() as session:
        return grow_all(session, now=clock())
