"""The SAS platform over HTTP: mutual TLS with our own certificate, FHIR resources, short answers."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from scheduler.errors import InvalidSetting
from scheduler.sas.sending import PlatformRefused, PlatformUnreachable
from scheduler.settings import Settings

MEDIA_TYPE = "application/fhir+json"
_NOT_NOW = frozenset({401, 403, 404, 408, 425, 429})
"""Refusals of the door or the moment, not of the report: it is sent again."""

_KNOWN_ALREADY = frozenset({409, 412})


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpPlatform:
    """Tells an address of the platform.

    Parameters
    ----------
    url : str
        Base of its FHIR service.
    tls : ssl.SSLContext
        With our certificate.
    """

    url: str
    tls: ssl.SSLContext
    timeout_s: float = 10.0

    def create(self, resource: Mapping[str, Any]) -> None:
        """Tell a booking for the first time.

        The condition (If-None-Exist, FHIR R4 §3.1.0.8.1) makes a repetition harmless where the platform
        honours it; an answer that says the booking is known counts as received.
        """
        headers = {"If-None-Exist": f"identifier={_token(resource)}"}
        self._send("POST", "Appointment", resource, headers, fine=_KNOWN_ALREADY)

    def update(self, resource: Mapping[str, Any]) -> None:
        """Tell a booking again, by its identifier."""
        self._send("PUT", f"Appointment?identifier={_token(resource)}", resource, {}, fine=frozenset())

    def _send(
        self,
        method: str,
        target: str,
        resource: Mapping[str, Any],
        headers: Mapping[str, str],
        *,
        fine: frozenset[int],
    ) -> None:
        sent = {"Content-Type": MEDIA_TYPE, "Accept": MEDIA_TYPE, **headers}
        try:
            with httpx.Client(verify=self.tls, timeout=self.timeout_s, trust_env=False) as client:
                answer = client.request(
                    method, f"{self.url.rstrip('/')}/{target}", json=dict(resource), headers=sent
                )
        except httpx.HTTPError as error:
            raise PlatformUnreachable(type(error).__name__) from None
        if answer.is_success or answer.status_code in fine:
            return
        reason = f"http_{answer.status_code}"
        if answer.is_client_error and answer.status_code not in _NOT_NOW:
            raise PlatformRefused(reason)
        raise PlatformUnreachable(reason, _rest_asked(answer))


def platform_of(settings: Settings) -> HttpPlatform | None:
    """Give the platform an operator has set; None when there is none.

    Raises
    ------
    InvalidSetting
        When the address is not one, or a certificate cannot be read.
    """
    if not settings.sas_url:
        return None
    if not settings.sas_url.startswith(("https://", "http://")):
        raise InvalidSetting("RELAIS_SAS_URL", "une adresse https://…")
    if settings.in_production and not settings.sas_url.startswith("https://"):
        raise InvalidSetting("RELAIS_SAS_URL", "une adresse https://… en production")
    return HttpPlatform(url=settings.sas_url, tls=_tls(settings))


def system_of(settings: Settings) -> str:
    """Give the system of our bookings' identifiers: the one that was set, else an address of ours."""
    return settings.sas_system or f"{settings.public_url.rstrip('/')}/fhir/Appointment"


def _tls(settings: Settings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=_file(settings.sas_ca_file))
        if settings.sas_cert_file is not None:
            context.load_cert_chain(settings.sas_cert_file, _file(settings.sas_key_file))
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        raise InvalidSetting(
            "RELAIS_SAS_CERT_FILE, RELAIS_SAS_KEY_FILE, RELAIS_SAS_CA_FILE", "des fichiers PEM lisibles"
        ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _file(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _token(resource: Mapping[str, Any]) -> str:
    identifier = resource["identifier"][0]
    return quote(f"{identifier['system']}|{identifier['value']}", safe=":/")


def _rest_asked(answer: httpx.Response) -> timedelta | None:
    seconds = answer.headers.get("retry-after", "")
    whole = seconds.isascii() and seconds.isdecimal() and len(seconds) < 7
    return timedelta(seconds=int(seconds)) if whole else None
