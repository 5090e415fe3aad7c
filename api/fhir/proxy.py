"""Who may ask under ``/fhir``: the platform, by the client certificate that the reverse proxy has checked.

The proxy ends the mutual TLS, forwards what it verified in headers that it always sets itself, and proves to
be the proxy by a secret that only it and this service know; so a header from outside counts for nothing.
"""

import re
import secrets

from fastapi import Request

from api.fhir.errors import NotThePlatform
from api.services import services_of
from scheduler.settings import Settings

SECRET = "x-relais-proxy-secret"  # noqa: S105 - the name of a header
VERIFIED = "x-client-verify"
SUBJECT = "x-client-subject"


async def from_platform(request: Request) -> None:
    """Refuse whoever does not come through the proxy with the platform's certificate.

    Raises
    ------
    NotThePlatform
        Always, while neither the proxy's secret nor the switch for development is set.
    """
    settings = services_of(request).settings
    if settings.fhir_open and not settings.in_production:
        return
    if not _by_proxy(request, settings) or request.headers.get(VERIFIED) != "SUCCESS":
        raise NotThePlatform("forbidden", "", "Le certificat client de la plateforme est attendu.")
    subject = _fields(request.headers.get(SUBJECT, ""))
    if settings.fhir_client_cn not in subject.get("CN", ()) or settings.fhir_client_ou not in subject.get(
        "OU", ()
    ):
        raise NotThePlatform("forbidden", "", "Ce certificat n'est pas celui de la plateforme.")


def _by_proxy(request: Request, settings: Settings) -> bool:
    expected = settings.fhir_proxy_secret.get_secret_value()
    given = request.headers.get(SECRET, "")
    return bool(expected) and secrets.compare_digest(given.encode(), expected.encode())


def escaped(value: str) -> str:
    """Write a value of a distinguished name as nginx does (RFC 4514 §2.4)."""
    return re.sub(r'([\\,+"<>;=])', r"\\\1", value)


def _fields(subject: str) -> dict[str, list[str]]:
    """Read a distinguished name as nginx writes it (RFC 4514): "CN=…,OU=…,O=…"; "+" joins two in one."""
    fields: dict[str, list[str]] = {}
    for part in _PART.findall(subject):
        name, _, value = part.partition("=")
        fields.setdefault(name.strip().upper(), []).append(_unescaped(value.strip()))
    return fields


_PART = re.compile(r"(?:\\.|[^\\,+])+", re.DOTALL)
_ESCAPED = re.compile(r"(?:\\[0-9A-Fa-f]{2})+|\\(.)", re.DOTALL)


def _unescaped(value: str) -> str:
    """Take the escapes away: a sign after a backslash, or the bytes of UTF-8 as pairs of figures."""

    def plain(found: re.Match[str]) -> str:
        if found[1] is not None:
            return found[1]
        return bytes.fromhex(found[0].replace("\\", "")).decode("utf-8", "replace")

    return _ESCAPED.sub(plain, value)
