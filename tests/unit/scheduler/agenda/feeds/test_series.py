"""Series, their rules and their exceptions, beyond the cases that have a file of their own."""

import pytest

from scheduler.agenda.feeds import FeedSettings, Limits, State, read_calendar
from scheduler.agenda.feeds.errors import ComponentRefused
from scheduler.agenda.feeds.rules import read_rule
from tests.unit.scheduler.agenda.feeds.kit import YEAR, calendar, event, opened, read, reasons, warned

START = "DTSTART;TZID=Europe/Paris:20260608T090000"
HALF = "DURATION:PT30M"


def days(*lines: str, start: str = START) -> list[str]:
    """Give the days of the open occurrences of a series."""
    return [times[:5] for times in opened(read(calendar(event(start, HALF, *lines))))]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY;COUNT=3", ["06-08", "06-09", "06-10"]),
        ("FREQ=DAILY;INTERVAL=10;UNTIL=20260630", ["06-08", "06-18", "06-28"]),
        ("FREQ=WEEKLY;BYDAY=MO,WE;COUNT=3", ["06-08", "06-10", "06-15"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU;COUNT=3", ["06-08", "06-21", "06-22"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=MO;COUNT=3", ["06-08", "06-14", "06-22"]),
        ("FREQ=MONTHLY;BYDAY=2MO;COUNT=3", ["06-08", "07-13", "08-10"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3", ["06-08", "06-30", "07-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1,8;COUNT=4", ["06-08", "06-30", "07-08", "07-31"]),
        ("FREQ=YEARLY;BYMONTH=6,9;BYDAY=1MO,2MO;COUNT=3", ["06-08", "09-07", "09-14"]),
        ("FREQ=YEARLY;BYWEEKNO=24,30;COUNT=2", ["06-08", "07-20"]),
        ("FREQ=YEARLY;BYYEARDAY=159,-1;COUNT=2", ["06-08"]),
        ("FREQ=YEARLY;BYDAY=23MO,-1FR;COUNT=2", ["06-08", "12-25"]),
        ("FREQ=YEARLY;BYMONTHDAY=8;BYDAY=MO;UNTIL=20261231", ["06-08"]),
        ("FREQ=YEARLY;COUNT=2", ["06-08"]),
        ("freq=weekly; byday = mo ;count=2", ["06-08", "06-15"]),
        ("FREQ=WEEKLY;COUNT=2;;X-AUTRE=1;RSCALE=GREGORIAN;SKIP=OMIT", ["06-08", "06-15"]),
        ("FREQ=DAILY;BYMONTH=6;BYMONTHDAY=-1,8,9,-2;UNTIL=20270101", ["06-08", "06-09", "06-29", "06-30"]),
        ("FREQ=WEEKLY;BYMONTHDAY=8,9;COUNT=3", ["06-08", "06-09", "07-08"]),
        ("FREQ=MONTHLY;BYYEARDAY=159,160;COUNT=2", ["06-08", "06-09"]),
        ("FREQ=YEARLY;BYMONTHDAY=8;BYDAY=23MO;COUNT=1", ["06-08"]),
        ("FREQ=DAILY;COUNT=2;BYSECOND=0", ["06-08", "06-09"]),
    ],
)
def test_rules(rule, expected):
    assert days(f"RRULE:{rule}") == expected


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("", "bad_rule"),
        ("COUNT=3", "bad_rule"),
        ("FREQ=DAILY;FREQ=WEEKLY", "bad_rule"),
        ("FREQ=DAILY;BYDAY=XX", "bad_rule"),
        ("FREQ=MONTHLY;BYDAY=54MO", "bad_rule"),
        ("FREQ=DAILY;COUNT=0", "bad_rule"),
        ("FREQ=DAILY;COUNT=-1", "bad_rule"),
        ("FREQ=DAILY;COUNT=" + "9" * 30, "bad_rule"),
        ("FREQ=DAILY;INTERVAL=99999", "bad_rule"),
        ("FREQ=DAILY;BYMONTH=13", "bad_rule"),
        ("FREQ=DAILY;BYMONTHDAY=0", "bad_rule"),
        ("FREQ=DAILY;BYHOUR=,", "bad_rule"),
        ("FREQ=DAILY;UNTIL=demain", "bad_rule"),
        ("FREQ=DAILY;PARFOIS", "bad_rule"),
        ("FREQ=DAILY;BYEASTER=1", "bad_rule"),
        ("FREQ=YEARLY;RSCALE=CHINESE", "bad_rule"),
        ("FREQ=YEARLY;SKIP=FORWARD", "bad_rule"),
        ("FREQ=DAILY;BYSECOND=60", "rule_too_dense"),
        ("FREQ=SECONDLY", "rule_too_frequent"),
    ],
)
def test_rules_that_are_refused(rule, reason):
    with pytest.raises(ComponentRefused) as caught:
        read_rule(rule)
    assert caught.value.reason == reason


def test_several_rules_are_joined():
    lines = ("RRULE:FREQ=WEEKLY;COUNT=2", "RRULE:FREQ=DAILY;COUNT=2")
    assert days(*lines) == ["06-08", "06-09", "06-15"]


def test_a_rule_is_read_from_its_phase_however_long_ago_it_began():
    old = "DTSTART;TZID=Europe/Paris:19700101T090000"  # a Thursday
    assert days("RRULE:FREQ=WEEKLY;INTERVAL=2", start=old)[:2] == ["01-01", "01-15"]
    assert days("RRULE:FREQ=MONTHLY;INTERVAL=7", start=old)[:2] == ["01-01", "08-01"]
    assert days("RRULE:FREQ=YEARLY;INTERVAL=7", start=old) == ["01-01"]
    assert days("RRULE:FREQ=YEARLY;INTERVAL=5", start=old) == []
    assert days("RRULE:FREQ=DAILY;INTERVAL=100", start=old)[:1] == ["02-16"]
    assert days("RRULE:FREQ=DAILY;COUNT=20455", start=old) == ["01-01"]


def test_a_count_too_far_from_its_start_is_refused():
    body = calendar(
        event("DTSTART:19000101T090000Z", HALF, "RRULE:FREQ=DAILY;COUNT=999999999"),
        event(START, HALF, uid="b"),
    )
    reading = read_calendar(body, FeedSettings(), YEAR, Limits(max_steps_per_series=1000))
    assert reasons(reading) == {"a": "series_too_long"}
    assert opened(reading) == ["06-08 07:00-07:30"]


def test_the_feed_as_a_whole_has_a_budget():
    old = ("DTSTART:19500101T090000Z", HALF, "RRULE:FREQ=DAILY;COUNT=28000")
    body = calendar(*(event(*old, uid=str(n)) for n in range(5)))
    reading = read_calendar(body, FeedSettings(), YEAR, Limits(max_steps=60_000))
    refused = [entry for entry in reading.entries if entry.state is State.REFUSED]
    assert 1 <= len(refused) <= 4
    assert {str(entry.reason) for entry in refused} == {"series_too_long"}


def test_the_last_day_of_time_breaks_nothing():
    body = calendar(
        event("DTSTART:99991231T235959Z", "DURATION:P3650D", uid="fin"),
        event("DTSTART;TZID=Europe/Paris:00010101T000000", HALF, "RRULE:FREQ=YEARLY", uid="origine"),
        event(START, HALF, "RRULE:FREQ=WEEKLY;UNTIL=99991231T235959Z", "EXDATE:99991231T235959Z"),
        event("DTSTART:20260608T090000Z", "DTEND:99991231T000000Z", uid="sans-fin"),
    )
    reading = read(body)
    assert len([entry for entry in reading.entries if entry.uid == "a"]) == 30
    assert reasons(reading) == {"fin": "unreadable", "sans-fin": "longer_than_a_day"}


def test_exdate_lists_and_empty_values():
    exdate = "EXDATE;TZID=Europe/Paris:20260609T090000,20260610T090000,\r\nEXDATE:"
    assert days("RRULE:FREQ=DAILY;COUNT=4", exdate) == ["06-08", "06-11"]


def test_an_unreadable_exdate_refuses_the_series():
    reading = read(calendar(event(START, HALF, "RRULE:FREQ=DAILY;COUNT=4", "EXDATE:ferie")))
    assert reasons(reading) == {"a": "bad_date"}


def test_exdate_in_another_zone_is_the_same_instant():
    assert days("RRULE:FREQ=DAILY;COUNT=2", "EXDATE;TZID=America/New_York:20260609T030000") == ["06-08"]


def test_whole_days_are_excluded_by_any_kind_of_exdate():
    lines = ("DTSTART;VALUE=DATE:20260608", "RRULE:FREQ=DAILY;COUNT=4", "TRANSP:OPAQUE")
    exdates = (
        "EXDATE;VALUE=DATE:20260609",
        "EXDATE:20260609T220000Z",
        "EXDATE;TZID=Europe/Paris:20260611T000000",
    )
    reading = read(calendar(event(*lines, *exdates)))
    assert [f"{entry.start_at:%m-%d %H}" for entry in reading.entries] == ["06-07 22"]


def test_whole_days_are_overridden_by_midnight():
    series = event("DTSTART;VALUE=DATE:20260608", "RRULE:FREQ=DAILY;COUNT=2", "TRANSP:OPAQUE")
    moved = event(
        "RECURRENCE-ID;TZID=Europe/Paris:20260609T000000", "DTSTART;VALUE=DATE:20260615", "TRANSP:OPAQUE"
    )
    reading = read(calendar(series, moved))
    assert [f"{entry.start_at:%m-%d}" for entry in reading.entries] == ["06-07", "06-14"]


def test_rdate_as_a_day_takes_the_hour_of_the_series():
    assert days("RDATE;VALUE=DATE:20260610") == ["06-08", "06-10"]


def test_rdate_adds_to_a_rule_without_doubling():
    assert days("RRULE:FREQ=DAILY;COUNT=2", "RDATE;TZID=Europe/Paris:20260609T090000,20260620T090000") == [
        "06-08",
        "06-09",
        "06-20",
    ]


def test_an_override_moved_from_outside_into_the_window():
    series = event("DTSTART:20240101T090000Z", HALF, "RRULE:FREQ=WEEKLY;COUNT=2")
    moved = event("RECURRENCE-ID:20240108T090000Z", "DTSTART:20260608T090000Z", HALF)
    (entry,) = read(calendar(series, moved)).entries
    assert f"{entry.recurrence_id:%Y-%m-%d %H}" == "2024-01-08 09"


def test_an_excluded_override_from_outside_stays_out():
    series = event("DTSTART:20240101T090000Z", HALF, "RRULE:FREQ=WEEKLY;COUNT=2", "EXDATE:20240108T090000Z")
    moved = event("RECURRENCE-ID:20240108T090000Z", "DTSTART:20260608T090000Z", HALF)
    assert read(calendar(series, moved)).entries == ()


def test_the_last_of_several_overrides_of_one_occurrence_counts():
    series = event(START, HALF, "RRULE:FREQ=WEEKLY;COUNT=2")
    moves = [
        event("RECURRENCE-ID:20260615T070000Z", f"DTSTART:20260615T{hour}0000Z", HALF, f"SEQUENCE:{sequence}")
        for sequence, hour in ((2, 14), (3, 15), (1, 16))
    ]
    reading = read(calendar(series, *moves))
    assert opened(reading) == ["06-08 07:00-07:30", "06-15 15:00-15:30"]
    assert [str(entry.reason) for entry in reading.entries if entry.state is not State.OPEN] == [
        "superseded"
    ] * 2


def test_a_cancelled_tail():
    series = event(START, HALF, "RRULE:FREQ=WEEKLY;COUNT=4")
    tail = event(
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20260622T070000Z",
        "DTSTART:20260622T070000Z",
        HALF,
        "STATUS:CANCELLED",
    )
    assert opened(read(calendar(series, tail))) == ["06-08 07:00-07:30", "06-15 07:00-07:30"]


def test_a_tail_moved_before_the_window_still_holds():
    series = event("DTSTART;TZID=Europe/Paris:20240101T090000", HALF, "RRULE:FREQ=WEEKLY")
    tail = event(
        "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Paris:20240108T090000",
        "DTSTART;TZID=Europe/Paris:20240110T110000",
        "DURATION:PT1H",
    )
    found = opened(read(calendar(series, tail)))
    assert found[1:3] == ["01-14 10:00-11:00", "01-21 10:00-11:00"]
    assert len(found) in {51, 52}


def test_a_tail_moved_by_years_is_refused():
    series = event(START, HALF, "RRULE:FREQ=WEEKLY;COUNT=4")
    tail = event("RECURRENCE-ID;RANGE=THISANDFUTURE:20260615T070000Z", "DTSTART:20300615T070000Z", HALF)
    assert reasons(read(calendar(series, tail))) == {"a": "series_too_long"}


def test_a_cancelled_occurrence_may_have_no_start():
    series = event(START, HALF, "RRULE:FREQ=WEEKLY;COUNT=2")
    gone = event("RECURRENCE-ID:20260615T070000Z", "STATUS:CANCELLED")
    assert opened(read(calendar(series, gone))) == ["06-08 07:00-07:30"]


def test_a_refused_series_leaves_its_overrides():
    series = event(START, HALF, "RRULE:FREQ=SECONDLY")
    moved = event("RECURRENCE-ID:20260615T070000Z", "DTSTART:20260615T120000Z", HALF)
    reading = read(calendar(series, moved))
    assert opened(reading) == ["06-15 12:00-12:30"]
    assert reasons(reading) == {"a": "rule_too_frequent"}


def test_same_identifier_for_two_series_keeps_both():
    body = calendar(
        event(START, HALF, "RRULE:FREQ=WEEKLY;COUNT=2"),
        event("DTSTART;TZID=Europe/Paris:20260609T090000", HALF, "RRULE:FREQ=WEEKLY;COUNT=2"),
        event("RECURRENCE-ID:20260616T070000Z", "DTSTART:20260616T120000Z", HALF),
    )
    assert opened(read(body)) == [
        "06-08 07:00-07:30",
        "06-09 07:00-07:30",
        "06-15 07:00-07:30",
        "06-16 12:00-12:30",
    ]


def test_a_floating_series_until_utc_that_means_local_digits():
    rule = "RRULE:FREQ=DAILY;UNTIL=20260609T090000Z"
    body = calendar(event("DTSTART:20260608T090000", HALF, rule))
    assert len(opened(read(body, zone="America/Martinique"))) == 2
    assert len(opened(read(body, zone="Europe/Paris"))) == 2


def test_absurd_identifiers_are_shortened():
    (entry,) = read(calendar(event(START, HALF, uid="x" * 5000))).entries
    assert entry.uid.startswith("long-uid-")
    assert len(entry.uid) < 50


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("20260608T070000Z", ["06-08 07:00-07:30"]),
        ("20260608t070000z", ["06-08 07:00-07:30"]),
        ("2026-06-08T07:00:00Z", ["06-08 07:00-07:30"]),
        ("20260608T0700Z", ["06-08 07:00-07:30"]),
        ("20260608T090000+0200", ["06-08 07:00-07:30"]),
        ("20260608T065960Z", ["06-08 06:59-07:29"]),
        ("20260607T240000Z", ["06-08 00:00-00:30"]),
        ("20260608T090+01", []),
        ("2026-06-08T09+01", []),
        ("20260608T250000Z", []),
        ("20260608T076000Z", []),
        ("20260230T070000Z", []),
        ("00000101T070000Z", []),
        ("", []),
    ],
)
def test_forms_of_times(value, expected):
    reading = read(calendar(event(f"DTSTART:{value}", HALF)))
    assert opened(reading) == expected
    assert bool(reasons(reading)) is not bool(expected)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("PT30M", "07:30"),
        ("pt30m", "07:30"),
        ("+PT1H30M", "08:30"),
        ("PT90S", "07:01"),
        ("P1D", "06-09 07:00"),
        ("P0DT2H", "09:00"),
        ("P", None),
        ("30M", None),
        ("PT", None),
        ("P1Y", None),
        ("PT9999999999S", None),
        ("P600W", None),
    ],
)
def test_forms_of_durations(value, expected):
    reading = read(calendar(event("DTSTART:20260608T070000Z", f"DURATION:{value}")))
    assert [times.partition("-06-08 ")[0][12:] for times in opened(reading)] == (
        [expected] if expected else []
    )
    assert warned(reading) == (set() if expected else {"refused_entries"})
