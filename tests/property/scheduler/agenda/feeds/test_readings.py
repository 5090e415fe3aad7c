"""B1: whatever the bytes, a reading ends, refuses or answers; the same bytes give the same slots."""

import gzip
import time
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduler.agenda.feeds import FeedRefused, FeedSettings, Limits, Mode, cut_slots, preview, read_calendar
from tests.unit.scheduler.agenda.feeds.kit import CALENDARS, YEAR, components

FILES = sorted(CALENDARS.glob("*.ics"))
BODIES = [file.read_bytes() for file in FILES]
PARTS = [part for body in BODIES for part in components(body)]
TIGHT = Limits(max_steps=50_000, max_steps_per_series=5_000, max_occurrences_per_series=400)

MODES = st.sampled_from(Mode)
NAMES = st.sampled_from(
    [
        "DTSTART",
        "DTEND",
        "DURATION",
        "RRULE",
        "RDATE",
        "EXDATE",
        "EXRULE",
        "RECURRENCE-ID",
        "UID",
        "STATUS",
        "TRANSP",
        "CLASS",
        "CATEGORIES",
        "SUMMARY",
        "ATTENDEE",
        "FREEBUSY",
        "PRIORITY",
        "TZID",
        "TZOFFSETFROM",
        "TZOFFSETTO",
        "METHOD",
        "X-WR-TIMEZONE",
        "SEQUENCE",
        "BEGIN",
        "END",
        "X-RELAIS-SLOT-DURATION",
        "X-RELAIS-CAPACITY",
        "X-MICROSOFT-CDO-BUSYSTATUS",
        "X-MICROSOFT-CDO-ALLDAYEVENT",
    ]
)
VALUES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "20260608T090000",
            "20260608T090000Z",
            "20260608T090+01",
            "20260608",
            "99991231T235959Z",
            "00010101T000000",
            "P1D",
            "-PT15M",
            "PT30M",
            "PT0S",
            "P99999999W",
            "FREQ=DAILY",
            "FREQ=WEEKLY;COUNT=9999999",
            "FREQ=SECONDLY",
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=MONTHLY;BYDAY=5MO,-5SU;BYSETPOS=-1;INTERVAL=7",
            "FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU;UNTIL=20261231",
            "FREQ=DAILY;UNTIL=00010101",
            "20260608T090000/PT1H,20260609T090000/20260609T100000",
            "CANCELLED",
            "VEVENT",
            "VCALENDAR",
            "VAVAILABILITY",
            "AVAILABLE",
            "VTIMEZONE",
            "STANDARD",
            "VFREEBUSY",
            "+0100",
            "-2359",
            "+5328",
            "SNP",
            "PRIVATE",
            "TRUE",
            "Europe/Paris",
            "1",
            "OPAQUE",
            "TRANSPARENT",
            "FREE",
            "OOF",
        ]
    ),
)
PARAMETERS = st.sampled_from(
    [
        ";",
        ";TZID=Europe/Paris",
        ";TZID=Ici",
        ";VALUE=DATE",
        ";VALUE=PERIOD",
        ";RANGE=THISANDFUTURE",
        ';X="a:b;c"',
        ";FBTYPE=FREE",
        ";TZID=(UTC+01:00) Ici",
        "",
        "",
        "",
    ]
)
LINES = st.builds("{}{}:{}".format, NAMES, PARAMETERS, VALUES)


def check(body, mode=Mode.MARKED):
    """Read in bounded time, and twice the same."""
    settings_ = FeedSettings(mode=mode, slot_minutes=20, source="1", own_domain="relais.example")
    begin = time.process_time()
    try:
        reading = read_calendar(body, settings_, YEAR, TIGHT)
    except FeedRefused:
        return
    slots = cut_slots([reading])
    seen = preview(reading)
    assert time.process_time() - begin < 5
    assert len(seen.rows) >= len(slots)
    assert len({slot.key for slot in slots}) == len(slots)
    for slot in slots:
        assert timedelta(0) < slot.end_at - slot.start_at <= timedelta(hours=25)
        assert slot.end_at > YEAR.from_at
        assert slot.start_at < YEAR.to_at
    assert read_calendar(body, settings_, YEAR, TIGHT) == reading


@given(st.binary(max_size=400), MODES)
def test_arbitrary_bytes(body, mode):
    check(body, mode)
    check(b"BEGIN:VCALENDAR\r\n" + body + b"\r\nEND:VCALENDAR", mode)


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(LINES, max_size=25), MODES)
def test_arbitrary_lines(lines, mode):
    event = ["BEGIN:VEVENT", "UID:a", "DTSTART;TZID=Europe/Paris:20260608T090000", *lines, "END:VEVENT"]
    for content in (lines, event):
        text = "\r\n".join(["BEGIN:VCALENDAR", *content, "END:VCALENDAR"])
        check(text.encode("utf-8", "surrogatepass"), mode)


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data(), MODES)
def test_damaged_calendars(data, mode):
    body = data.draw(st.sampled_from(BODIES))
    place = data.draw(st.integers(0, len(body)))
    kind = data.draw(st.sampled_from(["cut", "flip", "insert", "drop", "gzip"]))
    if kind == "cut":
        body = body[:place]
    elif kind == "flip":
        body = body[:place] + bytes([data.draw(st.integers(0, 255))]) + body[place + 1 :]
    elif kind == "insert":
        body = body[:place] + data.draw(st.binary(max_size=20)) + body[place:]
    elif kind == "drop":
        body = body[:place] + body[place + data.draw(st.integers(1, 60)) :]
    else:
        body = gzip.compress(body)[: max(20, place)]
    check(body, mode)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(PARTS), min_size=2, max_size=6), st.data())
def test_the_order_of_components_changes_nothing(parts, data):
    shuffled = data.draw(st.permutations(parts))
    feed = FeedSettings(source="1", slot_minutes=15)
    first, second = (
        read_calendar(b"BEGIN:VCALENDAR\r\n" + b"".join(order) + b"END:VCALENDAR\r\n", feed, YEAR)
        for order in (parts, shuffled)
    )
    assert first == second
    assert cut_slots([first]) == cut_slots([second])
