"""The open publication of public slots: who is in it, its form, and how it is kept, on both engines."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fhir.resources.R4B import get_fhir_model_class

from scheduler.store.engine import Store
from scheduler.store.tables import Modality, SlotState, Visibility
from tests import factories
from tests.factories import NOW
from tests.integration.api.conftest import Setting

HOUR = timedelta(hours=1)


@pytest.fixture
def public(store: Store, territory_id: int) -> int:
    """One public slot of two places, one of which is taken, among slots that are not for the public."""
    with store.write() as session:
        who = factories.practitioner(session, territory_id=territory_id, given_name="Hélène")
        practice = factories.practice(
            session, practitioner=who, address="1 rue Basse", phone="01 99 00 12 34"
        )
        feed = factories.feed(session, practice=practice, practitioner=who)

        def slot(hours: int, visibility: Visibility = Visibility.PUBLIC, **more: Any) -> int:
            start_at = NOW + hours * HOUR
            row = factories.slot(session, feed=feed, start_at=start_at, visibility=visibility, **more)
            return row.id or 0

        open_one = slot(1, capacity=2, modality=Modality.VR)
        factories.booking(session, slot_id=open_one)
        factories.booking(session, slot_id=slot(2))  # full
        slot(3, state=SlotState.CLOSED)
        slot(-1)
        slot(24 * 15)
        for hours, visibility in enumerate((Visibility.PRO, Visibility.SNP, Visibility.CPTS), start=4):
            slot(hours, visibility)
        return open_one


def lines(client: httpx.Client, address: str) -> list[dict[str, Any]]:
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/fhir+ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


def test_only_public_slots_with_a_free_place(anonymous: httpx.Client, public: int) -> None:
    manifest = anonymous.get("/smart/$bulk-publish").json()
    assert manifest["request"].endswith("/smart/$bulk-publish")
    assert manifest["transactionTime"] == "2026-11-23T09:00:00.000+01:00"
    assert manifest["error"] == []
    files = {one["type"]: lines(anonymous, httpx.URL(one["url"]).path) for one in manifest["output"]}
    assert files.keys() == {"Location", "Schedule", "Slot"}
    (slot,), (schedule,), (place,) = files["Slot"], files["Schedule"], files["Location"]
    assert (slot["id"], slot["start"]) == (str(public), "2026-11-23T10:00:00.000+01:00")
    assert slot["schedule"] == {"reference": f"Schedule/{schedule['id']}"}
    assert schedule["actor"] == [{"reference": f"Location/{place['id']}"}]
    assert place["telecom"] == [{"system": "phone", "value": "+33199001234"}]
    values = {one["url"].rpartition("/")[2]: one for one in slot["extension"]}
    assert values["slot-capacity"]["valueInteger"] == 1
    assert values["booking-phone"]["valueString"] == "+33199001234"
    for kind, found in files.items():
        for resource in found:
            get_fhir_model_class(kind).model_validate(resource)


@pytest.mark.usefixtures("public")
def test_it_is_written_once_a_minute_and_told_by_its_tag(
    anonymous: httpx.Client, store: Store, setting: Setting, public: int
) -> None:
    first = anonymous.get("/smart/slots.ndjson")
    assert first.headers["cache-control"] == "public, max-age=60"
    assert first.headers["access-control-allow-origin"] == "*"
    with store.write() as session:
        factories.booking(session, slot_id=public, place=2)
    setting.now += timedelta(seconds=59)
    tag = {"if-none-match": f'W/{first.headers["etag"]}, "other"'}
    assert anonymous.get("/smart/slots.ndjson", headers=tag).status_code == 304
    setting.now += timedelta(seconds=1)
    again = anonymous.get("/smart/slots.ndjson", headers=tag)
    assert (again.status_code, again.text) == (200, "")


def test_nothing_else_is_there(anonymous: httpx.Client) -> None:
    assert anonymous.get("/smart/slots.csv", headers={"accept": "text/html"}).json()["code"] == "not_found"
    assert anonymous.post("/smart/$bulk-publish").status_code == 405
