"""Whatever is sent, the service answers: no 5xx, and every refusal is a problem document."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from scheduler.store.engine import Store
from scheduler.store.tables import Role
from tests import factories
from tests.integration.api.matrix import ROUTES, Route

# These start processes or ask the network: too slow for hundreds of tries, and held elsewhere.
_SLOW = re.compile(r".*/preview/.*|.*/file|.*/read|.*/sessions.*|.*/studies/[a-z]+|.*/explanation|.*/why-not")
QUICK = [
    route
    for route in ROUTES
    if not _SLOW.fullmatch(route.path) and (route.method, route.path) != ("POST", "/api/v1/matching-runs")
]
QUERY_NAMES = sorted(
    {"limit", "cursor", "state", "q", "insee", "lat", "lon", "from", "to", "max_km", "modality", "since"}
)

NASTY = [
    "", "0", "-1", "1", "2147483647", "2147483648", "9" * 30, "1e400", "nan", "-inf", "null", "true",
    "2026-11-23", "2026-11-23T09:00:00", "2026-11-23T09:00:00Z", "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59", "WyIyMDI2LTExLTIzIl0", "WyJhIl0", "WyI5OTk5LTEyLTMxIiwiYSJd",
    "77445", "2A004",
    "\x00", "\u202e", "é", "'; DROP TABLE slot; --", "%", "_", "../..", "AMB", "waiting", "x" * 300,
    "00000000-0000-0000-0000-000000000000", "\U0001f642",
]  # fmt: skip
WORDS = st.one_of(st.sampled_from(NASTY), st.text(max_size=20))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(WORDS, below, max_size=3),
    max_leaves=6,
)


@pytest.fixture
def coordinator(store: Store, as_role: Callable[..., httpx.Client], territory_id: int) -> httpx.Client:
    with store.write() as session:
        factories.slot(session, practitioner=factories.practitioner(session, territory_id=territory_id))
        factories.referral(session, territory_id=territory_id)
    return as_role(Role.COORDINATOR, territory_id)


@st.composite
def bodies(draw: st.DrawFn, route: Route) -> Any:
    """Something of the right shape with a part replaced, or anything at all."""
    if not isinstance(route.body, dict) or draw(st.booleans()):
        return draw(JSON)
    body = dict(route.body)
    for name in draw(st.lists(st.sampled_from([*body, "extra"]), max_size=2)):
        body[name] = draw(JSON)
    return body


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str, bytes | None]:
    route = draw(st.sampled_from(QUICK))
    path = re.sub(r"\{\w+\}", lambda _: quote(draw(WORDS), safe="") or "0", route.path)
    query = draw(st.lists(st.tuples(st.sampled_from(QUERY_NAMES), WORDS), max_size=4))
    if query:
        path += "?" + "&".join(f"{name}={quote(value)}" for name, value in query)
    body = None if route.method == "GET" else json.dumps(draw(bodies(route))).encode()
    return route.method, path, body


@settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(request=requests())
@example(request=("GET", "/api/v1/slots?insee=77445&from=9999-12-31T23:59:59-23:59", None))
@example(request=("GET", "/api/v1/communes?q=%00", None))
@example(request=("POST", "/api/v1/structures", b'{"name": "\\ud800", "insee": "77445"}'))
@example(request=("POST", "/api/v1/structures", b'{"name": 1e999, "insee": "77445"}'))
@example(request=("POST", "/api/v1/structures", b"[" * 100_000))
def test_nothing_that_is_sent_breaks_the_service(
    coordinator: httpx.Client, request: tuple[str, str, bytes | None]
) -> None:
    method, path, body = request
    headers = {"content-type": "application/json", "idempotency-key": "fuzz"}
    answer = coordinator.request(method, path, content=body, headers=headers)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"]
