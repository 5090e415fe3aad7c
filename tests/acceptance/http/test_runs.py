"""A run through a real server: started, watched while it is computed, cancelled; then the reasons."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from scheduler.accounts.tokens import issue_token
from scheduler.store.engine import Store
from scheduler.store.tables import Role
from tests import factories
from tests.acceptance.http.serving import SLOW, served


@dataclass
class Town:
    """A client of the coordination, and the two who wait for one place, the more urgent first."""

    client: httpx.Client
    waiting: list[UUID]

    def run(self, run_id: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.get(f"/api/v1/matching-runs/{run_id}").json()
        return answer

    def once(self, run_id: str, **wanted: object) -> dict[str, Any]:
        """Look at a run until it is as wanted."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            run = self.run(run_id)
            if all(run[name] == value for name, value in wanted.items()):
                return run
            if run["state"] != "running":
                break
            time.sleep(0.1)
        raise AssertionError(run)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    store = Store.open(store_url)
    yield store
    store.close()


def town(store: Store) -> tuple[str, list[UUID]]:
    with store.write() as session:
        here = int(factories.territory(session).id or 0)
        gp = factories.practitioner(session, territory_id=here)
        factories.intake(session, practitioner=gp, places=1)
        long_ago = date(2026, 11, 1)
        urgent = factories.referral(session, territory_id=here, ald=True, waiting_since=long_ago).id
        other = factories.referral(session, territory_id=here, waiting_since=long_ago).id
        token = issue_token(
            session, name="essai", role=Role.COORDINATOR, territory_id=here, now=datetime.now(UTC)
        )
    return token.token, [urgent, other]


def test_a_run_is_watched_then_cancelled(store: Store, store_url: str, tmp_path: Path) -> None:
    token, waiting = town(store)
    headers = {"authorization": f"Bearer {token}"}
    with (
        served(store_url, tmp_path, **{SLOW: __file__}) as server,
        httpx.Client(base_url=server.url, headers=headers, timeout=30) as client,
    ):
        here = Town(client, waiting)
        first = client.post("/api/v1/matching-runs", json={})
        assert first.status_code == 202
        run_id = first.json()["id"]
        assert first.headers["location"] == f"/api/v1/matching-runs/{run_id}"
        seen = here.once(run_id, best="7", bound=str(2**70))
        assert (seen["state"], seen["status"]) == ("running", None)
        beside = client.post("/api/v1/matching-runs", json={})
        assert (beside.status_code, beside.json()["code"]) == (409, "run_in_progress")

        assert client.post(f"/api/v1/matching-runs/{run_id}/cancel", json={}).status_code == 202
        stopped = here.once(run_id, state="cancelled")
        assert (stopped["kept_best"], stopped["num_placed"]) == (False, 0)
        assert client.get("/api/v1/proposals").json()["items"] == []
        late = client.post(f"/api/v1/matching-runs/{run_id}/cancel", json={})
        assert (late.status_code, late.json()["code"]) == (409, "wrong_state")

        again = client.post("/api/v1/matching-runs", json={}).json()["id"]
        here.once(again, best="7")
        client.post(f"/api/v1/matching-runs/{again}/cancel", json={"keep_best": True})
        kept = here.once(again, state="cancelled")
        assert (kept["kept_best"], kept["num_placed"], kept["changes"]["new"]) == (True, 1, 1)


def test_reasons_come_over_http(store: Store, store_url: str, tmp_path: Path) -> None:
    token, (urgent, other) = town(store)
    headers = {"authorization": f"Bearer {token}"}
    with (
        served(store_url, tmp_path) as server,
        httpx.Client(base_url=server.url, headers=headers, timeout=60) as client,
    ):
        here = Town(client, [urgent, other])
        here.once(client.post("/api/v1/matching-runs", json={}).json()["id"], state="done")
        (proposal,) = client.get("/api/v1/proposals").json()["items"]
        assert proposal["referral_id"] == str(urgent)
        why = client.get(f"/api/v1/proposals/{proposal['id']}/explanation").json()
        assert (why["verdict"]["code"], why["patient_id"]) == ("placed", str(urgent))
        nobody = client.get(f"/api/v1/referrals/{other}/explanation").json()
        assert nobody["verdict"]["code"] == "full"
        pair = {"practitioner_id": proposal["practitioner_id"]}
        why_not = client.get(f"/api/v1/referrals/{other}/why-not", params=pair).json()
        assert why_not["sentence"]
