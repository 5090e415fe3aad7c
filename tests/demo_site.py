"""The demo territory served for real, and a signed-in session for each role: for tests and pictures."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from sqlmodel import col, select

from matching import Policy
from scheduler.accounts.secrets import hash_of, new_secret
from scheduler.clock import local_day, utc_now
from scheduler.demo.feeds import read_demo_calendars
from scheduler.demo.load import load_demo
from scheduler.demo.people import demo_territory
from scheduler.demo.values import DemoIntake
from scheduler.referrals.run import RunOrder, run_matching
from scheduler.referrals.solve import solve_in_child
from scheduler.store.engine import Store
from scheduler.store.migrate import migrate
from scheduler.store.tables import Account, Grant, Role, WebSession
from tests.acceptance.http.serving import served

SEED = 2026
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=fr-FR",
]


@dataclass
class DemoSite:
    """A running server on the demo territory.

    Parameters
    ----------
    store
        The server's own database, to prepare what a page shows.
    tokens
        The session cookie of the demo account of each role.
    values
        What stands for ``{name}`` in the addresses of pages: ``referral``, ``run``, ``practitioner``, …
    """

    url: str
    store: Store
    territory_id: int
    tokens: dict[Role, str]
    values: dict[str, object] = field(default_factory=dict)


@contextmanager
def demo_site(folder: Path, *, num_referrals: int = 90, template: Path | None = None) -> Iterator[DemoSite]:
    """Fill a database with part of the demo, match its patients once, and serve it until the end.

    Parameters
    ----------
    num_referrals
        How many of the demo's 600 signalled patients: a page shows no more for it, and loading takes time.
    template
        A migrated empty database to begin with; without one, a new one is migrated.
    """
    path = folder / "relais.db"
    if template is not None:
        shutil.copyfile(template, path)
    store = Store.open(f"sqlite:///{path}")
    try:
        if template is None:
            migrate(store)
        territory_id = fill(store, num_referrals)
        tokens = signed_in(store, territory_id)
        with served(f"sqlite:///{path}", folder) as server:
            yield DemoSite(url=server.url, store=store, territory_id=territory_id, tokens=tokens)
    finally:
        store.close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise RuntimeError("Chromium is missing. Install it with: sudo apt-get install -y chromium")
    with sync_playwright() as playwright:
        speaks = dict(os.environ) | {"LANGUAGE": "fr_FR"}  # how fields show a date
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS, env=speaks)
        yield browser
        browser.close()


def fill(store: Store, num_referrals: int) -> int:
    """Add part of the demo, match its patients once and read its calendars; give its territory."""
    demo = demo_territory(SEED, local_day(utc_now(), "Europe/Paris"))
    share = num_referrals / len(demo.referrals)
    demo = replace(
        demo,
        referrals=demo.referrals[:num_referrals],
        intakes=tuple(_fewer_places(intake, share) for intake in demo.intakes),
    )
    with store.write() as session:
        loaded = load_demo(session, demo, now=utc_now())
    order = RunOrder(policy=Policy.default(), time_limit_s=60)
    run = run_matching(store, loaded.actor, order, clock=utc_now, solve=solve_in_child)
    assert run.failure is None, run.failure
    read_demo_calendars(store, demo, now=utc_now())
    return loaded.territory_id


def _fewer_places(intake: DemoIntake, share: float) -> DemoIntake:
    """Shrink an intake with the list, so that some patients stay without a proposal as in the whole demo."""
    return replace(intake, places=max(1, round(intake.places * share)), max_tier1=None, workload=None)


def signed_in(store: Store, territory_id: int) -> dict[Role, str]:
    """Open a session of each account of a territory without its password, slow to check on purpose."""
    now = datetime.now(UTC)
    tokens = {}
    with store.write() as session:
        holders = session.exec(
            select(Account.id, Grant.role)
            .join(Grant, col(Grant.account_id) == col(Account.id))
            .where(Grant.territory_id == territory_id)
        )
        for account_id, role in holders.all():
            tokens[role] = new_secret()
            session.add(
                WebSession(
                    token_hash=hash_of(tokens[role]),
                    account_id=account_id,
                    created_at=now,
                    seen_at=now,
                    expires_at=now + timedelta(hours=10),
                )
            )
    return tokens
