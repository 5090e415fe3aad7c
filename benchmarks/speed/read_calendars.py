"""Speed of reading calendars beside other Python readers, on the same bytes, in one run.

``nice -n -5 python -m benchmarks.speed.read_calendars``

Work: 100 feeds of 100 events (half single, half weekly series with an exception) and one feed of 10,000
single events, all in Europe/Paris, from bytes to the occurrences of 2026. The peers are not dependencies
of Relais: ``icalendar`` with ``recurring-ical-events``, ``ical``, and ical.js under Node are installed at
first use into folders of their own (``benchmarks.environments``); ``--without`` leaves some out. Methods
alternate within each repetition; medians of processor time. Every method must find the same occurrences
(UID, start, end), or the run fails. ical.js answers from one process that stays, warm.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from benchmarks.environments import environment, node_module
from benchmarks.speed.machine import describe
from scheduler.agenda.feeds import FeedSettings, Window, read_calendar

FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)
Occurrences = set[tuple[str, datetime, datetime]]
Method = Callable[[bytes], Occurrences]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 when two readers disagree."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.read_calendars", description=__doc__)
    parser.add_argument("--without", default="", help="python, node: peers to leave out, by commas")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    left_out = options.without.split(",")
    methods: dict[str, Method] = {"relais": _relais}
    if "python" not in left_out:
        methods |= {"icalendar + recurring-ical-events": _recurring, "ical": _ical}
        sys.path.append(str(_site_packages("recurring-ical-events==3.8.2", "ical==14.3.1")))
    chance = random.Random(options.seed)
    works = {
        "100 feeds x 100 events": [_feed(chance, number, 50, 50) for number in range(100)],
        "1 feed x 10,000 events": [_feed(chance, 0, 10_000, 0)],
    }
    print(*describe(), sep="\n")
    module = None if "node" in left_out else node_module("ical.js@2.2.1", "dist/ical.js")
    return max(_one_work(name, feeds, methods, options.repeats, module) for name, feeds in works.items())


def _site_packages(*packages: str) -> Path:
    """Give the folder of the peers' own environment; what ours has too is taken from ours."""
    (folder,) = environment(*packages).parents[1].glob("lib/python*/site-packages")
    return folder


def _one_work(
    name: str, feeds: list[bytes], methods: dict[str, Method], repeats: int, module: Path | None
) -> int:
    found = {label: [method(feed) for feed in feeds] for label, method in methods.items()}  # also warms up
    runs: dict[str, Callable[[], float]] = {
        label: lambda method=method: _seconds(method, feeds) for label, method in methods.items()
    }
    with ExitStack() as stack:
        if module is not None:
            found["ical.js"], runs["ical.js"] = stack.enter_context(_ical_js(module, feeds))
        seconds: dict[str, list[float]] = {label: [] for label in runs}
        for _ in range(repeats):
            for label, run in runs.items():
                seconds[label].append(run())
    return _told(name, feeds, found, seconds)


def _seconds(method: Method, feeds: list[bytes]) -> float:
    begin = time.process_time()
    for feed in feeds:
        method(feed)
    return time.process_time() - begin


@contextmanager
def _ical_js(module: Path, feeds: list[bytes]) -> Iterator[tuple[list[Occurrences], Callable[[], float]]]:
    """Start ical.js on the feeds; give what it finds, and what times it once more."""
    with tempfile.TemporaryDirectory(prefix="relais-mesure-") as folder:
        for number, feed in enumerate(feeds):
            (Path(folder) / f"{number:05}.ics").write_bytes(feed)
        window = [str(at.timestamp()) for at in (FIRST, LAST)]
        script = Path(__file__).with_name("read_with_ical_js.mjs")
        with subprocess.Popen(
            ["node", str(script), str(module), folder, *window],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        ) as process:  # fmt: skip
            sent, told = process.stdin, process.stdout
            assert sent is not None
            assert told is not None
            found = [
                {(uid, datetime.fromtimestamp(a, UTC), datetime.fromtimestamp(b, UTC)) for uid, a, b in one}
                for one in json.loads(told.readline())
            ]

            def once_more() -> float:
                sent.write("again\n")
                return float(told.readline())

            yield found, once_more
            sent.close()


def _told(
    name: str,
    feeds: list[bytes],
    found: dict[str, list[Occurrences]],
    seconds: dict[str, list[float]],
) -> int:
    ours = median(seconds["relais"])
    num = sum(map(len, found["relais"]))
    size_mb = sum(map(len, feeds)) / 1e6
    print(f"\n{name}: {size_mb:.1f} MB, {num} occurrences")
    disagree = 0
    for label, occurrences in found.items():
        agrees = occurrences == found["relais"]
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
