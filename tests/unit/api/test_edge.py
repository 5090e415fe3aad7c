import io
import json
import logging
from collections.abc import Iterator
from typing import Annotated
from uuid import UUID, uuid4

import httpx
import pytest
import structlog
from fastapi import FastAPI, Query
from pydantic import BaseModel
from starlette.responses import StreamingResponse

from api.edge import MAX_BODY_BYTES, MAX_CALENDAR_BYTES, Edge
from api.errors import answer_errors
from api.logging import configure_logging
from scheduler.errors import Forbidden, InvalidInput, NotSignedIn, SlotTaken, StoreBusy, TooManyAttempts
from scheduler.settings import Settings
from tests.integration.api.client import clients_of

CANARY = "ZZCANARI"
PROBLEM_KEYS = {"type", "title", "status", "detail", "code", "instance"}
ERRORS = {
    "taken": SlotTaken(),
    "unsigned": NotSignedIn(),
    "forbidden": Forbidden(),
    "attempts": TooManyAttempts(61),
    "busy": StoreBusy(),
    "input": InvalidInput("phone", "dix chiffres"),
}


class Thing(BaseModel):
    size: int


def small_app() -> FastAPI:
    app = FastAPI(openapi_url=None)
    answer_errors(app)
    app.add_middleware(Edge, in_production=True, large_bodies=["/api/v1/calendar"])

    @app.get("/api/v1/patients/{name}")
    def patient(name: str, q: Annotated[str, Query()] = "") -> dict[str, int]:
        return {"length": len(name + q)}

    @app.get("/api/v1/fails/{how}")
    def fails(how: str) -> None:
        if how == "crash":
            raise ValueError(CANARY)
        raise ERRORS[how]

    @app.get("/api/v1/breaks-off")
    def breaks_off() -> StreamingResponse:
        def parts() -> Iterator[str]:
            yield "a"
            raise ValueError(CANARY)

        return StreamingResponse(parts())

    @app.post("/api/v1/things")
    def put_thing(thing: Thing) -> Thing:
        return thing

    @app.post("/api/v1/calendar")
    def calendar(thing: Thing) -> Thing:
        return thing

    @app.get("/page")
    def a_page() -> dict[str, str]:
        return {}

    return app


@pytest.fixture(scope="module")
def lines() -> Iterator[io.StringIO]:
    root, stream = logging.getLogger(), io.StringIO()
    level = root.level
    configure_logging(Settings(log_format="json"), stream)
    yield stream
    structlog.reset_defaults()
    root.handlers, root.level = [], level


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with clients_of(small_app()) as clients, clients.new() as client:
        yield client


def logged(lines: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def problem_of(answer: httpx.Response, status: int, code: str) -> dict[str, object]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, object] = answer.json()
    assert set(body) - {"errors"} == PROBLEM_KEYS
    assert (body["status"], body["code"], body["type"]) == (status, code, f"urn:relais:problem:{code}")
    assert body["instance"] == f"urn:uuid:{answer.headers['x-request-id']}"
    return body


@pytest.mark.parametrize(
    ("how", "status", "code", "header"),
    [
        ("taken", 409, "slot_taken", None),
        ("unsigned", 401, "not_signed_in", ("www-authenticate", 'Bearer realm="relais"')),
        ("forbidden", 403, "forbidden", None),
        ("attempts", 429, "too_many_attempts", ("retry-after", "61")),
        ("busy", 503, "store_busy", ("retry-after", "2")),
    ],
)
def test_an_error_of_the_trade_is_a_problem(
    client: httpx.Client, how: str, status: int, code: str, header: tuple[str, str] | None
) -> None:
    answer = client.get(f"/api/v1/fails/{how}")
    assert problem_of(answer, status, code)["detail"] == str(ERRORS[how])
    if header:
        assert answer.headers[header[0]] == header[1]


def test_an_unacceptable_value_names_its_field(client: httpx.Client) -> None:
    body = problem_of(client.get("/api/v1/fails/input"), 422, "invalid_input")
    assert body["errors"] == [
        {"field": "phone", "code": "invalid_input", "message": "Attendu : dix chiffres."}
    ]


def test_a_crash_says_only_the_request_id(client: httpx.Client, lines: io.StringIO) -> None:
    answer = client.get("/api/v1/fails/crash")
    problem_of(answer, 500, "internal_error")
    assert CANARY not in answer.text
    assert answer.headers["x-request-id"] in answer.json()["detail"]
    entry = next(line for line in logged(lines) if line["event"] == "request_failed")
    assert entry["error"] == "ValueError"
    assert entry["request_id"] == answer.headers["x-request-id"]
    assert any("test_edge.py" in str(frame) for frame in entry["at"])  # type: ignore[attr-defined]
    assert CANARY not in lines.getvalue()


def test_an_answer_that_breaks_off_is_not_patched_up(client: httpx.Client, lines: io.StringIO) -> None:
    answer = client.get("/api/v1/breaks-off")
    assert answer.text == "a"
    assert CANARY not in lines.getvalue()
    assert any(line["event"] == "request_failed" for line in logged(lines))


def test_addresses_and_methods_that_do_not_exist(client: httpx.Client) -> None:
    problem_of(client.get(f"/api/v1/{CANARY}"), 404, "not_found")
    assert problem_of(client.delete("/api/v1/things"), 405, "method_not_allowed")
    assert client.delete("/api/v1/things").headers["allow"] == "POST"


@pytest.mark.parametrize("content", [b"{", b"[]", b'"x"', b'{"size": "ZZCANARI"}', b"\xff\xfe", b""])
def test_malformed_bodies_are_422_or_400_and_never_repeated(client: httpx.Client, content: bytes) -> None:
    answer = client.post("/api/v1/things", content=content, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 422}
    body = problem_of(answer, answer.status_code, answer.json()["code"])
    assert CANARY not in answer.text
    if answer.status_code == 422:
        assert body["errors"]


def test_a_form_is_not_json(client: httpx.Client) -> None:
    """A form of another site can be sent without asking the browser; JSON cannot."""
    answer = client.post("/api/v1/things", content=b'{"size": 1}', headers={"content-type": "text/plain"})
    problem_of(answer, 422, "malformed_request")


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_that_is_too_large_is_refused(client: httpx.Client, declared: bool) -> None:
    content = json.dumps({"size": 1}).ljust(MAX_BODY_BYTES + 1).encode()
    headers = {"content-type": "application/json"}
    if not declared:
        headers["transfer-encoding"] = "chunked"
    request = client.build_request("POST", "/api/v1/things", content=content, headers=headers)
    if not declared:
        del request.headers["content-length"]
    problem_of(client.send(request), 413, "body_too_large")


def test_the_largest_body_still_passes(client: httpx.Client) -> None:
    content = json.dumps({"size": 1}).ljust(MAX_BODY_BYTES).encode()
    answer = client.post("/api/v1/things", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 200


def test_a_calendar_may_be_larger(client: httpx.Client) -> None:
    headers = {"content-type": "application/json"}
    content = json.dumps({"size": 1}).ljust(MAX_CALENDAR_BYTES).encode()
    assert client.post("/api/v1/calendar", content=content, headers=headers).status_code == 200
    assert client.post("/api/v1/calendar", content=content + b" ", headers=headers).status_code == 413


def test_every_answer_carries_the_headers_of_the_house(client: httpx.Client) -> None:
    for path in ("/api/v1/things", "/api/v1/fails/crash", "/nowhere"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; frame-ancestors 'none'")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["strict-transport-security"] == "max-age=31536000"
        assert UUID(headers["x-request-id"])
    assert client.get("/api/v1/things").headers["cache-control"] == "no-store"
    assert "cache-control" not in client.get("/page").headers


def test_a_request_id_is_taken_over_only_when_it_can_name_nobody(client: httpx.Client) -> None:
    given = str(uuid4())
    assert client.get("/page", headers={"x-request-id": given}).headers["x-request-id"] == given
    assert client.get("/page", headers={"x-request-id": CANARY}).headers["x-request-id"] != CANARY


def test_the_log_line_names_the_template_never_the_path(client: httpx.Client, lines: io.StringIO) -> None:
    answer = client.get(f"/api/v1/patients/{CANARY}", params={"q": CANARY}, headers={"cookie": f"a={CANARY}"})
    client.request(CANARY, f"/{CANARY}")
    entry = next(line for line in logged(lines) if line.get("route") == "/api/v1/patients/{name}")
    assert {key: entry[key] for key in ("event", "method", "status", "actor")} == {
        "event": "request",
        "method": "GET",
        "status": 200,
        "actor": None,
    }
    assert entry["request_id"] == answer.headers["x-request-id"]
    assert isinstance(entry["duration_ms"], float)
    assert logged(lines)[-1]["method"] == "other"
    assert logged(lines)[-1]["route"] == "unmatched"
    assert CANARY not in lines.getvalue()
