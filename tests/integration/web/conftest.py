"""A territory with people of each role, and a browser for each of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

import pytest

from api.app import create_app
from api.security import COOKIE
from scheduler.accounts.passwords import hash_password
from scheduler.accounts.secrets import hash_of, new_secret
from scheduler.settings import Settings
from scheduler.store.engine import Store
from scheduler.store.tables import Role, WebSession
from tests import factories
from tests.factories import NOW, PASSWORD
from tests.integration.api.client import Clients, clients_of
from tests.integration.web.browser import Browser


@cache
def hashed() -> str:
    """Hash the one password of everybody once: it is slow on purpose."""
    return hash_password(PASSWORD)


@dataclass
class Town:
    """A CPTS of one commune and one GP with an intake of two places."""

    territory_id: int
    practitioner_id: int
    practice_id: int
    intake_id: int
    emails: dict[Role, str]
    accounts: dict[Role, UUID]
    now: datetime = NOW

    def clock(self) -> datetime:
        return self.now


@pytest.fixture
def town(store: Store) -> Town:
    with store.write() as session:
        territory = factories.territory(session, name="CPTS des Essais")
        practitioner = factories.practitioner(
            session, territory_id=territory.id, family_name="LEROY", given_name="Hélène"
        )
        practice = factories.practice(session, practitioner_id=practitioner.id, phone="0160000000")
        intake = factories.intake(session, practice_id=practice.id, practitioner_id=practitioner.id, places=2)
        emails, accounts = {}, {}
        for role in Role:
            own = practitioner.id if role in {Role.GP, Role.SECRETARY} else None
            person = factories.account(
                session, password_hash=hashed(), practitioner_id=own, name=f"Essai {role}"
            )
            factories.grant(session, account_id=person.id, territory_id=territory.id, role=role)
            emails[role], accounts[role] = person.email, person.id
        return Town(
            territory_id=territory.id or 0,
            practitioner_id=practitioner.id or 0,
            practice_id=practice.id or 0,
            intake_id=intake.id or 0,
            emails=emails,
            accounts=accounts,
        )


@pytest.fixture
def clients(store: Store, town: Town) -> Iterator[Clients]:
    app = create_app(Settings(solve_seconds=10), store, clock=town.clock)
    with clients_of(app) as clients:
        yield clients


@pytest.fixture
def browser_of(clients: Clients, town: Town, store: Store) -> Iterator[Callable[[Role], Browser]]:
    """Give the browser of somebody who has signed in; how that is done is tested in ``test_access``."""
    opened: list[Browser] = []

    def signed_in(role: Role) -> Browser:
        token = new_secret()
        with store.write() as session:
            row = WebSession(
                token_hash=hash_of(token),
                account_id=town.accounts[role],
                created_at=town.now,
                seen_at=town.now,
                expires_at=town.now + timedelta(hours=10),
            )
            session.add(row)
        client = clients.new()
        client.cookies.set(COOKIE, token)
        opened.append(Browser(client))
        return opened[-1]

    yield signed_in
    for browser in opened:
        browser.client.close()


@pytest.fixture
def anonymous(clients: Clients) -> Iterator[Browser]:
    browser = Browser(clients.new())
    yield browser
    browser.client.close()


@pytest.fixture
def slots(store: Store, town: Town) -> list[int]:
    """Open three slots of the GP: in one hour, in six, in thirty."""
    with store.write() as session:
        feed = factories.feed(
            session,
            practice_id=town.practice_id,
            practitioner_id=town.practitioner_id,
            address="https://agenda.exemple.test/secret.ics",
            ok_at=NOW - timedelta(minutes=3),
        )
        return [
            factories.slot(
                session,
                feed=feed,
                start_at=NOW + timedelta(hours=hours),
                seen_at=NOW - timedelta(minutes=3),
            ).id
            or 0
            for hours in (1, 6, 30)
        ]
