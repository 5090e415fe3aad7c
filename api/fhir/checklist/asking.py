"""Asking a server over the network, with the certificate of the platform, others, or none."""

import re
import ssl
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from api.fhir.checklist.ground import Certificate, Ground
from scheduler.clock import utc_now
from scheduler.errors import InvalidInput

_TIMEOUT_S = 30.0


@contextmanager
def ground_at(
    url: str,
    *,
    rpps: tuple[str, ...],
    cert: Path | None = None,
    key: Path | None = None,
    ca: Path | None = None,
    strangers: tuple[Certificate, ...] = (),
    may_write: bool = False,
    limit_s: float = 1.0,
) -> Iterator[Ground]:
    """Give the ground of a checklist on a server at an address.

    Raises
    ------
    InvalidInput
        When the address, a number or a certificate cannot be used.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise InvalidInput("URL", "l'adresse du service FHIR : https://…/fhir")
    if len(rpps) > 25 or not all(re.fullmatch("[0-9]{11}", number) for number in rpps):
        raise InvalidInput("--rpps", "au plus 25 numéros de 11 chiffres")
    opened: Callable[..., httpx.Client] = partial(_client, ca=ca, own=(cert, key))
    with opened() as client, opened(cert=None) as pages:
        yield Ground(
            base=url.rstrip("/"),
            client=client,
            pages=pages,
            rpps=rpps,
            now=utc_now(),
            may_write=may_write,
            limit_s=limit_s,
            open_with=opened if parts.scheme == "https" else None,
            strangers=strangers,
        )


_OWN = object()


def _client(
    *,
    ca: Path | None,
    own: tuple[Path | None, Path | None],
    cert: Any = _OWN,
    most: ssl.TLSVersion | None = None,
) -> httpx.Client:
    """Make a client; ``cert`` is another pair of files, None for none, ``most`` the newest TLS it speaks."""
    try:
        context = ssl.create_default_context(cafile=None if ca is None else str(ca))
        certificate, key = own if cert is _OWN else cert or (None, None)
        if certificate is not None:
            context.load_cert_chain(certificate, key)
    except (OSError, ValueError):
        raise InvalidInput("--cert, --key, --ca, --refused", "des fichiers PEM lisibles") from None
    if most is not None:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")  # else this side would refuse before the server does
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # old versions are spoken on purpose
            context.minimum_version = context.maximum_version = most
    return httpx.Client(verify=context, timeout=_TIMEOUT_S, trust_env=False)
