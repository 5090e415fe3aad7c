"""The interface as others see it: a FHIR client of the registry, the structure of FHIR, and noise."""

import json
import string
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fhir.resources.R4B import get_fhir_model_class
from fhirpy import SyncFHIRClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.app import create_app
from scheduler.clock import utc_now
from scheduler.settings import Settings
from scheduler.store.engine import Store
from tests.integration.api.client import BASE, Clients, clients_of
from tests.integration.api.receiving import served
from tests.integration.fhir.conftest import load

SYSTEM = "urn:oid:1.2.250.1.71.4.2.1"


@pytest.fixture(scope="module")
def demo(sqlite_template, tmp_path_factory):
    """The service itself on the demo, open as for development, and whom to ask for."""
    database = tmp_path_factory.mktemp("clients") / "relais.db"
    database.write_bytes(sqlite_template.read_bytes())
    store = Store.open(f"sqlite:///{database}")
    yield create_app(Settings(fhir_open=True), store), load(store)
    store.close()


def searched(rpps: tuple[str, ...]) -> dict[str, Any]:
    now = utc_now()
    return {
        "_include": ["Slot:schedule", "Slot:service-type-reference"],
        "_include:iterate": ["Schedule:actor", "HealthcareService:organization"],
        "start": [f"ge{now:%FT%T}.000+00:00", f"le{now + timedelta(hours=72):%FT%T}.000+00:00"],
        "schedule.actor:Practitioner.identifier": ",".join(f"{SYSTEM}|8{number}" for number in rpps),
        "status": "free",
    }


def test_a_client_of_the_registry_runs_the_searches(demo) -> None:
    app, rpps = demo
    with served(app) as url:
        client = SyncFHIRClient(f"{url}/fhir")
        slots = client.resources("Slot").search(**searched(rpps)).fetch_raw()
        assert slots.total == 24
        kinds = {entry.resource.resource_type for entry in slots.entry}
        assert kinds == {
            "Slot",
            "Schedule",
            "Practitioner",
            "PractitionerRole",
            "HealthcareService",
            "Organization",
        }
        one = slots.entry[0].resource
        schedule = next(e.resource for e in slots.entry if e.resource.resource_type == "Schedule")
        assert one.schedule.reference.startswith("Schedule/")
        assert schedule.actor[0].reference.startswith("Practitioner/")
        found = client.resources("Slot").search(**searched(rpps)).fetch()
        assert sum(resource.resource_type == "Slot" for resource in found) == 24


@pytest.fixture(scope="module")
def clients(demo):
    with clients_of(demo[0]) as clients:
        yield clients


def test_the_answers_have_the_structure_of_fhir(clients: Clients, demo) -> None:
    _, rpps = demo
    with clients.new() as client:
        for number in (rpps, ("00000000001",)):
            bundle = client.get("/fhir/Slot", params=searched(number)).json()
            get_fhir_model_class("Bundle").model_validate(bundle)
        get_fhir_model_class("CapabilityStatement").model_validate(client.get("/fhir/metadata").json())
        refused = client.get("/fhir/Slot").json()
        get_fhir_model_class("OperationOutcome").model_validate(refused)


_NAMES = st.sampled_from(
    [
        "start",
        "status",
        "_include",
        "_include:iterate",
        "schedule.actor:Practitioner.identifier",
        "_count",
        "identifier",
    ]
) | st.text(max_size=12)
_VALUES = (
    st.sampled_from(
        [
            *("free", "busy", "ge2026-11-22", "le2026-11-29T10:00:00.000+01:00", "ge9999-12-31T23:59:59Z"),
            *(
                "le0001-01-01",
                "ge2026-02-30",
                "Slot:schedule",
                f"{SYSTEM}|810101215225",
                f"{SYSTEM}|",
                "|",
                "",
            ),
            "ge2026-11-22T10:00:00.000+99:99",
        ]
    )
    | st.text(max_size=30)
    | st.binary(max_size=12).map(lambda raw: raw.decode("latin-1"))
)


@st.composite
def targets(draw: st.DrawFn) -> str:
    pairs = draw(st.lists(st.tuples(_NAMES, _VALUES), max_size=8))
    quoted = draw(st.booleans())
    written = (f"{name}={value}" for name, value in pairs)
    query = "&".join(quote(pair, safe="=" if quoted else _RAW) for pair in written)
    path = draw(st.sampled_from(["/fhir/Slot", "/fhir/Slot/", "/fhir/metadata", "/fhir/Practitioner"]))
    return f"{path}?{query}"


_RAW = string.punctuation.replace("#", "")  # a target holds no fragment
_ANSWERS = {"Bundle", "OperationOutcome", "CapabilityStatement", "Practitioner"}
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A regulator with some elements replaced by anything, or no JSON at all."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=60))
    body: dict[str, Any] = {
        "resourceType": "Practitioner",
        "identifier": [{"system": SYSTEM, "value": "3/1", "type": {"coding": [{"code": "IDNPS"}]}}],
        "active": True,
        "name": [{"family": "Essai", "given": ["Camille"]}],
        "telecom": [{"system": "email", "value": "a@exemple.test"}],
    }
    for name in draw(st.sets(st.sampled_from(sorted(body)), min_size=1)):
        body[name] = draw(_JSON)
    return json.dumps(body).encode()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(target=targets(), body=bodies(), method=st.sampled_from(["GET", "GET", "GET", "POST", "PUT"]))
def test_noise_is_refused_in_fhir_and_breaks_nothing(
    clients: Clients, target: str, body: bytes, method: str
) -> None:
    with clients.new() as client:
        url = httpx.URL(BASE).copy_with(raw_path=target.encode("utf-8", "replace"))
        answer = client.request(method, url, content=b"" if method == "GET" else body)
    assert answer.status_code < 500, answer.text
    assert answer.json()["resourceType"] in {
        "Bundle",
        "OperationOutcome",
        "CapabilityStatement",
        "Practitioner",
    }
