"""Who may open what, how one signs in, and what protects the forms."""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from api.app import create_app
from api.web.sent import VISIT_COOKIE
from scheduler.settings import Settings
from scheduler.store.engine import Store
from scheduler.store.tables import Role
from tests.factories import PASSWORD
from tests.integration.api.client import Clients, clients_of
from tests.integration.web.browser import Browser, Page
from tests.integration.web.conftest import Town

PAGES = {
    "/": set(Role),
    "/creneaux": {Role.SIGNALLER, Role.GP, Role.SECRETARY, Role.COORDINATOR, Role.REGULATOR},
    "/file-active": {Role.COORDINATOR},
    "/propositions": {Role.COORDINATOR},
    "/propositions/carte": {Role.COORDINATOR},
    "/propositions/valider": {Role.COORDINATOR},
    "/appariements": {Role.COORDINATOR, Role.BUREAU},
    "/places": {Role.COORDINATOR},
    "/departs": {Role.COORDINATOR},
    "/regles": {Role.COORDINATOR, Role.BUREAU},
    "/regles/modifier": {Role.COORDINATOR},
    "/regles/comparer": {Role.COORDINATOR, Role.BUREAU},
    "/regles/essai": {Role.COORDINATOR, Role.BUREAU},
    "/signaler": {Role.SIGNALLER, Role.COORDINATOR, Role.GP, Role.SECRETARY},
    "/signaler/liste": {Role.SIGNALLER, Role.COORDINATOR},
    "/mes-signalements": {Role.SIGNALLER, Role.COORDINATOR, Role.GP, Role.SECRETARY},
    "/doublons": {Role.COORDINATOR},
    "/a-reconfirmer": {Role.COORDINATOR},
    "/a-declarer": {Role.GP, Role.SECRETARY, Role.COORDINATOR},
    "/a-faire": {Role.COORDINATOR},
    "/mon-accueil": {Role.GP, Role.SECRETARY},
    "/mon-accueil/reglages": {Role.GP, Role.SECRETARY},
    "/agendas": {Role.GP, Role.SECRETARY, Role.COORDINATOR},
    "/administration/comptes": {Role.ADMIN},
    "/administration/territoire": {Role.ADMIN},
    "/administration/plateforme": {Role.ADMIN},
    "/administration/structures": {Role.ADMIN, Role.COORDINATOR},
    "/administration/jetons": {Role.ADMIN},
    "/administration/traces": {Role.ADMIN},
    "/administration/service": {Role.ADMIN},
    "/administration/agendas": {Role.ADMIN},
    "/administration/taches": {Role.ADMIN},
    "/demandes": {Role.GP, Role.SECRETARY, Role.COORDINATOR, Role.REGULATOR},
    "/indicateurs": {Role.COORDINATOR, Role.BUREAU},
    "/conservation": {Role.COORDINATOR, Role.ADMIN},
    "/attestations": {Role.COORDINATOR, Role.BUREAU, Role.GP, Role.SECRETARY},
    "/messages": {Role.COORDINATOR},
    "/messages/lettres": {Role.COORDINATOR},
}


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    """Test on one engine: nothing of this file depends on which."""
    return sqlite_store


def csp(answer: httpx.Response) -> str:
    return answer.headers["content-security-policy"]


def test_each_role_opens_its_pages_and_no_other(browser_of: Callable[[Role], Browser]) -> None:
    for role in Role:
        browser = browser_of(role)
        opened = {path for path in PAGES if browser.open(path).status == 200}
        assert opened == {path for path, roles in PAGES.items() if role in roles}, role


def test_a_page_that_is_not_yours_says_what_to_do(browser_of: Callable[[Role], Browser]) -> None:
    page = browser_of(Role.REGULATOR).open("/file-active")
    assert page.status == 403
    assert "demandez ce rôle à la coordination" in page.text
    assert "Se déconnecter" in page.text


def test_nobody_signed_in_is_led_to_the_sign_in_page_and_back(anonymous: Browser, town: Town) -> None:
    page = anonymous.open("/creneaux?ou=Savigny-le-Temple&quand=72h")
    assert page.path == "/connexion"
    landed = anonymous.send(page, "/connexion", email=town.emails[Role.REGULATOR], password=PASSWORD)
    assert landed.path == "/creneaux"
    assert landed.form("/creneaux").values["quand"] == "72h"


@pytest.mark.parametrize(
    "outside", ["https://ailleurs.test/", "//ailleurs.test", "/\\ailleurs.test", "javascript:x"]
)
def test_signing_in_never_leads_elsewhere(anonymous: Browser, town: Town, outside: str) -> None:
    page = anonymous.open("/connexion")
    landed = anonymous.send(page, "/connexion", email=town.emails[Role.GP], password=PASSWORD, next=outside)
    assert landed.answer.url.host == "relais.test"
    assert landed.path == "/"


def test_a_wrong_password_keeps_the_address_and_says_nothing_more(anonymous: Browser, town: Town) -> None:
    email = town.emails[Role.COORDINATOR]
    known = anonymous.sign_in(email, "pas le bon mot de passe")
    unknown = anonymous.sign_in("personne@exemple.test", "pas le bon mot de passe")
    assert known.status == unknown.status == 422
    assert known.form("/connexion").values["email"] == email
    assert known.text.replace(email, "") == unknown.text.replace("personne@exemple.test", "")


def test_guessing_is_stopped(anonymous: Browser, town: Town) -> None:
    email = town.emails[Role.COORDINATOR]
    for _ in range(5):
        assert anonymous.sign_in(email, "pas le bon mot de passe").status == 422
    refused = anonymous.sign_in(email, PASSWORD)
    assert refused.status == 429
    assert "Réessayez dans 15 minutes" in refused.text


def test_signing_out_ends_the_session(browser_of: Callable[[Role], Browser]) -> None:
    browser = browser_of(Role.COORDINATOR)
    page = browser.send(browser.open("/"), "/deconnexion")
    assert "Vous êtes déconnecté" in page.text
    assert browser.open("/file-active").path == "/connexion"


def test_the_session_cookie_is_out_of_reach_of_scripts_and_sites(anonymous: Browser, town: Town) -> None:
    page = anonymous.open("/connexion")
    form = page.form("/connexion").values | {"email": town.emails[Role.GP], "password": PASSWORD}
    answer = anonymous.client.post("/connexion", data=form, headers={"sec-fetch-site": "same-origin"})
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("relais_session="))
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert "max-age" not in cookie.lower()


def test_cookies_of_production_travel_by_tls_only(store: Store, town: Town) -> None:
    settings = Settings(environment="production", secret_key="secret-" * 8)
    with clients_of(create_app(settings, store, clock=town.clock)) as clients, clients.new() as client:
        page = Page(client.get("/connexion"))
        kept = page.answer.headers["set-cookie"].split(";")[0].partition("=")[2]
        client.cookies.set(VISIT_COOKIE, kept)  # the test itself does not speak TLS
        form = page.form("/connexion").values | {"email": town.emails[Role.GP], "password": PASSWORD}
        answer = client.post("/connexion", data=form, headers={"sec-fetch-site": "same-origin"})
        assert answer.status_code == 303
        set_by = [*page.answer.headers.get_list("set-cookie"), *answer.headers.get_list("set-cookie")]
    assert len(set_by) >= 2
    assert all("Secure" in cookie and "HttpOnly" in cookie for cookie in set_by)
    assert "strict-transport-security" in answer.headers


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}])
def test_a_form_of_another_site_is_refused(
    browser_of: Callable[[Role], Browser], headers: dict[str, str]
) -> None:
    browser = browser_of(Role.COORDINATOR)
    form = browser.open("/").form("/appariements").values
    assert browser.post("/appariements", form, **headers).status == 403


def test_a_form_nobody_vouches_for_is_refused(browser_of: Callable[[Role], Browser]) -> None:
    browser = browser_of(Role.COORDINATOR)
    form = browser.open("/").form("/appariements").values
    assert browser.client.post("/appariements", data=form).status_code == 403


@pytest.mark.parametrize("token", [None, "", "0" * 64, "é"])
def test_a_form_without_its_token_does_nothing_and_offers_to_send_again(
    browser_of: Callable[[Role], Browser], slots: list[int], token: str | None
) -> None:
    browser = browser_of(Role.REGULATOR)
    data = {"key": "abc", "ou": "Savigny-le-Temple (77176)"} | (
        {} if token is None else {"form_token": token}
    )
    page = browser.post(f"/creneaux/{slots[0]}/reserver", data)
    assert page.status == 409
    assert "Ce formulaire a expiré" in page.text
    assert "3 créneaux" in browser.open("/creneaux?ou=Savigny-le-Temple&quand=48h").text
    assert "Rendez-vous réservé" in browser.send(page, f"/creneaux/{slots[0]}/reserver").text


def test_the_token_of_somebody_else_is_worthless(browser_of: Callable[[Role], Browser]) -> None:
    theirs = browser_of(Role.COORDINATOR).open("/").form("/appariements").values
    mine = browser_of(Role.COORDINATOR)
    assert mine.post("/appariements", theirs).status == 409


def test_what_was_typed_survives_the_end_of_a_session(
    browser_of: Callable[[Role], Browser], town: Town
) -> None:
    browser = browser_of(Role.SIGNALLER)
    form = browser.open("/signaler")
    town.now += timedelta(hours=2)
    page = browser.send(form, "/signaler", family_name="O'Brien <b>", given_name="Zoé")
    assert page.status == 403
    assert "Votre session a pris fin" in page.text
    again = browser.send(page, "/connexion", email=town.emails[Role.SIGNALLER], password=PASSWORD)
    assert "Vous êtes connecté" in again.text
    back = browser.send(again, "/signaler")
    assert back.status == 422
    assert back.form("/signaler").values["family_name"] == "O'Brien <b>"
    assert back.form("/signaler").values["given_name"] == "Zoé"


def test_signing_out_of_a_session_that_has_ended_is_no_form_to_send_again(
    browser_of: Callable[[Role], Browser], town: Town
) -> None:
    browser = browser_of(Role.COORDINATOR)
    page = browser.open("/")
    town.now += timedelta(hours=11)
    assert "Vous êtes déconnecté" in browser.send(page, "/deconnexion").text


@pytest.mark.parametrize(
    "kept", ["{", "[]", '{"action": "//ailleurs.test", "pairs": []}', '{"pairs": [[1]]}']
)
def test_what_is_kept_cannot_lead_elsewhere(anonymous: Browser, town: Town, kept: str) -> None:
    page = anonymous.open("/connexion")
    landed = anonymous.send(page, "/connexion", email=town.emails[Role.GP], password=PASSWORD, kept=kept)
    assert landed.status == 200
    assert all(form.action.startswith("/") and "ailleurs" not in form.action for form in landed.forms)


def test_a_programs_token_opens_no_page(clients: Clients, store: Store, town: Town) -> None:
    from scheduler.accounts.tokens import issue_token

    with store.write() as session:
        token = issue_token(
            session, name="essai", role=Role.COORDINATOR, territory_id=town.territory_id, now=town.now
        )
    with clients.new(authorization=f"Bearer {token.token}") as client:
        answer = client.get("/file-active")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/connexion")


def test_pages_forbid_everything_foreign_and_are_not_kept(
    browser_of: Callable[[Role], Browser], anonymous: Browser
) -> None:
    browser = browser_of(Role.COORDINATOR)
    answers = [browser.open(path).answer for path in ("/", "/file-active", "/signaler", "/creneaux")]
    answers += [anonymous.open(path).answer for path in ("/connexion", "/styleguide", "/nulle-part")]
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store", answer.url
        assert "default-src 'none'" in csp(answer)
        assert "form-action 'self'" in csp(answer)
        assert "unsafe" not in csp(answer)
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_unknown_addresses_are_pages_for_people_and_problems_for_programs(anonymous: Browser) -> None:
    page = anonymous.open("/nulle-part")
    assert page.status == 404
    assert "repartez de l’accueil" in page.text
    program = anonymous.client.get("/api/v1/nulle-part")
    assert program.headers["content-type"] == "application/problem+json"
    assert anonymous.client.get("/nulle-part").headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/patients/pas-un-id", "/patients/00000000-0000-0000-0000-000000000000"])
def test_what_is_not_there_and_what_is_not_yours_look_the_same(
    browser_of: Callable[[Role], Browser], path: str
) -> None:
    page: Page = browser_of(Role.COORDINATOR).open(path)
    assert page.status == 404
    assert "ce dossier n’est pas l’un des vôtres" in page.text


def test_a_fault_of_ours_is_a_page_with_a_number(
    browser_of: Callable[[Role], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = browser_of(Role.REGULATOR)
    monkeypatch.setattr("api.web.searched.find", lambda *_args, **_more: 1 / 0)
    page = browser.open("/creneaux?ou=Savigny-le-Temple")
    assert page.status == 500
    assert "Une erreur est survenue de notre côté" in page.text
    assert page.answer.headers["x-request-id"] in page.text
    assert "ZeroDivision" not in page.html


def test_static_files_are_kept_by_their_content(anonymous: Browser) -> None:
    from api.web.rendering import asset

    versioned = anonymous.client.get(asset("relais.css"))
    assert versioned.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert versioned.headers["content-type"].startswith("text/css")
    assert anonymous.client.get("/static/relais.css").headers["cache-control"] == "no-cache"
    assert anonymous.client.get("/static/../rendering.py").status_code == 404
