"""A real server on a small territory, and the system's Chromium in front of it."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from scheduler.accounts.passwords import hash_password
from scheduler.store.engine import Store
from scheduler.store.tables import Role
from tests import factories
from tests.acceptance.http.serving import Served, served
from tests.factories import PASSWORD

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# how long one waits at most, on a machine that does much else; nothing is measured here
expect.set_options(timeout=20_000)
WIDTHS = {390: {"width": 390, "height": 844}, 1440: {"width": 1440, "height": 900}}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail("Chromium is missing. Install it with: sudo apt-get install -y chromium", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve one territory for each screen, so that stories do not meet: one server for all of them."""
    folder = tmp_path_factory.mktemp("site")
    url = f"sqlite:///{shutil.copyfile(sqlite_template, folder / 'relais.db')}"
    store = Store.open(url)
    for width in WIDTHS:
        _fill(store, datetime.now(UTC), width)
    store.close()
    with served(url, folder, RELAIS_SOLVE_SECONDS="10", RELAIS_FEED_ALLOW_PRIVATE="true") as server:
        yield server


def _fill(store: Store, now: datetime, width: int) -> None:
    """Add three GPs with their slots from now on, six patients who wait, and people of three roles."""
    password_hash = hash_password(PASSWORD)
    with store.write() as session:
        territory = factories.territory(session, name=f"CPTS des Essais {width}")
        for number, family_name in enumerate(("LEROY", "BENALI", "NGUYEN")):
            gp = factories.practitioner(session, territory_id=territory.id, family_name=family_name)
            practice = factories.practice(session, practitioner_id=gp.id, phone="0160000000")
            factories.intake(session, practice_id=practice.id, practitioner_id=gp.id, places=1)
            feed = factories.feed(session, practice_id=practice.id, practitioner_id=gp.id, ok_at=now)
            for hours in (2, 9, 30):
                start_at = now + timedelta(hours=hours, minutes=20 * number)
                factories.slot(session, feed=feed, start_at=start_at, seen_at=now)
        for role in (Role.REGULATOR, Role.COORDINATOR, Role.SIGNALLER):
            person = factories.account(
                session,
                email=f"{role}-{width}@exemple.test",
                name=f"Essai {role}",
                password_hash=password_hash,
            )
            factories.grant(session, account_id=person.id, territory_id=territory.id, role=role)
        for number in range(6):
            patient = factories.patient(session, family_name=f"ATTENTE{number}")
            referral = factories.referral(
                session,
                patient_id=patient.id,
                territory_id=territory.id,
                consent=False,
                ald=number % 2 == 0,
                waiting_since=now.date() - timedelta(days=number),
                next_action_on=now.date() + timedelta(days=3),
            )
            factories.consent(session, referral_id=referral.id, given_at=now)


@dataclass
class Visitor:
    """Somebody in front of a browser; remembers what should never happen."""

    page: Page
    url: str
    width: int
    faults: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.page.on("request", self._request)

    def _console(self, message) -> None:
        # A refusal that a story provokes (409, 422) is told by the browser too; that is no fault of a page.
        if (
            message.type in {"error", "warning"}
            and "the server responded with a status of 4" not in message.text
        ):
            self.faults.append(f"console: {message.text}")

    def _request(self, request) -> None:
        if not request.url.startswith((self.url, "data:")):
            self.faults.append(f"request: {request.url}")

    def sign_in(self, role: Role) -> None:
        self.page.goto(f"{self.url}/connexion")
        self.page.get_by_label("Adresse électronique").fill(f"{role}-{self.width}@exemple.test")
        self.page.get_by_label("Mot de passe").fill(PASSWORD)
        self.page.get_by_role("button", name="Se connecter").click()
        expect(self.page.get_by_role("button", name="Se déconnecter")).to_be_visible()
        self.check()

    def check(self) -> None:
        """Check that the page fits the screen and that nothing went wrong in it."""
        widths = self.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        if widths[0] > widths[1]:
            self.faults.append(f"{self.page.url} is {widths[0]} px wide on a screen of {widths[1]}")
        assert self.faults == []


@pytest.fixture
def visitor(chromium: Browser, site: Served) -> Iterator[Callable[..., Visitor]]:
    """Give somebody with a screen of some width, with or without JavaScript."""
    contexts: list[BrowserContext] = []

    def arrive(width: int, *, javascript: bool) -> Visitor:
        context = chromium.new_context(
            viewport=WIDTHS[width],
            java_script_enabled=javascript,
            locale="fr-FR",
            color_scheme="light" if javascript else "dark",
        )
        context.set_default_timeout(30_000)
        contexts.append(context)
        arrived = Visitor(context.new_page(), site.url, width)
        arrived.watch()
        return arrived

    yield arrive
    for context in contexts:
        context.close()
