"""Telling practitioners of calendars that have been silent or broken for an hour."""

from scheduler.agenda.alerts import raise_alerts
from scheduler.clock import Clock
from scheduler.store.engine import Store


def tell_of_feeds(store: Store, *, public_url: str, clock: Clock) -> int:
    """Open the alerts that are due, each with its mail; gives their number."""
    with store.write() as session:
        return raise_alerts(session, public_url=public_url, now=clock())
