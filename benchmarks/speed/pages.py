"""How fast the main pages come on ten demo territories in one, alone and while patients are matched.

``nice -n 5 python -m benchmarks.speed.pages [--repeats N]``, about three minutes.

A real server process, and the system's Chromium with an empty cache in front of it, one page after the other.
``first byte`` is from asking to the first byte of the answer, ``loaded`` until the page and what it needs is
there; both as the browser tells them (Navigation Timing, level 2), in ms, after a visit that is not counted.
``server`` is the processor time the server takes for one visit, files of the page included. ``typed`` is from
the last key to the results of the search on the page, the script's wait for a pause (100 ms) included.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx
from playwright.sync_api import Browser, Page
from sqlmodel import col, select

from api.security import COOKIE
from benchmarks.speed import several_demos
from benchmarks.speed.machine import describe, load_average
from scheduler.store.engine import Store
from scheduler.store.migrate import migrate
from scheduler.store.tables import Practitioner, Referral, ReferralState, Role
from tests.acceptance.http.serving import Served, served
from tests.demo_site import SEED, chromium, signed_in

MOST_S = 8.0
"""For how long one page is visited at most, so that a slow one does not make the whole long."""
LEAST_VISITS = 5
SOLVE_SECONDS = 30
SEARCH = "/creneaux?ou=Combs-la-Ville&quand=48h"
PAGES = (
    ("sign-in", None, "/connexion"),
    ("signaller, home", Role.SIGNALLER, "/"),
    ("signaller, form", Role.SIGNALLER, "/signaler"),
    ("signaller, own patients", Role.SIGNALLER, "/mes-signalements"),
    ("GP, home", Role.GP, "/"),
    ("GP, own slots", Role.GP, "/mes-creneaux"),
    ("GP, patients to take", Role.GP, "/mon-accueil"),
    ("regulation, home", Role.REGULATOR, "/"),
    ("regulation, search of 48 h", Role.REGULATOR, SEARCH),
    (
        "regulation, why not this GP",
        Role.REGULATOR,
        "/creneaux/pourquoi?ou=Combs-la-Ville&qui={practitioner}",
    ),
    ("regulation, printed list", Role.REGULATOR, "/creneaux/imprimer"),
    ("coordination, home", Role.COORDINATOR, "/"),
    ("coordination, to do", Role.COORDINATOR, "/a-faire"),
    ("coordination, files waiting", Role.COORDINATOR, "/file-active?etat=waiting"),
    ("coordination, files of tier 1", Role.COORDINATOR, "/file-active?etat=waiting&priorite=1"),
    ("coordination, one file", Role.COORDINATOR, "/patients/{referral}"),
    ("coordination, qualifying", Role.COORDINATOR, "/qualifier/{referral}"),
    ("bureau, home", Role.BUREAU, "/"),
    ("bureau, indicators", Role.BUREAU, "/indicateurs"),
    ("administration, home", Role.ADMIN, "/"),
    ("administration, traces", Role.ADMIN, "/administration/traces"),
)
AFTER_A_RUN = (
    ("coordination, proposals", Role.COORDINATOR, "/propositions"),
    ("coordination, map", Role.COORDINATOR, "/propositions/carte"),
    ("coordination, runs", Role.COORDINATOR, "/appariements"),
)
TIMING = """() => { const one = performance.getEntriesByType("navigation")[0];
  return [one.responseStart - one.requestStart, one.loadEventEnd - one.startTime]; }"""
KEY_MS = 120
"""Between two keys of somebody who types 100 words a minute."""
TYPED = """(town) => { const results = document.querySelector("[data-results]");
  window.shown = new Promise((known) => {
    let typed = 0;
    addEventListener("keydown", (event) => { typed = event.timeStamp; }, { once: true });
    const stands = () => typed && new URLSearchParams(location.search).get("ou") === town;
    new MutationObserver(() => stands() && requestAnimationFrame(() => known(performance.now() - typed)))
      .observe(results, { childList: true });
  }); }"""
TOWNS = ("Combs-la-Ville", "Lieusaint", "Savigny-le-Temple", "Moissy-Cramayel", "Cesson")


@dataclass(frozen=True, kw_only=True)
class Site:
    """The server, whose processor time is read, and people's browsers."""

    server: Served
    browser: Browser
    tokens: dict[Role, str]

    @contextmanager
    def window(self, role: Role | None) -> Iterator[Page]:
        """Open a window with an empty cache."""
        context = self.browser.new_context(locale="fr-FR")
        if role is not None:
            context.add_cookies([{"name": COOKIE, "value": self.tokens[role], "url": self.server.url}])
        yield context.new_page()
        context.close()

    def visit(self, role: Role | None, path: str) -> tuple[float, float, float]:
        """Open a page once; give its first byte, its full load and the server's time, in ms."""
        with self.window(role) as page:
            before = self._processor_s()
            answer = page.goto(self.server.url + path)
            assert answer is not None
            assert answer.ok, f"{path}: {answer.status}"
            first_byte, loaded = page.evaluate(TIMING)
            return first_byte, loaded, 1000 * (self._processor_s() - before)

    def _processor_s(self) -> float:
        fields = Path(f"/proc/{self.server.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print one line per page, then typing, then the search while a matching run is going."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument(
        "--repeats", type=int, default=20, metavar="N", help="most counted visits of a page"
    )
    arguments.add_argument("--demos", type=int, default=10, metavar="N", help="demo territories in one")
    arguments.add_argument("--typed", action="store_true", help="measure the typed search alone")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'relais.db'}"
        store = Store.open(url)
        migrate(store)
        territory_id, numbers = several_demos.fill(store, SEED, options.demos)
        tokens, values = signed_in(store, territory_id), _one_of_each(store)
        store.close()
        print(*describe(), f"territory {numbers}, seed {SEED}", sep="\n", flush=True)
        with served(url, folder, RELAIS_SOLVE_SECONDS=str(SOLVE_SECONDS)) as server, chromium() as browser:
            site = Site(server=server, browser=browser, tokens=tokens)
            print(f"\n{'median, p95; ms':32}{'visits':>7}{'first byte':>16}{'loaded':>16}{'server':>16}")
            for title, role, path in () if options.typed else PAGES:
                _measure(site, title, role, path.format_map(values), options.repeats)
            _told("regulation, search as typed", [(ms,) for ms in _typed(site, options.repeats)])
            _during_a_run(site)
            for title, role, path in () if options.typed else AFTER_A_RUN:
                _measure(site, title, role, path, options.repeats)
        print(f"\nload average {load_average()} at the end")


def _one_of_each(store: Store) -> dict[str, object]:
    with store.read() as session:
        waiting = (
            select(Referral.id).where(Referral.state == ReferralState.WAITING).order_by(col(Referral.id))
        )
        return {
            "referral": session.exec(waiting).first(),
            "practitioner": session.exec(select(Practitioner.id).order_by(col(Practitioner.id))).first(),
        }


def _measure(site: Site, title: str, role: Role | None, path: str, repeats: int) -> None:
    site.visit(role, path)
    visits: list[tuple[float, ...]] = []
    began = time.perf_counter()
    while len(visits) < LEAST_VISITS or (len(visits) < repeats and time.perf_counter() - began < MOST_S):
        visits.append(site.visit(role, path))
    _told(title, visits)


def _told(title: str, visits: Sequence[tuple[float, ...]]) -> None:
    columns = [f"{median(times):7.0f} {_p95(times):8.0f}" for times in zip(*visits, strict=True)]
    print(f"{title:32}{len(visits):7}" + "".join(f"{column:>16}" for column in columns), flush=True)


def _p95(times: Sequence[float]) -> float:
    """Give the least of them that 95 of 100 do not exceed (nearest rank)."""
    return sorted(times)[max(0, -(-95 * len(times) // 100) - 1)]


def _typed(site: Site, repeats: int) -> list[float]:
    """Type the names of communes letter by letter; give how long after the last letter the results stand."""
    with site.window(Role.REGULATOR) as page:
        page.goto(site.server.url + "/creneaux")
        times = [_one_typed(page, TOWNS[number % len(TOWNS)]) for number in range(repeats + 1)]
    return times[1:]


def _one_typed(page: Page, town: str) -> float:
    field = page.get_by_label("Où")
    field.fill("")
    field.press_sequentially(town[:-1], delay=KEY_MS)
    page.evaluate(TYPED, town)
    field.press(town[-1])
    return float(page.evaluate("window.shown"))


def _during_a_run(site: Site) -> None:
    """Search again and again from the start of a matching run to its end, by page and by typing."""
    with httpx.Client(
        base_url=site.server.url,
        cookies={COOKIE: site.tokens[Role.COORDINATOR]},
        headers={"sec-fetch-site": "same-origin"},
        timeout=60,
    ) as coordination:
        started = coordination.post("/api/v1/matching-runs", json={})
        assert started.status_code == 202, started.text
        began = time.perf_counter()

        def goes_on() -> bool:
            return bool(coordination.get(started.headers["location"]).json()["state"] == "running")

        visits, typed = _searched(site, goes_on)
        took_s = time.perf_counter() - began
        run = coordination.get(started.headers["location"]).json()
    print(
        f"\nmatching run of {took_s:.1f} s: {run['state']}, {run['status']}, {run['num_placed']} placed; "
        "searches meanwhile:"
    )
    if visits:
        _told("regulation, search of 48 h", visits)
        _told("regulation, search as typed", [(ms,) for ms in typed])


def _searched(site: Site, goes_on: Callable[[], bool]) -> tuple[list[tuple[float, ...]], list[float]]:
    visits: list[tuple[float, ...]] = []
    typed: list[float] = []
    with site.window(Role.REGULATOR) as page:
        page.goto(site.server.url + "/creneaux")
        while goes_on():
            visits.append(site.visit(Role.REGULATOR, SEARCH)[:2])
            typed.append(_one_typed(page, TOWNS[len(typed) % len(TOWNS)]))
    return visits, typed


if __name__ == "__main__":
    main()
