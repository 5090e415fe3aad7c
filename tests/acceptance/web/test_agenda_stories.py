"""The agenda partagé as its people use it: published, found by keyboard, seen elsewhere, filled again."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect

from scheduler.agenda.booking import book
from scheduler.clock import utc_now
from scheduler.jobs.care import look_after_requests
from scheduler.store.tables import Role
from tests.acceptance.web.conftest import Arrive, Site
from tests.acceptance.web.slow_line import SlowLine
from tests.acceptance.web.town import build_town
from tests.calendars import calendar, event
from tests.factories import PASSWORD
from tests.unit.scheduler.agenda.feeds import web

pytestmark = pytest.mark.xdist_group("chromium")

NAME = """() => { const on = document.activeElement;
  return (on.labels?.[0] ?? on).innerText; }"""
SEARCH = "/creneaux?ou=Savigny-le-Temple&quand=48h"
SCREENS = pytest.mark.parametrize(("width", "javascript"), [(390, False), (1440, True)])
ALL_SCREENS = pytest.mark.parametrize(
    ("width", "javascript"), [(390, False), (390, True), (1440, False), (1440, True)]
)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the focus is on the control of that name."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(NAME).startswith(name):
            return
    pytest.fail(f"no way to {name!r} by keyboard")


def tab_into(page: Page, name: str, text: str) -> None:
    """Press Tab until the focus is in the field of that name, and type."""
    tab_to(page, name)
    page.keyboard.type(text)


@SCREENS
def test_a_gp_publishes_a_calendar_previews_it_activates_it_and_sees_the_slots(
    visitor: Arrive, site: Site, monkeypatch: pytest.MonkeyPatch, width: int, javascript: bool
) -> None:
    town = build_town(site.store)
    start_at = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=26)
    slots = [
        event(start_at + timedelta(minutes=20 * number), start_at + timedelta(minutes=20 * number + 15))
        for number in range(3)
    ]
    with web.serving() as address:
        monkeypatch.setattr(web, "BODY", calendar(*slots))
        one = town.sign_in(visitor(width, javascript=javascript), Role.GP)
        one.page.get_by_role("link", name="Agendas").first.click()
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
    regulator = town.visit(visitor(width, javascript=javascript), Role.REGULATOR, SEARCH)
    expect(regulator.page.get_by_role("button", name="Réserver")).to_have_count(3)
    regulator.check()


@ALL_SCREENS
def test_a_regulator_searches_holds_books_and_cancels_by_keyboard_alone(
    visitor: Arrive, site: Site, width: int, javascript: bool
) -> None:
    town = build_town(site.store, hours=(2, 3, 9))
    one = visitor(width, javascript=javascript)
    one.open("/connexion")
    tab_into(one.page, "Adresse électronique", town.email(Role.REGULATOR))
    tab_into(one.page, "Mot de passe", PASSWORD)
    one.page.keyboard.press("Enter")
    expect(one.page.get_by_role("button", name="Se déconnecter")).to_be_visible()
    one.page.keyboard.press("Tab")
    expect(one.page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    one.page.keyboard.press("Enter")
    one.page.keyboard.press("Tab")
    expect(one.page.get_by_label("Où")).to_be_focused()
    tab_to(one.page, "Créneaux")
    one.page.keyboard.press("Enter")
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


def test_who_went_down_to_a_slot_stays_on_it_when_the_last_answer_comes(visitor: Arrive, site: Site) -> None:
    town = build_town(site.store, hours=(2, 3))
    one = town.visit(visitor(1440, javascript=True), Role.REGULATOR, "/creneaux")
    one.page.keyboard.type("savigny-le-templ")
    slots, first_hold = one.page.locator("[data-slot]"), one.page.get_by_role("button", name="Retenir").first
    expect(slots).to_have_count(2)
    expect(one.page).to_have_url(re.compile(r"\bou=savigny-le-templ\b"))  # earlier keys found them too
    line = SlowLine(one.page, "**/creneaux/resultats*")

    def type_and_go_down_before_the_answer(key: str) -> None:
        with one.page.expect_request(line.address):
            one.page.get_by_label("Où").press(key)
        one.page.keyboard.press("ArrowDown")
        expect(first_hold).to_be_focused()

    def let_it_come() -> None:
        expect(one.page.locator("[aria-busy]")).to_have_count(1)
        line.let_it_come()
        expect(one.page.locator("[aria-busy]")).to_have_count(0)

    type_and_go_down_before_the_answer("e")
    let_it_come()
    expect(first_hold).to_be_focused()

    type_and_go_down_before_the_answer(" ")
    taken = slots.first.get_attribute("data-slot")
    with site.store.write() as session:
        book(session, town.actor(Role.REGULATOR), slot_id=int(taken or 0), now=utc_now())
    let_it_come()
    expect(slots).to_have_count(1)
    expect(one.page.locator("[data-results]")).to_be_focused()  # never on another slot than the one chosen
    one.page.keyboard.press("ArrowDown")
    expect(first_hold).to_be_focused()


def test_a_search_typed_before_the_script_has_come_is_answered(visitor: Arrive, site: Site) -> None:
    town = build_town(site.store, hours=(2, 3))
    one = town.visit(visitor(1440, javascript=True), Role.REGULATOR, "/")
    line = SlowLine(one.page, "**/regulation.js*")
    with one.page.expect_request(line.address):
        one.page.get_by_role("link", name="Créneaux", exact=True).click()
    one.page.get_by_label("Où").fill("savigny-le-temple")
    line.let_it_come()
    expect(one.page.locator("[data-slot]")).to_have_count(2)
    one.check()


@SCREENS
def test_what_is_booked_is_seen_in_the_gps_calendar_and_what_is_given_back_goes_to_who_waits(
    visitor: Arrive, site: Site, width: int, javascript: bool
) -> None:
    town = build_town(site.store, hours=(5,))
    gp = town.visit(visitor(width, javascript=javascript), Role.GP, "/mes-creneaux/reglages")

    def subscribed() -> str:
        """Read the GP's bookings as an agenda that has just subscribed does."""
        gp.open("/mes-creneaux/reglages")
        gp.page.get_by_role("button", name="Créer une adresse").click()
        address = gp.page.get_by_label("Adresse d’abonnement").input_value()
        gp.check()
        return httpx.get(site.url + urlsplit(address).path, timeout=30).text

    one = town.visit(visitor(width, javascript=javascript), Role.REGULATOR, SEARCH)
    one.page.get_by_role("button", name="Retenir").click()
    expect(one.page.get_by_role("heading", name="Créneau retenu")).to_be_visible()
    assert "STATUS:TENTATIVE" in subscribed()
    one.page.get_by_role("button", name="Confirmer le rendez-vous").click()
    expect(one.page.get_by_role("heading", name="Rendez-vous réservé")).to_be_visible()
    booked = subscribed()
    assert (booked.count("BEGIN:VEVENT"), booked.count("STATUS:CONFIRMED")) == (1, 1)
    assert "SUMMARY:RDV SNP (Relais)" in booked

    waiting = town.visit(visitor(width, javascript=javascript), Role.COORDINATOR, SEARCH)
    expect(waiting.page.get_by_role("heading", name=re.compile("Aucun créneau libre"))).to_be_visible()
    waiting.page.get_by_role("button", name="Créer une demande").click()
    expect(waiting.page.get_by_text("Demande créée")).to_be_visible()
    waiting.check()
    request = waiting.page.url

    # nothing is found: the only slot is taken
    look_after_requests(site.store, public_url=site.url, clock=utc_now)
    one.page.get_by_role("button", name="Annuler le rendez-vous").click()
    expect(one.page.get_by_role("heading", name="Rendez-vous annulé")).to_be_visible()
    assert "STATUS:CANCELLED" in subscribed()
    look_after_requests(site.store, public_url=site.url, clock=utc_now)
    waiting.page.goto(request)
    expect(waiting.page.get_by_role("heading", name=re.compile("Un créneau s’est libéré"))).to_be_visible()
    waiting.page.get_by_role("button", name="Accepter").click()
    expect(waiting.page.get_by_text("Rendez-vous pris").first).to_be_visible()
    waiting.check()
    filled = subscribed()
    assert (filled.count("STATUS:CONFIRMED"), filled.count("STATUS:CANCELLED")) == (1, 1)
