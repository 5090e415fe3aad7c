"""The main job through a real server: people sign in, signal, qualify, match, offer, search, book."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlmodel import select

from scheduler.accounts.people import create_account
from scheduler.audit import check_chain
from scheduler.store.engine import Store
from scheduler.store.tables import AuditEntry, IdempotencyRecord, ReferralEvent, Role
from tests import factories
from tests.acceptance.http.serving import Served, served

NUM_PATIENTS = 50
CANARIES = [f"Zzcanari{number:02d}" for number in range(NUM_PATIENTS)]
PHONE = "06990099"


@dataclass
class Town:
    """A running server, its store, and its people's browsers by role."""

    server: Served
    store: Store
    people: dict[Role, httpx.Client]

    def signal(self, name: str, **more: Any) -> httpx.Response:
        number = CANARIES.index(name) if name in CANARIES else NUM_PATIENTS  # nobody is taken for another
        who = {
            "family_name": name,
            "given_name": "Zoé",
            "birth_date": date(1940 + number, 1 + number % 12, 1 + number * 7 % 28).isoformat(),
            "phone": f"{PHONE}{number:02d}",
            "insee": "77445",
        }
        body = {
            "patient": who,
            "consent": {"notice_version": "1", "how": "oral", "collected_by": name},
        }
        return self.people[Role.SIGNALLER].post(
            "/api/v1/referrals", json=body | more, headers={"idempotency-key": uuid4().hex}
        )


@pytest.fixture
def town(store_url: str, tmp_path: Path) -> Iterator[Town]:
    store = Store.open(store_url)
    now = datetime.now(UTC)
    with store.write() as session:
        territory_id = int(factories.territory(session).id or 0)
        who = factories.practitioner(session, territory_id=territory_id)
        practice = factories.practice(session, practitioner=who)
        factories.intake(session, practice=practice, places=NUM_PATIENTS)
        factories.slot(session, practice=practice, start_at=now + timedelta(hours=2))
        for role in (Role.SIGNALLER, Role.COORDINATOR, Role.REGULATOR):
            create_account(
                session,
                email=f"{role}@zzcanari.test",
                name=f"Zzcanari {role}",
                password=factories.PASSWORD,
                grants=[(territory_id, role)],
                now=now,
            )
    with served(store_url, tmp_path) as server:
        people = {
            role: _signed_in(server, role) for role in (Role.SIGNALLER, Role.COORDINATOR, Role.REGULATOR)
        }
        yield Town(server, store, people)
        for client in people.values():
            client.close()
    store.close()


def _signed_in(server: Served, role: Role) -> httpx.Client:
    client = httpx.Client(base_url=server.url, headers={"origin": server.url}, timeout=30)
    answer = client.post(
        "/api/v1/sessions", json={"email": f"{role}@zzcanari.test", "password": factories.PASSWORD}
    )
    assert answer.status_code == 204
    return client


def finished(client: httpx.Client, run_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        run: dict[str, Any] = client.get(f"/api/v1/matching-runs/{run_id}").json()
        if run["state"] != "running":
            return run
        time.sleep(0.2)
    raise AssertionError("the run did not end")


def test_from_fifty_signals_to_a_booked_slot(town: Town) -> None:
    coordinator, regulator = town.people[Role.COORDINATOR], town.people[Role.REGULATOR]

    for name in CANARIES:
        referral = town.signal(name)
        assert referral.status_code == 201
        qualified = coordinator.post(f"/api/v1/referrals/{referral.json()['id']}/qualify", json={})
        assert qualified.json()["state"] == "waiting"
    assert town.signal(CANARIES[0]).json()["code"] == "already_signalled"
    assert town.signal("Zzcanari", needs={"ald": "Zzcanari"}).status_code == 422

    started = time.monotonic()
    run_id = coordinator.post("/api/v1/matching-runs", json={}).json()["id"]
    assert time.monotonic() - started < 5  # the answer does not wait for the solver
    run = finished(coordinator, run_id)
    assert (run["state"], run["status"], run["num_placed"]) == ("done", "optimal", NUM_PATIENTS)

    seen, cursor = [], None
    while cursor is not None or not seen:
        page = coordinator.get(
            "/api/v1/proposals", params={"limit": 20} | ({"cursor": cursor} if cursor else {})
        )
        seen += [proposal["family_name"] for proposal in page.json()["items"]]
        proposal_id, cursor = page.json()["items"][0]["id"], page.json()["next_cursor"]
    assert sorted(seen) == CANARIES
    offer = coordinator.post(
        f"/api/v1/proposals/{proposal_id}/validate", headers={"idempotency-key": uuid4().hex}
    )
    assert offer.status_code == 201
    listed = town.people[Role.SIGNALLER].get("/api/v1/referrals", params={"state": "offered"})
    assert [line["id"] for line in listed.json()["items"]] == [offer.json()["referral_id"]]

    (slot,) = regulator.get("/api/v1/slots", params={"insee": "77445"}).json()["items"]
    path, headers = f"/api/v1/slots/{slot['id']}/bookings", {"idempotency-key": "appel-15"}
    booked, again = (regulator.post(path, json={}, headers=headers) for _ in range(2))
    assert (booked.status_code, again.json()) == (201, booked.json())
    other = coordinator.post(path, json={}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "slot_taken")

    health = httpx.get(f"{town.server.url}/health").json()
    assert health["status"] == "ok", health
    assert regulator.delete("/api/v1/sessions/current").status_code == 204
    assert regulator.get("/api/v1/me").status_code == 401

    nobody_is_named(town)


def nobody_is_named(town: Town) -> None:
    """Grep what is kept outside the files themselves: logs, history, audit, idempotency (P3)."""
    log = town.server.log.read_text(encoding="utf-8")
    assert '"route": "/api/v1/referrals/{referral_id}/qualify"' in log
    with town.store.read() as session:
        kept = [
            str([row.model_dump() for row in session.exec(select(table))])
            for table in (AuditEntry, ReferralEvent, IdempotencyRecord)
        ]
        patient_ids = [str(row.id) for row in session.exec(select(factories.Patient))]
        assert check_chain(session) is None
    for text in (log, *kept):
        assert text
        assert "zzcanari" not in text.casefold()
        assert PHONE not in text
    assert not any(patient_id in log for patient_id in patient_ids)


def test_a_server_says_nothing_of_itself_and_closes_what_is_malformed(
    sqlite_url: str, tmp_path: Path
) -> None:
    with served(sqlite_url, tmp_path) as server:
        answer = httpx.get(f"{server.url}/api/v1/openapi.json")
        large = httpx.post(f"{server.url}/api/v1/sessions", content=b"x" * 300_000)
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "uvicorn" not in str(answer.headers).casefold()
    assert (large.status_code, large.json()["code"]) == (413, "body_too_large")
