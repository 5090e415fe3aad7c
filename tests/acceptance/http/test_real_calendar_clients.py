"""The agendas people use: ``vdirsyncer`` fetches our feeds over HTTP, ``khal`` lists what it fetched.

Both are run as the commands they are, with a configuration of their own and nothing of ours.
"""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from scheduler.agenda.publish import issue_address
from scheduler.store.engine import Store
from scheduler.store.tables import PublishedKind, Role, Slot
from tests import factories
from tests.acceptance.http.serving import served

PARIS = ZoneInfo("Europe/Paris")
Times = list[tuple[str, str]]

_SYNC = """
[general]
status_path = "{folder}/status"
[pair {name}]
a = "{name}_here"
b = "{name}_relais"
collections = null
conflict_resolution = "b wins"
[storage {name}_here]
type = "filesystem"
path = "{folder}/{name}"
fileext = ".ics"
[storage {name}_relais]
type = "http"
url = "{url}"
"""
_KHAL = """
[calendars]
[[{name}]]
path = {folder}/{name}
type = calendar
[locale]
local_timezone = Europe/Paris
default_timezone = Europe/Paris
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
[sqlite]
path = {folder}/{name}.db
"""


def test_other_agendas_list_the_same_events(store_url: str, tmp_path: Path) -> None:
    store = Store.open(store_url)
    tokens, expected = prepare(store)
    store.close()
    with served(store_url, tmp_path) as server:
        for name, token in tokens.items():
            url = f"{server.url}/ical/{token}.ics"
            assert listed(tmp_path, name, url) == sorted(expected[name]), name


def prepare(store: Store) -> tuple[dict[str, str], dict[str, Times]]:
    """Book two of four slots; give the addresses and the times."""
    with store.write() as session:
        territory_id = factories.territory(session).id
        practitioner = factories.practitioner(session, territory_id=territory_id)
        place = factories.practice(session, practitioner=practitioner)
        feed = factories.feed(session, practice=place, practitioner_id=practitioner.id)
        first = (datetime.now(UTC) + timedelta(days=1)).replace(hour=9, minute=20, second=0, microsecond=0)
        slots = [
            factories.slot(session, feed=feed, start_at=first + timedelta(days=day)) for day in (0, 3, 7, 12)
        ]
        for slot in slots[:2]:
            factories.booking(session, slot=slot)
        actor = factories.actor(Role.COORDINATOR, territory_id=territory_id)
        now = datetime.now(UTC)
        bookings = issue_address(
            session, actor, kind=PublishedKind.BOOKINGS, practitioner_id=practitioner.id, now=now
        )
        open_slots = issue_address(session, actor, kind=PublishedKind.OPEN_SLOTS, now=now)
        return (
            {"bookings": bookings.token, "open": open_slots.token},
            {"bookings": times(slots[:2]), "open": times(slots[2:])},
        )


def times(slots: list[Slot]) -> Times:
    return [
        (f"{slot.start_at.astimezone(PARIS):%Y-%m-%d %H:%M}", f"{slot.end_at.astimezone(PARIS):%H:%M}")
        for slot in slots
    ]


def listed(folder: Path, name: str, url: str) -> Times:
    """Let the two commands subscribe to a feed and list it."""
    (folder / name).mkdir()
    for program, text in (("vdirsyncer", _SYNC), ("khal", _KHAL)):
        (folder / f"{name}.{program}").write_text(text.format(folder=folder, name=name, url=url))
    run(folder, "vdirsyncer", "-c", f"{folder / name}.vdirsyncer", "discover")
    run(folder, "vdirsyncer", "-c", f"{folder / name}.vdirsyncer", "sync")
    told = run(
        folder, "khal", "-c", f"{folder / name}.khal",
        "list", "--format", "event {start-date} {start-time} {end-time}", "--day-format", "", "now", "30d",
    )  # fmt: skip
    rows = [line.split() for line in told.splitlines() if line.startswith("event ")]
    return sorted((f"{day} {start}", end) for _, day, start, end in rows)


def run(folder: Path, program: str, *arguments: str) -> str:
    """Run a command of the environment the tests run in, at home in a folder of its own."""
    home = {name: str(folder) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")}
    done = subprocess.run(
        [str(Path(sys.executable).with_name(program)), *arguments],
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **home},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
