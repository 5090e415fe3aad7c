"""What surrounds every request: its id, its size limit, the headers of its answer, its line in the logs."""

import re
import time
from collections.abc import Iterable, MutableMapping
from uuid import UUID, uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import fault
from api.logging import describe

log = structlog.get_logger("relais.http")

MAX_BODY_BYTES = 256 * 1024
MAX_CALENDAR_BYTES = 8 * 1024 * 1024
"""A calendar file with years of events, and the form around it."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_API = "/api/v1"

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    # "no-referrer" would make browsers send "Origin: null" from our own forms
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; form-action 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_TLS_ONLY = "max-age=31536000"


class Edge:
    """The outermost layer of ours around the application.

    Parameters
    ----------
    app
        What answers.
    in_production
        Whether browsers are told to come back by TLS only (HSTS).
    large_bodies
        Patterns of the paths that take a calendar file: ``MAX_CALENDAR_BYTES`` there, else
        ``MAX_BODY_BYTES``.
    """

    def __init__(self, app: ASGIApp, *, in_production: bool, large_bodies: Iterable[str] = ()) -> None:
        self.app = app
        self.in_production = in_production
        self.large_bodies = re.compile("|".join(large_bodies) or r"(?!)")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; an exception nobody expected is logged by class and place, answered by 500."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        request.state.request_id = _request_id(Headers(scope=scope))
        answer = _Answer(self, scope, send)
        with structlog.contextvars.bound_contextvars(request_id=request.state.request_id):
            try:
                await self.app(scope, self._bounded(scope, receive), answer.send)
            except Exception as error:
                # the text of an exception may quote a row: its class and place only, however logs are set up
                log.error("request_failed", route=_route(scope), **describe(error))  # noqa: TRY400
                if answer.begun:
                    raise  # too late for another answer: the server cuts the connection
                await fault(request)(scope, receive, answer.send)
            finally:
                answer.end()

    def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        limit = MAX_CALENDAR_BYTES if self.large_bodies.fullmatch(scope["path"]) else MAX_BODY_BYTES
        declared = Headers(scope=scope).get("content-length", "0")
        too_large = declared.isdecimal() and int(declared) > limit
        received = 0

        async def bounded() -> Message:
            nonlocal received
            if too_large:
                raise HTTPException(413)
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413)
            return message

        return bounded

    def headers(self, scope: Scope) -> dict[str, str]:
        """Give the headers an answer gets unless its route set them itself."""
        private = {"Cache-Control": "no-store"} if scope["path"].startswith(_API) else {}
        tls = {"Strict-Transport-Security": _TLS_ONLY} if self.in_production else {}
        return {**_ALWAYS, **private, **tls, "X-Request-ID": scope["state"]["request_id"]}


class _Answer:
    """The sending side of one request: adds the headers, remembers the status."""

    def __init__(self, edge: Edge, scope: Scope, send: Send) -> None:
        self._edge = edge
        self._scope = scope
        self._send = send
        self._started_s = time.perf_counter()
        self._ended = False
        self._status = 0
        self.begun = False

    async def send(self, message: MutableMapping[str, object]) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            self._status = int(str(message["status"]))
            headers = MutableHeaders(scope=message)
            for name, value in self._edge.headers(self._scope).items():
                headers.setdefault(name, value)
        await self._send(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self.end()  # what a route does after its answer is not part of the request

    def end(self) -> None:
        """Write the line of this request, once."""
        if not self._ended:
            self._ended = True
            _tell(self._scope, self._status, time.perf_counter() - self._started_s)


def _request_id(headers: Headers) -> str:
    """Take over the id a proxy gave when it is a UUID; anything else could carry an identity."""
    given = headers.get("x-request-id", "")
    try:
        return str(UUID(given)) if given else str(uuid4())
    except ValueError:
        return str(uuid4())


def _route(scope: Scope) -> str:
    """Name the route by its template: a path itself may hold the id of a patient."""
    return str(getattr(scope.get("route"), "path", "unmatched"))


def _tell(scope: Scope, status: int, duration_s: float) -> None:
    log.info(
        "request",
        method=scope["method"] if scope["method"] in _METHODS else "other",
        route=_route(scope),
        status=status,
        duration_ms=round(duration_s * 1000, 1),
        actor=scope["state"].get("actor_key"),
    )
