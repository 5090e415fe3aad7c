"""What is refused before any use case runs, or by one; one engine is enough."""

from collections.abc import Callable

import httpx
import pytest

from scheduler.store.engine import Store
from scheduler.store.tables import Role
from tests.integration.api.test_referrals import SIGNAL, signal

Sign = Callable[..., httpx.Client]


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    return sqlite_store


@pytest.fixture
def coordinator(as_role: Sign, territory_id: int) -> httpx.Client:
    return as_role(Role.COORDINATOR, territory_id)


@pytest.fixture
def signaller(as_person: Sign, territory_id: int) -> httpx.Client:
    return as_person(Role.SIGNALLER, territory_id)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"insee": "99999"}, "insee"),
        ({"birth_date": "1850-01-01"}, "birth_date"),
        ({"birth_date": "2026-11-25"}, "birth_date"),
        ({"phone": "12"}, "phone"),
        ({"email": "x"}, "email"),
        ({"family_name": "123"}, "family_name"),
    ],
)
def test_what_the_trade_does_not_accept_names_the_field(
    signaller: httpx.Client, change: dict[str, str], field: str
) -> None:
    answer = signal(signaller, {"patient": SIGNAL["patient"] | change})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_every_malformed_field_is_listed_at_once_and_none_is_repeated(signaller: httpx.Client) -> None:
    body = {
        "patient": {"family_name": "", "given_name": "ZZCANARI\x00", "insee": "ZZCANARI", "sex": "ZZCANARI"},
        "needs": {"ald": "ZZCANARI", "chronic_needs": -1},
        "consent": {"how": "ZZCANARI", "given_at": "2026-11-23T09:00:00"},
    }
    answer = signal(signaller, body)
    assert answer.status_code == 422
    assert "ZZCANARI" not in answer.text
    assert {error["field"] for error in answer.json()["errors"]} == {
        "body.patient.family_name",
        "body.patient.given_name",
        "body.patient.insee",
        "body.patient.sex",
        "body.needs.ald",
        "body.needs.chronic_needs",
        "body.consent.notice_version",
        "body.consent.how",
        "body.consent.collected_by",
        "body.consent.given_at",
    }


def test_states_filter_and_limits_are_bounded(coordinator: httpx.Client) -> None:
    signal(coordinator)
    get = coordinator.get
    assert len(get("/api/v1/referrals", params={"state": ["received", "waiting"]}).json()["items"]) == 1
    assert get("/api/v1/referrals", params={"state": "waiting"}).json()["items"] == []
    for query in ({"limit": 0}, {"limit": 101}, {"state": "lost"}, {"cursor": "x"}, {"cursor": "WyJhIl0"}):
        assert get("/api/v1/referrals", params=query).status_code == 422


@pytest.mark.parametrize("key", [None, "", "é", "x" * 256])
def test_what_books_or_sends_needs_a_usable_key(signaller: httpx.Client, key: str | None) -> None:
    headers = {} if key is None else {"idempotency-key": key.encode("latin-1")}
    answer = signaller.post("/api/v1/referrals", json=SIGNAL, headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
