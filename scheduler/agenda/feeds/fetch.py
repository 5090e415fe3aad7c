"""Calendars fetched from addresses that strangers chose: checked, bounded, and quiet about the address.

The HTTP client is ``httpcore``, the lower half of httpx: it reads no environment, follows no redirect,
decodes nothing, keeps no cookie, and takes our network backend through its public constructor.

References
----------
RFC 9110 (redirects, validators, Retry-After).
"""

import base64
import logging
import re
import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path

import httpcore
import httpx

from scheduler.agenda.feeds.addresses import (
    AddressPolicy,
    AddressRefused,
    check,
    checked_url,
    host_only,
    port_of,
)
from scheduler.agenda.feeds.bodies import BodyLimits, BodyRefused, read_body
from scheduler.agenda.feeds.errors import FeedTooLarge, SourceUnreachable
from scheduler.agenda.feeds.fetched import FetchCode, Fetched, Outcome, Validators
from scheduler.agenda.feeds.network import CheckedBackend, Deadline, Resolve, resolve

# at DEBUG this client logs the headers of redirects, which may hold the secret part of an address
logging.getLogger("httpcore").setLevel(logging.WARNING)

USER_AGENT = "Mozilla/5.0 (compatible; Relais/1; agenda)"
"""Looks like a browser because Outlook answers unknown agents with errors or pages."""

_MAX_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_RETRY_AFTER_S = 6 * 3600
_STATUS_CODES = {
    401: FetchCode.LOGIN_REQUIRED,
    403: FetchCode.LOGIN_REQUIRED,
    404: FetchCode.NOT_FOUND,
    410: FetchCode.GONE,
    429: FetchCode.TOO_MANY_REQUESTS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchSettings:
    """How addresses are fetched.

    Parameters
    ----------
    policy : AddressPolicy
        Where connections may go.
    limits : BodyLimits
        How many bytes, received and decompressed.
    total_s : float
        Time for everything: name, connection, redirects, body; seconds.
    user_agent : str
    resolve : callable
        From a host and a port to network addresses; replaced in tests.
    """

    policy: AddressPolicy = field(default_factory=AddressPolicy)
    limits: BodyLimits = field(default_factory=BodyLimits)
    total_s: float = 15.0
    user_agent: str = USER_AGENT
    resolve: Resolve = resolve


_DEFAULT = FetchSettings()


def fetch(
    address: str,
    validators: Validators | None = None,
    *,
    settings: FetchSettings = _DEFAULT,
    credentials: tuple[str, str] | None = None,
) -> Fetched:
    """Fetch a calendar; whatever happens is a value, never an exception.

    Parameters
    ----------
    address : str
        As the GP pasted it: https, webcal, or http where the policy allows. A secret: it appears in no
        log and no message, its host excepted.
    validators : Validators or None
        What the last fresh answer gave: the server may answer that nothing changed.
    settings : FetchSettings
    credentials : (user, password) or None
        For HTTP Basic; sent to the first host only, never along a redirect to another.
    """
    host = host_only(address)
    try:
        url = checked_url(address, settings.policy)
        return _Exchange(url, validators or Validators(), settings, credentials).run()
    except AddressRefused as refusal:
        code = FetchCode(refusal.code)
        outcome = Outcome.FAILED if code is FetchCode.HOST_UNKNOWN else Outcome.REFUSED
        return Fetched(outcome=outcome, code=code, host=host)
    except BodyRefused as refusal:
        return Fetched(outcome=Outcome.FAILED, code=FetchCode(refusal.code), host=host)
    except httpcore.TimeoutException:
        return Fetched(outcome=Outcome.FAILED, code=FetchCode.TIMEOUT, host=host)
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        is_tls = isinstance(error.__cause__ or error.__context__, ssl.SSLError)
        code = FetchCode.CERTIFICATE_REFUSED if is_tls else FetchCode.CONNECTION_FAILED
        return Fetched(outcome=Outcome.FAILED, code=code, host=host)


def read_source(source: str, *, settings: FetchSettings = _DEFAULT) -> bytes:
    """Give the bytes of a calendar file, of an address, or of standard input for ``-``.

    Raises
    ------
    SourceUnreachable
        When there is no such file, or the address gave no calendar.
    FeedTooLarge
        When a file is larger than allowed.
    """
    if re.match(r"(https?|webcals?)://", source, re.IGNORECASE):
        fetched = fetch(source, settings=settings)
        if fetched.outcome is not Outcome.FRESH:
            raise SourceUnreachable(fetched.code, fetched.host, fetched.sentence)
        return fetched.body
    max_bytes = settings.limits.max_body_bytes
    try:
        if source == "-":
            body = sys.stdin.buffer.read(max_bytes + 1)
        else:
            with Path(source).open("rb") as file:
                body = file.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        raise SourceUnreachable(
            "file_unreadable",
            Path(source).name[:200] or "?",
            "fichier introuvable ou illisible. Vérifiez le chemin.",
        ) from error
    if len(body) > max_bytes:
        raise FeedTooLarge
    return body


class _Exchange:
    """One fetch: at most three redirects by hand, each checked as the first address was."""

    def __init__(
        self,
        url: httpx.URL,
        validators: Validators,
        settings: FetchSettings,
        credentials: tuple[str, str] | None,
    ) -> None:
        self._url = url
        self._first = url
        self._validators = validators
        self._settings = settings
        self._credentials = credentials
        self._deadline = Deadline(settings.total_s)

    def run(self) -> Fetched:
        for _ in range(_MAX_REDIRECTS + 1):
            fetched = self._request()
            if fetched is not None:
                return fetched
        raise AddressRefused(FetchCode.TOO_MANY_REDIRECTS)

    def _request(self) -> Fetched | None:
        """Ask once; None after a redirect, with the next URL set."""
        backend = CheckedBackend(
            allow_private=self._settings.policy.allow_private,
            deadline=self._deadline,
            resolve=self._settings.resolve,
        )
        target = httpcore.URL(
            scheme=self._url.raw_scheme,
            host=self._url.raw_host,
            port=self._url.port,
            target=self._url.raw_path,
        )
        with (
            httpcore.ConnectionPool(ssl_context=_tls(), network_backend=backend, max_connections=1) as pool,
            pool.stream("GET", target, headers=self._headers()) as response,
        ):
            headers = {
                name.decode("ascii").lower(): value.decode("latin-1") for name, value in response.headers
            }
            if response.status in _REDIRECTS and "location" in headers:
                self._url = self._redirected(headers["location"])
                return None
            return self._answer(response, headers)

    def _headers(self) -> list[tuple[str, str]]:
        headers = [
            ("User-Agent", self._settings.user_agent),
            ("Accept", "text/calendar, */*;q=0.1"),
            ("Accept-Encoding", "gzip"),
            ("Connection", "close"),
        ]
        if _is_sendable(self._validators.etag):
            headers.append(("If-None-Match", self._validators.etag or ""))
        if _is_sendable(self._validators.last_modified):
            headers.append(("If-Modified-Since", self._validators.last_modified or ""))
        if self._credentials is not None and _origin(self._url) == _origin(self._first):
            pair = base64.b64encode(":".join(self._credentials).encode()).decode("ascii")
            headers.append(("Authorization", f"Basic {pair}"))
        return headers

    def _redirected(self, location: str) -> httpx.URL:
        try:
            url = self._url.join(location)
        except (httpx.InvalidURL, ValueError) as error:
            raise AddressRefused(FetchCode.ADDRESS_MALFORMED) from error
        if self._url.scheme == "https" and url.scheme != "https":
            raise AddressRefused(FetchCode.REDIRECT_DOWNGRADED)
        return check(url, self._settings.policy)

    def _answer(self, response: httpcore.Response, headers: Mapping[str, str]) -> Fetched:
        status, host = response.status, self._first.host
        if status == 304 and (self._validators.etag or self._validators.last_modified):
            return Fetched(
                outcome=Outcome.UNCHANGED,
                code=FetchCode.OK,
                host=host,
                status=status,
                validators=self._validators,
            )
        if status != 200:
            return Fetched(
                outcome=Outcome.FAILED,
                code=_code_of(status),
                host=host,
                status=status,
                retry_after_s=_retry_after_s(headers),
            )
        body = read_body(response.iter_stream(), headers.get("content-encoding", ""), self._settings.limits)
        return Fetched(
            outcome=Outcome.FRESH,
            code=FetchCode.OK,
            host=host,
            status=status,
            body=body,
            validators=Validators(etag=headers.get("etag"), last_modified=headers.get("last-modified")),
        )


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, port_of(url)


def _is_sendable(value: str | None) -> bool:
    """Tell whether a validator the server gave may go into a header again."""
    return bool(value) and re.fullmatch(r"[\x21-\x7e][\x20-\x7e]{0,299}", value or "") is not None


def _code_of(status: int) -> FetchCode:
    if status >= 500:
        return FetchCode.SERVER_ERROR
    return _STATUS_CODES.get(status, FetchCode.UNEXPECTED_STATUS)


def _retry_after_s(headers: Mapping[str, str]) -> int | None:
    """Give the wait the server asks for, in seconds; a date counts from the answer's own date."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit() and len(value) < 10:
        return min(int(value), _MAX_RETRY_AFTER_S)
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    return min(max(wait // timedelta(seconds=1), 0), _MAX_RETRY_AFTER_S)
