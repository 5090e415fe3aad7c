"""The agenda partagé as its people use it: published, found by keyboard, seen elsewhere, filled again."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect

from api.security import COOKIE
from scheduler.accounts.secrets import hash_of, new_secret
from scheduler.clock import utc_now
from scheduler.jobs.care import look_after_requests
from scheduler.store.engine import Store
from scheduler.store.tables import Role, WebSession
from tests import factories
from tests.acceptance.http.serving import Served
from tests.acceptance.web.conftest import Visitor
from tests.calendars import calendar, event
from tests.unit.scheduler.agenda.feeds import web

pytestmark = pytest.mark.xdist_group("chromium")

SEARCH = "/creneaux?ou=Savigny-le-Temple&quand=48h"
Arrive = Callable[..., Visitor]
SCREENS = pytest.mark.parametrize(("width", "javascript"), [(390, False), (1440, True)])
ALL_SCREENS = pytest.mark.parametrize(
    ("width", "javascript"), [(390, False), (390, True), (1440, False), (1440, True)]
)


@pytest.fixture
def store(site: Served) -> Store:
    """Open the server's own database, to prepare what people find there."""
    return Store.open(f"sqlite:///{site.log.parent / 'relais.db'}")


@dataclass(frozen=True)
class Town:
    """A CPTS of one GP, and an open session of each role that uses the agenda."""

    tokens: dict[Role, str]

    def visit(self, one: Visitor, role: Role, path: str) -> Visitor:
        """Let somebody who has signed in open a page; how one signs in, other stories tell."""
        one.page.context.add_cookies([{"name": COOKIE, "value": self.tokens[role], "url": one.url}])
        one.page.goto(one.url + path)
        return one


def town(store: Store, *, hours: tuple[int, ...] = ()) -> Town:
    """Add a CPTS of one GP with slots in some hours."""
    now = datetime.now(UTC)
    tokens = {}
    with store.write() as session:
        territory = factories.territory(session)
        gp = factories.practitioner(session, territory_id=territory.id, family_name="ASTER")
        practice = factories.practice(session, practitioner_id=gp.id, phone="0160000000", address="1 rue")
        if hours:
            feed = factories.feed(session, practice_id=practice.id, practitioner_id=gp.id, ok_at=now)
            for hour in hours:
                factories.slot(session, feed=feed, start_at=now + timedelta(hours=hour), seen_at=now)
        for role in (Role.REGULATOR, Role.GP, Role.COORDINATOR):
            own = gp.id if role is Role.GP else None
            person = factories.account(session, name=f"Essai {role}", practitioner_id=own)
            factories.grant(session, account_id=person.id, territory_id=territory.id, role=role)
            tokens[role] = new_secret()
            session.add(
                WebSession(
                    token_hash=hash_of(tokens[role]),
                    account_id=person.id,
                    created_at=now,
                    seen_at=now,
                    expires_at=now + timedelta(hours=10),
                )
            )
    return Town(tokens)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the focus is on the control of that name."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText").startswith(name):
            return
    pytest.fail(f"no way to {name!r} by keyboard")


@SCREENS
def test_a_gp_publishes_a_calendar_previews_it_activates_it_and_sees_the_slots(
    visitor: Arrive, store: Store, monkeypatch: pytest.MonkeyPatch, width: int, javascript: bool
) -> None:
    here = town(store)
    start_at = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=26)
    slots = [
        event(start_at + timedelta(minutes=20 * number), start_at + timedelta(minutes=20 * number + 15))
        for number in range(3)
    ]
    with web.serving() as address:
        monkeypatch.setattr(web, "BODY", calendar(*slots))
        one = here.visit(visitor(width, javascript=javascript), Role.GP, "/agendas")
        one.page.get_by_label("Nom de l’agenda").fill("Créneaux SNP")
        one.page.get_by_label("Adresse de l’agenda").fill(f"{address}/calendar")
        one.page.get_by_role("button", name="Voir l’aperçu").click()
        expect(one.page.get_by_text("Ce que la régulation verrait")).to_be_visible()
        expect(one.page.get_by_text("Rien n’est encore enregistré")).to_be_visible()
        expect(one.page.locator("li.slot")).to_have_count(3)
        one.check()
        one.page.get_by_role("button", name="Relier cet agenda").click()
        expect(one.page.get_by_text("Agenda relié et lu")).to_be_visible(timeout=20_000)
        one.page.get_by_role("link", name="Mes créneaux").first.click()
        expect(one.page.get_by_text(re.compile("3 places libres, 0 rendez-vous"))).to_be_visible()
        expect(one.page.get_by_text("Libre", exact=True)).to_have_count(3)
        one.check()
    regulator = here.visit(visitor(width, javascript=javascript), Role.REGULATOR, SEARCH)
    expect(regulator.page.get_by_role("button", name="Réserver")).to_have_count(3)
    regulator.check()


@ALL_SCREENS
def test_a_regulator_searches_holds_books_and_cancels_by_keyboard_alone(
    visitor: Arrive, store: Store, width: int, javascript: bool
) -> None:
    here = town(store, hours=(2, 3, 9))
    one = here.visit(visitor(width, javascript=javascript), Role.REGULATOR, "/creneaux")
    expect(one.page.get_by_label("Où")).to_be_focused()
    one.page.keyboard.type("savigny-le-temple")
    if javascript:
        expect(one.page.get_by_role("heading", name="Dans les 4 heures")).to_be_visible()  # while typing
        one.page.keyboard.press("ArrowDown")
        one.page.keyboard.press("ArrowDown")
        one.page.keyboard.press("ArrowUp")
    else:
        one.page.keyboard.press("Enter")
        expect(one.page.get_by_role("heading", name="Dans les 4 heures")).to_be_visible()
        tab_to(one.page, "Retenir")
    one.page.keyboard.press("Enter")
    expect(one.page.get_by_role("heading", name="Créneau retenu")).to_be_visible()
    expect(one.page.locator("[data-countdown]")).to_have_text(re.compile(r"\d.min \d\d.s"))
    expect(one.page.get_by_role("button", name="Confirmer le rendez-vous")).to_be_focused()
    one.check()
    one.page.keyboard.press("Enter")
    expect(one.page.get_by_role("heading", name="Rendez-vous réservé")).to_be_visible()
    expect(one.page.get_by_role("button", name="Retenir")).to_have_count(2)
    one.check()
    tab_to(one.page, "Annuler le rendez-vous")
    one.page.keyboard.press("Enter")
    expect(one.page.get_by_role("heading", name="Rendez-vous annulé")).to_be_visible()
    expect(one.page.get_by_role("button", name="Retenir")).to_have_count(3)
    expect(one.page.get_by_label("Où")).to_have_value("Savigny-le-Temple (77176)")
    one.check()


@SCREENS
def test_what_is_booked_is_seen_in_the_gps_calendar_and_what_is_given_back_goes_to_who_waits(
    visitor: Arrive, store: Store, site: Served, width: int, javascript: bool
) -> None:
    here = town(store, hours=(5,))
    gp = here.visit(visitor(width, javascript=javascript), Role.GP, "/mes-creneaux/reglages")

    def subscribed() -> str:
        """Read the GP's bookings as an agenda that has just subscribed does."""
        gp.page.goto(f"{gp.url}/mes-creneaux/reglages")
        gp.page.get_by_role("button", name="Créer une adresse").click()
        address = gp.page.get_by_label("Adresse d’abonnement").input_value()
        gp.check()
        return httpx.get(site.url + urlsplit(address).path).text

    one = here.visit(visitor(width, javascript=javascript), Role.REGULATOR, SEARCH)
    one.page.get_by_role("button", name="Retenir").click()
    assert "STATUS:TENTATIVE" in subscribed()
    one.page.get_by_role("button", name="Confirmer le rendez-vous").click()
    booked = subscribed()
    assert (booked.count("BEGIN:VEVENT"), booked.count("STATUS:CONFIRMED")) == (1, 1)
    assert "SUMMARY:RDV SNP (Relais)" in booked

    waiting = here.visit(visitor(width, javascript=javascript), Role.COORDINATOR, SEARCH)
    expect(waiting.page.get_by_role("heading", name=re.compile("Aucun créneau libre"))).to_be_visible()
    waiting.page.get_by_role("button", name="Créer une demande").click()
    expect(waiting.page.get_by_text("Demande créée")).to_be_visible()
    waiting.check()
    request = waiting.page.url

    look_after_requests(store, public_url=site.url, clock=utc_now)  # finds nothing: the only slot is taken
    one.page.get_by_role("button", name="Annuler le rendez-vous").click()
    expect(one.page.get_by_role("heading", name="Rendez-vous annulé")).to_be_visible()
    assert "STATUS:CANCELLED" in subscribed()
    look_after_requests(store, public_url=site.url, clock=utc_now)
    waiting.page.goto(request)
    expect(waiting.page.get_by_role("heading", name=re.compile("Un créneau s’est libéré"))).to_be_visible()
    waiting.page.get_by_role("button", name="Accepter").click()
    expect(waiting.page.get_by_text("Rendez-vous pris").first).to_be_visible()
    waiting.check()
    filled = subscribed()
    assert (filled.count("STATUS:CONFIRMED"), filled.count("STATUS:CANCELLED")) == (1, 1)
