"""Free time stated by VAVAILABILITY and VFREEBUSY."""

from datetime import UTC, datetime

from scheduler.agenda.feeds import State, Window, cut_slots
from tests.unit.scheduler.agenda.feeds.kit import calendar, load, opened, read, reasons, times, turned, warned

TWO_DAYS = Window(from_at=datetime(2026, 6, 8, tzinfo=UTC), to_at=datetime(2026, 6, 10, tzinfo=UTC))


def busy(reading):
    return [times(entry) for entry in reading.entries if entry.state is State.BUSY]


def test_opening_hours_are_open_and_the_rest_is_busy():
    reading = read(load("availability"), window=TWO_DAYS)
    assert opened(reading) == ["06-08 07:00-08:00", "06-09 07:00-08:00", "06-09 16:00-17:00"]
    assert busy(reading) == [
        "06-08 00:00-07:00",
        "06-08 08:00-22:00",
        "06-08 22:00-06-09 16:00",
        "06-09 17:00-22:00",
        "06-09 22:00-06-10 00:00",
    ]


def test_the_higher_priority_decides():
    slots = cut_slots([read(turned(load("availability")), window=TWO_DAYS)])
    assert [(times(slot), slot.state) for slot in slots] == [
        ("06-08 07:00-08:00", "open"),
        ("06-09 07:00-08:00", "closed"),
        ("06-09 16:00-17:00", "open"),
    ]


def test_between_equals_the_busy_one_wins():
    both = load("availability").replace(b"PRIORITY:1\r\n", b"")
    slots = cut_slots([read(both, window=TWO_DAYS)])
    assert [slot.state for slot in slots] == ["open", "closed", "closed"]


def test_a_busy_calendar_opens_nothing_but_keeps_its_hours_free():
    reading = read(load("availability"), window=TWO_DAYS, mode="busy")
    assert opened(reading) == []
    assert reasons(reading)["astreinte"] == "available_in_busy_calendar"
    assert "06-08 00:00-07:00" in busy(reading)
    assert not any(span.startswith("06-08 07") for span in busy(reading))


def test_a_private_availability_is_busy_throughout():
    body = load("availability").replace(b"UID:ouverture", b"UID:ouverture\r\nCLASS:PRIVATE")
    reading = read(body, window=TWO_DAYS)
    assert opened(reading) == ["06-09 16:00-17:00"]


def test_a_broken_availability_costs_nothing_else():
    body = load("availability").replace(b"DTSTART;TZID=Europe/Paris:20260101T000000", b"DTSTART:bientot")
    reading = read(body, window=TWO_DAYS)
    assert opened(reading) == ["06-09 16:00-17:00"]
    assert reasons(reading)["ouverture"] == "bad_date"


def test_hours_outside_the_time_it_speaks_for_are_not_its_own():
    body = calendar(
        "BEGIN:VAVAILABILITY",
        "UID:juin",
        "DTSTART:20260608T060000Z",
        "DURATION:PT12H",
        "BEGIN:AVAILABLE",
        "UID:h",
        "DTSTART:20260601T080000Z",
        "DTEND:20260601T090000Z",
        "RRULE:FREQ=DAILY",
        "END:AVAILABLE",
        "END:VAVAILABILITY",
    )
    reading = read(body, window=TWO_DAYS)
    assert opened(reading) == ["06-08 08:00-09:00"]
    assert busy(reading) == ["06-08 06:00-08:00", "06-08 09:00-18:00"]


def test_free_busy_periods():
    reading = read(load("free_busy"))
    assert opened(reading) == ["06-08 07:00-08:00", "06-08 12:00-13:00"]
    assert busy(reading) == ["06-08 07:30-07:40", "06-08 14:00-15:00"]


def test_free_busy_in_a_busy_calendar():
    reading = read(load("free_busy"), mode="busy")
    assert opened(reading) == []
    assert len(busy(reading)) == 2


def test_unreadable_and_empty_periods():
    body = calendar(
        "BEGIN:VFREEBUSY", "UID:a", "FREEBUSY:20260608T070000Z", "END:VFREEBUSY",
        "BEGIN:VFREEBUSY", "UID:b", "FREEBUSY:20260608T070000Z/20260608T060000Z", "END:VFREEBUSY",
        "BEGIN:VFREEBUSY", "UID:c", "FREEBUSY;FBTYPE=FREE:20260608T070000Z/P2D", "END:VFREEBUSY",
        "BEGIN:VFREEBUSY", "UID:d", "FREEBUSY;FBTYPE=X-AUTRE:20260608T070000Z/PT1H", "END:VFREEBUSY",
    )  # fmt: skip
    reading = read(body)
    assert reasons(reading) == {
        "a": "bad_duration",
        "b": "ends_before_start",
        "c": "longer_than_a_day",
        "d": "busy_period",
    }
    assert warned(reading) == {"refused_entries", "not_positive"}


def test_cancelled_free_busy_and_availability():
    body = load("free_busy").replace(b"VERSION:2.0", b"VERSION:2.0\r\nMETHOD:CANCEL")
    assert {str(entry.reason) for entry in read(body).entries} == {"cancelled"}
    body = load("availability").replace(b"VERSION:2.0", b"VERSION:2.0\r\nMETHOD:CANCEL")
    assert read(body).entries == ()
