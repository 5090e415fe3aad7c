"""Days, series and exceptions of an agenda, relative to one day."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import holidays

from scheduler.demo.ics import Event, utc

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WEEKS_BEFORE = 8
_DAYS_AHEAD = 420  # as far as a feed can be asked for


class Diary:
    """Days and series relative to one day; series begin some weeks before it and skip public holidays."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.first_monday = today - timedelta(days=today.weekday(), weeks=_WEEKS_BEFORE)
        years = range(self.first_monday.year, (today + timedelta(days=_DAYS_AHEAD)).year + 1)
        self.holidays = holidays.country_holidays("FR", years=years, language="fr")

    def weekly(
        self,
        key: str,
        title: str,
        days: str,
        hours: str,
        *,
        every: int = 1,
        until: date | None = None,
        **marks: Any,
    ) -> Event:
        """Return a weekly series: ``weekly("snp", "SNP", "MO,TH", "11:30-12:30")``, days in order."""
        chosen = [_WEEKDAYS.index(name) for name in days.split(",")]
        interval = f";INTERVAL={every}" if every > 1 else ""
        ending = f";UNTIL={utc(datetime.combine(until, time(23, 59, 59)))}" if until else ""
        weeks = range(0, (_WEEKS_BEFORE * 7 + _DAYS_AHEAD) // 7, every)
        taking_place = [self.first_monday + timedelta(weeks=w, days=d) for w in weeks for d in chosen]
        rule = f"FREQ=WEEKLY{ending}{interval};BYDAY={days}"
        return self._series(key, title, taking_place, hours, rule, marks)

    def daily(self, key: str, title: str, hours: str, **marks: Any) -> Event:
        """Return a daily series, Sundays included."""
        taking_place = [self.first_monday + timedelta(days=d) for d in range(_WEEKS_BEFORE * 7 + _DAYS_AHEAD)]
        return self._series(key, title, taking_place, hours, "FREQ=DAILY", marks)

    def single(self, key: str, title: str, on: date, hours: str, **marks: Any) -> Event:
        """Return one appointment."""
        start, end = _hours(on, hours)
        return Event(key=key, title=title, start=start, end=end, **marks)

    def whole_days(self, key: str, title: str, first: date, num_days: int = 1, **marks: Any) -> Event:
        """Return an event of whole days."""
        start = datetime.combine(first, time())
        return Event(
            key=key, title=title, start=start, end=start + timedelta(days=num_days), whole_day=True, **marks
        )

    def next_in(self, series: Event, after_days: int = 0) -> datetime:
        """Return the start of the first occurrence of a series at least `after_days` + 1 days from today."""
        days = series.rule.partition("BYDAY=")[2]
        on = self.today + timedelta(days=after_days + 1)
        while (days and _WEEKDAYS[on.weekday()] not in days.split(",")) or on in self.holidays:
            on += timedelta(days=1)
        return datetime.combine(on, series.start.time())

    def working_day(self, after_days: int) -> date:
        """Return the first working day at least `after_days` days from today."""
        on = self.today + timedelta(days=after_days)
        while on.weekday() >= 5 or on in self.holidays:
            on += timedelta(days=1)
        return on

    def next_holiday(self) -> tuple[date, str]:
        """Return the next public holiday and its name."""
        return min((on, name) for on, name in self.holidays.items() if on > self.today)

    def _series(
        self, key: str, title: str, days: Sequence[date], hours: str, rule: str, marks: dict[str, Any]
    ) -> Event:
        start, end = _hours(days[0], hours)
        excluded = [datetime.combine(on, start.time()) for on in days if on in self.holidays]
        return Event(key=key, title=title, start=start, end=end, rule=rule, excluded=tuple(excluded), **marks)


def _hours(on: date, hours: str) -> tuple[datetime, datetime]:
    start, end = (datetime.combine(on, time.fromisoformat(hour)) for hour in hours.split("-"))
    return start, end


def without(series: Event, occurrence: datetime) -> Event:
    """Return the series with one more occurrence taken out."""
    return replace(series, excluded=tuple(sorted({*series.excluded, occurrence})))


def moved(series: Event, occurrence: datetime, hours: str) -> Event:
    """Return what stands for an occurrence that was moved to other hours of its day."""
    start, end = _hours(occurrence.date(), hours)
    return replace(series, start=start, end=end, replaces=occurrence, rule="", excluded=())


def cancelled(series: Event, occurrence: datetime) -> Event:
    """Return what stands for an occurrence that was called off."""
    end = occurrence + (series.end - series.start)
    return replace(
        series, start=occurrence, end=end, replaces=occurrence, cancelled=True, rule="", excluded=()
    )
