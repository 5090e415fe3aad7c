"""A signal begun, put aside and finished: on a phone and on a desk, with and without JavaScript."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from scheduler.store.tables import Role
from tests.acceptance.web.conftest import Visitor

pytestmark = pytest.mark.xdist_group("chromium")


@pytest.mark.parametrize("javascript", [False, True])
@pytest.mark.parametrize("width", [390, 1440])
def test_a_signal_is_put_aside_and_finished(
    visitor: Callable[..., Visitor], width: int, javascript: bool
) -> None:
    one = visitor(width, javascript=javascript)
    one.sign_in(Role.SIGNALLER)
    one.page.goto(f"{one.url}/signaler")
    name = f"Brouillon{'Vif' if javascript else 'Lent'}"
    one.page.get_by_label("Nom de famille").fill(name)
    one.page.get_by_label("Prénom").fill("Zoé")
    if javascript:
        one.page.get_by_label("Commune où il vit").press_sequentially("Brest")
        expect(one.page.locator('datalist option[value^="Brest ("]').first).to_be_attached()
        expect(one.page.get_by_text("Brouillon enregistré")).to_be_visible()
    else:
        one.page.get_by_role("button", name="Enregistrer et finir plus tard").click()
        expect(one.page.get_by_text("Brouillon enregistré").first).to_be_visible()
    one.check()

    one.page.goto(f"{one.url}/mes-signalements")
    one.check()
    one.page.get_by_role("link", name=re.compile(name.upper())).click()
    expect(one.page.get_by_label("Prénom")).to_have_value("Zoé")
    one.page.get_by_label("Date de naissance").fill("07/03/1951")
    one.page.get_by_label("Commune où il vit").fill("Savigny-le-Temple")
    one.page.get_by_label("Téléphone").fill("01 60 00 00 00")
    one.page.get_by_label("De vive voix").check()
    one.page.get_by_label(re.compile("a été informé de ces quatre points")).check()
    one.page.get_by_role("button", name="Envoyer le signalement").click()
    if one.page.get_by_role("heading", name="Est-ce la même personne").count():
        one.page.get_by_role("button", name="C’est une autre personne").click()
    expect(one.page.get_by_role("heading", name="Signalement envoyé")).to_be_visible()
    one.page.get_by_role("link", name="Mes patients signalés").click()
    expect(one.page.get_by_role("link", name=re.compile(name.upper()))).to_have_count(1)
    expect(one.page.get_by_text("À terminer")).to_have_count(0)
    one.check()
