"""Who may ask under ``/fhir``: the platform, by the client certificate that the reverse proxy has checked.

The proxy ends the mutual TLS, forwards what it verified in headers that it always sets itself, and proves to
be the proxy by a secret that only it and this service know; so a header from outside counts for nothing.
"""

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


def _fields(subject: str) -> dict[str, list[str]]:
    """Read a distinguished name as nginx writes it (RFC 2253): "CN=…,OU=…,O=…"."""
    fields: dict[str, list[str]] = {}
    for part in _unescaped_commas(subject):
        name, _, value = part.partition("=")
        fields.setdefault(name.strip().upper(), []).append(value.strip())
    return fields


def _unescaped_commas(subject: str) -> list[str]:
    parts: list[str] = []
    current, escaped = "", False
    for letter in subject:
        if escaped or letter not in "\\,":
            current, escaped = current + letter, False
        elif letter == "\\":
            escaped = True
        else:
            parts, current = [*parts, current], ""
    return [*parts, current]
