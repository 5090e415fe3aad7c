"""The only place where Relais reads the time, so that tests and simulations can set it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]
"""A function that gives the current instant, aware and in UTC."""


def utc_now() -> datetime:
    """Give the current instant, aware, in UTC."""
    return datetime.now(UTC)


def local_day(at: datetime, zone: str) -> date:
    """Give the calendar day of an instant as people of a territory see it."""
    return at.astimezone(ZoneInfo(zone)).date()


def start_of_day(on: date, zone: str) -> datetime:
    """Give the instant a calendar day begins for people of a territory."""
    return datetime.combine(on, time(), ZoneInfo(zone))
