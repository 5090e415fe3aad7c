"""The main story over HTTP, on both engines: signalled, qualified, matched, offered, read."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlmodel import col, select

from scheduler.store.engine import Store
from scheduler.store.tables import AuditEntry, Role
from tests import factories
from tests.integration.api.client import finished

Sign = Callable[..., httpx.Client]

SIGNAL: dict[str, Any] = {
    "patient": {
        "family_name": "Nguyễn-O'Connor",
        "given_name": "Zoé",
        "birth_date": "1950-02-28",
        "phone": "06 12 34 56 78",
        "insee": "77445",
    },
    "needs": {"ald": True, "chronic_needs": 2},
    "wishes": {"languages": ["FR", "vi"], "max_km": 8.5},
    "consent": {"notice_version": "2026-11", "how": "oral", "collected_by": "Pharmacie d'essai"},
}


def signal(client: httpx.Client, body: Any = SIGNAL, key: str | None = None) -> httpx.Response:
    return client.post("/api/v1/referrals", json=body, headers={"idempotency-key": key or uuid4().hex})


@pytest.fixture
def coordinator(as_role: Sign, territory_id: int) -> httpx.Client:
    return as_role(Role.COORDINATOR, territory_id)


@pytest.fixture
def signaller(as_person: Sign, territory_id: int) -> httpx.Client:
    return as_person(Role.SIGNALLER, territory_id)


@pytest.fixture
def volunteer(store: Store, territory_id: int) -> None:
    with store.write() as session:
        who = factories.practitioner(session, territory_id=territory_id)
        factories.intake(session, practitioner=who)


@pytest.mark.usefixtures("volunteer")
def test_from_the_signal_to_the_offer(signaller: httpx.Client, coordinator: httpx.Client) -> None:
    received = signal(signaller)
    assert received.status_code == 201
    assert set(received.json()) == {"id", "state"}
    referral_id = received.json()["id"]

    qualified = coordinator.post(f"/api/v1/referrals/{referral_id}/qualify", json={"needs": {"ald": True}})
    assert qualified.json() == {"id": referral_id, "state": "waiting"}

    started = coordinator.post("/api/v1/matching-runs", json={"seed": 1})
    assert started.status_code == 202
    assert started.headers["location"] == f"/api/v1/matching-runs/{started.json()['id']}"
    run = finished(coordinator, started)
    assert (run["state"], run["status"], run["num_placed"]) == ("done", "optimal", 1)
    assert run["objective"] == run["bound"]
    assert coordinator.get("/api/v1/matching-runs").json()["items"] == [run]

    (proposal,) = coordinator.get("/api/v1/proposals").json()["items"]
    assert (proposal["referral_id"], proposal["run_id"]) == (referral_id, run["id"])
    assert proposal["family_name"] == SIGNAL["patient"]["family_name"]
    assert coordinator.get(f"/api/v1/matching-runs/{run['id']}/proposals").json()["items"] == [proposal]

    offer = coordinator.post(
        f"/api/v1/proposals/{proposal['id']}/validate", headers={"idempotency-key": uuid4().hex}
    )
    assert offer.status_code == 201
    assert offer.json()["referral_id"] == referral_id

    seen = signaller.get(f"/api/v1/referrals/{referral_id}").json()
    assert (seen["state"], seen["next_owner"]) == ("offered", "gp")
    assert seen["patient"]["phone"] == "0612345678"
    assert seen["wishes"]["languages"] == ["fr", "vi"]
    assert [consent["how"] for consent in seen["consents"]] == ["oral"]
    kinds = [line["kind"] for line in signaller.get(f"/api/v1/referrals/{referral_id}/history").json()]
    assert kinds[0] == "signalled"
    assert kinds[-1] == "offer"


@pytest.mark.usefixtures("volunteer")
def test_a_rejected_proposal_sends_the_patient_back(coordinator: httpx.Client) -> None:
    referral_id = signal(coordinator).json()["id"]
    coordinator.post(f"/api/v1/referrals/{referral_id}/qualify", json={})
    finished(coordinator, coordinator.post("/api/v1/matching-runs", json={}))
    (proposal,) = coordinator.get("/api/v1/proposals").json()["items"]
    path = f"/api/v1/proposals/{proposal['id']}/reject"
    rejected = coordinator.post(path, json={"reason": "too_far"})
    assert rejected.json() == {"referral_id": referral_id, "referral_state": "waiting"}
    again = coordinator.post(path, json={"reason": "too_far"})
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
    assert coordinator.get("/api/v1/proposals").json()["items"] == []
    (kept,) = coordinator.get("/api/v1/proposals", params={"state": "rejected"}).json()["items"]
    assert kept["id"] == proposal["id"]


def test_without_a_consent_nobody_is_put_on_the_list(coordinator: httpx.Client) -> None:
    referral_id = signal(coordinator, {"patient": SIGNAL["patient"]}).json()["id"]
    qualified = coordinator.post(f"/api/v1/referrals/{referral_id}/qualify", json={})
    assert qualified.json()["state"] == "qualified"
    later = coordinator.post(f"/api/v1/referrals/{referral_id}/qualify", json={"consent": SIGNAL["consent"]})
    assert later.json()["state"] == "waiting"


def test_the_same_person_twice_is_a_conflict(signaller: httpx.Client) -> None:
    signal(signaller)
    again = signal(signaller)
    assert (again.status_code, again.json()["code"]) == (409, "already_signalled")
    assert "Nguy" not in again.text


def test_the_list_walks_by_pages_without_losing_anybody(
    coordinator: httpx.Client, store: Store, territory_id: int
) -> None:
    with store.write() as session:
        wanted = [str(factories.referral(session, territory_id=territory_id).id) for _ in range(7)]
        factories.referral(session)
    seen, cursor = [], None
    while True:
        query = {"limit": 3, "state": "waiting"} | ({"cursor": cursor} if cursor else {})
        page = coordinator.get("/api/v1/referrals", params=query).json()
        assert len(page["items"]) <= 3
        seen += [line["id"] for line in page["items"]]
        if len(seen) == 3:
            with store.write() as session:  # somebody arrives meanwhile: nobody is shown twice
                wanted.append(str(factories.referral(session, territory_id=territory_id).id))
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen))
    assert set(wanted) - set(seen) <= {wanted[-1]}


def test_each_reading_of_a_file_leaves_a_trace(
    coordinator: httpx.Client, store: Store, territory_id: int
) -> None:
    first, second = (signal(coordinator, {"patient": person(name)}).json()["id"] for name in ("Ana", "Bob"))
    before = traces(store)
    coordinator.get("/api/v1/referrals")
    coordinator.get(f"/api/v1/referrals/{first}")
    coordinator.get(f"/api/v1/referrals/{second}/history")
    coordinator.get(f"/api/v1/referrals/{uuid4()}")
    new = traces(store)[len(before) :]
    assert sorted((row.action, row.object_id) for row in new[:2]) == sorted([("R", first), ("R", second)])
    assert [(row.action, row.object_id) for row in new[2:]] == [("R", first), ("R", second)]
    assert {(row.actor, row.role, row.territory_id) for row in new} == {
        (coordinator.get("/api/v1/me").json()["actor"], "coordinator", territory_id)
    }
    assert len({row.request_id for row in new}) == 3
    assert all(UUID(str(row.request_id)) for row in new)


def person(given_name: str) -> dict[str, Any]:
    return {"family_name": "ESSAI", "given_name": given_name, "insee": "77445"}


def traces(store: Store) -> list[AuditEntry]:
    with store.read() as session:
        return list(session.exec(select(AuditEntry).order_by(col(AuditEntry.id))))


def test_a_signal_sent_twice_with_its_key_is_received_once(signaller: httpx.Client, store: Store) -> None:
    first = signal(signaller, key="abc")
    again = signal(signaller, key="abc")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    other = signal(signaller, SIGNAL | {"needs": {"ald": False}}, key="abc")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    with store.read() as session:
        kept = session.connection().exec_driver_sql("SELECT * FROM idempotency_record").all()
    assert len(kept) == 1
    assert "Nguy" not in str(kept)


def test_a_run_beside_another_is_a_conflict(
    coordinator: httpx.Client, store: Store, territory_id: int
) -> None:
    with store.write() as session:
        factories.matching_run(session, territory_id=territory_id, state="running", ended_at=None)
    answer = coordinator.post("/api/v1/matching-runs", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "run_in_progress")


def test_runs_walk_by_pages_newest_first(coordinator: httpx.Client, store: Store, territory_id: int) -> None:
    with store.write() as session:
        wanted = {str(factories.matching_run(session, territory_id=territory_id).id) for _ in range(5)}
    first = coordinator.get("/api/v1/matching-runs", params={"limit": 3}).json()
    rest = coordinator.get(
        "/api/v1/matching-runs", params={"limit": 3, "cursor": first["next_cursor"]}
    ).json()
    assert {run["id"] for run in first["items"] + rest["items"]} == wanted
    assert rest["next_cursor"] is None
