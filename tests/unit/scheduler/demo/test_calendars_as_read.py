"""What Relais itself reads in the calendars of the demo."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduler.agenda.feeds.reading import read_calendar
from scheduler.agenda.feeds.slots import cut_slots
from scheduler.agenda.feeds.values import FeedSettings, State, Window
from scheduler.demo.calendars import demo_calendars
from scheduler.demo.people import demo_territory

SATURDAY = date(2026, 11, 21)


@pytest.fixture(scope="module")
def territory():
    return demo_territory(1, SATURDAY)


def readings(territory, today, hour=0, hours=72):
    """Return the reading of each calendar for the hours that follow, by file name."""
    now = datetime.combine(today, time(hour), ZoneInfo("Europe/Paris"))
    window = Window(from_at=now, to_at=now + timedelta(hours=hours))
    return {
        calendar.filename: read_calendar(
            calendar.body,
            FeedSettings(
                mode=calendar.mode,
                zone=calendar.zone,
                slot_minutes=calendar.slot_minutes,
                source=calendar.filename,
            ),
            window,
        )
        for calendar in demo_calendars(territory, today)
    }


def num_open(reading):
    return sum(slot.state == "open" for slot in cut_slots([reading]))


def test_nothing_is_doubtful_or_refused(territory):
    for reading in readings(territory, SATURDAY, hours=24 * 60).values():
        assert reading.warnings == ()
        assert [entry for entry in reading.entries if entry.state is State.REFUSED] == []


def test_every_calendar_opens_slots_and_says_what_else_it_holds(territory):
    for filename, reading in readings(territory, SATURDAY, hours=24 * 14).items():
        assert num_open(reading) > 0, filename
        assert {entry.state for entry in reading.entries} - {State.OPEN}, filename


def test_absences_and_private_appointments_close_slots(territory):
    closed = {
        filename: sum(slot.state == "closed" for slot in cut_slots([reading]))
        for filename, reading in readings(territory, SATURDAY, hours=24 * 30).items()
    }
    assert sum(count > 0 for count in closed.values()) >= 5


def test_moved_and_cancelled_occurrences_are_understood(territory):
    found = readings(territory, SATURDAY, hours=24 * 14)
    for filename in ("99900000011-google.ics", "99900000144-microsoft-365.ics"):
        moved = [e for e in found[filename].entries if e.recurrence_id not in {None, e.start_at}]
        assert [entry.state for entry in moved] == [State.OPEN]
    nextcloud = found["99900000276-nextcloud-appointments.ics"]
    assert "cancelled" in {entry.reason for entry in nextcloud.entries}


def test_titles_that_are_not_those_of_slots_are_never_kept(territory):
    labels = {
        entry.label
        for reading in readings(territory, SATURDAY, hours=24 * 60).values()
        for entry in reading.entries
        if entry.label is not None
    }
    by_title = {"SNP", "SNP du samedi", "SNP – soins non programmés"}
    by_category = {"Plage réservée", "Créneau à prendre"}
    assert labels == by_title | by_category


@pytest.mark.parametrize("today", [SATURDAY, date(2026, 12, 24), date(2027, 3, 27), date(2027, 5, 15)])
@pytest.mark.parametrize("hour", [1, 12, 20])
def test_slots_are_open_in_the_next_72_hours(territory, today, hour):
    assert sum(map(num_open, readings(territory, today, hour).values())) >= 5
