"""B1: fifty calendars over real HTTP, one of which is a bomb and one whose server dawdles."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlmodel import select

from scheduler.agenda.feeds import FeedReader
from scheduler.agenda.feeds.addresses import AddressPolicy
from scheduler.agenda.feeds.child import ProcessLimits
from scheduler.agenda.feeds.fetch import FetchSettings, fetch
from scheduler.agenda.readings import outcome_of
from scheduler.jobs import due_feeds
from scheduler.jobs.due_feeds import read_due_feeds
from scheduler.store.engine import Store
from scheduler.store.tables import FeedReading, Slot
from tests import factories
from tests.calendars import NINE, calendar, event
from tests.factories import NOW

NUM_GOOD = 48
BOMB = calendar(
    *(
        "\r\n".join(
            (
                "BEGIN:VEVENT",
                f"UID:{n}",
                "DTSTART:19000101T090000Z",
                "DURATION:PT30M",
                f"RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT={10**9 + n}",
                "END:VEVENT",
            )
        )
        for n in range(1600)  # twenty seconds where the reader may take two
    )
)


class Town:
    """Three servers: one answers at once, one gives a bomb, one waits until all others were asked."""

    def __init__(self) -> None:
        self.all_asked = threading.Event()
        self._asked: set[str] = set()
        self._at_once = threading.Lock()
        self.most_at_once = 0
        self._servers = [
            ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, self, kind))
            for kind in ("good", "bomb", "slow")
        ]
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    def address(self, kind: int, path: str) -> str:
        return f"http://127.0.0.1:{self._servers[kind].server_port}/{path}"

    def body(self, kind: str, path: str) -> bytes:
        if kind == "bomb":
            return BOMB
        if kind == "slow":
            assert self.all_asked.wait(60)
            return calendar(event(NINE, NINE + timedelta(minutes=15)))
        assert self._at_once.acquire(blocking=False), "the same server was asked twice at a time"
        try:
            self._asked.add(path)
            if len(self._asked) == NUM_GOOD:
                self.all_asked.set()
            return calendar(event(NINE, NINE + timedelta(minutes=15)))
        finally:
            self._at_once.release()

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


class Handler(BaseHTTPRequestHandler):
    def __init__(self, town: Town, kind: str, *args: object) -> None:
        self._town, self._kind = town, kind
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        body = self._town.body(self._kind, self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the name of the base class
        pass


@pytest.fixture
def town() -> Iterator[Town]:
    town = Town()
    yield town
    town.close()


def clock() -> datetime:
    return NOW


def test_a_bomb_and_a_slow_server_delay_nobody(
    sqlite_store: Store, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slow server answers only once all 48 others were asked: read one by one, it would time out."""
    monkeypatch.setattr(due_feeds, "FeedReader", partial(FeedReader, ProcessLimits(cpu_s=1)))
    with sqlite_store.write() as session:
        due = NOW - timedelta(hours=1)
        slow = factories.feed(session, address=town.address(2, "slow"), due_at=due).id
        bomb = factories.feed(session, address=town.address(1, "bomb"), due_at=due).id
        good = [
            factories.feed(session, address=town.address(0, str(n)), due_at=NOW).id for n in range(NUM_GOOD)
        ]
    settings = FetchSettings(policy=AddressPolicy(allow_private=True), total_s=60)
    num_read = read_due_feeds(sqlite_store, clock=clock, fetch=partial(fetch, settings=settings))
    assert num_read == NUM_GOOD + 2
    with sqlite_store.read() as session:
        outcomes = {row.feed_id: outcome_of(row) for row in session.exec(select(FeedReading))}
        assert len(session.exec(select(Slot)).all()) == NUM_GOOD + 1
    assert outcomes.pop(bomb) in {"feed_too_slow", "feed_too_heavy"}
    assert outcomes == dict.fromkeys([*good, slow], "ok")
