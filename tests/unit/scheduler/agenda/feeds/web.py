"""A real HTTP server on 127.0.0.1 for the tests of fetching; each path misbehaves in its own way."""

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from tests.unit.scheduler.agenda.feeds.kit import load

BODY = load("case_01_windows_zone")
ETAG = '"v1"'
DATE = "Sun, 07 Jun 2026 10:00:00 GMT"


class Handler(BaseHTTPRequestHandler):
    """Answers by the path; remembers the requests."""

    seen: ClassVar[list[tuple[str, dict[str, str]]]] = []
    stop: ClassVar[threading.Event] = threading.Event()

    def do_GET(self) -> None:
        Handler.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        path, _, rest = self.path.lstrip("/").partition("/")
        getattr(self, f"serve_{path.partition('?')[0].removesuffix('.ics')}")(rest)

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def serve_calendar(self, _rest: str) -> None:
        if self.headers.get("If-None-Match") == ETAG or self.headers.get("If-Modified-Since") == DATE:
            self.answer(304, ETag=ETAG)
        else:
            self.answer(200, BODY, ETag=ETAG, Last_Modified=DATE)

    def serve_status(self, rest: str) -> None:
        self.answer(int(rest), b"<html>secret</html>", Retry_After="120")

    def serve_later(self, _rest: str) -> None:
        self.answer(503, Retry_After="Sun, 07 Jun 2026 10:05:00 GMT", Date=DATE)

    def serve_unchanged(self, _rest: str) -> None:
        self.answer(304)

    def serve_to(self, rest: str) -> None:
        self.answer(302, Location=rest.replace("|", "/"))

    def serve_loop(self, rest: str) -> None:
        self.answer(301, Location=f"/loop/{int(rest or 0) + 1}")

    def serve_nowhere(self, _rest: str) -> None:
        self.answer(302)

    def serve_gzip(self, _rest: str) -> None:
        self.answer(200, gzip.compress(BODY), Content_Encoding="gzip")

    def serve_bomb(self, _rest: str) -> None:
        self.answer(200, gzip.compress(bytes(30_000_000)), Content_Encoding="gzip")

    def serve_halfgzip(self, _rest: str) -> None:
        self.answer(200, gzip.compress(BODY)[:-9], Content_Encoding="gzip")

    def serve_notgzip(self, _rest: str) -> None:
        self.answer(200, BODY, Content_Encoding="gzip")

    def serve_brotli(self, _rest: str) -> None:
        self.answer(200, BODY, Content_Encoding="br")

    def serve_endless(self, _rest: str) -> None:
        self.send_response_only(200)
        self.end_headers()
        self._drip(bytes(65536), 0.0)

    def serve_slow(self, _rest: str) -> None:
        self.send_response_only(200)
        self.end_headers()
        self._drip(b"B", 0.05)

    def serve_slowhead(self, _rest: str) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        self._drip(b"x", 0.05)

    def serve_cut(self, _rest: str) -> None:
        self.send_response_only(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY[:100])

    def serve_garbage(self, _rest: str) -> None:
        self.wfile.write(b"\x00\x01not http at all\r\n\r\n")

    def _drip(self, chunk: bytes, pause_s: float) -> None:
        try:
            while not Handler.stop.is_set():
                self.wfile.write(chunk)
                self.wfile.flush()
                time.sleep(pause_s)
        except OSError:
            return

    def log_message(self, *_args: object) -> None:
        """Keep the test output clean."""


class Server(ThreadingHTTPServer):
    """Ends its threads with the test."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Expect clients to hang up: many of these tests are about that."""


@contextmanager
def serving() -> Iterator[str]:
    """Run the server; give its base address."""
    Handler.stop.clear()
    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        Handler.stop.set()
        server.shutdown()
        server.server_close()
        thread.join()
