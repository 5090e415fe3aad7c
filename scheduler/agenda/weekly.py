"""A range of every week, as pure values: which slots it opens on a day, whatever the clocks do."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduler.errors import InvalidInput

SHORTEST_MINUTES, LONGEST_MINUTES = 5, 480


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """Which days, from when to when, cut into slots of how many minutes.

    Parameters
    ----------
    weekdays : frozenset of int
        ISO numbers, Monday is 1.
    start_minute, end_minute : int
        Minutes after midnight of the local clock, 0 to 1440.
    slot_minutes : int
        5 to 480; what is left at the end of the range is not opened.
    last_on : date or None
        Included; None = until somebody ends it.
    on_holidays : bool
        Whether public holidays are worked.
    """

    weekdays: frozenset[int]
    start_minute: int
    end_minute: int
    slot_minutes: int
    first_on: date
    last_on: date | None = None
    on_holidays: bool = False

    def __post_init__(self) -> None:
        if not self.weekdays or not self.weekdays <= set(range(1, 8)):
            raise InvalidInput("weekdays", "un jour au moins, de 1 (lundi) à 7 (dimanche)")
        if not 0 <= self.start_minute < self.end_minute <= 24 * 60:
            raise InvalidInput("end_minute", "une fin après le début, dans la journée")
        if not SHORTEST_MINUTES <= self.slot_minutes <= LONGEST_MINUTES:
            raise InvalidInput("slot_minutes", f"une durée de {SHORTEST_MINUTES} à {LONGEST_MINUTES} minutes")
        if self.end_minute - self.start_minute < self.slot_minutes:
            raise InvalidInput("slot_minutes", "une durée qui tient dans la plage")
        if self.last_on is not None and self.last_on < self.first_on:
            raise InvalidInput("last_on", "un dernier jour qui n'est pas avant le premier")

    def is_on(self, day: date) -> bool:
        """Tell whether the range is opened on a day, holidays and exceptions apart."""
        after = self.last_on is not None and day > self.last_on
        return day.isoweekday() in self.weekdays and day >= self.first_on and not after


def ranges_of(week: Week, day: date, zone: str) -> list[tuple[datetime, datetime]]:
    """Give the slots of a day, aware UTC, in order.

    A local hour that does not exist that day (clocks go forward) opens nothing; one that exists twice is
    meant the first time.
    """
    if not week.is_on(day):
        return []
    starts = range(week.start_minute, week.end_minute - week.slot_minutes + 1, week.slot_minutes)
    length = timedelta(minutes=week.slot_minutes)
    found = []
    for minute in starts:
        local = datetime.combine(day, time(*divmod(minute, 60)), ZoneInfo(zone))
        start_at = local.astimezone(UTC)
        if start_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local.replace(tzinfo=None):
            found.append((start_at, start_at + length))
    return found
