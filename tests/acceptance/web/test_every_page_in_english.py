"""Every page of ``tests.pages`` once English is chosen: no French sentence is left, refusals included.

What stays French on purpose carries ``lang="fr"``: what is told to a patient, a letter, the headings of a
file. Names are taken from the store.
"""

import httpx
import pytest
from sqlmodel import select

from api.security import COOKIE
from api.web.language import LANGUAGE_COOKIE
from scheduler.store.tables import (
    Account,
    Feed,
    Patient,
    PolicyDocument,
    Practice,
    Practitioner,
    Role,
    Structure,
    Territory,
)
from scheduler.territory.communes import communes
from tests.demo_site import DemoSite
from tests.integration.web.browser import Browser
from tests.lexical import french_left
from tests.pages import PAGES

pytestmark = pytest.mark.xdist_group("chromium")

REFUSED: tuple[tuple[str, str, Role | None, dict[str, str]], ...] = (
    ("/connexion", "/connexion", None, {"email": "personne@exemple.test", "password": "pas le bon"}),
    ("/signaler", "/signaler", Role.SIGNALLER, {"birth_date": "31/02/1951", "phone": "12", "max_km": "loin"}),
    ("/administration/comptes", "/administration/comptes", Role.ADMIN, {"email": "rien", "role": "bureau"}),
    ("/administration/jetons", "/administration/jetons", Role.ADMIN, {"name": "", "role": "regulator"}),
    ("/places", "/places", Role.COORDINATOR, {"more": "beaucoup"}),
    ("/regles/modifier?texte=1", "/regles", Role.COORDINATOR, {"document": "[reach]\nmax_km = 900"}),
    ("/mon-accueil/reglages", "/mon-accueil/places", Role.GP, {"places": "beaucoup", "max_km": "loin"}),
    ("/agendas", "/agendas/apercu", Role.GP, {"url": "ftp://agenda", "slot_minutes": "1"}),
)
"""A page, where its form goes, who opens it, and what they type wrong."""


@pytest.fixture(scope="module")
def names(demo: DemoSite) -> list[str]:
    """Give the names and addresses of the territory's people and places, once the demo's day has begun."""
    PAGES[0].address(demo)
    with demo.store.read() as session:
        found = [
            one.name
            for kind in (Account, Structure, Territory, Feed)
            for one in session.exec(select(kind)).all()
        ]
        for gp in session.exec(select(Practitioner)):
            found += [gp.family_name, gp.given_name]
        for patient in session.exec(select(Patient)):
            found += [patient.family_name, patient.family_name.upper(), patient.given_name, patient.address]
        found += [practice.address for practice in session.exec(select(Practice))]
        found += [policy.note for policy in session.exec(select(PolicyDocument))]
    found += [commune.name for commune in communes() if commune.department == "77"]
    return [name.replace("’", "'") for name in found if name]


def reader(demo: DemoSite, role: Role | None) -> httpx.Client:
    """Give the browser of somebody who has chosen English."""
    cookies = {LANGUAGE_COOKIE: "en"} | ({COOKIE: demo.tokens[role]} if role else {})
    return httpx.Client(base_url=demo.url, cookies=cookies, headers={"accept": "text/html"}, timeout=60)


@pytest.mark.parametrize("role", [None, *Role], ids=lambda role: role or "visitor")
def test_no_page_is_left_in_french(demo: DemoSite, names: list[str], role: Role | None) -> None:
    left = {}
    with reader(demo, role) as client:
        for listed in (page for page in PAGES if page.role is role):
            answer = client.get(listed.address(demo))
            assert (answer.status_code, answer.headers["content-language"]) == (listed.status, "en")
            left[listed.path] = french_left(answer.text, names=names)
    assert {path: texts for path, texts in left.items() if texts} == {}


@pytest.mark.parametrize(("page", "action", "role", "typed"), REFUSED, ids=lambda one: str(one)[:30])
def test_what_was_typed_wrong_is_told_in_english(
    demo: DemoSite, names: list[str], page: str, action: str, role: Role | None, typed: dict[str, str]
) -> None:
    with reader(demo, role) as client:
        browser = Browser(client)
        refused = browser.send(browser.open(page), action, **typed)
    assert refused.status == 422
    assert french_left(refused.html, names=names) == []


def test_the_check_finds_french() -> None:
    page = """<html lang="en"><p>Hello</p><p title="Le patient">Dr Léo Roux</p><p>Il attend.</p>
    <p lang="fr">Le patient attend.</p><textarea>le reste</textarea><p>L\u2019agenda</p></html>"""
    assert french_left(page, names=["Léo Roux"]) == ["Le patient", "Il attend.", "L\u2019agenda"]
