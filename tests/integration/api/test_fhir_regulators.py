"""Accounts of regulators, as the platform opens, changes and closes them over HTTP, on both engines."""

import copy
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sqlmodel import Session, col, select

from scheduler.settings import Settings
from scheduler.store.engine import Store
from scheduler.store.tables import Account, Role, SasRegulator
from tests import factories

NATIONAL, OWN = "urn:oid:1.2.250.1.71.4.2.1", "urn:oid:1.2.250.1.213.3.6"
UUID = "1ef1c748-01a3-6180-b098-73283ce4e5b1"
IDNPS = "3456780581/11242343"
Json = dict[str, Any]


def regulator(value: str = UUID, *, email: str = "camille.essai@exemple.test", active: bool = True) -> Json:
    system, code = (OWN, "INTRN") if value == UUID else (NATIONAL, "IDNPS")
    return {
        "resourceType": "Practitioner",
        "meta": {"source": OWN},
        "identifier": [
            {
                "type": {
                    "coding": [{"system": "http://interopsante.org/fhir/CodeSystem/fr-v2-0203", "code": code}]
                },
                "system": system,
                "value": value,
            }
        ],
        "active": active,
        "name": [{"family": "Essai", "given": ["Camille"]}],
        "telecom": [{"system": "email", "value": email}],
    }


@pytest.fixture
def settings() -> Settings:
    return Settings(fhir_open=True)


Put = Callable[..., httpx.Response]


@pytest.fixture
def put(anonymous: httpx.Client) -> Put:
    def put(body: Json, known_as: str) -> httpx.Response:
        system = OWN if known_as == UUID else NATIONAL
        return anonymous.put(f"/fhir/Practitioner?identifier={system}%7C{known_as}", json=body)

    return put


@pytest.fixture
def post(anonymous: httpx.Client) -> Put:
    return lambda body: anonymous.post("/fhir/Practitioner", json=body)


def known(store: Store) -> list[tuple[str, str, bool, bool]]:
    """Give value, address, active here and active at all, of every account of the platform."""
    with store.read() as session:
        return [(row.value, account.email, row.active, account.active) for row, account in _rows(session)]


def _rows(session: Session) -> Any:
    query = select(SasRegulator, Account).join(Account, col(Account.id) == col(SasRegulator.account_id))
    return session.exec(query.order_by(col(SasRegulator.value), col(SasRegulator.active))).all()


def test_an_account_from_its_opening_to_its_end(post: Put, put: Put, store: Store) -> None:
    opened = post(regulator())
    assert opened.status_code == 201
    location = opened.headers["location"]
    assert location.endswith(f"/fhir/Practitioner/{opened.json()['id']}")
    assert post(regulator()).status_code == 422  # a second time by POST is a mistake

    for _ in range(2):  # the same again by PUT is not: here a new address, then the national number
        changed = put(regulator(email="autre@exemple.test"), UUID)
        assert (changed.status_code, changed.headers["location"]) == (200, location)
    for _ in range(2):
        renamed = put(regulator(IDNPS, email="autre@exemple.test"), UUID)
        assert (renamed.status_code, renamed.headers["location"]) == (200, location)
    assert known(store) == [(IDNPS, "autre@exemple.test", True, True)]

    for _ in range(2):
        closed = put(regulator(IDNPS, email="autre@exemple.test", active=False), IDNPS)
        assert closed.status_code == 200
        assert closed.json()["active"] is False
    assert known(store) == [(IDNPS, "autre@exemple.test", False, False)]

    assert put(regulator(email="suivant@exemple.test"), UUID).status_code == 201  # unknown: opened
    reassigned = put(regulator(IDNPS, email="suivant@exemple.test"), UUID)
    assert reassigned.status_code == 200
    assert known(store) == [
        (IDNPS, "autre@exemple.test", False, False),
        (IDNPS, "suivant@exemple.test", True, True),
    ]


def test_somebody_who_comes_back_finds_their_account(post: Put, put: Put, store: Store) -> None:
    first = post(regulator())
    put(regulator(active=False), UUID)
    assert post(regulator(IDNPS)).headers["location"] == first.headers["location"]
    assert known(store) == [(IDNPS, "camille.essai@exemple.test", True, True)]


def test_two_people_never_share_an_identifier_or_an_address(post: Put, put: Put) -> None:
    assert post(regulator()).status_code == 201
    assert post(regulator(IDNPS)).status_code == 422  # the address
    assert post(regulator(IDNPS, email="autre@exemple.test")).status_code == 201
    assert put(regulator(IDNPS), UUID).status_code == 422  # the identifier
    assert put(regulator(email="autre@exemple.test"), UUID).status_code == 422


def test_an_account_of_the_cpts_stays_as_it_is(post: Put, put: Put, store: Store, territory_id: int) -> None:
    with store.write() as session:
        person = factories.account(session, email="dr.essai@exemple.test", name="Dr Essai")
        factories.grant(session, account=person, role=Role.GP, territory_id=territory_id)
    assert post(regulator(email="dr.essai@exemple.test")).status_code == 201
    assert put(regulator(email="dr.essai@exemple.test", active=False), UUID).status_code == 200
    assert known(store) == [(UUID, "dr.essai@exemple.test", False, True)]
    with store.read() as session:
        assert session.exec(select(Account.name)).one() == "Dr Essai"


def _without(*path: Any) -> Json:
    body: Any = copy.deepcopy(regulator())
    *parents, last = path
    inner = body
    for step in parents:
        inner = inner[step]
    del inner[last]
    return dict(body)


def _with(value: Any, *path: Any) -> Json:
    body: Any = copy.deepcopy(regulator())
    *parents, last = path
    inner = body
    for step in parents:
        inner = inner[step]
    inner[last] = value
    return dict(body)


BROKEN = [
    _without("identifier"),
    _without("name"),
    _without("telecom"),
    _without("active"),
    _with("", "name", 0, "family"),
    _with([], "name", 0, "given"),
    _with("", "telecom", 0, "value"),
    _with("sans arobase", "telecom", 0, "value"),
    _with("phone", "telecom", 0, "system"),
    _with(NATIONAL, "identifier", 0, "system"),
    _with("IDNPS", "identifier", 0, "type", "coding", 0, "code"),
    _with("urn:oid:1.2.3", "identifier", 0, "system"),
    _with("a\u0000b", "name", 0, "family"),
    _with("\ud800", "name", 0, "family"),
    _with("x" * 101, "name", 0, "family"),
    _with("oui", "active"),
]


def test_what_the_profile_refuses_is_refused_by_post_and_put(anonymous: httpx.Client, store: Store) -> None:
    known_as = f"/fhir/Practitioner?identifier={OWN}|{UUID}"
    for body in BROKEN:
        for method, address in (("POST", "/fhir/Practitioner"), ("PUT", known_as)):
            answer = anonymous.request(method, address, content=json.dumps(body).encode())
            assert answer.status_code == 422, body
            assert answer.json()["resourceType"] == "OperationOutcome"
    assert known(store) == []


@pytest.mark.parametrize(
    ("content", "query"),
    [
        (b"", ""),
        (b"\xff", ""),
        (b"[" * 50_000, ""),
        (b'"Practitioner"', ""),
        (b'{"resourceType": "Patient"}', ""),
        (json.dumps(regulator() | {"name": "Essai"}).encode(), ""),
        (json.dumps(regulator()).encode(), "identifier=none"),
        (json.dumps(regulator()).encode(), f"identifier={OWN}%7C"),
        (json.dumps(regulator()).encode(), f"identifier={OWN}%7Ca%00b"),
        (json.dumps(regulator()).encode(), f"identifier={OWN}|a&identifier={OWN}|b"),
    ],
)
def test_what_is_not_fhir_is_malformed(anonymous: httpx.Client, content: bytes, query: str) -> None:
    method = "PUT" if query else "POST"
    answer = anonymous.request(method, f"/fhir/Practitioner?{query}", content=content)
    assert answer.status_code == 400
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_what_is_not_served_says_so_in_fhir(anonymous: httpx.Client) -> None:
    for method, address in (
        ("GET", "/fhir/Patient"),
        ("DELETE", "/fhir/Practitioner"),
        ("PUT", "/fhir/Slot"),
    ):
        answer = anonymous.request(method, address)
        assert answer.status_code == 404
        assert answer.json()["issue"][0]["code"] == "not-supported"
    too_long = anonymous.post("/fhir/Practitioner", content=b" " * 300_000)
    assert too_long.status_code == 413
    assert too_long.json()["resourceType"] == "OperationOutcome"
