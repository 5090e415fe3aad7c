from datetime import date, time
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from scheduler.agenda.weekly import Week, ranges_of
from scheduler.errors import InvalidInput
from scheduler.territory.public_holidays import holidays_of, is_public_holiday

PARIS = "Europe/Paris"


def week(**more: object) -> Week:
    values = {
        "weekdays": frozenset({1, 4}),
        "start_minute": 9 * 60,
        "end_minute": 10 * 60,
        "slot_minutes": 20,
        "first_on": date(2026, 11, 23),
    }
    return Week(**values | more)


def local(found: list, zone: str = PARIS) -> list[time]:
    return [start_at.astimezone(ZoneInfo(zone)).time() for start_at, _ in found]


def test_a_day_of_the_week_is_cut_into_slots() -> None:
    found = ranges_of(week(), date(2026, 11, 26), PARIS)
    assert local(found) == [time(9), time(9, 20), time(9, 40)]
    assert all((end_at - start_at).seconds == 1200 for start_at, end_at in found)
    assert len(ranges_of(week(slot_minutes=25), date(2026, 11, 26), PARIS)) == 2  # the rest is left


@pytest.mark.parametrize(
    ("day", "opens"),
    [
        (date(2026, 11, 24), False),  # a Tuesday
        (date(2026, 11, 19), False),  # before the first day
        (date(2026, 12, 3), True),
        (date(2026, 12, 7), False),  # after the last
    ],
)
def test_only_its_days(day: date, opens: bool) -> None:
    assert bool(ranges_of(week(last_on=date(2026, 12, 3)), day, PARIS)) is opens


def test_local_hours_stay_over_both_clock_changes() -> None:
    every_day = week(weekdays=frozenset(range(1, 8)), first_on=date(2026, 1, 1))
    for day in (date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 24), date(2026, 10, 25)):
        assert local(ranges_of(every_day, day, PARIS))[0] == time(9)


def test_an_hour_that_does_not_exist_opens_nothing_and_one_that_exists_twice_opens_once() -> None:
    night = week(
        weekdays=frozenset({7}),
        start_minute=60,
        end_minute=240,
        slot_minutes=60,
        first_on=date(2026, 1, 1),
    )
    spring = ranges_of(night, date(2026, 3, 29), PARIS)
    assert local(spring) == [time(1), time(3)]
    autumn = ranges_of(night, date(2026, 10, 25), PARIS)
    assert local(autumn) == [time(1), time(2), time(3)]
    for found in (spring, autumn):
        assert all(before[1] <= after[0] for before, after in pairwise(found))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"weekdays": frozenset()}, "weekdays"),
        ({"weekdays": frozenset({0})}, "weekdays"),
        ({"end_minute": 540}, "end_minute"),
        ({"end_minute": 1441}, "end_minute"),
        ({"slot_minutes": 4}, "slot_minutes"),
        ({"slot_minutes": 61}, "slot_minutes"),
        ({"last_on": date(2026, 11, 22)}, "last_on"),
    ],
)
def test_a_week_that_makes_no_sense_is_refused(wrong: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        week(**wrong)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("insee", "on", "holiday"),
    [
        ("77445", date(2026, 7, 14), True),
        ("77445", date(2026, 4, 3), False),  # Good Friday
        ("67482", date(2026, 4, 3), True),
        ("57463", date(2026, 12, 26), True),
        ("97411", date(2026, 12, 20), True),  # abolition of slavery, La Réunion
        ("97209", date(2026, 12, 20), False),
        ("97209", date(2026, 5, 22), True),
        ("2A004", date(2026, 5, 14), True),  # Ascension
        ("77445", date(2026, 11, 24), False),
    ],
)
def test_public_holidays_by_territory(insee: str, on: date, holiday: bool) -> None:
    assert is_public_holiday(insee, on) is holiday
    assert len(holidays_of("77445", 2026)) == 11
