"""The administration's pages: inviting to signing in, roles and keys, the territory, the trace."""

import re
from collections.abc import Callable

import pytest
from sqlmodel import select

from scheduler.accounts.people import grant_role
from scheduler.store.engine import Store
from scheduler.store.tables import Account, ApiToken, AuditEntry, Message, Role
from tests.integration.web.browser import Browser, Page
from tests.integration.web.conftest import Town

BrowserOf = Callable[[Role], Browser]
PEOPLE, TOKENS, TRACES = "/administration/comptes", "/administration/jetons", "/administration/traces"


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    """Test on one engine: what stores is tested on both in ``accounts``."""
    return sqlite_store


def invited(browser: Browser, **typed: str) -> Page:
    given = {"email": "ida@exemple.test", "name": "Ida Roux", "role": "bureau"} | typed
    return browser.send(browser.open(PEOPLE), PEOPLE, **given)


def test_an_invited_person_chooses_a_password_and_signs_in(
    browser_of: BrowserOf, anonymous: Browser, store: Store
) -> None:
    assert "Un nouveau compte reçoit un lien" in invited(browser_of(Role.ADMIN)).text
    with store.read() as session:
        body = session.exec(select(Message.body)).one()
    path = re.search(r"/acces/[\w-]+", body)
    assert path
    page = anonymous.open(path[0])
    assert "ida@exemple.test" in page.text
    different = anonymous.send(page, "", password="une phrase assez longue", again="une autre phrase longue")
    assert different.status == 422
    weak = anonymous.send(different, "", password="court", again="court")
    assert "12 à 200 caractères" in weak.text
    done = anonymous.send(weak, "", password="une phrase assez longue", again="une phrase assez longue")
    assert "Votre mot de passe est enregistré" in done.text
    home = anonymous.send(done, "/connexion", email="ida@exemple.test", password="une phrase assez longue")
    assert home.path == "/"
    again = anonymous.open(path[0])
    assert again.status == 410
    assert "n’est plus valable" in again.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"role": ""}, "Choisissez un rôle"),
        ({"email": "ida"}, "une adresse comme"),
        ({"role": "gp"}, "le médecin dont c’est le compte"),
    ],
)
def test_what_was_typed_into_an_invitation_is_kept(
    browser_of: BrowserOf, typed: dict[str, str], said: str
) -> None:
    page = invited(browser_of(Role.ADMIN), **typed)
    assert page.status == 422
    assert said in page.text
    assert page.form(PEOPLE).values["name"] == "Ida Roux"


def test_roles_are_changed_and_an_account_is_closed_and_reopened(browser_of: BrowserOf, town: Town) -> None:
    admin, them = browser_of(Role.ADMIN), browser_of(Role.BUREAU)
    number = town.accounts[Role.BUREAU]
    page = admin.open(PEOPLE)
    action = f"{PEOPLE}/{number}/roles"
    admin.post(action, page.form(action).values | {"roles": ["regulator", "bureau"]})
    assert "changer de rôle" in them.open("/").text
    closed = admin.send(admin.open(PEOPLE), f"{PEOPLE}/{number}/desactiver")
    assert "Compte fermé" in closed.text
    assert them.open("/").path == "/connexion"
    assert "Compte rouvert" in admin.send(closed, f"{PEOPLE}/{number}/reactiver").text
    own = town.accounts[Role.ADMIN]
    refused = admin.post(f"{PEOPLE}/{own}/desactiver", page.form(action).values)
    assert refused.status == 409
    assert "vous fermerait la porte" in refused.text


def test_somebody_with_two_roles_changes_between_them(
    browser_of: BrowserOf, store: Store, town: Town
) -> None:
    with store.write() as session:
        account_id = town.accounts[Role.REGULATOR]
        grant_role(session, account_id, territory_id=town.territory_id, role=Role.COORDINATOR)
    browser = browser_of(Role.REGULATOR)
    page = browser.open("/file-active")
    assert page.status == 200  # the daily work of both comes first
    changed = browser.send(page, "/role", role="regulator")
    assert changed.path == "/"
    assert browser.open("/file-active").status == 403
    back = browser.send(browser.open("/"), "/role")
    assert back.path == "/"
    assert browser.open("/file-active").status == 200
    form = browser.open("/").form("/role").values
    assert browser.post("/role", form | {"role": "admin"}).status == 403


def test_a_key_is_shown_once_and_revoked(browser_of: BrowserOf, store: Store) -> None:
    admin = browser_of(Role.ADMIN)
    page = admin.send(admin.open(TOKENS), TOKENS, name="Tableau", role="bureau", days="30")
    secret = re.search(r"relais_[\w-]{20,}", page.html)
    assert secret
    assert secret[0] not in admin.open(TOKENS).html
    again = admin.send(page, TOKENS, name="Tableau", role="bureau", days="30")
    assert "relais_" in again.html  # another form, another key
    twice = admin.open(TOKENS)
    for _ in range(2):
        second = admin.send(twice, TOKENS, name="Deux fois", role="bureau", days="")
    assert "n’est montrée qu’une fois" in second.text
    with store.read() as session:
        names = sorted(session.exec(select(ApiToken.name)).all())
        assert names == ["Deux fois", "Tableau", "Tableau"]
        token_id = session.exec(select(ApiToken.id)).first()
    assert "Clé révoquée" in admin.send(admin.open(TOKENS), f"{TOKENS}/{token_id}/revoquer").text
    assert "Révoquée" in admin.open(TOKENS).text


def test_the_trace_is_searched_exported_and_traced_itself(
    browser_of: BrowserOf, store: Store, town: Town
) -> None:
    admin = browser_of(Role.ADMIN)
    invited(admin)
    email = town.emails[Role.ADMIN]
    page = admin.open(f"{TRACES}?email={email}&action=C&objet=account")
    assert "Essai admin" in page.text
    assert "invite" in page.text
    assert "Aucune trace" in admin.open(f"{TRACES}?du=01/01/2020&au=31/12/2020").text
    wrong = admin.open(f"{TRACES}?du=31/02/2026&dossier=zoe")
    assert wrong.status == 422
    assert wrong.form(TRACES).values["dossier"] == "zoe"
    form = page.form(f"{TRACES}/export").values
    answer = admin.client.post(
        f"{TRACES}/export", data=form, headers={"sec-fetch-site": "same-origin", "accept": "text/html"}
    )
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text.splitlines()[1].split(";")[5:7] == ["C", "account"]
    with store.read() as session:
        purposes = {
            one.purpose for one in session.exec(select(AuditEntry).where(AuditEntry.object_kind == "audit"))
        }
    assert purposes == {"audit_search", "audit_export"}


def test_communes_and_structures_of_the_territory(browser_of: BrowserOf) -> None:
    admin = browser_of(Role.ADMIN)
    path = "/administration/territoire"
    last = admin.send(admin.open(path), f"{path}/communes/77445/retirer")
    assert last.status == 409
    page = admin.send(admin.open(path), f"{path}/communes", commune="Combs-la-Ville")
    assert "2 communes" in page.text
    assert "<polygon" in page.html
    assert admin.send(page, f"{path}/communes", commune="Nullepart").status == 422
    assert "1 commune," in admin.send(admin.open(path), f"{path}/communes/77122/retirer").text
    places = "/administration/structures"
    wrong = admin.send(admin.open(places), places, name="MSP", commune="Cesson", finess="1")
    assert wrong.status == 422
    assert wrong.form(places).values["name"] == "MSP"
    for _ in range(2):  # a double click
        done = admin.send(wrong, places, finess="")
    assert "Structure ajoutée" in done.text
    assert done.text.count("MSP") == 2  # its line, and the kind of that name in the form


def test_the_service_shows_no_secret(browser_of: BrowserOf) -> None:
    admin = browser_of(Role.ADMIN)
    page = admin.open("/administration/service")
    assert "RELAIS_SECRET_KEY" in page.text
    assert "a-changer" not in page.html
    assert "(secret, non montré)" in page.text


def test_accounts_of_another_territory_are_not_there(browser_of: BrowserOf, store: Store) -> None:
    from tests import factories

    with store.write() as session:
        stranger = factories.account(session, name="Etranger")
        other = factories.territory(session)
        factories.grant(session, account_id=stranger.id, territory_id=other.id, role=Role.BUREAU)
        number = stranger.id
    admin = browser_of(Role.ADMIN)
    page = admin.open(PEOPLE)
    assert "Etranger" not in page.text
    form = {"form_token": page.form(PEOPLE).values["form_token"]}
    for action in ("roles", "mot-de-passe", "desactiver", "reactiver"):
        assert admin.post(f"{PEOPLE}/{number}/{action}", form).status == 404
    with store.read() as session:
        assert session.get_one(Account, number).active
