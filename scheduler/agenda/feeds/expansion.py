"""The starts that a rule produces within a bounded stretch of naive local time (RFC 5545 §3.3.10).

Rules without COUNT jump straight to the stretch; rules with COUNT are walked from their start within a
budget; none is walked beyond the stretch, so that a rule that never matches costs next to nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from scheduler.agenda.feeds.errors import ComponentRefused
from scheduler.agenda.feeds.periods import periods
from scheduler.agenda.feeds.reasons import Reason
from scheduler.agenda.feeds.rules import Rule


@dataclass(slots=True)
class Budget:
    """Periods that may be walked for one series, and how many are left for the whole feed."""

    per_series: int
    num_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Naive local times ``first`` ≤ t ≤ ``last`` that matter, and how many starts are too many."""

    first: datetime
    last: datetime
    max_starts: int


def expand(
    rule: Rule, start: datetime, until: datetime | None, stretch: Stretch, budget: Budget
) -> list[datetime]:
    """Give the starts within the stretch, in order; DTSTART is always the first of the series.

    Parameters
    ----------
    rule : Rule
    start : datetime
        DTSTART, naive local.
    until : datetime or None
        The rule's UNTIL in the same naive local time, inclusive.
    stretch : Stretch
    budget : Budget
        Diminished by the number of periods walked.

    Raises
    ------
    ComponentRefused
        ``series_too_long`` over budget, ``too_many_occurrences`` over ``stretch.max_starts``.
    """
    if budget.num_left < 0:
        raise ComponentRefused(Reason.SERIES_TOO_LONG)
    last = stretch.last if until is None else min(stretch.last, until)
    if start > last:
        return []
    counted = rule.count is not None
    starts = [start] if start >= stretch.first else []
    num_made = 1
    if num_made == rule.count:
        return starts
    for made in _generated(rule, start, start if counted else max(start, stretch.first), last, budget):
        num_made += 1
        if made >= stretch.first:
            starts.append(made)
            if len(starts) > stretch.max_starts:
                raise ComponentRefused(Reason.TOO_MANY_OCCURRENCES)
        if num_made == rule.count:
            break
    return starts


def produces_start(rule: Rule, start: datetime) -> bool:
    """Tell whether the rule itself produces DTSTART, as the RFC says it should."""
    _, days = next(periods(rule, start.date(), start.date()))
    return start in _made(rule, days, _times(rule, start))


def _generated(
    rule: Rule, start: datetime, first: datetime, last: datetime, budget: Budget
) -> Iterator[datetime]:
    """Yield what the rule produces after ``start`` and up to ``last``, from the period of ``first`` on."""
    times = _times(rule, start)
    last_on = last.toordinal()
    num_steps = 0
    try:
        for period_on, days in periods(rule, start.date(), first.date()):
            num_steps += 1
            if num_steps > budget.per_series:
                raise ComponentRefused(Reason.SERIES_TOO_LONG)
            if period_on > last_on:
                return
            for made in _made(rule, days, times):
                if made > last:
                    return
                if made > start:
                    yield made
    finally:
        budget.num_left -= num_steps


def _times(rule: Rule, start: datetime) -> tuple[time, ...]:
    second = rule.by_second[0] if rule.by_second else start.second
    hours = rule.by_hour or (start.hour,)
    minutes = rule.by_minute or (start.minute,)
    return tuple(time(hour, minute, second) for hour in hours for minute in minutes)


def _made(rule: Rule, days: list[int], times: tuple[time, ...]) -> list[datetime]:
    """Give the starts of one period, BYSETPOS applied."""
    made = [datetime.combine(date.fromordinal(day), at) for day in days for at in times]
    if not rule.by_position:
        return made
    chosen = {place - 1 if place > 0 else len(made) + place for place in rule.by_position}
    return [made[place] for place in sorted(chosen) if 0 <= place < len(made)]
