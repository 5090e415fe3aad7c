"""How fast the main pages come on ten demo territories in one, and the search while patients are matched.

``nice -n 5 python -m benchmarks.speed.pages [--repeats N]``

A real server process, and the system's Chromium with an empty cache in front of it, one page after the other.
``first byte`` is from asking to the first byte of the answer, ``loaded`` until the page and what it needs is
there; both as the browser tells them (Navigation Timing, level 2), in ms, after a visit that is not counted.
"""

import argparse
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from uuid import UUID, uuid4

import httpx
from playwright.sync_api import Page
from sqlmodel import Session, SQLModel, col, select

from api.security import COOKIE
from benchmarks.speed.machine import describe, load_average
from scheduler.clock import local_day, utc_now
from scheduler.demo.feeds import read_demo_calendars
from scheduler.demo.load import load_demo
from scheduler.demo.people import demo_territory
from scheduler.store.engine import Store
from scheduler.store.migrate import migrate
from scheduler.store.tables import (
    Consent,
    Feed,
    Intake,
    Patient,
    Practice,
    Practitioner,
    Referral,
    Role,
    Slot,
)
from tests.acceptance.http.serving import served
from tests.demo_site import SEED, chromium, signed_in

TIMES = 10
PAGES = (
    ("coordination, home", Role.COORDINATOR, "/"),
    ("coordination, files waiting", Role.COORDINATOR, "/file-active?etat=waiting"),
    ("coordination, files of tier 1", Role.COORDINATOR, "/file-active?etat=waiting&priorite=1"),
    ("signaller, form", Role.SIGNALLER, "/signaler"),
    ("GP, home", Role.GP, "/"),
    ("regulation, search of 48 h", Role.REGULATOR, "/creneaux?ou=Combs-la-Ville&quand=48h"),
    ("bureau, home", Role.BUREAU, "/"),
)
SEARCH = PAGES[5]
TIMING = """() => { const one = performance.getEntriesByType("navigation")[0];
  return [one.responseStart - one.requestStart, one.loadEventEnd - one.startTime]; }"""


def main() -> None:
    """Print one line per page, then the search while a matching run is going."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--repeats", type=int, default=7, metavar="N", help="counted visits of each page")
    repeats = arguments.parse_args().repeats
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'relais.db'}"
        store = Store.open(url)
        migrate(store)
        numbers = _fill(store)
        tokens = signed_in(store)
        print(*describe(), f"territory {numbers}", sep="\n", flush=True)
        with (
            served(url, folder, RELAIS_SOLVE_SECONDS="30") as server,
            chromium() as browser,
        ):
            print(f"{'page':34} {'first byte':>16} {'loaded':>16}   (median, slowest; ms)")
            for title, role, path in PAGES:
                context = browser.new_context()
                context.add_cookies([{"name": COOKIE, "value": tokens[role], "url": server.url}])
                _told(title, [_visit(context.new_page(), server.url + path) for _ in range(repeats + 1)][1:])
                context.close()
            _during_a_run(browser.new_context().new_page(), server.url, tokens)
        store.close()


def _visit(page: Page, address: str) -> tuple[float, float]:
    answer = page.goto(address)
    assert answer is not None
    assert answer.ok, f"{address}: {answer.status}"
    first_byte, loaded = page.evaluate(TIMING)
    page.close()
    return first_byte, loaded


def _told(title: str, visits: list[tuple[float, float]]) -> None:
    columns = [f"{median(times):7.0f} {max(times):8.0f}" for times in zip(*visits, strict=True)]
    print(f"{title:34} {columns[0]:>16} {columns[1]:>16}", flush=True)


def _during_a_run(page: Page, url: str, tokens: dict[Role, str]) -> None:
    """Search again and again from the start of a matching run to its end."""
    title, role, path = SEARCH
    page.context.add_cookies([{"name": COOKIE, "value": tokens[role], "url": url}])
    coordination = httpx.Client(
        base_url=url, cookies={COOKIE: tokens[Role.COORDINATOR]}, headers={"sec-fetch-site": "same-origin"}
    )
    with coordination:
        started = coordination.post("/api/v1/matching-runs", json={}, timeout=30)
        assert started.status_code == 202, started.text
        visits, began = [], time.perf_counter()
        while coordination.get(started.headers["location"], timeout=30).json()["state"] == "running":
            visits.append(_visit(page.context.new_page(), url + path))
        took_s = time.perf_counter() - began
    print(f"matching run of {took_s:.1f} s, {len(visits)} searches meanwhile, load average {load_average()}")
    if visits:
        _told(f"{title}, meanwhile"[:34], visits)


def _fill(store: Store) -> str:
    """Load the demo, then its patients, GPs and slots nine times more under other names."""
    demo = demo_territory(SEED, local_day(utc_now(), "Europe/Paris"))
    with store.write() as session:
        load_demo(session, demo, now=utc_now())
    read_demo_calendars(store, demo, now=utc_now())
    with store.write() as session:
        copies = _Copies(session)
        for number in range(1, TIMES):
            copies.make(number)
    with store.read() as session:
        counted = {
            table.__name__: len(session.exec(select(col(table.id))).all())
            for table in (Patient, Practitioner, Intake, Feed, Slot)
        }
    return ", ".join(f"{count} {name}" for name, count in counted.items())


class _Copies:
    """Copies of what the demo wrote; everyone gets a name of their own."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.rows = {
            table: [row.model_dump() for row in session.exec(select(table))]
            for table in (Practitioner, Practice, Intake, Feed, Slot, Patient, Referral, Consent)
        }

    def make(self, number: int) -> None:
        gps = self._whole(Practitioner, number, rpps=lambda row: f"9{number}{row['id']:09d}")
        practices = self._whole(Practice, number, practitioner_id=lambda row: gps[row["practitioner_id"]])
        own = {
            "practitioner_id": lambda row: gps[row["practitioner_id"]],
            "practice_id": lambda row: practices[row["practice_id"]],
        }
        self._whole(Intake, number, **own)
        feeds = self._whole(Feed, number, **own)
        self._whole(Slot, number, **own, feed_id=lambda row: feeds.get(row["feed_id"]))
        patients = self._random(Patient, family_name=lambda row: f"{row['family_name']} {number}")
        files = self._random(
            Referral,
            patient_id=lambda row: patients[row["patient_id"]],
            household_id=lambda _: None,
            known_practitioner_id=lambda _: None,
        )
        self._whole(Consent, number, referral_id=lambda row: files[row["referral_id"]])

    def _whole(self, table: type[SQLModel], _number: int, **changes) -> dict[int, int]:
        made = [self._row(table, row, changes, id=None) for row in self.rows[table]]
        return {row["id"]: new.id for row, new in zip(self.rows[table], self._added(made), strict=True)}

    def _random(self, table: type[SQLModel], **changes) -> dict[UUID, UUID]:
        made = [self._row(table, row, changes, id=uuid4()) for row in self.rows[table]]
        return {row["id"]: new.id for row, new in zip(self.rows[table], self._added(made), strict=True)}

    @staticmethod
    def _row(table: type[SQLModel], row: dict, changes: dict, **fixed) -> SQLModel:
        return table(**(row | {name: change(row) for name, change in changes.items()} | fixed))

    def _added(self, rows: Iterable[SQLModel]) -> list[SQLModel]:
        kept = list(rows)
        self.session.add_all(kept)
        self.session.flush()
        return kept


if __name__ == "__main__":
    main()
