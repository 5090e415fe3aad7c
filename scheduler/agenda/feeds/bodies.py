"""Bodies read from the network within bounds: bytes received, and bytes once decompressed."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyLimits:
    """Bytes allowed, as received and once decompressed."""

    max_wire_bytes: int = 5_000_000
    max_body_bytes: int = 20_000_000


class BodyRefused(Exception):
    """A body over its bounds or badly compressed; ``code`` is one of ``fetched.FetchCode``."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def read_body(chunks: Iterable[bytes], encoding: str, limits: BodyLimits) -> bytes:
    """Give a body, decompressed; stops at the first byte too many, of either kind.

    Raises
    ------
    BodyRefused
        ``too_large`` or ``bad_compression``.
    """
    encoding = encoding.strip().lower()
    if encoding in {"", "identity"}:
        return _plain(chunks, limits)
    if encoding in {"gzip", "x-gzip"}:
        return _gunzipped(chunks, limits)
    raise BodyRefused("bad_compression")


def _plain(chunks: Iterable[bytes], limits: BodyLimits) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > min(limits.max_wire_bytes, limits.max_body_bytes):
            raise BodyRefused("too_large")
    return bytes(body)


def _gunzipped(chunks: Iterable[bytes], limits: BodyLimits) -> bytes:
    stream = zlib.decompressobj(wbits=31)
    body = bytearray()
    num_wire = 0
    for chunk in chunks:
        num_wire += len(chunk)
        if num_wire > limits.max_wire_bytes:
            raise BodyRefused("too_large")
        try:
            body += stream.decompress(chunk, limits.max_body_bytes + 1 - len(body))
        except zlib.error as error:
            raise BodyRefused("bad_compression") from error
        if len(body) > limits.max_body_bytes:
            raise BodyRefused("too_large")
    if not stream.eof:
        raise BodyRefused("bad_compression")
    return bytes(body)
