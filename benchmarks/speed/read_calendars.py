"""Speed of reading calendars beside other Python readers, on the same bytes, in one run.

``python -m benchmarks.speed.read_calendars --peers /path/to/site-packages``

Work: 100 feeds of 100 events (half single, half weekly series with an exception) and one feed of 10,000
single events, all in Europe/Paris, from bytes to the occurrences of 2026. The peers are not dependencies
of Relais; ``--peers`` names a folder where ``recurring-ical-events`` and ``ical`` are installed, without it
only ours is timed. Methods alternate within each repetition; medians of processor time. Every method must
find the same occurrences (UID, start, end), or the run fails.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median

from benchmarks.speed.machine import describe
from scheduler.agenda.feeds import FeedSettings, Window, read_calendar

FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)
Occurrences = set[tuple[str, datetime, datetime]]
Method = Callable[[bytes], Occurrences]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 when two readers disagree."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.read_calendars", description=__doc__)
    parser.add_argument("--peers", help="site-packages folder of the other readers")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    methods: dict[str, Method] = {"relais": _relais}
    if options.peers:
        sys.path.append(options.peers)
        methods |= {"icalendar + recurring-ical-events": _recurring, "ical": _ical}
    chance = random.Random(options.seed)
    works = {
        "100 feeds x 100 events": [_feed(chance, number, 50, 50) for number in range(100)],
        "1 feed x 10,000 events": [_feed(chance, 0, 10_000, 0)],
    }
    print(*describe(), sep="\n")
    return max(_one_work(name, feeds, methods, options.repeats) for name, feeds in works.items())


def _one_work(name: str, feeds: list[bytes], methods: dict[str, Method], repeats: int) -> int:
    found = {label: [method(feed) for feed in feeds] for label, method in methods.items()}  # also warms up
    seconds: dict[str, list[float]] = {label: [] for label in methods}
    for _ in range(repeats):
        for label, method in methods.items():
            begin = time.process_time()
            for feed in feeds:
                method(feed)
            seconds[label].append(time.process_time() - begin)
    ours = median(seconds["relais"])
    num = sum(map(len, found["relais"]))
    size_mb = sum(map(len, feeds)) / 1e6
    print(f"\n{name}: {size_mb:.1f} MB, {num} occurrences")
    disagree = 0
    for label in methods:
        agrees = found[label] == found["relais"]
        disagree |= not agrees
        note = "" if agrees else "  FINDS OTHER OCCURRENCES"
        print(f"  {label:36} {median(seconds[label]):7.3f} s  x{median(seconds[label]) / ours:5.1f}{note}")
    return int(disagree)


def _feed(chance: random.Random, number: int, num_single: int, num_series: int) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Relais//mesure//FR"]
    for place in range(num_single + num_series):
        day = datetime(2026, 1, 5) + timedelta(days=chance.randrange(355))  # noqa: DTZ001 — local digits
        start = day.replace(hour=chance.randrange(8, 19), minute=chance.choice((0, 20, 40)))
        end = start + timedelta(minutes=20)
        lines += [
            "BEGIN:VEVENT",
            f"UID:{number}-{place}@mesure.exemple",
            "DTSTAMP:20260101T000000Z",
            f"DTSTART;TZID=Europe/Paris:{start:%Y%m%dT%H%M%S}",
            f"DTEND;TZID=Europe/Paris:{end:%Y%m%dT%H%M%S}",
            "SUMMARY:SNP cabinet",
            "DESCRIPTION:Une ligne de texte assez longue pour être pliée comme le veut l",
            " a norme\\, avec des virgules et des accents",
            "CATEGORIES:SNP",
            "STATUS:CONFIRMED",
            "TRANSP:OPAQUE",
            "SEQUENCE:0",
        ]
        if place >= num_single:
            week = timedelta(weeks=chance.randrange(1, 4))
            lines += ["RRULE:FREQ=WEEKLY;COUNT=10", f"EXDATE;TZID=Europe/Paris:{start + week:%Y%m%dT%H%M%S}"]
        lines.append("END:VEVENT")
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def _relais(feed: bytes) -> Occurrences:
    reading = read_calendar(feed, FeedSettings(), Window(from_at=FIRST, to_at=LAST))
    timed = (entry for entry in reading.entries if entry.start_at and entry.end_at)
    return {(entry.uid, entry.start_at, entry.end_at) for entry in timed}


def _recurring(feed: bytes) -> Occurrences:
    import icalendar  # noqa: PLC0415 — only where the peers are asked for
    import recurring_ical_events  # noqa: PLC0415

    events = recurring_ical_events.of(icalendar.Calendar.from_ical(feed)).between(FIRST, LAST)
    return {(str(event["UID"]), _utc(event["DTSTART"].dt), _utc(event["DTEND"].dt)) for event in events}


def _ical(feed: bytes) -> Occurrences:
    from ical.calendar_stream import IcsCalendarStream  # noqa: PLC0415

    calendar = IcsCalendarStream.calendar_from_ics(feed.decode())
    events = calendar.timeline.overlapping(FIRST, LAST)
    return {(event.uid, _utc(event.start), _utc(event.end)) for event in events}


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


if __name__ == "__main__":
    sys.exit(main())
