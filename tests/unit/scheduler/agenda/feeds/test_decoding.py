"""Any bytes that a calendar may come in, and those that are none."""

import gzip

import pytest

from scheduler.agenda.feeds import FeedRefused, Limits, fingerprint, read_calendar
from scheduler.agenda.feeds.values import FeedSettings
from tests.unit.scheduler.agenda.feeds.kit import YEAR, calendar, event, load, opened, read, warned

ACCENTED = load("case_36_accents")
TITLE = "Créneau libre – été à l'hôpital"
LINES = ("DTSTART;TZID=Europe/Paris:20260608T090000", "DURATION:PT30M")


def folded_inside_a_character() -> bytes:
    at = ACCENTED.index("é".encode()) + 1
    return ACCENTED[:at] + b"\r\n " + ACCENTED[at:]


@pytest.mark.parametrize(
    ("body", "warning"),
    [
        (ACCENTED, None),
        (b"\xef\xbb\xbf" + ACCENTED, "encoding"),
        (ACCENTED.decode().encode("cp1252"), "encoding"),
        (ACCENTED.decode().encode("utf-16"), "encoding"),
        (ACCENTED.decode().encode("utf-16-be"), "encoding"),
        (b"\xfe\xff" + ACCENTED.decode().encode("utf-16-be"), "encoding"),
        (folded_inside_a_character(), None),
        (ACCENTED.replace(b"\r\n", b"\n"), None),
        (ACCENTED.replace(b"\r\n", b"\r"), None),
        (ACCENTED.replace(b"\r\n", b"\r\r\n"), None),
        (b"\r\n\r\n" + ACCENTED + b"\r\n\r\n", None),
        (gzip.compress(ACCENTED), "compressed"),
        (ACCENTED + b"\x1a", None),
        (ACCENTED + b"<!-- merci de votre visite -->", "text_after_end"),
        (ACCENTED.replace(b"BEGIN:", b"begin:").replace(b"END:", b"End:"), None),
        (ACCENTED.replace(b"DTSTART;TZID", b"DTST\r\n ART;TZ\r\n\tID"), None),
    ],
    ids=range(16),
)
def test_the_same_slot_in_all_forms(body, warning):
    reading = read(body)
    assert opened(reading) == ["06-08 07:00-07:30"]
    assert reading.entries[0].label == TITLE
    assert warned(reading) == ({warning} if warning else set())


def test_one_bad_byte_does_not_garble_the_rest():
    body = calendar(event(*LINES), event(*LINES, uid="b", title="SNP été")).replace(
        b"SNP\r", b"SNP \x92\x81\r"
    )
    labels = {entry.uid: entry.label for entry in read(body).entries}
    assert labels["b"] == "SNP été"
    assert labels["a"].startswith("SNP ")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "feed_empty"),
        (b" \r\n\t", "feed_empty"),
        (b" " * 5000 + b"x", "feed_not_calendar"),
        (b"<!DOCTYPE html><title>Connexion</title>", "feed_is_page"),
        (b"  \n<html>", "feed_is_page"),
        (b'{"error": "login"}', "feed_not_calendar"),
        (b"BEGIN:VCARD\r\nEND:VCARD\r\n", "feed_not_calendar"),
        (ACCENTED[: len(ACCENTED) // 2], "feed_truncated"),
        (ACCENTED.replace(b"END:VCALENDAR", b""), "feed_truncated"),
        (ACCENTED.replace(b"END:VCALENDAR", b"") + ACCENTED, "feed_truncated"),
        (gzip.compress(ACCENTED)[:-20], "feed_truncated"),
        (b"\x1f\x8b\x08" + b"\0" * 50, "feed_truncated"),
        (gzip.compress(b"\0" * 3_000_000), "feed_too_large"),
        (ACCENTED + b" " * 3_000_000, "feed_too_large"),
    ],
    ids=range(14),
)
def test_what_is_no_complete_calendar_is_refused_as_a_whole(body, code):
    with pytest.raises(FeedRefused) as caught:
        read_calendar(body, FeedSettings(), YEAR, Limits(max_bytes=2_000_000))
    assert caught.value.code == code
    assert str(caught.value)


def test_two_calendars_in_one_file_are_both_read():
    body = load("case_01_windows_zone") + load("case_08_floating_calendar_zone")
    assert opened(read(body)) == ["06-08 07:00-07:30", "06-08 13:00-13:30"]


def test_too_many_components_or_entries():
    body = calendar(*(event(*LINES, uid=str(n)) for n in range(20)))
    for limits in (Limits(max_components=20), Limits(max_entries=19)):
        with pytest.raises(FeedRefused) as caught:
            read_calendar(body, FeedSettings(), YEAR, limits)
        assert caught.value.code == "feed_too_many_events"
    assert len(read_calendar(body, FeedSettings(), YEAR, Limits(max_components=21)).entries) == 20


def test_components_may_be_nested_without_end():
    body = calendar("BEGIN:VEVENT\r\n" + "BEGIN:VALARM\r\n" * 5000, "END:VEVENT", event(*LINES))
    assert opened(read(body)) == ["06-08 07:00-07:30"]


def test_an_event_without_end_does_not_swallow_the_next():
    body = calendar("BEGIN:VEVENT", "UID:coupe", "DTSTART:20260608T080000Z", event(*LINES))
    reading = read(body)
    assert opened(reading) == ["06-08 07:00-07:30"]
    assert [entry.reason for entry in reading.entries if entry.uid == "coupe"] == ["unclosed"]


def test_alarms_and_tasks_are_not_events():
    alarm = ("BEGIN:VALARM", "TRIGGER:-PT15M", "DTSTART:20260608T050000Z", "SUMMARY:SNP", "END:VALARM")
    body = calendar(
        event(*LINES, *alarm), "BEGIN:VTODO", "UID:t", "DTSTART:20260608T050000Z", "SUMMARY:SNP", "END:VTODO"
    )
    assert opened(read(body)) == ["06-08 07:00-07:30"]


def test_the_fingerprint_ignores_time_stamps_only():
    stamped = calendar(event(*LINES, "DTSTAMP:20260101T000000Z", "LAST-MODIFIED:20260101T000000Z"))
    later = calendar(event(*LINES, "DTSTAMP:20260202T000000Z", "LAST-MODIFIED;X=1:20260202T000000Z"))
    moved = calendar(event(*LINES[:1], "DURATION:PT31M", "DTSTAMP:20260101T000000Z"))
    assert fingerprint(stamped) == fingerprint(later) == fingerprint(stamped.replace(b"\r\n", b"\n"))
    assert fingerprint(stamped) != fingerprint(moved)


def test_refresh_hints():
    assert read(calendar("X-PUBLISHED-TTL:PT1H", "REFRESH-INTERVAL;VALUE=DURATION:PT15M")).refresh_s == 900
    assert read(calendar("X-PUBLISHED-TTL:PT1H", "REFRESH-INTERVAL:souvent")).refresh_s == 3600
    assert read(calendar("X-PUBLISHED-TTL:-PT1H")).refresh_s is None
