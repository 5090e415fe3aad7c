"""What the regulator and the coordinator come to do, from signing in to done."""

import re

import pytest
from playwright.sync_api import expect

from scheduler.store.tables import Role
from tests.acceptance.web.conftest import Arrive, Site
from tests.acceptance.web.town import build_town, six_wait

pytestmark = pytest.mark.xdist_group("chromium")

SCREENS = pytest.mark.parametrize(("width", "javascript"), [(390, False), (1440, True)])
GPS = ("LEROY", "BENALI", "NGUYEN")


@SCREENS
def test_the_regulator_finds_books_loses_and_cancels(
    visitor: Arrive, site: Site, width: int, javascript: bool
) -> None:
    town = build_town(site.store, gps=GPS, hours=(2, 9, 30))
    one = town.sign_in(visitor(width, javascript=javascript), Role.REGULATOR)
    one.page.get_by_label("Où").fill("savigny")
    one.page.get_by_role("button", name="Chercher", exact=True).click()
    expect(one.page.get_by_role("heading", name=re.compile("9 créneaux dans les 48.h"))).to_be_visible()
    expect(one.page.get_by_role("heading", name="Dans les 4 heures")).to_be_visible()
    one.check()

    search = one.page.url.removeprefix(one.url)
    other = town.visit(visitor(width, javascript=True), Role.COORDINATOR, search)

    one.page.get_by_role("button", name="Réserver").first.click()
    expect(one.page.get_by_role("heading", name="Rendez-vous réservé")).to_be_visible()
    one.check()

    other.page.get_by_role("button", name="Réserver").first.click()
    expect(other.page.get_by_role("alert")).to_contain_text("vient d’être pris")
    expect(other.page.get_by_role("button", name="Réserver")).to_have_count(8)

    one.page.get_by_role("button", name="Annuler le rendez-vous").click()
    expect(one.page.get_by_text("la place est rendue")).to_be_visible()
    expect(one.page.get_by_role("heading", name="Trouver un créneau")).to_be_visible()
    expect(one.page.get_by_role("heading", name="Rendez-vous annulé")).to_be_visible()
    one.check()


@SCREENS
def test_the_coordinator_runs_the_matching_and_decides(
    visitor: Arrive, site: Site, width: int, javascript: bool
) -> None:
    town = build_town(site.store, gps=GPS)
    six_wait(site.store, town)
    one = town.sign_in(visitor(width, javascript=javascript), Role.COORDINATOR)
    one.page.get_by_role("button", name="Lancer l’appariement").click()
    expect(one.page.get_by_text("Aucune meilleure répartition n’existe")).to_be_visible(timeout=60_000)
    expect(one.page.get_by_text("3 patients sont proposés à un médecin, sur 6 en attente")).to_be_visible()
    one.check()

    one.page.get_by_role("link", name="Voir et valider 3 propositions").click()
    expect(one.page.get_by_role("heading", name="3 propositions à valider")).to_be_visible()
    one.check()
    one.page.get_by_role("link", name=re.compile("^Pourquoi")).first.click()
    # In place, or on its page.
    expect(one.page.get_by_text(re.compile(r"^Priorité \d\s:")).first).to_be_visible()
    one.check()
    one.open("/propositions")
    for again in (True, False):  # the first time a mistake, taken back before anything has left
        one.page.get_by_role("checkbox").first.check()
        one.page.get_by_role("button", name="Valider les propositions cochées…").click()
        one.page.get_by_role("button", name="Valider 1 proposition").click()
        expect(one.page.get_by_text("1 proposition validée.")).to_be_visible()
        if again:
            one.page.get_by_role("button", name=re.compile("^Reprendre")).click()
            expect(one.page.get_by_role("heading", name="3 propositions à valider")).to_be_visible()
    one.check()
    free = one.page.locator("[data-label='Médecin proposé']").last.inner_text()
    one.page.get_by_role("link", name=re.compile("^Valider, confier")).first.click()
    another = one.page.get_by_role("region", name="Confier à un autre médecin")
    another.get_by_label("Médecin", exact=True).select_option(label=free.strip().splitlines()[-1])
    another.get_by_label("Pourquoi ce médecin ?").select_option("patient_wish")
    another.get_by_role("button", name="Confier à ce médecin").click()
    expect(one.page.get_by_text("au médecin que vous avez choisi")).to_be_visible()
    one.page.get_by_role("link", name=re.compile("^Valider, confier")).first.click()
    one.page.get_by_text("Écarter…").click()
    one.page.get_by_label("Pourquoi ?", exact=True).select_option("too_far")
    one.page.get_by_role("button", name="Écarter", exact=True).click()
    expect(one.page.get_by_text("retourne en attente avec son ancienneté")).to_be_visible()
    expect(one.page.get_by_text("Aucune proposition n’attend de validation")).to_be_visible()
    one.check()
    one.open("/file-active?etat=offered")
    one.page.get_by_role("link", name=re.compile("ATTENTE")).first.click()
    expect(one.page.get_by_text("le médecin a reçu la demande").first).to_be_visible()
    one.check()
