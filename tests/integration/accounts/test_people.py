from uuid import uuid4

import pytest
from sqlmodel import select

from scheduler.accounts.passwords import check_password
from scheduler.accounts.people import (
    create_account,
    deactivate,
    grant_role,
    list_people,
    reactivate,
    set_password,
    take_role,
)
from scheduler.errors import AlreadyExists, InvalidInput, NotFound
from scheduler.store.engine import Store
from scheduler.store.tables import Account, Grant, Role, Territory, WebSession
from tests import factories
from tests.factories import NOW, PASSWORD


@pytest.fixture
def territory(store: Store) -> Territory:
    with store.write() as session:
        return factories.territory(session)


def create(store: Store, **values: object) -> Account:
    given = {"email": "ide@exemple.test", "name": "Inès Delmas", "password": PASSWORD, "now": NOW} | values
    with store.write() as session:
        return create_account(session, **given)


def test_an_account_is_kept_with_its_roles(store: Store, territory: Territory) -> None:
    roles = [(territory.id, Role.COORDINATOR), (territory.id, Role.SIGNALLER), (territory.id, Role.SIGNALLER)]
    account = create(store, email="  Ide@Exemple.TEST ", name=" Inès  Delmas ", grants=roles)
    with store.read() as session:
        (person,) = list_people(session)
        kept = session.get_one(Account, account.id)
    assert person.email == "ide@exemple.test"
    assert person.name == "Inès Delmas"
    assert person.active
    assert person.grants == ((territory.id, Role.COORDINATOR), (territory.id, Role.SIGNALLER))
    assert PASSWORD not in kept.password_hash
    assert check_password(PASSWORD, kept.password_hash).right


def test_an_email_has_one_account_even_a_closed_one(store: Store) -> None:
    account = create(store)
    with store.write() as session:
        deactivate(session, account.id)
    with pytest.raises(AlreadyExists):
        create(store, email="IDE@exemple.test")


def test_a_refused_account_does_not_undo_what_came_before_it(store: Store) -> None:
    create(store)
    with store.write() as session:
        factories.territory(session)
        with pytest.raises(AlreadyExists):
            create_account(session, email="ide@exemple.test", name="Autre", password=PASSWORD, now=NOW)
    with store.read() as session:
        assert len(session.exec(select(Territory)).all()) == 1
        assert len(session.exec(select(Account)).all()) == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"email": ""}, "adresse électronique"),
        ({"email": "personne"}, "adresse électronique"),
        ({"email": "@exemple.test"}, "adresse électronique"),
        ({"email": "a b@exemple.test"}, "adresse électronique"),
        ({"email": "a" * 200 + "@exemple.test"}, "adresse électronique"),
        ({"name": "  "}, "nom"),
        ({"name": "x" * 201}, "nom"),
        ({"password": "court"}, "mot de passe"),
    ],
)
def test_what_cannot_be_is_refused(store: Store, values: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        create(store, **values)
    assert refusal.value.field == field
    with store.read() as session:
        assert list_people(session) == ()


def test_roles_come_and_go(store: Store, territory: Territory) -> None:
    account = create(store)
    with store.write() as session:
        grant_role(session, account.id, territory_id=territory.id, role=Role.GP)
        grant_role(session, account.id, territory_id=territory.id, role=Role.GP)
        grant_role(session, account.id, territory_id=territory.id, role=Role.ADMIN)
        take_role(session, account.id, territory_id=territory.id, role=Role.ADMIN)
    with store.read() as session:
        assert [one.role for one in session.exec(select(Grant))] == [Role.GP]


def test_a_territory_lists_its_own_people(store: Store, territory: Territory) -> None:
    create(store, grants=[(territory.id, Role.GP)])
    create(store, email="ailleurs@exemple.test")
    with store.read() as session:
        assert [one.email for one in list_people(session, territory.id)] == ["ide@exemple.test"]
        assert [one.email for one in list_people(session)] == ["ailleurs@exemple.test", "ide@exemple.test"]
        assert list_people(session, territory.id + 1) == ()


@pytest.mark.parametrize("change", ["password", "closed"])
def test_a_new_password_or_the_end_signs_out_everywhere(store: Store, change: str) -> None:
    account, other = create(store), create(store, email="autre@exemple.test")
    with store.write() as session:
        for number, whose in enumerate((account, account, other)):
            session.add(
                WebSession(
                    token_hash=f"{number:064d}",
                    account_id=whose.id,
                    created_at=NOW,
                    seen_at=NOW,
                    expires_at=NOW,
                )
            )
    with store.write() as session:
        if change == "password":
            set_password(session, account.id, "un tout autre mot de passe")
        else:
            deactivate(session, account.id)
    with store.read() as session:
        assert [one.account_id for one in session.exec(select(WebSession))] == [other.id]
        kept = session.get_one(Account, account.id)
    assert check_password(PASSWORD, kept.password_hash).right is (change == "closed")
    assert kept.active is (change == "password")


def test_a_closed_account_can_be_opened_again(store: Store) -> None:
    account = create(store)
    with store.write() as session:
        deactivate(session, account.id)
        reactivate(session, account.id)
    with store.read() as session:
        assert session.get_one(Account, account.id).active


def test_a_weak_new_password_changes_nothing(store: Store) -> None:
    account = create(store)
    with pytest.raises(InvalidInput), store.write() as session:
        set_password(session, account.id, "court")
    with store.read() as session:
        assert check_password(PASSWORD, session.get_one(Account, account.id).password_hash).right


def test_an_unknown_account_is_not_found(store: Store) -> None:
    for step in (lambda s: set_password(s, uuid4(), PASSWORD), lambda s: deactivate(s, uuid4())):
        with pytest.raises(NotFound), store.write() as session:
            step(session)
