"""Series against slow and simple reckonings: local time day by day, and dateutil's rules."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scheduler.agenda.feeds import FeedSettings, State, Window, read_calendar
from scheduler.agenda.feeds.expansion import Budget, Stretch, expand, produces_start
from scheduler.agenda.feeds.rules import read_rule
from tests.unit.scheduler.agenda.feeds.kit import YEAR, calendar, event

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
ZONES = st.sampled_from(
    ["Europe/Paris", "America/Martinique", "America/St_Johns", "Australia/Lord_Howe", "UTC"]
)


naive = datetime.fromisoformat


def instant_of(local: datetime, zone: str) -> datetime:
    """Reckon an instant minute by minute: the first that shows this local time, else by the old offset."""
    guess = local.replace(tzinfo=UTC) - timedelta(hours=15)
    shown = ((guess + timedelta(minutes=m)) for m in range(30 * 60))
    target = ZoneInfo(zone)
    before = None
    for at in shown:
        seen = at.astimezone(target).replace(tzinfo=None)
        if seen == local:
            return at
        if seen > local and before is not None:
            return before + (local - before.astimezone(target).replace(tzinfo=None))
        before = at
    raise AssertionError(local)


@settings(max_examples=40, deadline=None)
@given(
    zone=ZONES,
    first=st.dates(date(2024, 1, 1), date(2026, 12, 1)),
    minute=st.integers(0, 24 * 60 - 1),
    weekdays=st.sets(st.integers(0, 6), min_size=1, max_size=3),
    interval=st.integers(1, 3),
    length_min=st.integers(1, 600),
    from_on=st.dates(date(2026, 3, 20), date(2026, 11, 5)),
)
def test_a_weekly_series_is_what_local_time_says_day_by_day(
    zone, first, minute, weekdays, interval, length_min, from_on
):
    start = datetime.combine(first, datetime.min.time()) + timedelta(minutes=minute)
    window = Window(
        from_at=datetime.combine(from_on, datetime.min.time(), UTC),
        to_at=datetime.combine(from_on + timedelta(days=25), datetime.min.time(), UTC),
    )
    rule = f"RRULE:FREQ=WEEKLY;INTERVAL={interval};BYDAY={','.join(DAYS[day] for day in weekdays)}"
    body = calendar(event(f"DTSTART;TZID={zone}:{start:%Y%m%dT%H%M%S}", f"DURATION:PT{length_min}M", rule))
    found = [(entry.start_at, entry.end_at) for entry in read_calendar(body, FeedSettings(), window).entries]

    monday = first - timedelta(days=first.weekday())
    expected = []
    for offset in range(-2, 30):
        day = from_on + timedelta(days=offset)
        weeks = (day - monday).days // 7
        if day < first or not (day == first or (day.weekday() in weekdays and weeks % interval == 0)):
            continue
        at = instant_of(datetime.combine(day, start.time()), zone)
        end = at + timedelta(minutes=length_min)
        if at < window.to_at and end > window.from_at:
            expected.append((at, end))
    assert found == expected


@st.composite
def rules(draw) -> str:
    """Give a rule that RFC 5545 allows and that dateutil reads the same way."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 4))}"]
    if draw(st.booleans()):
        parts.append(f"COUNT={draw(st.integers(1, 120))}")
    numbered = frequency in {"MONTHLY", "YEARLY"} and draw(st.booleans())
    days = draw(st.lists(st.sampled_from(DAYS), max_size=4, unique=True))
    if days:
        limit = 5 if frequency == "MONTHLY" else 4
        numbers = st.integers(-limit, limit).filter(bool)
        parts.append("BYDAY=" + ",".join(f"{draw(numbers) if numbered else ''}{day}" for day in days))
    for name, low, high, size in (("BYMONTH", 1, 12, 4), ("BYMONTHDAY", 1, 28, 6), ("BYHOUR", 0, 23, 3)):
        if draw(st.integers(0, 2)) == 0:
            chosen = draw(st.sets(st.integers(low, high), min_size=1, max_size=size))
            parts.append(f"{name}=" + ",".join(map(str, sorted(chosen))))
    if days and not numbered and frequency == "YEARLY" and draw(st.booleans()):
        parts.append(
            "BYWEEKNO=" + ",".join(map(str, draw(st.sets(st.integers(1, 53), min_size=1, max_size=9))))
        )
    if frequency != "WEEKLY" and draw(st.integers(0, 3)) == 0:
        parts.append("BYSETPOS=" + draw(st.sampled_from(["1", "-1", "2", "1,-1"])))
    parts.append(f"WKST={draw(st.sampled_from(DAYS))}")
    return ";".join(parts)


@settings(max_examples=80, deadline=None)
@given(rules(), st.datetimes(naive("2020-01-01"), naive("2026-06-01")), st.integers(1, 500))
def test_rules_agree_with_dateutil(text, start, num_days):
    start = start.replace(second=0, microsecond=0)
    rule = read_rule(text)
    first = naive("2026-01-01")
    last = first + timedelta(days=num_days)
    # a rule that never matches keeps dateutil busy until the year 9999, and is not what is asked here
    assume(_matches_soon(rule, start))
    try:
        upto = itertools.takewhile(lambda at: at <= last, rrulestr(text, dtstart=start))
        expected = [at for at in upto if at >= first]
    except IndexError:  # dateutil's own fault for a weekday number its month does not have
        assume(False)
    is_synced = produces_start(rule, start)
    assume(is_synced or rule.count is None)  # DTSTART counts for us even off its rule
    found = expand(rule, start, None, Stretch(first=first, last=last, max_starts=10**6), Budget(10**6, 10**7))
    assert [at for at in found if is_synced or at != start] == expected


def _matches_soon(rule, start) -> bool:
    beyond = Stretch(first=naive("2027-12-01"), last=naive("2050-01-01"), max_starts=10**6)
    return (rule.count is not None and _num_made(rule, start) == rule.count) or bool(
        rule.count is None and expand(rule, start, None, beyond, Budget(10**6, 10**7))
    )


def _num_made(rule, start) -> int:
    all_of_it = Stretch(first=start, last=naive("2060-01-01"), max_starts=10**6)
    return len(expand(rule, start, None, all_of_it, Budget(10**6, 10**7)))


@settings(max_examples=80, deadline=None)
@given(st.sets(st.integers(0, 29), max_size=10), st.sampled_from(["day", "utc", "local", "other zone"]))
def test_exactly_the_excluded_days_are_missing(excluded, kind):
    start = datetime(2026, 10, 10, 9, tzinfo=ZoneInfo("Europe/Paris"))
    forms = {
        "day": lambda at: f"EXDATE;VALUE=DATE:{at:%Y%m%d}",
        "utc": lambda at: f"EXDATE:{at.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        "local": lambda at: f"EXDATE;TZID=Europe/Paris:{at:%Y%m%dT%H%M%S}",
        "other zone": lambda at: (
            f"EXDATE;TZID=Asia/Tokyo:{at.astimezone(ZoneInfo('Asia/Tokyo')):%Y%m%dT%H%M%S}"
        ),
    }
    days = [start + timedelta(days=n) for n in range(30)]
    lines = [forms[kind](days[n]) for n in sorted(excluded)]
    body = calendar(
        event(
            "DTSTART;TZID=Europe/Paris:20261010T090000", "DURATION:PT30M", "RRULE:FREQ=DAILY;COUNT=30", *lines
        )
    )
    entries = read_calendar(body, FeedSettings(), YEAR).entries
    assert [entry.start_at for entry in entries] == [
        day.astimezone(UTC) for n, day in enumerate(days) if n not in excluded
    ]
    assert all(entry.state is State.OPEN for entry in entries)
