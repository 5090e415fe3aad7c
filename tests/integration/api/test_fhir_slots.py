"""Slot searches of the SAS platform over HTTP, on both engines."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from scheduler.settings import Settings
from scheduler.store.engine import Store
from scheduler.store.tables import Community, Membership, Visibility
from tests import factories
from tests.factories import NOW

HOUR = timedelta(hours=1)
SYSTEM = "urn:oid:1.2.250.1.71.4.2.1"
WINDOW = "start=ge2026-11-23T00:00:00.000+01:00&start=le2026-11-26T23:59:59.000+01:00&status=free"
PLAIN = "_include=Slot:schedule&_include:iterate=Schedule:actor"
COMMUNITIES = PLAIN + "&_include=Slot:service-type-reference&_include:iterate=HealthcareService:organization"
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}[+-]\d{2}:\d{2}")


CERTIFIED = {
    "x-relais-proxy-secret": "known to the proxy and to the service only",
    "x-client-verify": "SUCCESS",
    "x-client-subject": "CN=sas.example,OU=318751275100020,O=ASIP-SANTE,C=FR",
}


@pytest.fixture
def settings() -> Settings:
    return Settings(
        fhir_proxy_secret=SecretStr(CERTIFIED["x-relais-proxy-secret"]),
        fhir_client_cn="sas.example",
        fhir_client_ou="318751275100020",
    )


@pytest.fixture
def platform(anonymous: httpx.Client) -> httpx.Client:
    """Ask as the proxy does, once it has checked the certificate of the platform."""
    anonymous.headers.update(CERTIFIED)
    return anonymous


@pytest.fixture
def rpps(store: Store, territory_id: int) -> str:
    """A GP of a CPTS with a number, with one slot for the public and one for the CPTS."""
    with store.write() as session:
        session.add(Community(territory_id=territory_id, finess="770000123", phone="01 99 00 12 34"))
        who = factories.practitioner(session, territory_id=territory_id)
        feed = factories.feed(session, practitioner=who)
        factories.slot(session, feed=feed, start_at=NOW + HOUR, visibility=Visibility.PUBLIC)
        factories.slot(session, feed=feed, start_at=NOW + 2 * HOUR, visibility=Visibility.CPTS)
        factories.slot(session, feed=feed, start_at=NOW - HOUR)
        return who.rpps


def ask(platform: httpx.Client, *rpps: str, includes: str = PLAIN, window: str = WINDOW) -> dict[str, Any]:
    who = ",".join(f"{SYSTEM}|8{number}" for number in rpps)
    answer = platform.get(
        f"/fhir/Slot?{includes}&{window}&schedule.actor:Practitioner.identifier={who}",
        headers={"accept": "application/json+fhir", "content-type": "application/json"},
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"
    bundle: dict[str, Any] = answer.json()
    assert bundle["link"] == [{"relation": "self", "url": bundle["link"][0]["url"]}]
    assert httpx.URL(bundle["link"][0]["url"]).params == answer.request.url.params
    return bundle


def resources(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    found = [entry["resource"] for entry in bundle.get("entry", [])]
    return [resource for resource in found if resource["resourceType"] == kind]


def test_the_slots_of_one_professional(platform: httpx.Client, rpps: str) -> None:
    bundle = ask(platform, rpps)
    assert bundle["total"] == 2
    assert bundle["meta"]["profile"] == ["http://sas.fr/fhir/StructureDefinition/BundleAgregateur"]
    (who,) = resources(bundle, "Practitioner")
    (role,) = resources(bundle, "PractitionerRole")
    (schedule,) = resources(bundle, "Schedule")
    assert who["identifier"][0]["value"] == f"8{rpps}"
    assert role["practitioner"] == {"reference": f"Practitioner/{who['id']}"}
    assert role["location"] == [{"reference": f"#{role['contained'][0]['id']}"}]
    assert {actor["reference"] for actor in schedule["actor"]} == {
        f"Practitioner/{who['id']}",
        f"PractitionerRole/{role['id']}",
    }
    for slot in resources(bundle, "Slot"):
        assert slot["schedule"] == {"reference": f"Schedule/{schedule['id']}"}
        assert _INSTANT.fullmatch(slot["start"])
        assert _INSTANT.fullmatch(slot["end"])
        assert slot["comment"].startswith("http")
        assert "?" in slot["comment"]
        assert len(slot["serviceType"]) == 1
    assert {slot["meta"]["security"][0]["code"] for slot in resources(bundle, "Slot")} == {"PUBLIC", "CPTS"}
    assert not resources(bundle, "Organization")


def test_the_communities_of_the_slots(platform: httpx.Client, rpps: str) -> None:
    bundle = ask(platform, rpps, includes=COMMUNITIES)
    public, shared = resources(bundle, "Slot")
    (service,) = resources(bundle, "HealthcareService")
    (organization,) = resources(bundle, "Organization")
    assert public["meta"]["profile"] == ["http://sas.fr/fhir/StructureDefinition/FrSlotAgregateur"]
    assert shared["serviceType"][1]["coding"][0]["code"] == "604"
    assert shared["serviceType"][1]["extension"][0]["valueReference"] == {
        "reference": f"HealthcareService/{service['id']}"
    }
    assert service["providedBy"] == {"reference": f"Organization/{organization['id']}"}
    assert organization["identifier"][0]["value"] == "1770000123"
    assert organization["telecom"] == [{"system": "phone", "value": "+33199001234", "use": "work"}]


def test_a_slot_of_two_communities(platform: httpx.Client, store: Store, rpps: str) -> None:
    with store.write() as session:
        other = factories.territory(session)
        session.add(Community(territory_id=int(other.id or 0), finess="910000456"))
        session.flush()
        who = factories.practitioner(session, territory_id=int(other.id or 0))
        session.add(Membership(practitioner_id=int(who.id or 0), territory_id=1))
        feed = factories.feed(session, practitioner=who)
        factories.slot(session, feed=feed, start_at=NOW + HOUR, visibility=Visibility.CPTS)
        number = who.rpps
    bundle = ask(platform, number, rpps, includes=COMMUNITIES)
    assert len(resources(bundle, "HealthcareService")) == len(resources(bundle, "Organization")) == 2
    both = [slot for slot in resources(bundle, "Slot") if len(slot["serviceType"]) == 3]
    assert len(both) == 1


def test_nobody_known_gives_an_empty_bundle(platform: httpx.Client, rpps: str) -> None:
    bundle = ask(platform, "10101215226")
    assert bundle["total"] == 0
    assert "entry" not in bundle
    assert ask(platform, rpps, "10101215226")["total"] == 2


def test_a_window_in_the_past_gives_an_empty_bundle(platform: httpx.Client, rpps: str) -> None:
    past = "start=ge2024-01-01T00:00:00.000+00:00&start=le2024-01-03T23:59:59.999+00:00&status=free"
    assert ask(platform, rpps, window=past)["total"] == 0


def test_both_ends_of_the_window_count(platform: httpx.Client, rpps: str) -> None:
    exact = "start=ge2026-11-23T10:00:00.000+01:00&start=le2026-11-23T10:00:00.000+01:00&status=free"
    assert ask(platform, rpps, window=exact)["total"] == 1


def test_what_is_booked_is_not_sent(platform: httpx.Client, store: Store, rpps: str) -> None:
    first = resources(ask(platform, rpps), "Slot")[0]
    with store.write() as session:
        factories.booking(session, slot_id=int(first["id"]))
    assert first["id"] not in {slot["id"] for slot in resources(ask(platform, rpps), "Slot")}


def test_every_reference_leads_somewhere_and_nothing_is_empty(platform: httpx.Client, rpps: str) -> None:
    bundle = ask(platform, rpps, includes=COMMUNITIES)
    sent = [f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in bundle["entry"]]
    assert len(set(sent)) == len(sent)
    for path, value in _leaves(bundle):
        assert value not in ("", [], {}, None), path
        if path.endswith(".reference"):
            assert value.startswith("#") or value in sent


def _leaves(value: Any, path: str = "Bundle") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from _leaves(below, f"{path}.{key}")
    elif isinstance(value, list) and value:
        for below in value:
            yield from _leaves(below, path)
    else:
        yield path, value


@pytest.mark.parametrize("missing", ["status=free", "start=ge2026-11-23T00:00:00.000+01:00"])
def test_a_search_that_cannot_be_run_is_an_operation_outcome(platform: httpx.Client, missing: str) -> None:
    window = WINDOW.replace(missing, "_format=json")
    answer = platform.get(f"/fhir/Slot?{window}&schedule.actor:Practitioner.identifier=810101215225")
    assert answer.status_code == 400
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert answer.json()["issue"][0]["code"] == "required"


def test_the_trailing_slash_of_the_guide(platform: httpx.Client, rpps: str) -> None:
    who = f"schedule.actor:Practitioner.identifier={SYSTEM}%7C8{rpps}"
    assert platform.get(f"/fhir/Slot/?{PLAIN}&{WINDOW}&{who}&_count=1000").json()["total"] == 2


def test_the_door_is_closed_without_the_proxy(anonymous: httpx.Client) -> None:
    for address in ("/fhir/Slot", "/fhir/metadata"):
        answer = anonymous.get(address, headers={"x-client-verify": "SUCCESS"})
        assert answer.status_code == 403
        assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"x-relais-proxy-secret": "guessed"}, 403),
        ({"x-client-verify": "FAILED:certificate revoked"}, 403),
        ({"x-client-subject": "CN=someone,OU=318751275100020"}, 403),
        ({"x-client-subject": "CN=sas.example,OU=other"}, 403),
        ({"x-client-subject": "O=x\\,CN=sas.example,OU=318751275100020"}, 403),
        ({"x-client-subject": "CN=sas.example+OU=318751275100020,O=x"}, 200),
        ({"x-client-subject": "O=x\\+CN=sas.example,OU=318751275100020"}, 403),
        ({"x-client-subject": "CN=sas\\2Eexample,OU=318751275100020"}, 200),
        ({"x-client-subject": "CN=sas.example\\"}, 403),
    ],
)
def test_the_proxy_vouches_for_the_certificate(
    anonymous: httpx.Client, headers: dict[str, str], status: int
) -> None:
    answer = anonymous.get("/fhir/metadata", headers=CERTIFIED | headers)
    assert answer.status_code == status


def test_capabilities_are_those_of_the_routes(platform: httpx.Client) -> None:
    statement = platform.get("/fhir/metadata").json()
    assert statement["resourceType"] == "CapabilityStatement"
    assert [r["type"] for r in statement["rest"][0]["resource"]] == ["Slot", "Practitioner"]
