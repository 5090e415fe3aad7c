"""One real server and the system's Chromium in front of it, for every story and the walk over every page.

They last for the whole package: each story has a town of its own (``tests.acceptance.web.town``).
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

from scheduler.clock import utc_now
from scheduler.messages import send_due, sender_of
from scheduler.messages.outbox import MailSettings
from scheduler.settings import Settings
from scheduler.store.engine import Store
from tests import demo_site
from tests.acceptance.http.serving import SLOW, served
from tests.acceptance.web.mailbox import take_mails
from tests.demo_site import DemoSite

# how long one waits at most, on a machine that does much else; nothing is measured here
expect.set_options(timeout=20_000)
WIDTHS = {390: {"width": 390, "height": 844}, 1440: {"width": 1440, "height": 900}}


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with demo_site.chromium() as browser:
        yield browser


@dataclass(frozen=True)
class Site:
    """A running server, its database, the folder its mails are put in, and what holds its solver back.

    Parameters
    ----------
    gate
        As long as this file exists, matching runs go on.
    """

    url: str
    store: Store
    folder: Path
    gate: Path

    def mailed_to(self, email: str) -> list[str]:
        """Send what is due as the job does, and read what somebody has received since they last looked."""
        settings = Settings(data_dir=self.folder)
        marks = MailSettings(sender=settings.mail_from, domain="exemple.test")
        send_due(self.store, sender_of(settings), marks, clock=utc_now)
        return take_mails(self.folder / "courriels", email)


@pytest.fixture(scope="package")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    url = f"sqlite:///{shutil.copyfile(sqlite_template, folder / 'relais.db')}"
    store = Store.open(url)
    gate = folder / "gate"
    settings = {"RELAIS_SOLVE_SECONDS": "60", "RELAIS_FEED_ALLOW_PRIVATE": "true", SLOW: str(gate)}
    with served(url, folder, **settings) as server:
        yield Site(server.url, store, folder, gate)
    store.close()


@pytest.fixture(scope="package")
def demo(site: Site) -> DemoSite:
    """Add the demo territory, matched once, to what the server serves."""
    territory_id = demo_site.fill(site.store, 90)
    tokens = demo_site.signed_in(site.store, territory_id)
    return DemoSite(url=site.url, store=site.store, territory_id=territory_id, tokens=tokens)


@dataclass
class Visitor:
    """Somebody in front of a browser; remembers what should never happen."""

    page: Page
    url: str
    faults: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        # A refusal that a story provokes (409, 422) is told by the browser too; that is no fault of a page.
        provoked = "the server responded with a status of 4" in message.text
        if message.type in {"error", "warning"} and not provoked:
            self.faults.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:")):
            self.faults.append(f"request: {request.url}")

    def open(self, path: str) -> None:
        """Go to an address, or to the link of a mail on this server."""
        self.page.goto(self.url + path)

    def check(self) -> None:
        """Check that the page fits the screen and that nothing went wrong in it."""
        # A locator waits for the page to be there: between two pages there is no element at all.
        width, screen = self.page.locator("html").evaluate("html => [html.scrollWidth, window.innerWidth]")
        if width > screen:
            self.faults.append(f"{self.page.url} is {width} px wide on a screen of {screen}")
        assert self.faults == []


Arrive = Callable[..., Visitor]


@pytest.fixture
def visitor(chromium: Browser, site: Site) -> Iterator[Arrive]:
    """Give somebody with a screen of some width, with or without JavaScript."""
    contexts: list[BrowserContext] = []

    def arrive(width: int, *, javascript: bool) -> Visitor:
        context = chromium.new_context(
            viewport=WIDTHS[width],
            java_script_enabled=javascript,
            locale="fr-FR",
            color_scheme="light" if javascript else "dark",
        )
        context.set_default_timeout(60_000)
        contexts.append(context)
        arrived = Visitor(context.new_page(), site.url)
        arrived.watch()
        return arrived

    yield arrive
    for context in contexts:
        context.close()
