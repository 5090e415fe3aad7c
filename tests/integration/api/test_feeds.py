"""Calendars over HTTP: tried before anyone relies on them, registered, read, suspended."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from api.edge import MAX_CALENDAR_BYTES
from scheduler.store.engine import Store
from scheduler.store.tables import Practice, Role
from tests import factories
from tests.integration.api.conftest import Setting

Sign = Callable[..., httpx.Client]

CALENDAR = b"\r\n".join(
    [
        b"BEGIN:VCALENDAR",
        b"VERSION:2.0",
        b"PRODID:-//essai//FR",
        b"BEGIN:VEVENT",
        b"UID:un@essai",
        b"DTSTAMP:20261101T000000Z",
        b"DTSTART:20261123T130000Z",
        b"DTEND:20261123T140000Z",
        b"SUMMARY:[SNP] ZZCANARI",
        b"END:VEVENT",
        b"BEGIN:VEVENT",
        b"UID:deux@essai",
        b"DTSTAMP:20261101T000000Z",
        b"DTSTART:20261123T150000Z",
        b"DTEND:20261123T160000Z",
        b"SUMMARY:ZZCANARI",
        b"END:VEVENT",
        b"END:VCALENDAR",
        b"",
    ]
)


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    return sqlite_store


@pytest.fixture
def practice(store: Store, territory_id: int) -> Practice:
    with store.write() as session:
        who = factories.practitioner(session, territory_id=territory_id)
        return factories.practice(session, practitioner=who)


@pytest.fixture
def gp(as_person: Sign, territory_id: int, practice: Practice) -> httpx.Client:
    return as_person(Role.GP, territory_id, practice.practitioner_id)


def of(practice: Practice, **more: Any) -> dict[str, Any]:
    given = {"practitioner_id": practice.practitioner_id, "practice_id": practice.id, "name": "Agenda"}
    return given | more


def try_file(client: httpx.Client, body: bytes, **fields: str) -> httpx.Response:
    return client.post(
        "/api/v1/feeds/preview/file", files={"file": ("agenda.ics", body, "text/calendar")}, data=fields
    )


def test_a_file_is_read_and_explained_without_its_titles(gp: httpx.Client) -> None:
    answer = try_file(gp, CALENDAR, slot_minutes="20")
    told = answer.json()
    assert (told["num_open"], told["num_busy"]) == (3, 1)
    assert [entry["start"] for entry in told["entries"] if entry["state"] == "open"] == [
        "2026-11-23T13:00:00Z",
        "2026-11-23T13:20:00Z",
        "2026-11-23T13:40:00Z",
    ]
    assert all(entry["sentence"] for entry in told["entries"])
    assert "ZZCANARI" not in answer.text


def test_the_window_is_72_hours_unless_said(gp: httpx.Client) -> None:
    later = CALENDAR.replace(b"20261123T", b"20261127T")
    assert try_file(gp, later).json()["entries"] == []
    told = try_file(gp, CALENDAR, **{"from": "2026-11-24T00:00:00Z"}).json()
    assert told["entries"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "feed_empty"),
        (b"<html>ZZCANARI</html>", "feed_is_page"),
        (b"ZZCANARI", "feed_not_calendar"),
        (CALENDAR[:-20], "feed_truncated"),
    ],
)
def test_what_is_no_calendar_is_told_in_words(gp: httpx.Client, body: bytes, code: str) -> None:
    answer = try_file(gp, body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert "ZZCANARI" not in answer.text


@pytest.mark.parametrize(
    "fields", [{"zone": "Europe/Lune"}, {"slot_minutes": "1"}, {"mode": "all"}, {"from": "hier"}]
)
def test_settings_that_make_no_sense_are_refused(gp: httpx.Client, fields: dict[str, str]) -> None:
    assert try_file(gp, CALENDAR, **fields).status_code == 422


def test_a_file_that_is_too_large_is_refused_before_it_is_read(gp: httpx.Client) -> None:
    answer = try_file(gp, b"x" * MAX_CALENDAR_BYTES)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1/agenda.ics",
        "https://localhost/agenda.ics",
        "http://169.254.169.254/latest/meta-data",
        "https://user:ZZCANARI@exemple.test/agenda.ics",
        "file:///etc/passwd",
        "/etc/passwd",
        "-",
        "https://[::1]/",
        "https://exemple.test:22/",
    ],
)
def test_an_address_is_never_a_way_into_our_network_or_our_files(gp: httpx.Client, address: str) -> None:
    answer = gp.post("/api/v1/feeds/preview/address", json={"address": address})
    assert (answer.status_code, answer.json()["code"]) == (422, "source_unreachable")
    assert "ZZCANARI" not in answer.text
    assert "root:" not in answer.text


SECRET = "https://exemple.test/ZZCANARI/prive.ics"


def test_an_address_is_kept_and_never_shown(gp: httpx.Client, practice: Practice) -> None:
    made = gp.post("/api/v1/feeds", json=of(practice, address=SECRET, visibility="PRO", slot_minutes=15))
    assert made.status_code == 201
    assert (made.json()["host"], made.json()["visibility"]) == ("exemple.test", "PRO")
    listed = gp.get("/api/v1/feeds")
    assert listed.json() == {"items": [made.json()], "next_cursor": None}
    assert "ZZCANARI" not in made.text + listed.text
    again = gp.post("/api/v1/feeds", json=of(practice, address=SECRET))
    assert (again.status_code, again.json()["code"]) == (409, "already_exists")


@pytest.mark.parametrize("address", ["https://exemple.test:22/x", "ftp://exemple.test/ZZCANARI", "ZZCANARI"])
def test_an_address_that_relais_would_not_read_is_not_kept(
    gp: httpx.Client, practice: Practice, address: str
) -> None:
    answer = gp.post("/api/v1/feeds", json=of(practice, address=address))
    assert (answer.status_code, answer.json()["code"]) == (422, "address_not_accepted")
    assert "ZZCANARI" not in answer.text
    assert gp.get("/api/v1/feeds").json()["items"] == []


def test_a_gp_registers_for_themselves_only(
    gp: httpx.Client, store: Store, territory_id: int, practice: Practice
) -> None:
    with store.write() as session:
        other = factories.practice(
            session, practitioner=factories.practitioner(session, territory_id=territory_id)
        )
    assert gp.post("/api/v1/feeds", json=of(other)).status_code == 404
    assert gp.post("/api/v1/feeds", json=of(practice) | {"practice_id": other.id}).status_code == 404


def test_a_file_opens_slots_that_can_be_found(
    gp: httpx.Client, as_role: Sign, territory_id: int, practice: Practice
) -> None:
    feed_id = gp.post("/api/v1/feeds", json=of(practice, slot_minutes=20)).json()["id"]
    read = gp.post(f"/api/v1/feeds/{feed_id}/file", files={"file": ("agenda.ics", CALENDAR)})
    assert (read.status_code, read.json()["outcome"], read.json()["num_open"]) == (200, "ok", 3)
    regulator = as_role(Role.REGULATOR, territory_id)
    search = {"insee": "77445", "from": "2026-11-23T08:00:00Z"}
    assert len(regulator.get("/api/v1/slots", params=search).json()["items"]) == 3
    (shown,) = gp.get("/api/v1/feeds").json()["items"]
    assert shown["last_reading"] == read.json()

    assert gp.post(f"/api/v1/feeds/{feed_id}/suspend").json()["state"] == "suspended"
    assert regulator.get("/api/v1/slots", params=search).json()["items"] == []
    refused = gp.post(f"/api/v1/feeds/{feed_id}/file", files={"file": ("agenda.ics", CALENDAR)})
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    assert gp.post(f"/api/v1/feeds/{feed_id}/resume").json()["state"] == "active"


def test_a_calendar_that_cannot_be_read_is_recorded_and_keeps_its_slots(
    gp: httpx.Client, practice: Practice, setting: Setting
) -> None:
    feed_id = gp.post("/api/v1/feeds", json=of(practice)).json()["id"]
    gp.post(f"/api/v1/feeds/{feed_id}/file", files={"file": ("agenda.ics", CALENDAR)})
    setting.now += timedelta(minutes=1)
    broken = gp.post(f"/api/v1/feeds/{feed_id}/file", files={"file": ("agenda.ics", CALENDAR[:-9])})
    assert (broken.status_code, broken.json()["outcome"]) == (200, "feed_truncated")
    (shown,) = gp.get("/api/v1/feeds").json()["items"]
    assert (shown["num_failures"], shown["ok_at"]) == (1, "2026-11-23T08:00:00Z")


def test_reading_now_asks_the_address(gp: httpx.Client, practice: Practice) -> None:
    feed_id = gp.post("/api/v1/feeds", json=of(practice, address="https://exemple.invalid/a.ics")).json()[
        "id"
    ]
    read = gp.post(f"/api/v1/feeds/{feed_id}/read")
    assert (read.status_code, read.json()["outcome"]) == (200, "host_unknown")
