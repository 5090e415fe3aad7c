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
from playwright.sync_api import Browser

from api.security import COOKIE
from api.web import router
from scheduler.store.tables import Role
from tests.acceptance.web.conftest import WIDTHS, Visitor
from tests.demo_site import DemoSite
from tests.pages import PAGES, ListedPage

pytestmark = pytest.mark.xdist_group("chromium")

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RUN_AXE = """async () => (await axe.run(document, {
  resultTypes: ["violations"],
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
})).violations.map((rule) => [rule.impact, rule.id, rule.nodes.slice(0, 3).map((node) => node.html)])"""
FACTS = """() => ({
  lang: document.documentElement.lang,
  title: document.title,
  headings: document.querySelectorAll("h1").length,
  main: document.querySelectorAll("main").length,
})"""
NO_PAGES = {
    "/langue/{}": "leads back to the page one was on",
    "/creneaux/resultats": "the part of a page that its script fetches: seen by the regulator's story",
    "/attestations/export.csv": "download",
    "/attestations/{}.pdf": "download",
    "/etudes/{}/resultat.{}": "download",
    "/indicateurs/export.{}": "download",
    "/signaler/liste/modele.csv": "download",
}
"""What is asked for with GET and is no page, and why."""


@pytest.fixture(scope="module")
def walkers(chromium: Browser, demo: DemoSite) -> Iterator[dict[Role | None, Visitor]]:
    """Give the window of each role; every other one has the dark theme: both are walked, each page once."""

    class Opened(defaultdict[Role | None, Visitor]):
        def __missing__(self, role: Role | None) -> Visitor:
            scheme = "light" if role is None or list(Role).index(role) % 2 else "dark"
            context = chromium.new_context(viewport=WIDTHS[1440], locale="fr-FR", color_scheme=scheme)
            context.set_default_timeout(60_000)
            if role is not None:
                context.add_cookies([{"name": COOKIE, "value": demo.tokens[role], "url": demo.url}])
            self[role] = Visitor(context.new_page(), demo.url)
            self[role].watch()
            return self[role]

    opened = Opened()
    yield opened
    for walker in opened.values():
        walker.page.context.close()


def test_no_page_is_left_out() -> None:
    app = FastAPI()
    app.include_router(router)
    asked_for = {
        re.sub(r"\{.*?\}", "{}", context.path)
        for context in iter_route_contexts(app.routes)
        if isinstance(context.original_route, APIRoute) and "GET" in (context.methods or ())
    }
    walked = {re.sub(r"\{.*?\}", "{}", page.path.partition("?")[0]) for page in PAGES}
    assert asked_for - walked == set(NO_PAGES)


@pytest.mark.parametrize("listed", PAGES, ids=lambda listed: f"{listed.role or 'visitor'}{listed.path}")
def test_page(listed: ListedPage, walkers: dict[Role | None, Visitor], demo: DemoSite) -> None:
    walker = walkers[listed.role]
    walker.faults.clear()
    walker.page.set_viewport_size(WIDTHS[1440])
    answer = walker.page.goto(demo.url + listed.address(demo))
    assert answer is not None
    assert answer.status == listed.status
    assert answer.headers["cache-control"] == "no-store"
    facts = walker.page.evaluate(FACTS)
    assert facts["lang"] == "fr"
    assert facts["title"].removesuffix(" – Relais").strip()
    assert (facts["headings"], facts["main"]) == (1, 1)

    walker.page.evaluate(AXE)
    for width in (1440, 390):
        walker.page.set_viewport_size(WIDTHS[width])
        walker.check()
        found = walker.page.evaluate(RUN_AXE)
        assert [rule for rule in found if rule[0] in {"serious", "critical"}] == [], width
