"""Care requests over HTTP, from the call to the booking; rules, health, mails given up."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest

from scheduler.jobs.care import look_after_requests
from scheduler.store.engine import Store
from scheduler.store.tables import FeedReading, Practice, Role
from tests import factories
from tests.factories import NOW
from tests.integration.api.conftest import Setting

Sign = Callable[..., httpx.Client]
URL = "https://relais.exemple.test"


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    return sqlite_store


@pytest.fixture
def practice(store: Store, territory_id: int) -> Practice:
    with store.write() as session:
        who = factories.practitioner(session, territory_id=territory_id)
        return factories.practice(session, practitioner=who)


@pytest.fixture
def regulator(as_role: Sign, territory_id: int) -> httpx.Client:
    return as_role(Role.REGULATOR, territory_id)


@pytest.fixture
def coordinator(as_role: Sign, territory_id: int) -> httpx.Client:
    return as_role(Role.COORDINATOR, territory_id)


def ask(client: httpx.Client, **more: object) -> httpx.Response:
    given = {"insee": "77445", "urgency": 2} | more
    return client.post("/api/v1/care-requests", json=given, headers={"idempotency-key": uuid4().hex})


def look(store: Store, setting: Setting) -> None:
    look_after_requests(store, public_url=URL, clock=setting.clock)


def test_a_request_gets_a_slot_when_it_must_be_told(
    regulator: httpx.Client, store: Store, practice: Practice, setting: Setting
) -> None:
    made = ask(regulator).json()
    assert (made["state"], made["standing"]) == ("waiting", "without")
    assert made["next_action_at"] is not None
    with store.write() as session:
        factories.slot(session, practice=practice, start_at=NOW + timedelta(hours=3))
    look(store, setting)
    told = regulator.get(f"/api/v1/care-requests/{made['id']}").json()
    assert (told["standing"], told["promised"], told["booking_id"]) == ("kept", True, None)
    assert "planned_slot_id" not in told
    setting.now = NOW + timedelta(hours=2)
    look(store, setting)
    told = regulator.get(f"/api/v1/care-requests/{made['id']}").json()
    assert told["standing"] == "booked"
    assert [line["kind"] for line in told["history"]] == ["received", "planned", "announced"]
    bookings = regulator.get("/api/v1/bookings").json()["items"]
    assert [booking["id"] for booking in bookings] == [told["booking_id"]]


def test_a_request_sent_again_is_one_request(regulator: httpx.Client) -> None:
    headers = {"idempotency-key": uuid4().hex}
    body = {"insee": "77445", "urgency": 1}
    first, again = (regulator.post("/api/v1/care-requests", json=body, headers=headers) for _ in range(2))
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert len(regulator.get("/api/v1/care-requests").json()["items"]) == 1


def test_the_worklist_is_those_without_a_slot_page_by_page(
    regulator: httpx.Client, coordinator: httpx.Client
) -> None:
    ids = [ask(regulator, urgency=urgency).json()["id"] for urgency in (1, 2, 3)]
    path = "/api/v1/care-requests?without_slot=true&limit=2"
    first = coordinator.get(path).json()
    rest = coordinator.get(f"{path}&cursor={first['next_cursor']}").json()
    assert [line["id"] for line in first["items"] + rest["items"]] == ids
    assert rest["next_cursor"] is None


def test_a_freed_slot_is_offered_and_the_first_to_accept_has_it(
    regulator: httpx.Client, coordinator: httpx.Client, store: Store, practice: Practice, setting: Setting
) -> None:
    changed = coordinator.put(
        "/api/v1/care-rules", json={"refill": "to_all", "near_min": [0, 0, 0], "offer_min": 5}
    )
    assert (changed.json()["refill"], changed.json()["offer_min"]) == ("to_all", 5)
    requests = [ask(regulator).json()["id"] for _ in range(2)]
    look(store, setting)
    with store.write() as session:
        factories.slot(session, practice=practice, start_at=NOW + timedelta(hours=6))
    look(store, setting)
    offers = [regulator.get(f"/api/v1/care-requests/{one}").json()["offers"][0]["id"] for one in requests]
    key = {"idempotency-key": uuid4().hex}
    won = regulator.post(f"/api/v1/care-offers/{offers[0]}/accept", headers=key)
    assert (won.status_code, won.json()["state"]) == (200, "booked")
    key = {"idempotency-key": uuid4().hex}
    lost = regulator.post(f"/api/v1/care-offers/{offers[1]}/accept", headers=key)
    assert (lost.status_code, lost.json()["code"]) == (409, "care_offer_over")


@pytest.mark.parametrize(
    ("rules", "field"),
    [({"offer_min": 0}, "offer_min"), ({"announce_lead_min": 31}, "announce_lead_min")],
)
def test_rules_that_make_no_sense_are_refused(
    coordinator: httpx.Client, rules: dict[str, int], field: str
) -> None:
    answer = coordinator.put("/api/v1/care-rules", json=rules)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_the_health_of_a_calendar_tells_its_readings_and_no_address(
    coordinator: httpx.Client, store: Store, practice: Practice
) -> None:
    with store.write() as session:
        feed = factories.feed(session, practice=practice, address="https://agenda.test/zzsecret.ics")
        for hours, outcome in ((3, "ok"), (2, "ok"), (1, "timeout")):
            at = NOW - timedelta(hours=hours)
            session.add(FeedReading(feed_id=feed.id, at=at, outcome=outcome))
    answer = coordinator.get(f"/api/v1/feeds/{feed.id}/health")
    told = answer.json()
    assert [reading["outcome"] for reading in told["readings"]] == ["timeout", "ok", "ok"]
    assert told["outcomes"] == {"ok": 2, "timeout": 1}
    assert told["trouble"]
    assert told["alerted_at"] is None
    assert "zzsecret" not in answer.text
