"""Many clients at the same instant: keep-alive connections that all send before any reads."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reply:
    """One answer, as short as a rush needs it."""

    status: int
    body: Any


class Crowd:
    """Open connections to one or several servers, one per client, shared out evenly."""

    def __init__(self, ports: Sequence[int], tokens: Sequence[str]) -> None:
        self._ports = [ports[number % len(ports)] for number in range(len(tokens))]
        self._tokens = tokens
        self._lines: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def __aenter__(self) -> "Crowd":
        self._lines = await asyncio.gather(
            *(asyncio.open_connection("127.0.0.1", port) for port in self._ports)
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        for _, writer in self._lines:
            writer.close()

    async def post(self, path: str, body: bytes, keys: Sequence[str]) -> list[Reply]:
        """Send one request from every client, all of them before the first answer is read."""
        for (_, writer), token, key in zip(self._lines, self._tokens, keys, strict=True):
            writer.write(self._request(path, body, token, key))
        return await asyncio.gather(*(self._reply(reader) for reader, _ in self._lines))

    def _request(self, path: str, body: bytes, token: str, key: str) -> bytes:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
            f"Idempotency-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    async def _reply(self, reader: asyncio.StreamReader) -> Reply:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status, *headers = head.split("\r\n")
        lengths = [line.partition(":")[2] for line in headers if line.lower().startswith("content-length:")]
        body = await reader.readexactly(int(lengths[0]))
        return Reply(int(status.split()[1]), json.loads(body))
