"""A signal begun, put aside and finished: on a phone and on a desk, with and without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from scheduler.store.tables import Role
from tests.acceptance.web.conftest import Arrive, Site
from tests.acceptance.web.slow_line import SlowLine
from tests.acceptance.web.town import build_town

pytestmark = pytest.mark.xdist_group("chromium")


@pytest.mark.parametrize("javascript", [False, True])
@pytest.mark.parametrize("width", [390, 1440])
def test_a_signal_is_put_aside_finished_with_a_mistake_and_sent(
    visitor: Arrive, site: Site, width: int, javascript: bool
) -> None:
    town = build_town(site.store)
    one = town.sign_in(visitor(width, javascript=javascript), Role.SIGNALLER)
    one.page.get_by_role("link", name="Signaler un patient").click()
    one.page.get_by_label("Nom de famille").fill("Brouillon")
    one.page.get_by_label("Prénom").fill("Zoé")
    if javascript:
        one.page.get_by_label("Commune où il vit").press_sequentially("Brest")
        expect(one.page.locator('datalist option[value^="Brest ("]').first).to_be_attached()
        expect(one.page.get_by_text("Brouillon enregistré")).to_be_visible()
    else:
        one.page.get_by_role("button", name="Enregistrer et finir plus tard").click()
        expect(one.page.get_by_text("Brouillon enregistré").first).to_be_visible()
    one.check()

    one.open("/mes-signalements")
    one.check()
    one.page.get_by_role("link", name=re.compile("BROUILLON")).click()
    expect(one.page.get_by_label("Prénom")).to_have_value("Zoé")
    one.page.get_by_label("Date de naissance").fill("31/02/1951")
    one.page.get_by_label("Commune où il vit").fill("Savigny-le-Temple")
    one.page.get_by_label("Téléphone").fill("01 60 00 00 00")
    one.page.get_by_label("De vive voix").check()
    one.page.get_by_label(re.compile("a été informé de ces quatre points")).check()
    needs = one.page.get_by_role("group", name=re.compile("Affection de longue durée"))
    needs.get_by_label("Oui").check()
    one.page.get_by_role("button", name="Envoyer le signalement").click()
    expect(one.page.get_by_role("alert")).to_contain_text("1 point à corriger")
    expect(one.page.get_by_label("Nom de famille")).to_have_value("Brouillon")
    expect(needs.get_by_label("Oui")).to_be_checked()
    one.check()
    one.page.get_by_label("Date de naissance").fill("07/03/1951")
    one.page.get_by_role("button", name="Envoyer le signalement").click()
    expect(one.page.get_by_role("heading", name="Signalement envoyé")).to_be_visible()
    one.page.get_by_role("link", name="Mes patients signalés").click()
    expect(one.page.get_by_role("link", name=re.compile("BROUILLON"))).to_have_count(1)
    expect(one.page.get_by_text("À terminer")).to_have_count(0)
    one.check()
    one.page.get_by_role("link", name="Accueil").first.click()
    expect(one.page.get_by_text("La coordination vérifie les réponses")).to_be_visible()
    one.check()


def test_what_is_typed_before_the_script_has_come_is_kept_all_the_same(visitor: Arrive, site: Site) -> None:
    town = build_town(site.store)
    one = town.visit(visitor(390, javascript=True), Role.SIGNALLER, "/mes-signalements")
    line = SlowLine(one.page, "**/signaler.js*")
    with one.page.expect_request(line.address):
        one.page.get_by_role("link", name="Signaler", exact=True).click()
    one.page.get_by_label("Nom de famille").fill("Lenteur")
    one.page.get_by_label("Commune où il vit").fill("Brest")
    line.let_it_come()
    expect(one.page.locator('datalist option[value^="Brest ("]').first).to_be_attached()
    expect(one.page.get_by_text("Brouillon enregistré")).to_be_visible()
    one.check()
