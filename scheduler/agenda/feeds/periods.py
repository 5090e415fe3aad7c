"""The days that a rule chooses in each of its periods: a day, a week, a month or a year (RFC 5545 §3.3.10).

Days are proleptic ordinals (``date.toordinal``), so that weeks and years need no calendar arithmetic.
"""

from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import MAXYEAR, date

from scheduler.agenda.feeds.rules import Frequency, Rule

LAST_DAY = date.max.toordinal()


def periods(rule: Rule, start: date, first: date) -> Iterator[tuple[int, list[int]]]:
    """Yield for each period its first day and the days the rule chooses in it, both in order.

    Parameters
    ----------
    rule : Rule
    start : date
        Day of DTSTART: it sets the phase of INTERVAL and what the rule leaves unsaid.
    first : date
        Periods that end before this day are jumped over; pass ``start`` to walk them all.

    Yields
    ------
    (int, list of int)
        Ordinal of the period's first day; sorted ordinals of the chosen days, perhaps none, and in
        the first period perhaps before ``start``. Ends with the year 9999 only: the caller stops it.
    """
    walkers: dict[Frequency, Callable[[Rule, date, date], Iterator[tuple[int, list[int]]]]] = {
        Frequency.DAILY: _by_day,
        Frequency.WEEKLY: _by_week,
        Frequency.MONTHLY: _by_month,
        Frequency.YEARLY: _by_year,
    }
    return walkers[rule.frequency](rule, start, first)


def _jump(begin: int, target: int, step: int) -> int:
    """Give the last of ``begin``, ``begin + step``, … that is not after ``target``, at least ``begin``."""
    return begin + max(0, (target - begin) // step) * step


def _by_day(rule: Rule, start: date, first: date) -> Iterator[tuple[int, list[int]]]:
    weekdays = {weekday for weekday, _ in rule.by_day}
    limited = _is_limited(rule)
    begin = _jump(start.toordinal(), first.toordinal(), rule.interval)
    for day in range(begin, LAST_DAY + 1, rule.interval):
        chosen = not weekdays or (day + 6) % 7 in weekdays
        yield day, [day] if chosen and (not limited or _is_allowed(rule, day)) else []


def _by_week(rule: Rule, start: date, first: date) -> Iterator[tuple[int, list[int]]]:
    if rule.by_day:
        weekdays = {weekday for weekday, _ in rule.by_day}
    else:
        free = rule.by_month_day or rule.by_year_day or rule.by_week
        weekdays = set(range(7)) if free else {start.weekday()}
    offsets = sorted((weekday - rule.week_start) % 7 for weekday in weekdays)
    limited = _is_limited(rule)
    begin = start.toordinal() - (start.weekday() - rule.week_start) % 7
    begin = _jump(begin, first.toordinal(), 7 * rule.interval)
    for week in range(begin, LAST_DAY - 6, 7 * rule.interval):
        days = [week + offset for offset in offsets]
        yield week, [day for day in days if day > 0 and _is_allowed(rule, day)] if limited else days


def _by_month(rule: Rule, start: date, first: date) -> Iterator[tuple[int, list[int]]]:
    begin = start.year * 12 + start.month - 1
    begin = _jump(begin, first.year * 12 + first.month - 1, rule.interval)
    for index in range(begin, MAXYEAR * 12 + 12, rule.interval):
        year, month = divmod(index, 12)
        yield date(year, month + 1, 1).toordinal(), sorted(_days_of_month(rule, year, month + 1, start.day))


def _by_year(rule: Rule, start: date, first: date) -> Iterator[tuple[int, list[int]]]:
    begin = _jump(start.year, first.year, rule.interval)
    for year in range(begin, MAXYEAR + 1, rule.interval):
        yield date(year, 1, 1).toordinal(), sorted(_days_of_year(rule, year, start))


def _days_of_month(rule: Rule, year: int, month: int, default_day: int) -> set[int]:
    if rule.by_month and month not in rule.by_month:
        return set()
    length = monthrange(year, month)[1]
    before = date(year, month, 1).toordinal() - 1
    if rule.by_month_day:
        numbers = {day if day > 0 else length + 1 + day for day in rule.by_month_day}
        days = {before + number for number in numbers if 1 <= number <= length}
        if rule.by_day:
            days &= _weekdays_within(rule, before + 1, before + length)
    elif rule.by_day:
        days = _weekdays_within(rule, before + 1, before + length)
    elif rule.by_year_day or rule.by_week:
        days = set(range(before + 1, before + length + 1))
    else:
        days = {before + default_day} if default_day <= length else set()
    if rule.by_year_day or rule.by_week:
        days = {day for day in days if _is_allowed(rule, day)}
    return days


def _days_of_year(rule: Rule, year: int, start: date) -> set[int]:
    first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    counted_in_year = not rule.by_month and any(n for _, n in rule.by_day)
    if rule.by_week or rule.by_year_day or (rule.by_month_day and counted_in_year):
        days = {day for day in range(first, last + 1) if _is_allowed(rule, day)}
        if rule.by_day:
            return days & _weekdays_within(rule, first, last)
        if rule.by_year_day or rule.by_month_day:
            return days
        return {day for day in days if (day + 6) % 7 == start.weekday()}
    if rule.by_month or rule.by_month_day:
        months = rule.by_month or range(1, 13)
        return {day for month in months for day in _days_of_month(rule, year, month, start.day)}
    if rule.by_day:
        return _weekdays_within(rule, first, last)
    exists = start.day <= monthrange(year, start.month)[1]
    return {date(year, start.month, start.day).toordinal()} if exists else set()


def _weekdays_within(rule: Rule, first: int, last: int) -> set[int]:
    """Give the days of BYDAY between two days, its numbers counted from either end."""
    days: set[int] = set()
    for weekday, n in rule.by_day:
        lead = first + (weekday - first - 6) % 7
        if n == 0:
            days.update(range(lead, last + 1, 7))
            continue
        tail = last - (last + 6 - weekday) % 7
        day = lead + 7 * (n - 1) if n > 0 else tail + 7 * (n + 1)
        if first <= day <= last:
            days.add(day)
    return days


def _is_limited(rule: Rule) -> bool:
    return bool(rule.by_month or rule.by_month_day or rule.by_year_day or rule.by_week)


def _is_allowed(rule: Rule, ordinal: int) -> bool:
    """Tell whether a day passes BYMONTH, BYMONTHDAY, BYYEARDAY and BYWEEKNO, those that are given."""
    day = date.fromordinal(ordinal)
    if rule.by_month and day.month not in rule.by_month:
        return False
    if rule.by_month_day:
        length = monthrange(day.year, day.month)[1]
        if day.day not in rule.by_month_day and day.day - length - 1 not in rule.by_month_day:
            return False
    if rule.by_year_day:
        number = ordinal - date(day.year, 1, 1).toordinal() + 1
        length = date(day.year, 12, 31).toordinal() - date(day.year, 1, 1).toordinal() + 1
        if number not in rule.by_year_day and number - length - 1 not in rule.by_year_day:
            return False
    return not rule.by_week or not {*_week_numbers(day, rule.week_start)}.isdisjoint(rule.by_week)


def _week_numbers(day: date, week_start: int) -> tuple[int, int]:
    """Give the number of a day's week from the start and from the end of the year the week belongs to.

    Week 1 is the first with at least four days in the year, as in ISO 8601, for any first weekday.
    """
    ordinal = day.toordinal()
    year = day.year
    if ordinal < _first_week(year, week_start):
        year -= 1
    elif ordinal >= _first_week(year + 1, week_start):
        year += 1
    number = (ordinal - _first_week(year, week_start)) // 7 + 1
    num_weeks = (_first_week(year + 1, week_start) - _first_week(year, week_start)) // 7
    return number, number - num_weeks - 1


def _first_week(year: int, week_start: int) -> int:
    """Give the first day of week 1 of a year; the years around datetime's range are extrapolated."""
    if not 1 <= year <= MAXYEAR:
        return _first_week(year + 400 if year < 1 else year - 400, week_start) - (
            146_097 if year < 1 else -146_097
        )
    january = date(year, 1, 1)
    offset = (january.weekday() - week_start) % 7
    return january.toordinal() - offset + (7 if offset > 3 else 0)
