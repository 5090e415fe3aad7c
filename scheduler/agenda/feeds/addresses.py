"""Which addresses may be fetched: scheme, host, port, and the network address behind the name.

References
----------
RFC 6890 and the IANA special-purpose registries; OWASP ASVS 5.0 §1.3.6.
"""

import ipaddress
import re
from dataclasses import dataclass

import httpx

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_ADDRESS = 2048

# ``is_global`` of Python 3.11 is true for several of these, which lead or may lead inside
_NEVER = tuple(
    ipaddress.ip_network(network)
    for network in (
        "100.64.0.0/10", "192.88.99.0/24", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
        "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
        "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "ff00::/8",
    )
)  # fmt: skip


def is_public(address: IPAddress) -> bool:
    """Tell whether a network address is on the public Internet, seen through IPv4 mapped in IPv6."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    if not address.is_global or address.is_multicast:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address not in _UNICAST:
        return False
    return not any(address.version == network.version and address in network for network in _NEVER)


_UNICAST = ipaddress.ip_network("2000::/3")  # all of IPv6 that the public Internet uses so far


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressPolicy:
    """What may be fetched.

    Parameters
    ----------
    allow_private : bool
        Fetch from any network address, any port and without TLS: for tests and development only.
    allow_http : bool
        Accept addresses without TLS, where a GP insists; a redirect never leads from https to http.
    ports : frozenset of int
        Ports that may be connected to.
    hosts : frozenset of str or None
        Strict mode: only these hosts and those under them; None = any public host.
    """

    allow_private: bool = False
    allow_http: bool = False
    ports: frozenset[int] = frozenset({80, 443})
    hosts: frozenset[str] | None = None


class AddressRefused(Exception):
    """An address that may not be fetched; ``code`` is one of ``fetched.FetchCode``."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def checked_url(address: str, policy: AddressPolicy) -> httpx.URL:
    """Give the URL of an address a person pasted, checked before any connection; webcal becomes https.

    Raises
    ------
    AddressRefused
        ``address_malformed``, ``address_with_password``, ``address_of_page``, ``scheme_refused``,
        ``port_refused`` or ``host_refused``.
    """
    text = re.sub(r"^webcals?://", "https://", address.strip(), flags=re.IGNORECASE)
    if not text or len(text) > MAX_ADDRESS:
        raise AddressRefused("address_malformed")
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError) as error:
        raise AddressRefused("address_malformed") from error
    return check(url, policy)


def check(url: httpx.URL, policy: AddressPolicy) -> httpx.URL:
    """Check one URL, pasted or redirected to.

    Raises
    ------
    AddressRefused
        As ``checked_url``.
    """
    is_http = policy.allow_http or policy.allow_private
    if url.scheme != "https" and not (url.scheme == "http" and is_http):
        raise AddressRefused("scheme_refused")
    if not url.host or any(ord(char) <= 32 for char in url.host) or not 0 < port_of(url) < 65536:
        raise AddressRefused("address_malformed")
    if url.userinfo:
        raise AddressRefused("address_with_password")
    if _is_page(url):
        raise AddressRefused("address_of_page")
    if port_of(url) not in policy.ports and not policy.allow_private:
        raise AddressRefused("port_refused")
    if policy.hosts is not None and not any(_is_under(url.host, host) for host in policy.hosts):
        raise AddressRefused("host_refused")
    return url.copy_with(fragment=None)


def port_of(url: httpx.URL) -> int:
    """Give the port a URL leads to."""
    return url.port or (443 if url.scheme == "https" else 80)


def host_only(address: str) -> str:
    """Give the host of an address for messages; the rest of an address is a secret."""
    match = re.match(r"(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?:[^/?#@]*@)?(\[[^\]]*\]|[^:/?#@]*)", address.strip())
    return match[1][:253] if match and match[1] else "adresse illisible"


def _is_under(host: str, allowed: str) -> bool:
    host, allowed = host.lower().rstrip("."), allowed.lower()
    return host == allowed or host.endswith("." + allowed)


def _is_page(url: httpx.URL) -> bool:
    """Recognise the pages people copy instead of the calendar: Google's "cid=" link, Outlook's .html."""
    if url.host == "calendar.google.com" and not url.path.startswith("/calendar/ical/"):
        return True
    return url.host.startswith("outlook.") and url.path.endswith(".html")
