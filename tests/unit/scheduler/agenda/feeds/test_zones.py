"""Zone names of many tools, zones defined in the file, and the days clocks change."""

from datetime import UTC, datetime

import pytest

from scheduler.agenda.feeds import InvalidFeedSetting, Window, read_calendar
from scheduler.agenda.feeds.clock_changes import french_day, next_clock_change
from scheduler.agenda.feeds.values import FeedSettings
from scheduler.agenda.feeds.zones import source_zone
from tests.unit.scheduler.agenda.feeds.kit import YEAR, calendar, event, load, opened, read, warned

SPRING = "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"
AUTUMN = "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"


def at_nine(zone: str, day: str = "20260608") -> bytes:
    return calendar(event(f"DTSTART;TZID={zone}:{day}T090000", "DURATION:PT30M"))


@pytest.mark.parametrize(
    ("name", "hour", "warning"),
    [
        ("Europe/Paris", "07", None),
        ("europe/paris", "07", None),
        ('"Europe/Paris"', "07", None),
        ("America/Martinique", "13", None),
        ("Indian/Reunion", "05", None),
        ("Pacific/Noumea", "06-07 22", None),
        ("US/Eastern", "13", None),
        ("UTC", "09", None),
        ("Etc/GMT-1", "08", None),
        ("Romance Standard Time", "07", None),
        ("w. europe standard time", "07", None),
        ("W. Europe Standard Time 1", "07", "guessed_zone"),
        ("/mozilla.org/20050126_1/Europe/Paris", "07", None),
        ("/citadel.org/20190914_1/America/New_York", "13", None),
        ("GMT+0100", "08", "guessed_zone"),
        ("UTC-4", "13", "guessed_zone"),
        ("(UTC+01:00) Bruxelles", "07", "unknown_zone"),
        ("GMT+25", "07", "unknown_zone"),
        ("../../etc/passwd", "07", "unknown_zone"),
        ("/etc/localtime", "07", "unknown_zone"),
        ("localtime", "07", "unknown_zone"),
        ("posixrules", "07", "unknown_zone"),
        ("Heure de Paris", "07", "unknown_zone"),
    ],
)
def test_names(name, hour, warning):
    reading = read(at_nine(name))
    expected = hour if " " in hour else f"06-08 {hour}"
    assert [times[:8] for times in opened(reading)] == [expected]
    assert warned(reading) == ({warning} if warning else set())


def test_a_parameter_without_value_is_no_zone():
    assert opened(read(at_nine(""))) == ["06-08 07:00-07:30"]


def test_an_unusable_calendar_zone_is_told():
    reading = read(calendar("X-WR-TIMEZONE:Heure locale", event("DTSTART:20260608T090000", "DURATION:PT1H")))
    assert opened(reading) == ["06-08 07:00-08:00"]
    assert warned(reading) == {"unknown_zone"}


def test_the_zone_of_the_source_is_for_times_without_one():
    body = calendar(event("DTSTART:20260608T090000", "DURATION:PT1H"))
    assert opened(read(body, zone="Indian/Reunion")) == ["06-08 05:00-06:00"]


@pytest.mark.parametrize(
    ("zone", "told"), [("Africa/Algiers", True), ("Etc/GMT-1", True), ("Europe/Rome", False), ("", False)]
)
def test_a_series_whose_zone_does_not_change_with_ours_is_told(zone, told):
    start = f"DTSTART;TZID={zone}:20260601T090000"
    reading = read(calendar(event(start, "DURATION:PT30M", "RRULE:FREQ=WEEKLY")))
    assert ("hour_will_change" in warned(reading)) is told
    ended = read(calendar(event(start, "DURATION:PT30M", "RRULE:FREQ=WEEKLY;COUNT=3")))
    assert "hour_will_change" not in warned(ended)


def test_an_unknown_source_zone_is_refused():
    for name in ("Paris", "", "../Europe/Paris"):
        with pytest.raises(InvalidFeedSetting):
            read_calendar(load("case_08_floating"), FeedSettings(zone=name), YEAR)


def zone_lines(*parts: tuple[str, str, str, str, str]) -> str:
    lines = ["BEGIN:VTIMEZONE", "TZID:Ici"]
    for kind, start, before, after, more in parts:
        lines += [f"BEGIN:{kind}", f"DTSTART:{start}", f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{after}"]
        lines += [more] if more else []
        lines.append(f"END:{kind}")
    return "\r\n".join([*lines, "END:VTIMEZONE"])


def in_zone(definition: str, *starts: str) -> list[str]:
    events = [event(f"DTSTART;TZID=Ici:{start}", "DURATION:PT30M", uid=start) for start in starts]
    return [times[:11] for times in opened(read(calendar(*events, definition)))]


def test_a_defined_zone_without_summer_time():
    definition = zone_lines(("STANDARD", "16010101T000000", "-0330", "-0330", ""))
    assert in_zone(definition, "20260108T090000", "20260608T090000") == ["01-08 12:30", "06-08 12:30"]


def test_a_defined_zone_as_a_list_of_dates():
    definition = zone_lines(
        ("STANDARD", "19700101T000000", "+0100", "+0100", "RDATE:20261025T030000,20251026T030000"),
        ("DAYLIGHT", "20260329T020000", "+0100", "+0200", ""),
    )
    assert in_zone(definition, "20260108T090000", "20260608T090000", "20261108T090000") == [
        "01-08 08:00",
        "06-08 07:00",
        "11-08 08:00",
    ]


def test_a_defined_zone_whose_summer_time_was_given_up():
    definition = zone_lines(
        ("DAYLIGHT", "00010101T000000", "+0100", "+0200", f"{SPRING};UNTIL=20150401T000000Z"),
        ("STANDARD", "00010101T000000", "+0200", "+0100", f"{AUTUMN};UNTIL=20151101"),
        ("STANDARD", "20200101T000000", "+0100", "+0300", ""),
    )
    assert in_zone(definition, "20260108T090000", "20260608T090000") == ["01-08 06:00", "06-08 06:00"]


def test_a_defined_zone_keeps_the_rules_of_skipped_and_doubled_hours():
    definition = zone_lines(
        ("DAYLIGHT", "00010101T020000", "+0100", "+0200", SPRING),
        ("STANDARD", "00010101T030000", "+0200", "+0100", AUTUMN),
    )
    starts = ("20260329T013000", "20260329T023000", "20260329T033000", "20261025T023000", "20261025T033000")
    assert in_zone(definition, *starts) == [
        "03-29 00:30",
        "03-29 01:30",
        "03-29 01:30",
        "10-25 00:30",
        "10-25 02:30",
    ]


@pytest.mark.parametrize(
    "broken",
    [
        zone_lines(),
        zone_lines(("STANDARD", "16010101T000000", "+2500", "+0100", "")),
        zone_lines(("STANDARD", "16010101T000000", "+0100", "+0100", "RRULE:FREQ=MINUTELY")),
        zone_lines(("STANDARD", "16010101T000000", "+0100", "+0100", "")).replace("END:VTIMEZONE", ""),
        zone_lines(("STANDARD", "16010101T000000", "+0100", "", "")),
    ],
    ids=range(5),
)  # fmt: skip
def test_half_a_definition_is_worse_than_none(broken):
    body = calendar(broken, event("DTSTART;TZID=Ici:20260608T090000", "DURATION:PT30M"))
    reading = read(body)
    assert opened(reading) == ["06-08 07:00-07:30"]
    assert warned(reading) == {"bad_zone_definition", "unknown_zone"}


def test_outlook_over_both_clock_changes():
    reading = read(load("outlook_week"))
    hours = {times[:5]: times[6:8] for times in opened(reading)}
    assert (hours["03-26"], hours["03-30"]) == ("09", "08")
    assert (hours["10-22"], hours["10-26"]) == ("08", "09")
    assert "04-06" not in hours
    assert max(hours) == "10-29"
    assert reading.warnings == ()


def test_next_clock_change():
    paris = source_zone("Europe/Paris").rules
    spring = next_clock_change(paris, datetime(2026, 1, 1, tzinfo=UTC))
    assert spring is not None
    assert (spring.at, spring.shift_min) == (datetime(2026, 3, 29, 1, tzinfo=UTC), 60)
    autumn = next_clock_change(paris, spring.at)
    assert autumn is not None
    assert (autumn.at, autumn.shift_min) == (datetime(2026, 10, 25, 1, tzinfo=UTC), -60)
    assert next_clock_change(source_zone("Pacific/Noumea").rules, spring.at) is None


def test_french_days():
    assert french_day(datetime(2026, 3, 1, tzinfo=UTC)) == "1er mars 2026"


def test_a_window_needs_aware_instants_in_order():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for first, last in (
        (start, start),
        (start.replace(tzinfo=None), start),
        (start, start.replace(year=2028)),
    ):
        with pytest.raises(InvalidFeedSetting):
            Window(from_at=first, to_at=last)
