"""A thousand polls of five hundred feeds given out, through the application itself, in this process.

``nice -n 5 python -m benchmarks.speed.published``

Twice: agendas that never saw the feed, then agendas that ask "anything new?" with its ETag, as most do.
"""

import logging
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time

import httpx
import structlog

from api.app import create_app
from benchmarks.speed.machine import describe
from scheduler.accounts.actor import Actor
from scheduler.agenda.publish import issue_address
from scheduler.settings import Settings
from scheduler.store.engine import Store
from scheduler.store.migrate import migrate
from scheduler.store.tables import PublishedKind, Role
from tests import factories
from tests.integration.api.client import clients_of

NUM_FEEDS, NUM_POLLS, NUM_BOOKINGS = 500, 1000, 15
START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        """Give the instant it stands at."""
        return self.now


def main() -> None:
    """Print the processor time and the pace of both rounds."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(f"sqlite:///{Path(folder) / 'relais.db'}")
        migrate(store)
        tokens, clock = _fill(store), Clock()
        app = create_app(Settings(), store, clock=clock)
        print(*describe(), f"feeds     {NUM_FEEDS} of {NUM_BOOKINGS} bookings, SQLite", "", sep="\n")
        with clients_of(app) as clients, clients.new() as client:
            tags: dict[str, str] = {}
            for title in ("first time", "with ETag, within the minute", "with ETag, a minute later"):
                if title.endswith("later"):
                    clock.now += timedelta(minutes=1)
                _poll(client, tokens, tags, title)
        store.close()


def _poll(client: httpx.Client, tokens: list[str], tags: dict[str, str], title: str) -> None:
    """Ask for every feed in turn, with the tags that were seen in an earlier round."""
    known, seen, statuses = dict(tags), {}, []
    began, used = perf_counter(), process_time()
    for poll in range(NUM_POLLS):
        token = tokens[poll % NUM_FEEDS]
        headers = {"if-none-match": known[token]} if token in known else {}
        answer = client.get(f"/ical/{token}.ics", headers=headers)
        statuses.append(answer.status_code)
        seen[token] = answer.headers["etag"]
    took, cpu = perf_counter() - began, process_time() - used
    counts = {status: statuses.count(status) for status in sorted(set(statuses))}
    print(
        f"{title:32} {NUM_POLLS} polls in {took:.1f} s, {cpu:.1f} s of processor"
        f" ({1000 * cpu / NUM_POLLS:.1f} ms each), {counts}",
        flush=True,
    )
    tags.update(seen)


def _fill(store: Store) -> list[str]:
    tokens = []
    with store.write() as session:
        territory = factories.territory(session)
        actor = Actor(key="system:bench", role=Role.COORDINATOR, territory_id=territory.id or 0)
        for _ in range(NUM_FEEDS):
            who = factories.practitioner(session, territory=territory)
            practice = factories.practice(session, practitioner=who)
            feed = factories.feed(session, practice=practice)
            for number in range(NUM_BOOKINGS):
                slot = factories.slot(session, feed=feed, start_at=START + timedelta(hours=number + 1))
                factories.booking(session, slot=slot)
            issued = issue_address(
                session, actor, kind=PublishedKind.BOOKINGS, practitioner_id=who.id, now=START
            )
            tokens.append(issued.token)
    return tokens


if __name__ == "__main__":
    main()
