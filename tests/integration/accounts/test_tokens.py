from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import select

from scheduler.accounts.tokens import actor_of_token, issue_token, list_tokens, revoke_token
from scheduler.errors import InvalidInput, NotFound, NotSignedIn
from scheduler.store.engine import Store
from scheduler.store.tables import ApiToken, Role, Territory
from tests import factories
from tests.factories import NOW

SECOND = timedelta(seconds=1)


@pytest.fixture
def territory(store: Store) -> Territory:
    with store.write() as session:
        return factories.territory(session)


def issue(store: Store, territory: Territory, **values: object):
    given = {"name": "SAS 77", "role": Role.REGULATOR, "territory_id": territory.id, "now": NOW} | values
    with store.write() as session:
        return issue_token(session, **given)


def test_a_token_stands_for_one_role_in_one_territory(store: Store, territory: Territory) -> None:
    issued = issue(store, territory)
    with store.read() as session:
        actor = actor_of_token(session, issued.token, now=NOW, request_id="r1")
    assert actor.key == f"token:{issued.token_id}"
    assert (actor.role, actor.territory_id) == (Role.REGULATOR, territory.id)
    assert (actor.account_id, actor.practitioner_id, actor.request_id) == (None, None, "r1")


def test_a_token_is_recognisable_and_only_its_hash_is_kept(store: Store, territory: Territory) -> None:
    issued = issue(store, territory)
    assert issued.token.startswith("relais_")
    assert len(issued.token) == 50
    with store.read() as session:
        kept = session.exec(select(ApiToken)).one()
    assert issued.token not in str(kept.model_dump())
    with store.read() as session, pytest.raises(NotSignedIn):
        actor_of_token(session, kept.token_hash, now=NOW)


def test_a_token_ends_at_its_end(store: Store, territory: Territory) -> None:
    issued = issue(store, territory, expires_at=NOW + SECOND)
    with store.read() as session:
        actor_of_token(session, issued.token, now=NOW + SECOND - timedelta(microseconds=1))
        with pytest.raises(NotSignedIn):
            actor_of_token(session, issued.token, now=NOW + SECOND)


def test_a_revoked_token_is_worthless_and_stays_so(store: Store, territory: Territory) -> None:
    issued, other = issue(store, territory), issue(store, territory)
    with store.write() as session:
        revoke_token(session, issued.token_id, now=NOW)
        revoke_token(session, issued.token_id, now=NOW + SECOND)
    with store.read() as session:
        with pytest.raises(NotSignedIn):
            actor_of_token(session, issued.token, now=NOW)
        actor_of_token(session, other.token, now=NOW)
        assert session.get_one(ApiToken, issued.token_id).revoked_at == NOW


def test_an_unknown_token_is_nobody_and_cannot_be_revoked(store: Store) -> None:
    with store.read() as session, pytest.raises(NotSignedIn):
        actor_of_token(session, "relais_" + "a" * 43, now=NOW)
    with pytest.raises(NotFound), store.write() as session:
        revoke_token(session, uuid4(), now=NOW)


@pytest.mark.parametrize(
    ("values", "field"),
    [({"name": " "}, "nom"), ({"name": "x" * 101}, "nom"), ({"expires_at": NOW}, "expiration")],
)
def test_what_cannot_be_is_refused(store: Store, territory: Territory, values, field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        issue(store, territory, **values)
    assert refusal.value.field == field


def test_tokens_are_listed_newest_first_by_territory(store: Store, territory: Territory) -> None:
    first, second = issue(store, territory), issue(store, territory, now=NOW + SECOND)
    with store.write() as session:
        elsewhere = factories.territory(session)
    third = issue(store, elsewhere)
    with store.read() as session:
        assert [one.id for one in list_tokens(session, territory.id)] == [second.token_id, first.token_id]
        assert {one.id for one in list_tokens(session)} == {first.token_id, second.token_id, third.token_id}
