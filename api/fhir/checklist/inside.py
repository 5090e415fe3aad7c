"""Asking the service itself, from inside, as the proxy would hand requests to it: for the page."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import httpx
from anyio import from_thread
from starlette.types import ASGIApp, Message

from api.fhir import proxy
from api.fhir.checklist.ground import Ground
from scheduler.settings import Settings


@contextmanager
def ground_inside(
    app: ASGIApp, settings: Settings, *, rpps: tuple[str, ...], now: datetime
) -> Iterator[Ground]:
    """Give the ground of a checklist on this very service; only from a thread that serves a request.

    What stands at the door (certificates, TLS) cannot be seen from inside: those checks have nothing to see.
    """
    vouched = {
        proxy.SECRET: settings.fhir_proxy_secret.get_secret_value(),
        proxy.VERIFIED: "SUCCESS",
        proxy.SUBJECT: ",".join(
            (
                f"CN={proxy.escaped(settings.fhir_client_cn)}",
                f"OU={proxy.escaped(settings.fhir_client_ou)}",
            )
        ),
    }
    base = f"{settings.public_url.rstrip('/')}/fhir"
    with (
        httpx.Client(transport=_Inside(app, vouched)) as client,
        httpx.Client(transport=_Inside(app, {})) as pages,
    ):
        yield Ground(base=base, client=client, pages=pages, rpps=rpps, now=now)


class _Inside(httpx.BaseTransport):
    """Hands each request to the application, on the event loop that runs it already."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app, self._headers = app, headers

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return from_thread.run(self._answer, request, request.read())

    async def _answer(self, request: httpx.Request, body: bytes) -> httpx.Response:
        started: dict[str, Any] = {}
        parts: list[bytes] = []
        sent = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            return sent.pop() if sent else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.update(message)
            parts.append(message.get("body", b""))

        await self._app(self._scope(request), receive, send)
        return httpx.Response(started["status"], headers=started["headers"], content=b"".join(parts))

    def _scope(self, request: httpx.Request) -> dict[str, Any]:
        """Write the request as a server would; ``target`` is taken exactly as it was written."""
        target: bytes = request.extensions.get("target", request.url.raw_path)
        path, _, query = target.partition(b"?")
        headers = [(name.lower(), value) for name, value in request.headers.raw]
        headers += [(name.encode(), value.encode()) for name, value in self._headers.items()]
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": request.url.scheme,
            "path": httpx.URL(path.decode("ascii")).path,
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 0),
            "server": (request.url.host, request.url.port),
        }
