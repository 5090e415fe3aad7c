"""Calendars over HTTP for agendas that subscribe: validators, revocation, the same bytes."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest

from api.published import ASKED_WITHIN, KEPT_FOR, MOST_ASKED
from scheduler.store.engine import Store
from scheduler.store.tables import Practice, Role
from tests import factories
from tests.factories import NOW
from tests.integration.api.conftest import Setting

Sign = Callable[..., httpx.Client]


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    return sqlite_store


@pytest.fixture
def practice(store: Store, territory_id: int) -> Practice:
    with store.write() as session:
        who = factories.practitioner(session, territory_id=territory_id)
        practice = factories.practice(session, practitioner=who)
        factories.booking(session, slot=factories.slot(session, practice=practice))
        return practice


@pytest.fixture
def path(as_role: Sign, territory_id: int, practice: Practice) -> str:
    """Give the path of an address of the practitioner's bookings."""
    given = {"kind": "bookings", "practitioner_id": practice.practitioner_id}
    answer = as_role(Role.COORDINATOR, territory_id).post("/api/v1/published-feeds", json=given)
    assert answer.status_code == 201
    return urlsplit(answer.json()["address"]).path


def test_the_calendar_comes_with_strong_validators(anonymous: httpx.Client, path: str) -> None:
    answer = anonymous.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["etag"].startswith('"')
    assert answer.headers["last-modified"] == "Mon, 23 Nov 2026 08:00:00 GMT"
    assert answer.content.startswith(b"BEGIN:VCALENDAR\r\n")
    assert answer.content.count(b"BEGIN:VEVENT") == 1
    assert "x-request-id" in answer.headers


def test_nothing_new_is_said_without_a_body_and_the_tag_decides_alone(
    anonymous: httpx.Client, path: str
) -> None:
    first = anonymous.get(path)
    tag, date = first.headers["etag"], first.headers["last-modified"]
    old = "Sun, 22 Nov 2026 08:00:00 GMT"
    expected = [
        ({"if-none-match": tag}, 304),
        ({"if-none-match": f"W/{tag}"}, 304),
        ({"if-none-match": f'"other", {tag}'}, 304),
        ({"if-none-match": "*"}, 304),
        ({"if-none-match": '"other"'}, 200),
        ({"if-none-match": '"other"', "if-modified-since": date}, 200),
        ({"if-none-match": tag, "if-modified-since": old}, 304),
        ({"if-modified-since": date}, 304),
        ({"if-modified-since": old}, 200),
        ({"if-modified-since": "hier"}, 200),
    ]
    for headers, status in expected:
        answer = anonymous.get(path, headers=headers)
        assert (headers, answer.status_code) == (headers, status)
        assert answer.headers["etag"] == tag
        assert (answer.content == b"") == (status == 304)


def test_a_change_is_seen_within_a_minute_and_the_bytes_stay_until_then(
    anonymous: httpx.Client, path: str, store: Store, practice: Practice, setting: Setting
) -> None:
    first = anonymous.get(path)
    with store.write() as session:
        later = factories.slot(session, practice=practice, start_at=NOW + timedelta(hours=5))
        factories.booking(session, slot=later)
    setting.now = NOW + KEPT_FOR - timedelta(seconds=1)
    assert anonymous.get(path).content == first.content
    setting.now = NOW + KEPT_FOR
    changed = anonymous.get(path, headers={"if-none-match": first.headers["etag"]})
    assert changed.status_code == 200
    assert changed.content.count(b"BEGIN:VEVENT") == 2
    assert changed.headers["last-modified"] == "Mon, 23 Nov 2026 08:01:00 GMT"


def test_a_revoked_address_is_gone_at_once_and_looks_like_one_that_never_was(
    anonymous: httpx.Client, as_role: Sign, territory_id: int, path: str
) -> None:
    assert anonymous.get(path).status_code == 200
    coordinator = as_role(Role.COORDINATOR, territory_id)
    (row,) = coordinator.get("/api/v1/published-feeds").json()["items"]
    assert "address" not in row
    coordinator.post(f"/api/v1/published-feeds/{row['id']}/revoke")
    gone, never = anonymous.get(path), anonymous.get("/ical/" + "x" * 43 + ".ics")
    assert gone.status_code == never.status_code == 404
    assert gone.json()["detail"] == never.json()["detail"]
    assert coordinator.get("/api/v1/published-feeds").json()["items"] == []


def test_the_secret_part_is_in_no_log(anonymous: httpx.Client, path: str, logs) -> None:
    anonymous.get(path)
    anonymous.get(path.replace(".ics", "x.ics"))
    assert path.removeprefix("/ical/").removesuffix(".ics")[:20] not in logs.getvalue()


def test_one_address_asked_too_often_is_told_when_to_come_back_and_the_others_go_on(
    anonymous: httpx.Client, path: str, setting: Setting, as_role: Sign, territory_id: int
) -> None:
    other = as_role(Role.COORDINATOR, territory_id).post(
        "/api/v1/published-feeds", json={"kind": "open_slots"}
    )
    answers = [anonymous.get(path).status_code for _ in range(MOST_ASKED)]
    assert set(answers) == {200}
    setting.now = NOW + timedelta(minutes=1)
    refused = anonymous.get(path)
    assert (refused.status_code, refused.json()["code"]) == (429, "feed_asked_too_often")
    assert refused.headers["retry-after"] == "240"
    assert anonymous.get(urlsplit(other.json()["address"]).path).status_code == 200
    setting.now = NOW + ASKED_WITHIN
    assert anonymous.get(path).status_code == 200
