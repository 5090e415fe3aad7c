"""Telling the SAS platform of the bookings its regulators made."""

from collections.abc import Callable

from scheduler.clock import Clock
from scheduler.sas.platform import platform_of, system_of
from scheduler.sas.sending import send_reports
from scheduler.settings import Settings
from scheduler.store.engine import Store


def tell_platform(store: Store, settings: Settings, *, clock: Clock) -> Callable[[], int]:
    """Give the job that sends the reports that are due; without a platform they wait."""
    platform, system = platform_of(settings), system_of(settings)
    if platform is None:
        return lambda: 0
    return lambda: send_reports(store, platform, system=system, clock=clock)
