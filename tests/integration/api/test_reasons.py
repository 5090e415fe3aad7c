"""Policies, reasons and studies through the API."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlmodel import select

from matching import Policy
from scheduler.store.engine import Store
from scheduler.store.tables import AuditEntry, ReferralState, Role
from tests import factories
from tests.integration.api.client import finished


@pytest.fixture
def coordinator(as_role: Callable[..., httpx.Client], territory_id: int) -> httpx.Client:
    return as_role(Role.COORDINATOR, territory_id)


@pytest.fixture
def bureau(as_role: Callable[..., httpx.Client], territory_id: int) -> httpx.Client:
    return as_role(Role.BUREAU, territory_id)


@pytest.fixture
def list_of_seven(store: Store, territory_id: int) -> dict[str, Any]:
    """Add a GP with a place, one patient of tier 1 proposed to them and six of tier 3 who wait."""
    with store.write() as session:
        gp = factories.practitioner(session, territory_id=territory_id)
        closed = factories.practitioner(session, territory_id=territory_id)
        offered = factories.intake(session, practitioner_id=gp.id, places=1)
        proposed = factories.referral(
            session, territory_id=territory_id, ald=True, state=ReferralState.PROPOSED
        )
        proposal = factories.proposal(session, referral=proposed, intake=offered, tier=1)
        waiting = [factories.referral(session, territory_id=territory_id).id for _ in range(6)]
        return {"gp": gp.id, "closed": closed.id, "proposal": proposal.id, "waiting": waiting}


def readings(store: Store) -> list[str]:
    with store.read() as session:
        entries = session.exec(select(AuditEntry).order_by("id"))
        return [entry.object_id for entry in entries if entry.action == "R"]


def test_why_this_one_why_nobody_and_why_not_that_one(
    coordinator: httpx.Client, store: Store, list_of_seven: dict[str, Any]
) -> None:
    proposed = coordinator.get(f"/api/v1/proposals/{list_of_seven['proposal']}/explanation").json()
    assert proposed["practitioner_id"] == str(list_of_seven["gp"])
    assert proposed["verdict"]["code"] == "placed"
    assert "ALD" in proposed["text"] or "longue durée" in proposed["text"]

    waiting: UUID = list_of_seven["waiting"][0]
    nobody = coordinator.get(f"/api/v1/referrals/{waiting}/explanation").json()
    assert (nobody["practitioner_id"], nobody["verdict"]["code"]) == (None, "full")
    assert nobody["nearby"]
    assert nobody["remedies"]

    path = f"/api/v1/referrals/{waiting}/why-not"
    full, closed = (
        coordinator.get(path, params={"practitioner_id": list_of_seven[name]}).json()
        for name in ("gp", "closed")
    )
    assert full["sentence"]
    assert closed["code"] == "takes_nobody"
    assert readings(store) == [proposed["patient_id"], *[str(waiting)] * 3]


def test_what_is_not_waiting_is_not_explained(
    coordinator: httpx.Client, store: Store, territory_id: int
) -> None:
    with store.write() as session:
        silent = factories.referral(session, territory_id=territory_id, consent=False).id
        closed = factories.referral(session, territory_id=territory_id, state=ReferralState.SUSPENDED).id
    codes = [
        coordinator.get(f"/api/v1/referrals/{one}/explanation").json()["code"] for one in (silent, closed)
    ]
    assert codes == ["consent_missing", "wrong_state"]
    assert readings(store) == []


def test_a_policy_is_kept_holds_and_is_never_rewritten(coordinator: httpx.Client) -> None:
    assert coordinator.get("/api/v1/policies/current").json()["id"] is None
    voted = 'version = "bureau-1"\n[reach]\nmax_km = 7.0\n'
    kept = coordinator.post("/api/v1/policies", json={"document": voted, "note": "votée le 3"})
    assert (kept.status_code, kept.json()["version"]) == (201, "bureau-1")
    assert coordinator.get(kept.headers["location"]).json()["document"] == voted.strip()
    current = coordinator.get("/api/v1/policies/current").json()
    assert Policy.from_toml(current["document"]) == Policy.from_toml(voted)
    again = coordinator.post("/api/v1/policies", json={"document": voted})
    assert (again.status_code, again.json()["code"]) == (409, "already_exists")
    wrong = coordinator.post("/api/v1/policies", json={"document": "[reach]\nmax_km = -1.0\nfar = 2\n"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_policy")
    assert "reach.far" in wrong.json()["detail"]
    run = finished(coordinator, coordinator.post("/api/v1/matching-runs", json={}))
    assert (run["policy_version"], run["policy_id"]) == ("bureau-1", kept.json()["id"])
    assert [line["version"] for line in coordinator.get("/api/v1/policies").json()] == ["bureau-1"]


def test_what_a_place_is_worth(coordinator: httpx.Client, list_of_seven: dict[str, Any]) -> None:
    study = finished(coordinator, coordinator.post("/api/v1/studies/places", json={"more": 2}))
    assert (study["state"], study["failure"]) == ("done", None)
    (commune,) = study["answer"]["communes"]
    assert (commune["commune"], commune["practitioner_id"]) == ("Savigny-le-Temple", str(list_of_seven["gp"]))
    assert commune["checked"]["placed"] == 2


@pytest.mark.usefixtures("list_of_seven")
def test_the_bureau_rehearses_and_sees_no_small_count(
    bureau: httpx.Client, coordinator: httpx.Client
) -> None:
    near = 'version = "près"\n[reach]\nmax_km = 2.0\nmax_km_with_consent = 2.0\n'
    started = bureau.post("/api/v1/studies/rehearsal", json={"policies": [near]})
    seen = finished(bureau, started)
    assert seen["failure"] is None
    whole = coordinator.get(started.headers["location"]).json()
    for study, count, placed in ((whole, 7, 1), (seen, 7, None)):
        first = study["answer"]["policies"][0]["outcomes"][0]
        assert (first["patients"], first["placed"]) == (count, placed)
    tier1 = next(row for row in seen["answer"]["policies"][0]["outcomes"] if row["label"] == "priorité 1")
    assert tier1["patients"] is None
    places = coordinator.post("/api/v1/studies/places", json={})
    finished(coordinator, places)
    assert bureau.get(places.headers["location"]).status_code == 404


def test_the_coming_months(coordinator: httpx.Client, list_of_seven: dict[str, Any]) -> None:
    leaving = {"practitioner_id": list_of_seven["gp"], "on": "2027-01-15", "panel": 10}
    asked = {"months": 3, "leaving": [leaving], "scenarios": 2}
    study = finished(coordinator, coordinator.post("/api/v1/studies/demography", json=asked))
    assert study["failure"] is None
    assert len(study["answer"]["months"]) == 3
    assert study["answer"]["months"][0]["waiting"]["median"] == 7  # who leaves soon receives nobody
