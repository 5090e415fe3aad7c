"""A plain HTTP client whose server is the application itself, in this process."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
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
        yield Clients(app, portal)


class Clients:
    def __init__(self, app: ASGIApp, portal: BlockingPortal) -> None:
        self._transport = InProcess(app, portal)

    def new(self, **headers: str) -> httpx.Client:
        return httpx.Client(transport=self._transport, base_url=BASE, headers=headers)
