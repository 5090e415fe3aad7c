"""Registering who practises where, and how many patients they take on."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from scheduler.store.engine import Store
from scheduler.store.tables import Role
from tests import factories

Sign = Callable[..., httpx.Client]

GP: dict[str, Any] = {
    "rpps": "100 0000 0009",
    "family_name": "ESSAI",
    "given_name": "Claude",
    "gender": "f",
    "languages": ["fr", "ar"],
    "practices": [{"insee": "77445", "phone": "01 60 00 00 00"}, {"insee": "77122"}],
}


@pytest.fixture
def coordinator(as_role: Sign, territory_id: int) -> httpx.Client:
    return as_role(Role.COORDINATOR, territory_id)


def test_a_practitioner_is_registered_with_their_practices_and_places(coordinator: httpx.Client) -> None:
    made = coordinator.post("/api/v1/practitioners", json=GP)
    assert made.status_code == 201
    practitioner_id, (here, there) = made.json()["id"], made.json()["practice_ids"]
    path = f"/api/v1/practitioners/{practitioner_id}"
    intake = {"practice_id": here, "places": 5, "max_tier1": 2, "age_min": 16, "home_visits": True}
    assert coordinator.put(f"{path}/intake", json=intake).json()["places"] == 5
    changed = coordinator.put(f"{path}/intake", json={"practice_id": there, "places": 3})
    assert (changed.status_code, changed.json()["max_tier1"]) == (200, None)

    told = coordinator.get(path).json()
    assert (told["rpps"], told["languages"]) == ("10000000009", ["fr", "ar"])
    assert [practice["insee"] for practice in told["practices"]] == ["77445", "77122"]
    assert told["practices"][0]["phone"] == "0160000000"
    assert (told["intake"]["practice_id"], told["intake"]["places"], told["num_accepted"]) == (there, 3, 0)
    (line,) = coordinator.get("/api/v1/practitioners").json()["items"]
    assert line["id"] == practitioner_id
    assert "practices" not in line


def test_a_practitioner_with_a_wrong_practice_is_not_half_registered(coordinator: httpx.Client) -> None:
    answer = coordinator.post("/api/v1/practitioners", json=GP | {"practices": [{"insee": "99999"}]})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "insee")
    assert coordinator.get("/api/v1/practitioners").json()["items"] == []


def test_a_number_is_registered_once(coordinator: httpx.Client) -> None:
    coordinator.post("/api/v1/practitioners", json=GP)
    again = coordinator.post("/api/v1/practitioners", json=GP)
    assert (again.status_code, again.json()["code"]) == (409, "already_exists")


def test_places_never_fall_below_those_accepted(
    coordinator: httpx.Client, store: Store, territory_id: int
) -> None:
    with store.write() as session:
        who = factories.practitioner(session, territory_id=territory_id)
        intake = factories.intake(session, practitioner=who, places=2)
        for _ in range(2):
            factories.offer(session, intake_id=intake.id, state="accepted")
        path, body = (
            f"/api/v1/practitioners/{who.id}/intake",
            {"practice_id": intake.practice_id, "places": 1},
        )
    answer = coordinator.put(path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "places_accepted")


def test_a_gp_says_what_they_take_on_themselves(as_person: Sign, store: Store, territory_id: int) -> None:
    with store.write() as session:
        practice = factories.practice(
            session, practitioner=factories.practitioner(session, territory_id=territory_id)
        )
    gp = as_person(Role.GP, territory_id, practice.practitioner_id)
    path = f"/api/v1/practitioners/{practice.practitioner_id}/intake"
    body = {"practice_id": practice.id, "places": 4, "paused_until": "2026-12-31"}
    assert gp.put(path, json=body).json()["paused_until"] == "2026-12-31"


def test_structures_and_communes(coordinator: httpx.Client) -> None:
    made = coordinator.post(
        "/api/v1/structures", json={"name": "CPTS d'essai", "kind": "cpts", "insee": "77445"}
    )
    assert made.status_code == 201
    assert coordinator.get("/api/v1/structures").json()["items"] == [made.json()]
    found = coordinator.get("/api/v1/communes", params={"q": "savigny le temple", "limit": 1}).json()
    assert [(commune["insee"], commune["name"]) for commune in found] == [("77445", "Savigny-le-Temple")]


def test_practitioners_walk_by_pages(coordinator: httpx.Client, store: Store, territory_id: int) -> None:
    with store.write() as session:
        wanted = [factories.practitioner(session, territory_id=territory_id).id for _ in range(5)]
        factories.practitioner(session)
    seen, cursor = [], ""
    for _ in range(3):
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = coordinator.get("/api/v1/practitioners", params=query).json()
        seen += [line["id"] for line in page["items"]]
        cursor = page["next_cursor"]
    assert (seen, cursor) == (wanted, None)
