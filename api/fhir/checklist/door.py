"""The door: which certificates and which versions of TLS are let in; and how quick answers are."""

import ssl
from time import perf_counter

import httpx

from api.fhir.checklist.ground import PLAIN, Ground, NothingToSee, Wrong, require, who

_NUM_SEARCHES = 60
_TARGET = "/metadata"


def no_certificate(ground: Ground) -> str:
    """Come without a certificate."""
    return _kept_out(ground, cert=None)


def strangers(ground: Ground) -> str:
    """Come with each certificate that must be refused."""
    if not ground.strangers:
        raise NothingToSee("aucun certificat à refuser n'est donné (--refused)")
    for stranger in ground.strangers:
        try:
            _kept_out(ground, cert=(stranger.cert, stranger.key))
        except Wrong:
            raise Wrong(f"laissé entrer : {stranger.name}") from None
    return ", ".join(stranger.name for stranger in ground.strangers)


def forged_headers(ground: Ground) -> str:
    """Write by hand what only the proxy may write."""
    forged = {
        "X-Client-Verify": "SUCCESS",
        "X-Client-Subject": "CN=forged",
        "X-Relais-Proxy-Secret": "forged",
    }
    if ground.open_with is None:
        raise NothingToSee("pas de TLS à cette adresse")
    with ground.open_with(cert=None) as client:
        _refused(client, ground, forged)
    answer = ground.client.get(f"{ground.base}{_TARGET}", headers=forged)
    require(answer.status_code == 200, "des en-têtes du dehors passent avant ceux du proxy")
    return ""


def old_tls(ground: Ground) -> str:
    """Speak versions of TLS that are no longer safe, then one that is."""
    if ground.open_with is None:
        raise NothingToSee("pas de TLS à cette adresse")
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        with ground.open_with(most=version) as client:
            _refused(client, ground, {})
    with ground.open_with(most=ssl.TLSVersion.TLSv1_2) as client:
        answer = client.get(f"{ground.base}{_TARGET}")
        require(answer.status_code == 200, "TLS 1.2 n'est pas accepté")
    return "1.0 et 1.1 refusés, 1.2 accepté"


def quick(ground: Ground) -> str:
    """Ask for 25 professionals over three days, again and again."""
    many = [*ground.rpps, *(f"{number:011d}" for number in range(1, 26))][:25]
    target = f"/Slot?{PLAIN}&{ground.window()}&{who(many)}&status=free"
    took_s = []
    for _ in range(_NUM_SEARCHES):
        began = perf_counter()
        require(ground.get(target).status_code == 200, "une réponse manque")
        took_s.append(perf_counter() - began)
    took_s.sort()
    slowest = took_s[-1]
    require(slowest < ground.limit_s, f"{slowest * 1000:.0f} ms pour la plus lente")
    return f"médiane {took_s[len(took_s) // 2] * 1000:.0f} ms, la plus lente {slowest * 1000:.0f} ms"


def _kept_out(ground: Ground, *, cert: object) -> str:
    if ground.open_with is None:
        raise NothingToSee("pas de TLS à cette adresse")
    with ground.open_with(cert=cert) as client:
        _refused(client, ground, {})
    return ""


def _refused(client: httpx.Client, ground: Ground, headers: dict[str, str]) -> None:
    """Want a failed handshake or a 4xx, and no data."""
    try:
        answer = client.get(f"{ground.base}{_TARGET}", headers=headers)
    except httpx.TransportError:
        return
    require(answer.is_client_error, f"réponse {answer.status_code}")
    require("CapabilityStatement" not in answer.text, "des données sont parties")
