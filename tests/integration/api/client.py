"""A plain HTTP client whose server is the application itself, in this process."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI
from starlette.types import ASGIApp

BASE = "http://relais.test"


class InProcess(httpx.BaseTransport):
    """Hands each request to an ASGI application, on the event loop of a portal."""

    def __init__(self, app: ASGIApp, portal: BlockingPortal) -> None:
        self._portal = portal
        self._asgi = httpx.ASGITransport(app, raise_app_exceptions=False, client=("192.0.2.1", 40000))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._portal.call(self._answer, request, request.read())

    async def _answer(self, request: httpx.Request, content: bytes) -> httpx.Response:
        sent = httpx.Request(
            request.method,
            request.url,
            headers=request.headers,
            content=content,
            extensions=request.extensions,
        )
        answer = await self._asgi.handle_async_request(sent)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())


@contextmanager
def clients_of(app: ASGIApp) -> Iterator["Clients"]:
    """Give clients of one application, each with its own cookies."""
    with start_blocking_portal() as portal:
        try:
            yield Clients(app, portal)
        finally:
            if isinstance(app, FastAPI) and hasattr(app.state, "services"):
                app.state.services.workbench.stop()  # its lifespan, which would do it, is not run here


class Clients:
    def __init__(self, app: ASGIApp, portal: BlockingPortal) -> None:
        self._transport = InProcess(app, portal)

    def new(self, **headers: str) -> httpx.Client:
        return httpx.Client(transport=self._transport, base_url=BASE, headers=headers)


def finished(client: httpx.Client, started: httpx.Response) -> Any:
    """Look at what was started, at the address it gave, until it has ended."""
    assert started.status_code == 202, started.text
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        seen = client.get(started.headers["location"]).json()
        if seen["state"] != "running":
            return seen
        time.sleep(0.05)
    raise AssertionError("what was started did not end")
