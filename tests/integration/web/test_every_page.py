"""Every page of ``tests.pages``: accessible, quiet, on this host only, within the screen, never kept.

A new page is one line in the table ``PAGES`` of ``tests/pages.py``.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import axe_playwright_python
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response

from api.security import COOKIE
from api.web import router
from scheduler.store.tables import Role
from tests.demo_site import DemoSite, chromium, demo_site
from tests.pages import PAGES, ListedPage

pytestmark = pytest.mark.xdist_group("chromium")

WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RUN_AXE = """async () => (await axe.run(document, {
  resultTypes: ["violations"],
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
})).violations.map((rule) => [rule.impact, rule.id, rule.nodes.slice(0, 3).map((node) => node.html)])"""
FACTS = """() => ({
  width: document.documentElement.scrollWidth,
  lang: document.documentElement.lang,
  title: document.title,
  headings: document.querySelectorAll("h1").length,
  main: document.querySelectorAll("main").length,
})"""


@pytest.fixture(scope="module")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoSite]:
    with demo_site(tmp_path_factory.mktemp("site"), template=sqlite_template) as site:
        yield site


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


class Walker:
    """One person's browser window, which remembers what should never happen."""

    def __init__(self, context: BrowserContext, site: DemoSite, role: Role | None) -> None:
        self.site = site
        if role is not None:
            context.add_cookies([{"name": COOKIE, "value": site.tokens[role], "url": site.url}])
        self.page: Page = context.new_page()
        self.faults: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.page.on("request", lambda request: self._request(request.url))

    def _console(self, message: ConsoleMessage) -> None:
        provoked = "the server responded with a status of 4" in message.text  # the pages of refusals
        if message.type in {"error", "warning"} and not provoked:
            self.faults.append(f"console: {message.text}")

    def _request(self, url: str) -> None:
        if not url.startswith((self.site.url, "data:")):
            self.faults.append(f"request: {url}")

    def open(self, address: str) -> Response:
        self.faults.clear()
        self.page.set_viewport_size(WIDE)
        answer = self.page.goto(self.site.url + address)
        assert answer is not None
        return answer


@pytest.fixture(scope="module")
def walkers(browser: Browser, site: DemoSite) -> Iterator[dict[Role | None, Walker]]:
    class Opened(defaultdict[Role | None, Walker]):
        def __missing__(self, role: Role | None) -> Walker:
            # every other role sees the dark theme: both are walked, each page once
            scheme = "light" if role is None or list(Role).index(role) % 2 else "dark"
            context = browser.new_context(viewport=WIDE, locale="fr-FR", color_scheme=scheme)
            context.set_default_timeout(20_000)
            self[role] = Walker(context, site, role)
            return self[role]

    opened = Opened()
    yield opened
    for walker in opened.values():
        walker.page.context.close()


NO_PAGES = {
    "/langue/{language}",  # leads elsewhere
    "/creneaux/resultats",  # a part of a page, for the script
    "/attestations/export.csv",
    "/attestations/{practitioner_id}.pdf",
    "/etudes/{study_id}/resultat.{form}",
    "/indicateurs/export.{kind}",
    "/patients/{referral_id}/lettre",
    "/signaler/liste/modele.csv",
    # need a study or a pair of doubles, which take long to make: walked by their own tests
    "/doublons/{pair_id}",
    "/etudes/{study_id}",
    "/regles/versions/{policy_id}",
}


def test_no_page_is_left_out() -> None:
    app = FastAPI()
    app.include_router(router)
    listed = {page.path.partition("?")[0] for page in PAGES}
    shown = {
        context.path
        for context in iter_route_contexts(app.routes)
        if isinstance(context.original_route, APIRoute) and "GET" in (context.methods or ())
    }
    missing = {
        path
        for path in shown - NO_PAGES
        if not any(re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)), one) for one in listed)
    }
    assert missing == set()


@pytest.mark.parametrize("listed", PAGES, ids=lambda listed: f"{listed.role or 'visitor'}{listed.path}")
def test_page(listed: ListedPage, walkers: dict[Role | None, Walker], site: DemoSite) -> None:
    walker = walkers[listed.role]
    answer = walker.open(listed.address(site))
    assert answer.status == listed.status
    assert answer.headers["cache-control"] == "no-store"

    wide = walker.page.evaluate(FACTS)
    assert wide["width"] <= WIDE["width"]
    assert wide["lang"] == "fr"
    assert wide["title"].removesuffix(" – Relais").strip()
    assert (wide["headings"], wide["main"]) == (1, 1)
    walker.page.evaluate(AXE)
    found = walker.page.evaluate(RUN_AXE)
    assert [rule for rule in found if rule[0] in {"serious", "critical"}] == []

    walker.page.set_viewport_size(PHONE)
    assert walker.page.evaluate(FACTS)["width"] <= PHONE["width"], "wider than a phone"
    assert walker.faults == []
