from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from api.app import create_app
from scheduler.settings import Settings
from scheduler.store.engine import Store
from scheduler.store.tables import Role
from tests import factories
from tests.factories import PASSWORD
from tests.integration.api.client import BASE, clients_of
from tests.integration.api.conftest import Setting

Sign = Callable[..., httpx.Client]


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    """One engine is enough here: ``tests/integration/accounts`` holds both to the same rules."""
    return sqlite_store


@pytest.fixture
def email(store: Store, territory_id: int) -> str:
    with store.write() as session:
        person = factories.account(session, password=PASSWORD)
        for role in (Role.BUREAU, Role.COORDINATOR):
            factories.grant(session, account=person, territory_id=territory_id, role=role)
        return person.email


def sign_in(client: httpx.Client, email: str, password: str = PASSWORD, **headers: str) -> httpx.Response:
    return client.post("/api/v1/sessions", json={"email": email, "password": password}, headers=headers)


def test_sign_in_sets_a_cookie_that_scripts_and_other_sites_do_not_get(
    anonymous: httpx.Client, email: str
) -> None:
    answer = sign_in(anonymous, email.upper())
    assert answer.status_code == 204
    name, *attributes = answer.headers["set-cookie"].lower().split("; ")
    assert name.startswith("relais_session=")
    assert set(attributes) == {"httponly", "samesite=lax", "path=/"}
    assert anonymous.get("/api/v1/me").json()["role"] == "coordinator"


def test_in_production_the_cookie_only_travels_over_tls(store: Store, email: str, setting: Setting) -> None:
    settings = Settings(environment="production")
    with clients_of(create_app(settings, store, clock=setting.clock)) as clients, clients.new() as client:
        assert "; Secure" in sign_in(client, email).headers["set-cookie"]


@pytest.mark.parametrize("known", [True, False])
def test_a_wrong_password_and_an_unknown_address_look_the_same(
    anonymous: httpx.Client, email: str, known: bool
) -> None:
    answer = sign_in(anonymous, email if known else "personne@exemple.test", "pas le bon mot de passe")
    assert answer.status_code == 401
    assert answer.json()["code"] == "wrong_password"
    assert answer.json()["detail"] == "Adresse ou mot de passe incorrect."
    assert "set-cookie" not in answer.headers


def test_guessing_is_slowed_down_although_each_guess_is_refused(anonymous: httpx.Client, email: str) -> None:
    for _ in range(5):
        assert sign_in(anonymous, email, "pas le bon mot de passe").status_code == 401
    answer = sign_in(anonymous, email)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 60


def test_sign_out_ends_the_session_on_the_server(as_person: Sign, territory_id: int) -> None:
    client = as_person(Role.COORDINATOR, territory_id)
    token = client.cookies["relais_session"]
    answer = client.delete("/api/v1/sessions/current")
    assert answer.status_code == 204
    assert 'relais_session=""' in answer.headers["set-cookie"]
    client.cookies.set("relais_session", token)
    assert client.get("/api/v1/me").status_code == 401


def test_a_session_falls_asleep_unless_it_is_used(
    as_person: Sign, territory_id: int, setting: Setting
) -> None:
    client = as_person(Role.COORDINATOR, territory_id)
    for _ in range(3):
        setting.now += timedelta(minutes=50)
        assert client.get("/api/v1/me").status_code == 200
    setting.now += timedelta(minutes=61)
    assert client.get("/api/v1/me").status_code == 401


def test_me_says_every_role_and_a_header_chooses_one(anonymous: httpx.Client, email: str) -> None:
    sign_in(anonymous, email)
    told = anonymous.get("/api/v1/me").json()
    assert [grant["role"] for grant in told["grants"]] == ["coordinator", "bureau"]
    assert anonymous.get("/api/v1/me", headers={"x-relais-role": "bureau"}).json()["role"] == "bureau"


@pytest.mark.parametrize(
    "headers",
    [
        {"x-relais-role": "admin"},
        {"x-relais-role": "king"},
        {"x-relais-territory": "999"},
        {"x-relais-territory": "x"},
    ],
)
def test_a_role_that_is_not_held_is_refused(
    anonymous: httpx.Client, email: str, headers: dict[str, str]
) -> None:
    sign_in(anonymous, email)
    answer = anonymous.get("/api/v1/me", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_a_machine_has_no_name_and_one_role(as_role: Sign, territory_id: int) -> None:
    told = as_role(Role.REGULATOR, territory_id).get("/api/v1/me").json()
    assert told["actor"].startswith("token:")
    assert (told["name"], told["account_id"], told["role"]) == (None, None, "regulator")


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer x", "Bearer relais_x", "Basic YTpi", "Bearer é", "relais_x"]
)
def test_a_wrong_token_is_401_even_beside_a_good_cookie(
    as_person: Sign, territory_id: int, authorization: str
) -> None:
    client = as_person(Role.COORDINATOR, territory_id)
    answer = client.get("/api/v1/me", headers={"authorization": authorization.encode("latin-1")})  # type: ignore[dict-item]
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 204),
        ({"sec-fetch-site": "none"}, 204),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": BASE}, 403),
        ({"origin": BASE}, 204),
        ({"origin": "http://127.0.0.1:8000"}, 204),
        ({"origin": "http://evil.test"}, 403),
        ({"origin": "http://relais.test.evil.test"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://["}, 403),
        ({}, 403),
    ],
)
def test_a_change_that_leans_on_the_cookie_must_come_from_our_own_pages(
    as_person: Sign, territory_id: int, headers: dict[str, str], status: int
) -> None:
    client = as_person(Role.COORDINATOR, territory_id)
    del client.headers["origin"]
    answer = client.delete("/api/v1/sessions/current", headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "cross_site_request"
        assert client.get("/api/v1/me").status_code == 200


def test_reading_and_machines_need_no_such_proof(as_person: Sign, as_role: Sign, territory_id: int) -> None:
    headers = {"sec-fetch-site": "cross-site", "origin": "http://evil.test"}
    assert as_person(Role.COORDINATOR, territory_id).get("/api/v1/me", headers=headers).status_code == 200
    machine = as_role(Role.COORDINATOR, territory_id)
    assert machine.delete("/api/v1/sessions/current", headers=headers).status_code == 204


@pytest.mark.parametrize(
    ("headers", "status"), [({}, 204), ({"origin": BASE}, 204), ({"origin": "http://evil.test"}, 403)]
)
def test_nobody_is_signed_in_by_another_site(
    anonymous: httpx.Client, email: str, headers: dict[str, str], status: int
) -> None:
    assert sign_in(anonymous, email, **headers).status_code == status
