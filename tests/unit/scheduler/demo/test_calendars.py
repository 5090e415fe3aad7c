"""The calendars of the demo parse, look like their tools, and always have something to offer."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays
import icalendar
import pytest
from dateutil.rrule import rrulestr

from scheduler.agenda.feeds.values import Mode
from scheduler.demo.calendars import demo_calendars
from scheduler.demo.people import demo_territory

TODAY = date(2026, 11, 21)  # a Saturday
PARIS = ZoneInfo("Europe/Paris")
FRENCH_HOLIDAYS = holidays.country_holidays("FR", years=range(2025, 2030), language="fr")
DAYS = [
    TODAY,
    date(2026, 11, 23),  # Monday
    date(2026, 12, 24),  # Christmas is a Friday
    date(2026, 12, 31),
    date(2027, 3, 27),  # eve of Easter and of summer time
    date(2027, 5, 5),  # eve of Ascension
    date(2027, 5, 15),  # Saturday before Whit Monday
    date(2027, 10, 30),  # end of summer time, All Saints on Monday
    date(2028, 2, 29),
    date(2028, 5, 6),  # Saturday before the 8th of May, a Monday
]


@pytest.fixture(scope="module")
def territory():
    return demo_territory(1, TODAY)


@pytest.fixture(scope="module", params=range(8))
def calendar(request, territory):
    return demo_calendars(territory, TODAY)[request.param]


def offered(calendar):
    """Return (start, end) of every occurrence meant as a slot, wall clock of Paris.

    A second, small reader, independent of the one of Relais: it knows which component of these eight
    files is meant to be open, expands its rule, and closes what absences of whole days cover.
    """
    parsed = icalendar.Calendar.from_ical(calendar.body)
    parts = [p for p in parsed.walk() if p.name in {"VEVENT", "AVAILABLE"}]
    stretches = [(s, e) for part in parts if is_offer(calendar, part) for s, e in occurrences(part)]
    for change in (p for p in parts if "RECURRENCE-ID" in p):
        original = naive(change["RECURRENCE-ID"].dt)
        stretches = [(s, e) for s, e in stretches if s != original or naive(change["DTSTART"].dt) == s]
        if str(change.get("STATUS")) == "CANCELLED":
            stretches = [(s, e) for s, e in stretches if s != original]
    return sorted((s, e) for s, e in stretches if not any(a <= s.date() < b for a, b in absences(parsed)))


def is_offer(calendar, part):
    marked = (
        "SNP" in str(part.get("SUMMARY")) or "SNP" in categories(part) or "Appointment" in categories(part)
    )
    free = str(part.get("TRANSP")) == "TRANSPARENT"
    timed = isinstance(part["DTSTART"].dt, datetime)
    if str(part.get("STATUS")) == "CANCELLED" or str(part.get("CLASS")) == "PRIVATE" or not timed:
        return False
    return (
        part.name == "AVAILABLE"
        or {
            Mode.MARKED: marked,
            Mode.DEDICATED: free,
            Mode.DEDICATED_ALL: True,
            Mode.BUSY: False,
        }[calendar.mode]
    )


def categories(part):
    found = part.get("CATEGORIES")
    return [str(category) for category in found.cats] if found else []


def occurrences(part):
    start = naive(part["DTSTART"].dt)
    length = naive(part["DTEND"].dt) - start if "DTEND" in part else part["DURATION"].dt
    if "RRULE" not in part:
        return [(start, start + length)]
    exdates = part.get("EXDATE", [])
    excluded = {
        naive(e.dt) for listed in (exdates if isinstance(exdates, list) else [exdates]) for e in listed.dts
    }
    rule = ";".join(p for p in part["RRULE"].to_ical().decode().split(";") if not p.startswith("UNTIL"))
    until = part["RRULE"].get("UNTIL")
    last = naive(until[0]) if until else start + timedelta(days=300)
    starts = rrulestr(rule, dtstart=start).between(start, min(last, start + timedelta(days=300)), inc=True)
    return [(s, s + length) for s in starts if s not in excluded]


def absences(parsed):
    for part in parsed.walk("VEVENT"):
        whole_day = not isinstance(part["DTSTART"].dt, datetime)
        if whole_day and str(part.get("TRANSP")) != "TRANSPARENT":
            yield part["DTSTART"].dt, part["DTEND"].dt
    for part in parsed.walk("VAVAILABILITY"):
        if "DTSTART" in part:
            yield part["DTSTART"].dt.date(), part["DTEND"].dt.date()


def naive(moment):
    return moment.astimezone(PARIS).replace(tzinfo=None) if moment.tzinfo else moment


def test_eight_gps_publish_one_in_each_commune(territory):
    calendars = demo_calendars(territory, TODAY)
    by_rpps = {gp.rpps: territory.structure_of(gp).insee for gp in territory.practitioners}
    assert [by_rpps[c.practitioner_id] for c in calendars] == [c.insee for c in territory.communes]
    assert calendars[0].practitioner_id == territory.accounts[1].practitioner_id  # the GP who signs in
    assert len({c.filename for c in calendars}) == 8
    assert {c.mode for c in calendars} == {Mode.MARKED, Mode.DEDICATED, Mode.DEDICATED_ALL}


def test_same_territory_and_day_give_the_same_bytes(territory):
    assert demo_calendars(territory, TODAY) == demo_calendars(territory, TODAY)


def test_it_parses_without_a_broken_property(calendar):
    for part in icalendar.Calendar.from_ical(calendar.body).walk():
        assert part.errors == []
        for value in part.values():
            assert type(value).__name__ != "vBrokenProperty"


def test_lines_are_folded_and_end_with_crlf(calendar):
    assert calendar.body.endswith(b"END:VCALENDAR\r\n")
    assert calendar.body.count(b"\n") == calendar.body.count(b"\r\n") == calendar.body.count(b"\r")
    assert max(map(len, calendar.body.split(b"\r\n"))) <= 75
    assert not calendar.body.startswith(b"\xef\xbb\xbf")
    calendar.body.decode()


def test_each_looks_like_its_tool(territory):
    bodies = [c.body.replace(b"\r\n ", b"").decode() for c in demo_calendars(territory, TODAY)]
    google, exchange, apple, nextcloud, outlook, hours, dedicated, script = bodies
    assert "PRODID:-//Google Inc//Google Calendar" in google
    assert "@google.com" in google
    assert "CLASS:PRIVATE" in google
    assert "PRODID:Microsoft Exchange Server 2010" in exchange
    assert "DTSTART;TZID=Romance Standard Time:" in exchange
    assert "DTSTART:16010101T030000" in exchange
    assert "X-MICROSOFT-CDO-BUSYSTATUS:OOF" in exchange
    assert "CATEGORIES:SNP" in exchange
    assert "PRODID:-//Apple Inc.//" in apple
    assert "BEGIN:VALARM" in apple
    assert "UNTIL=" in apple
    assert "CATEGORIES:Appointment" in nextcloud
    assert "TRANSP:TRANSPARENT" in nextcloud
    assert "STATUS:CANCELLED" in nextcloud
    assert 'DTSTART;TZID="Romance Standard Time":' in outlook
    assert "X-MICROSOFT-CDO-BUSYSTATUS:FREE" in outlook
    assert hours.count("BEGIN:VAVAILABILITY") == 2
    assert "BEGIN:AVAILABLE" in hours
    assert "BEGIN:VEVENT" not in hours
    assert "RRULE:FREQ=DAILY" in dedicated
    assert "X-WR-TIMEZONE:Europe/Paris" in script
    assert "TZID" not in script
    assert "DURATION:PT20M" in script
    for body in (google, exchange, apple, outlook):
        assert "RECURRENCE-ID" in body
        assert "EXDATE" in body


def test_apple_sorts_the_properties_by_name(territory):
    body = demo_calendars(territory, TODAY)[2].body.replace(b"\r\n ", b"").decode()
    for event in body.split("BEGIN:VEVENT\r\n")[1:]:
        lines = event.split("BEGIN:VALARM")[0].split("END:VEVENT")[0].splitlines()
        assert lines == sorted(lines)


def test_nobody_offers_a_slot_on_a_public_holiday(calendar):
    assert [s for s, _ in offered(calendar) if s.date() in FRENCH_HOLIDAYS] == []


def test_changes_replace_an_occurrence_that_exists(calendar):
    parsed = icalendar.Calendar.from_ical(calendar.body)
    series = {str(p["UID"]): p for p in parsed.walk("VEVENT") if "RRULE" in p}
    for change in (p for p in parsed.walk("VEVENT") if "RECURRENCE-ID" in p):
        starts = [s for s, _ in occurrences(series[str(change["UID"])])]
        assert naive(change["RECURRENCE-ID"].dt) in starts


def test_identifiers_are_unique_but_for_changes(calendar):
    parsed = icalendar.Calendar.from_ical(calendar.body)
    keys = [
        (str(p["UID"]), str(p.get("RECURRENCE-ID")))
        for p in parsed.walk()
        if p.get("UID") and p.name != "VALARM"
    ]
    assert len(set(keys)) == len(keys)


def test_series_keep_their_identifiers_the_next_day(territory):
    for before, after in zip(
        demo_calendars(territory, TODAY), demo_calendars(territory, TODAY + timedelta(days=2)), strict=True
    ):
        uids = [
            {
                str(p["UID"])
                for p in icalendar.Calendar.from_ical(c.body).walk()
                if "UID" in p and "RRULE" in p
            }
            for c in (before, after)
        ]
        assert uids[0] == uids[1]


@pytest.mark.parametrize("today", DAYS)
def test_slots_are_open_in_the_next_72_hours_at_any_hour_of_any_day(territory, today):
    stretches = [stretch for calendar in demo_calendars(territory, today) for stretch in offered(calendar)]
    for hour in range(0, 24, 3):
        now = datetime.combine(today, datetime.min.time()) + timedelta(hours=hour)
        assert any(now <= s and e <= now + timedelta(hours=72) for s, e in stretches), now


def test_on_a_working_week_several_gps_offer_many_slots(territory):
    monday = date(2026, 11, 23)
    until = datetime.combine(monday + timedelta(days=3), datetime.min.time())
    num_open = [
        sum(datetime.combine(monday, datetime.min.time()) <= s < until for s, _ in offered(calendar))
        for calendar in demo_calendars(territory, monday)
    ]
    assert sum(n > 0 for n in num_open) == 8


def test_nobody_but_one_works_on_sundays(territory):
    on_sundays = {
        calendar.filename
        for calendar in demo_calendars(territory, TODAY)
        if any(start.weekday() == 6 for start, _ in offered(calendar))
    }
    assert on_sundays == {"99900000375-google-dedie.ics"}


def test_there_is_something_to_hide_and_something_to_ignore(territory):
    bodies = [c.body.replace(b"\r\n ", b"").decode() for c in demo_calendars(territory, TODAY)]
    assert sum("CLASS:PRIVATE" in body for body in bodies) >= 5
    for title in ("Dentiste", "Anniversaire de Zoé", "Consultations sur rendez-vous", "Congés"):
        assert any(title in body for body in bodies)
