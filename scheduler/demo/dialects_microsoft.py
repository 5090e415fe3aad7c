"""How Microsoft 365 and Outlook for Windows write events.

Zones have Windows names and are described from 1601; "Show as" is finer than TRANSP; Outlook quotes the
zone name and sorts properties its own way.
"""

from collections.abc import Sequence
from datetime import datetime

from scheduler.demo.ics import (
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

_WINDOWS_ZONE = (
    "BEGIN:VTIMEZONE",
    "TZID:Romance Standard Time",
    "BEGIN:STANDARD",
    "DTSTART:16010101T030000",
    "TZOFFSETFROM:+0200",
    "TZOFFSETTO:+0100",
    "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10",
    "END:STANDARD",
    "BEGIN:DAYLIGHT",
    "DTSTART:16010101T020000",
    "TZOFFSETFROM:+0100",
    "TZOFFSETTO:+0200",
    "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3",
    "END:DAYLIGHT",
    "END:VTIMEZONE",
)
_BUSY_STATUS = {"busy": "BUSY", "free": "FREE", "away": "OOF"}


def microsoft_365(name: str, events: Sequence[Event], now: datetime) -> bytes:
    """Write the published address of a Microsoft 365 calendar."""
    head = (
        "BEGIN:VCALENDAR",
        "METHOD:PUBLISH",
        "PRODID:Microsoft Exchange Server 2010",
        "VERSION:2.0",
        f"X-WR-CALNAME:{text(name)}",
    )
    return calendar(head, _WINDOWS_ZONE, [_exchange_event(name, event, now) for event in events])


def outlook(name: str, events: Sequence[Event], now: datetime) -> bytes:
    """Write the file that Outlook for Windows saves."""
    first, last = min(event.start for event in events), max(event.end for event in events)
    head = (
        "BEGIN:VCALENDAR",
        "PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN",
        "VERSION:2.0",
        "METHOD:PUBLISH",
        f"X-CALSTART:{utc(first)}",
        f"X-CALEND:{utc(last)}",
        f"X-WR-RELCALID:{{{guid(name)}}}",
        f"X-WR-CALNAME:{text(name)}",
        "X-PRIMARY-CALENDAR:FALSE",
        'X-MS-OLK-WKHRSTART;TZID="Romance Standard Time":080000',
        'X-MS-OLK-WKHREND;TZID="Romance Standard Time":190000',
        "X-MS-OLK-WKHRDAYS:MO,TU,WE,TH,FR",
    )
    return calendar(head, _WINDOWS_ZONE, [_outlook_event(name, event, now) for event in events])


def _exchange_event(name: str, event: Event, now: datetime) -> list[str]:
    zone = "TZID=Romance Standard Time"
    return [
        "BEGIN:VEVENT",
        f"DESCRIPTION:{text(event.note)}",
        *_exchange_rule(event),
        *([f"EXDATE;{zone}:{','.join(map(wall, event.excluded))}"] if event.excluded else []),
        f"UID:{_exchange_uid(name, event)}",
        *recurrence_id(event, zone),
        f"SUMMARY:{text(event.title)}",
        *times(event, zone),
        f"CLASS:{'PRIVATE' if event.private else 'PUBLIC'}",
        *([f"CATEGORIES:{','.join(map(text, event.categories))}"] if event.categories else []),
        "PRIORITY:5",
        f"DTSTAMP:{utc(now)}",
        f"TRANSP:{event.transparency}",
        f"STATUS:{status(event)}",
        "SEQUENCE:0",
        "LOCATION:",
        "X-MICROSOFT-CDO-APPT-SEQUENCE:0",
        f"X-MICROSOFT-CDO-BUSYSTATUS:{_BUSY_STATUS[event.shown_as]}",
        "X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY",
        f"X-MICROSOFT-CDO-ALLDAYEVENT:{str(event.whole_day).upper()}",
        "X-MICROSOFT-CDO-IMPORTANCE:1",
        f"X-MICROSOFT-CDO-INSTTYPE:{1 if event.rule else 3 if event.replaces else 0}",
        "X-MICROSOFT-DONOTFORWARDMEETING:FALSE",
        "X-MICROSOFT-DISALLOW-COUNTER:FALSE",
        "END:VEVENT",
    ]


def _outlook_event(name: str, event: Event, now: datetime) -> list[str]:
    zone = 'TZID="Romance Standard Time"'
    return [
        "BEGIN:VEVENT",
        *([f"CATEGORIES:{','.join(map(text, event.categories))}"] if event.categories else []),
        f"CLASS:{'PRIVATE' if event.private else 'PUBLIC'}",
        f"CREATED:{utc(created(event))}",
        *(times(event, zone)[::-1]),
        f"DTSTAMP:{utc(now)}",
        *([f"EXDATE;{zone}:{','.join(map(wall, event.excluded))}"] if event.excluded else []),
        f"LAST-MODIFIED:{utc(created(event))}",
        "PRIORITY:5",
        *recurrence_id(event, zone),
        *rule(event),
        "SEQUENCE:0",
        f"SUMMARY;LANGUAGE=fr:{text(event.title)}",
        f"TRANSP:{event.transparency}",
        f"UID:{_exchange_uid(name, event)}",
        f"X-MICROSOFT-CDO-BUSYSTATUS:{_BUSY_STATUS[event.shown_as]}",
        "X-MICROSOFT-CDO-IMPORTANCE:1",
        "X-MICROSOFT-DISALLOW-COUNTER:FALSE",
        "X-MS-OLK-AUTOFILLLOCATION:FALSE",
        "X-MS-OLK-CONFTYPE:0",
        "END:VEVENT",
    ]


def _exchange_rule(event: Event) -> list[str]:
    """Exchange always writes the interval, and the first day of the week last."""
    if not event.rule:
        return []
    frequency, *others = event.rule.split(";")
    interval = [] if any(part.startswith("INTERVAL") for part in others) else ["INTERVAL=1"]
    return [f"RRULE:{';'.join([frequency, *interval, *others, 'WKST=MO'])}"]


def _exchange_uid(name: str, event: Event) -> str:
    return f"040000008200E00074C5B7101A82E00800000000{digest(name, event.key)[:56].upper()}"
