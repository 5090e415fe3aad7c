"""A running application over each engine, and the people of two territories who use it."""

import io
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import httpx
import pytest
import structlog
from fastapi import FastAPI
from sqlmodel import Session

from api.app import create_app
from api.logging import configure_logging
from api.reading import Readers
from api.services import Services
from scheduler.accounts.secrets import hash_of, new_secret
from scheduler.accounts.tokens import issue_token
from scheduler.settings import Settings
from scheduler.store.engine import Store
from scheduler.store.tables import Role, WebSession
from tests import factories
from tests.factories import NOW
from tests.integration.api.client import BASE, Clients, clients_of


@dataclass
class Setting:
    """A clock that tests may move, and what they were given to start from."""

    now: datetime = NOW
    opened: list[httpx.Client] = field(default_factory=list)

    def clock(self) -> datetime:
        return self.now


def browser(session: Session, clients: Clients, account_id: UUID, now: datetime) -> httpx.Client:
    """Give the browser of a person who has signed in, on a page of ours."""
    token = new_secret()
    session.add(
        WebSession(
            token_hash=hash_of(token),
            account_id=account_id,
            created_at=now,
            seen_at=now,
            expires_at=now + timedelta(hours=10),
        )
    )
    client = clients.new(origin=BASE)
    client.cookies.set("relais_session", token)
    return client


@pytest.fixture(scope="module", autouse=True)
def logs() -> Iterator[io.StringIO]:
    """Catch what is logged, in the form of production; afterwards nothing of it is left."""
    root, stream = logging.getLogger(), io.StringIO()
    level = root.level
    configure_logging(Settings(log_format="json"), stream)
    yield stream
    structlog.reset_defaults()
    root.handlers, root.level = [], level


@pytest.fixture
def setting() -> Setting:
    return Setting()


@pytest.fixture
def settings() -> Settings:
    return Settings(solve_seconds=10)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """Build one application for all tests: its parts are exchanged before each."""
    store = Store.open(f"sqlite:///{tmp_path_factory.mktemp('built') / 'none.db'}")
    yield create_app(Settings(), store)
    store.close()


@pytest.fixture
def clients(built: FastAPI, store: Store, settings: Settings, setting: Setting) -> Iterator[Clients]:
    built.state.services = Services(settings=settings, store=store, clock=setting.clock, readers=Readers())
    with clients_of(built) as clients:
        yield clients
        for client in setting.opened:
            client.close()


@pytest.fixture
def anonymous(clients: Clients, setting: Setting) -> httpx.Client:
    client = clients.new()
    setting.opened.append(client)
    return client


@pytest.fixture
def as_role(clients: Clients, store: Store, setting: Setting) -> Callable[..., httpx.Client]:
    """Give the client of a machine in a role and territory."""

    def client_of(role: Role, territory_id: int) -> httpx.Client:
        with store.write() as session:
            token = issue_token(session, name="essai", role=role, territory_id=territory_id, now=setting.now)
        client = clients.new(authorization=f"Bearer {token.token}")
        setting.opened.append(client)
        return client

    return client_of


@pytest.fixture
def as_person(clients: Clients, store: Store, setting: Setting) -> Callable[..., httpx.Client]:
    """Give the browser of a person who has signed in, with one role in a territory."""

    def client_of(role: Role, territory_id: int, practitioner_id: int | None = None) -> httpx.Client:
        with store.write() as session:
            person = factories.account(session, practitioner_id=practitioner_id)
            factories.grant(session, account=person, role=role, territory_id=territory_id)
            client = browser(session, clients, person.id, setting.now)
        setting.opened.append(client)
        return client

    return client_of


@pytest.fixture
def territory_id(store: Store) -> int:
    with store.write() as session:
        return int(factories.territory(session).id or 0)
