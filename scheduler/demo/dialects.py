"""How agenda tools write the same events: headers, order of properties, zones, marks.

Written by hand after what the tools export; the oddities are theirs and on purpose. Google writes
single events in UTC and series in local time, Apple sorts properties by name, home-made exports write
floating times. Microsoft's are in ``dialects_microsoft``.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from scheduler.demo.ics import (
    IANA_ZONE,
    Event,
    calendar,
    created,
    digest,
    guid,
    recurrence_id,
    rule,
    status,
    text,
    times,
    utc,
    wall,
)

Writer = Callable[[str, Sequence[Event], datetime], bytes]
"""Calendar name, events, moment of export as wall clock of Paris -> body."""

_APPLE_ZONE = (
    "BEGIN:VTIMEZONE",
    "TZID:Europe/Paris",
    "BEGIN:DAYLIGHT",
    "TZOFFSETFROM:+0100",
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
    "DTSTART:19810329T020000",
    "TZNAME:UTC+2",
    "TZOFFSETTO:+0200",
    "END:DAYLIGHT",
    "BEGIN:STANDARD",
    "TZOFFSETFROM:+0200",
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
    "DTSTART:19961027T030000",
    "TZNAME:UTC+1",
    "TZOFFSETTO:+0100",
    "END:STANDARD",
    "END:VTIMEZONE",
)


def google(name: str, events: Sequence[Event], now: datetime) -> bytes:
    """Write the secret address of a Google calendar."""
    head = (
        "BEGIN:VCALENDAR",
        "PRODID:-//Google Inc//Google Calendar 70.9054//EN",
        "VERSION:2.0",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{text(name)}",
        "X-WR-TIMEZONE:Europe/Paris",
    )
    return calendar(head, IANA_ZONE, [_google_event(name, event, now) for event in events])


def apple(name: str, events: Sequence[Event], now: datetime) -> bytes:
    """Write a published iCloud calendar."""
    head = (
        "BEGIN:VCALENDAR",
        "CALSCALE:GREGORIAN",
        "PRODID:-//Apple Inc.//iCloud Calendar 2534B104//EN",
        "VERSION:2.0",
        f"X-WR-CALNAME:{text(name)}",
        "X-APPLE-CALENDAR-COLOR:#1BADF8",
        "X-WR-TIMEZONE:Europe/Paris",
    )
    return calendar(head, _APPLE_ZONE, [_apple_event(name, event, now) for event in events])


def nextcloud(name: str, events: Sequence[Event], now: datetime) -> bytes:
    """Write the shared link of a Nextcloud calendar, as its Appointments application expects it."""
    head = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "CALSCALE:GREGORIAN",
        "PRODID:-//SabreDAV//SabreDAV//EN",
        f"X-WR-CALNAME:{text(name)}",
        "X-APPLE-CALENDAR-COLOR:#0082c9",
        "REFRESH-INTERVAL;VALUE=DURATION:PT4H",
        "X-PUBLISHED-TTL:PT4H",
    )
    return calendar(head, IANA_ZONE, [_nextcloud_event(name, event, now) for event in events])


def availability(name: str, events: Sequence[Event], now: datetime) -> bytes:
    """Write opening hours as VAVAILABILITY (RFC 7953), as a careful hand would.

    Free events are the hours of the ordinary weeks. Each event shown as away is a stretch that overrides
    them (higher priority) and offers nothing.
    """
    hours = [event for event in events if event.shown_as == "free"]
    absences = [event for event in events if event.shown_as == "away"]
    blocks = [_usual_hours(name, hours, now), *(_absence(name, event, now) for event in absences)]
    head = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Cabinet fictif//Horaires faits main 1.0//FR",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
    )
    return calendar(head, IANA_ZONE, blocks)


def script(name: str, events: Sequence[Event], now: datetime) -> bytes:
    """Write what a home-made export does: floating times, durations, nothing that marks a slot."""
    head = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Logiciel de cabinet fictif//Export agenda 2//FR",
        f"X-WR-CALNAME:{text(name)}",
        "X-WR-TIMEZONE:Europe/Paris",
    )
    return calendar(head, (), [_script_event(name, event, now) for event in events])


def _google_event(name: str, event: Event, now: datetime) -> list[str]:
    local = bool(event.rule) or event.replaces is not None
    return [
        "BEGIN:VEVENT",
        *times(event, "TZID=Europe/Paris" if local else "UTC"),
        *rule(event),
        *(f"EXDATE;TZID=Europe/Paris:{wall(moment)}" for moment in event.excluded),
        f"DTSTAMP:{utc(now)}",
        f"UID:{digest(name, event.key)[:26]}@google.com",
        *recurrence_id(event, "TZID=Europe/Paris"),
        *(["CLASS:PRIVATE"] if event.private else []),
        f"CREATED:{utc(created(event))}",
        *([f"DESCRIPTION:{text(event.note)}"] if event.note else []),
        f"LAST-MODIFIED:{utc(created(event))}",
        "SEQUENCE:1",
        f"STATUS:{status(event)}",
        f"SUMMARY:{text(event.title)}",
        f"TRANSP:{event.transparency}",
        "END:VEVENT",
    ]


def _apple_event(name: str, event: Event, now: datetime) -> list[str]:
    """Apple sorts the properties by name."""
    zone = "TZID=Europe/Paris"
    properties = [
        *times(event, zone),
        *rule(event),
        *(f"EXDATE;{zone}:{wall(moment)}" for moment in event.excluded),
        *recurrence_id(event, zone),
        f"CREATED:{utc(created(event))}",
        f"DTSTAMP:{utc(now)}",
        f"LAST-MODIFIED:{utc(created(event))}",
        "SEQUENCE:0",
        f"SUMMARY:{text(event.title)}",
        f"TRANSP:{event.transparency}",
        f"UID:{guid(name, event.key)}",
        "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC",
        *(["CLASS:PRIVATE"] if event.private else []),
        *(["STATUS:CANCELLED"] if event.cancelled else []),
    ]
    return ["BEGIN:VEVENT", *sorted(properties), *_apple_alarm(name, event), "END:VEVENT"]


def _apple_alarm(name: str, event: Event) -> list[str]:
    if not event.private:
        return []
    return [
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "DESCRIPTION:Reminder",
        "TRIGGER:-PT30M",
        f"UID:{guid(name, event.key, 'alarm')}",
        f"X-WR-ALARMUID:{guid(name, event.key, 'alarm')}",
        "END:VALARM",
    ]


def _nextcloud_event(name: str, event: Event, now: datetime) -> list[str]:
    zone = "TZID=Europe/Paris"
    return [
        "BEGIN:VEVENT",
        f"CREATED:{utc(created(event))}",
        f"DTSTAMP:{utc(now)}",
        f"LAST-MODIFIED:{utc(created(event))}",
        "SEQUENCE:2",
        f"UID:{guid(name, event.key).lower()}",
        *times(event, zone),
        f"STATUS:{status(event)}",
        f"SUMMARY:{text(event.title)}",
        *([f"CATEGORIES:{','.join(map(text, event.categories))}"] if event.categories else []),
        f"TRANSP:{event.transparency}",
        *rule(event),
        *(f"EXDATE;{zone}:{wall(moment)}" for moment in event.excluded),
        *recurrence_id(event, zone),
        *(["CLASS:PRIVATE"] if event.private else []),
        "END:VEVENT",
    ]


def _usual_hours(name: str, hours: Sequence[Event], now: datetime) -> list[str]:
    lines = [
        "BEGIN:VAVAILABILITY",
        f"UID:{digest(name, 'semaine-type')[:12]}@cabinet-fictif.example",
        f"DTSTAMP:{utc(now)}",
        f"SUMMARY:{text(name)}",
        "BUSYTYPE:BUSY-UNAVAILABLE",
        "PRIORITY:5",
    ]
    for event in hours:
        lines += [
            "BEGIN:AVAILABLE",
            f"UID:{digest(name, event.key)[:12]}@cabinet-fictif.example",
            f"DTSTAMP:{utc(now)}",
            *times(event, "TZID=Europe/Paris"),
            *rule(event),
            *(f"EXDATE;TZID=Europe/Paris:{wall(moment)}" for moment in event.excluded),
            f"SUMMARY:{text(event.title)}",
            "END:AVAILABLE",
        ]
    return [*lines, "END:VAVAILABILITY"]


def _absence(name: str, event: Event, now: datetime) -> list[str]:
    return [
        "BEGIN:VAVAILABILITY",
        f"UID:{digest(name, event.key)[:12]}@cabinet-fictif.example",
        f"DTSTAMP:{utc(now)}",
        f"SUMMARY:{text(event.title)}",
        "BUSYTYPE:BUSY-UNAVAILABLE",
        "PRIORITY:1",
        f"DTSTART;TZID=Europe/Paris:{wall(event.start)}",
        f"DTEND;TZID=Europe/Paris:{wall(event.end)}",
        "END:VAVAILABILITY",
    ]


def _script_event(name: str, event: Event, now: datetime) -> list[str]:
    minutes = int((event.end - event.start).total_seconds()) // 60
    return [
        "BEGIN:VEVENT",
        f"UID:{digest(name, event.key)[:16]}@cabinet-fictif.example",
        f"DTSTAMP:{utc(now)}",
        f"DTSTART:{wall(event.start)}",
        f"DURATION:PT{minutes}M",
        f"SUMMARY:{text(event.title)}",
        *(["STATUS:CANCELLED"] if event.cancelled else []),
        "END:VEVENT",
    ]
