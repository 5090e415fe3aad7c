"""Connections that go where they were checked to go, and end in time.

The name is resolved once, every address of it is checked, and the connection is made to a checked address;
the request keeps the name, so that Host, SNI and the certificate check stay as they are. An answer of the
name server that changes in between (DNS rebinding) changes nothing.
"""

import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpcore

from scheduler.agenda.feeds.addresses import AddressRefused, IPAddress, is_public

Resolve = Callable[[str, int], list[str]]
"""From a host name and a port to its network addresses, as text; raises OSError if it has none."""


class Deadline:
    """The instant, by the monotonic clock, when everything must be over."""

    def __init__(self, total_s: float) -> None:
        self._at = time.monotonic() + total_s

    def left_s(self, timeout_s: float | None = None) -> float:
        """Give the seconds left, at most ``timeout_s``.

        Raises
        ------
        httpcore.ReadTimeout
            When nothing is left.
        """
        left_s = self._at - time.monotonic()
        if left_s <= 0:
            raise httpcore.ReadTimeout
        return left_s if timeout_s is None else min(left_s, timeout_s)


def resolve(host: str, port: int) -> list[str]:
    """Ask the system for the addresses of a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class CheckedBackend(httpcore.NetworkBackend):
    """Opens connections for ``httpcore`` to checked addresses only, within one deadline.

    Parameters
    ----------
    allow_private : bool
    deadline : Deadline
    resolve : callable
    """

    def __init__(self, *, allow_private: bool, deadline: Deadline, resolve: Resolve = resolve) -> None:
        self._allow_private = allow_private
        self._deadline = deadline
        self._resolve = resolve
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of the host that answers, all of them checked before."""
        failure: Exception = httpcore.ConnectError("no address")
        for address in self._addresses(host, port):
            try:
                stream = self._backend.connect_tcp(
                    str(address), port, self._deadline.left_s(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _TimedStream(stream, self._deadline)
        raise failure

    def connect_unix_socket(self, *_args: Any, **_kwargs: Any) -> httpcore.NetworkStream:
        """Refuse: a calendar is never behind a local socket."""
        raise AddressRefused("address_private")

    def _addresses(self, host: str, port: int) -> list[IPAddress]:
        found = _within(self._deadline, lambda: self._resolve(host, port))
        addresses = [ipaddress.ip_address(text.partition("%")[0]) for text in found]
        if not addresses:
            raise AddressRefused("host_unknown")
        if not self._allow_private and not all(is_public(address) for address in addresses):
            raise AddressRefused("address_private")
        return addresses


def _within(deadline: Deadline, question: Callable[[], list[str]]) -> list[str]:
    """Ask in a thread of its own: the system's resolver knows no time limit."""
    answers: queue.Queue[list[str] | None] = queue.Queue(1)

    def ask() -> None:
        try:
            answers.put(question())
        except (OSError, UnicodeError):  # unknown, or not a name at all
            answers.put(None)

    threading.Thread(target=ask, daemon=True, name="feed-resolver").start()
    try:
        answer = answers.get(timeout=deadline.left_s())
    except queue.Empty:
        raise httpcore.ConnectTimeout from None
    if answer is None:
        raise AddressRefused("host_unknown")
    return answer


class _TimedStream(httpcore.NetworkStream):
    """A stream whose every operation gets what is left of the deadline: slow drips end in time too."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left_s(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left_s(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left_s(timeout))
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
