"""Managing the people of a territory, and the links by which they choose a password."""

import re
from datetime import timedelta

import pytest
from sqlmodel import select

from scheduler.accounts.actor import Actor
from scheduler.accounts.links import OPEN_FOR, LinkUnusable, choose_password, holder_of
from scheduler.accounts.managing import (
    NotOnYourself,
    WorksElsewhere,
    change_roles,
    close_account,
    invite,
    renew_access,
    reopen_account,
)
from scheduler.accounts.people import list_people
from scheduler.accounts.sessions import Limits, act_as, sign_in, visit_of_session
from scheduler.errors import AlreadyExists, Forbidden, InvalidInput, NotFound, WrongPassword
from scheduler.store.engine import Store
from scheduler.store.tables import AuditEntry, Message, Role
from tests import factories
from tests.factories import NOW

PASSWORD = "une phrase assez longue"
WHERE = {"public_url": "https://relais.exemple.test/", "zone": "Europe/Paris", "now": NOW}


@pytest.fixture
def admin(store: Store) -> Actor:
    with store.write() as session:
        here = factories.territory(session)
        account = factories.account(session)
        factories.grant(session, account_id=account.id, territory_id=here.id, role=Role.ADMIN)
        return Actor(
            key=f"account:{account.id}", role=Role.ADMIN, territory_id=here.id or 0, account_id=account.id
        )


def mailed_secret(store: Store) -> str:
    with store.read() as session:
        newest = session.exec(select(Message).order_by(Message.created_at.desc(), Message.key.desc())).first()
        assert newest is not None
        found = re.search(r"https://relais\.exemple\.test/acces/([\w-]+)\n", newest.body)
        assert found, newest.body
        return found[1]


def test_an_invitation_leads_to_a_session_and_opens_once(store: Store, admin: Actor) -> None:
    with store.write() as session:
        account = invite(
            session, admin, email="Ida@Exemple.test ", name="Ida  Roux", role=Role.BUREAU, **WHERE
        )
        account_id = account.id
    secret = mailed_secret(store)
    with pytest.raises(WrongPassword):
        sign_in(store, email="ida@exemple.test", password="à choisir", client="", now=NOW, limits=Limits())
    with store.read() as session:
        assert holder_of(session, secret, now=NOW).email == "ida@exemple.test"
    with pytest.raises(InvalidInput), store.write() as session:
        choose_password(session, secret, "court", now=NOW)
    with store.write() as session:
        choose_password(session, secret, PASSWORD, now=NOW)
    signed_in = sign_in(
        store, email="ida@exemple.test", password=PASSWORD, client="", now=NOW, limits=Limits()
    )
    assert signed_in.account_id == account_id
    with pytest.raises(LinkUnusable), store.write() as session:
        choose_password(session, secret, PASSWORD, now=NOW)
    with store.read() as session:
        traces = session.exec(select(AuditEntry).where(AuditEntry.object_kind == "account")).all()
        assert [(one.action, one.purpose, one.object_id) for one in traces] == [
            ("C", "invite", str(account_id))
        ]


def test_a_link_dies_of_age_of_a_newer_one_and_with_its_account(store: Store, admin: Actor) -> None:
    with store.write() as session:
        account = invite(session, admin, email="a@exemple.test", name="A", role=Role.BUREAU, **WHERE)
        account_id = account.id
    first = mailed_secret(store)
    later = NOW + timedelta(minutes=1)
    with store.write() as session:
        renew_access(session, admin, account_id, **(WHERE | {"now": later}))
    second = mailed_secret(store)
    with store.read() as session:
        with pytest.raises(LinkUnusable):
            holder_of(session, first, now=later)
        assert holder_of(session, second, now=later)
        with pytest.raises(LinkUnusable):
            holder_of(session, second, now=later + OPEN_FOR)
        with pytest.raises(LinkUnusable):
            holder_of(session, "x" * 43, now=later)
    with store.write() as session:
        close_account(session, admin, account_id, now=later)
    with pytest.raises(LinkUnusable), store.read() as session:
        holder_of(session, second, now=later)


def test_somebody_who_has_an_account_gets_the_role_and_no_mail(store: Store, admin: Actor) -> None:
    with store.write() as session:
        known = factories.account(session, email="known@exemple.test")
        invite(session, admin, email="known@exemple.test", name="X", role=Role.BUREAU, **WHERE)
        assert session.exec(select(Message)).all() == []
        people = {one.account_id: one for one in list_people(session, admin.territory_id)}
        assert people[known.id].grants == ((admin.territory_id, Role.BUREAU),)
        with pytest.raises(AlreadyExists):
            invite(session, admin, email="known@exemple.test", name="X", role=Role.BUREAU, **WHERE)


def test_a_gp_is_invited_with_their_practitioner_of_this_territory(store: Store, admin: Actor) -> None:
    with store.write() as session:
        mine = factories.practitioner(session, territory_id=admin.territory_id)
        elsewhere = factories.practitioner(session, territory_id=factories.territory(session).id)
        about = {"email": "gp@exemple.test", "name": "GP", "role": Role.GP, **WHERE}
        with pytest.raises(InvalidInput):
            invite(session, admin, **about)
        with pytest.raises(NotFound):
            invite(session, admin, practitioner_id=elsewhere.id, **about)
        assert invite(session, admin, practitioner_id=mine.id, **about).practitioner_id == mine.id


def test_roles_are_those_of_the_territory_and_nobody_locks_themselves_out(store: Store, admin: Actor) -> None:
    assert admin.account_id is not None
    with store.write() as session:
        other = factories.territory(session)
        person = factories.account(session)
        factories.grant(session, account_id=person.id, territory_id=admin.territory_id, role=Role.BUREAU)
        factories.grant(session, account_id=person.id, territory_id=other.id, role=Role.ADMIN)
        stranger = factories.account(session)
        factories.grant(session, account_id=stranger.id, territory_id=other.id, role=Role.BUREAU)
        change_roles(session, admin, person.id, frozenset({Role.COORDINATOR, Role.REGULATOR}), now=NOW)
        grants = next(one.grants for one in list_people(session) if one.account_id == person.id)
        assert set(grants) == {
            (admin.territory_id, Role.COORDINATOR),
            (admin.territory_id, Role.REGULATOR),
            (other.id, Role.ADMIN),
        }
        with pytest.raises(WorksElsewhere):
            close_account(session, admin, person.id, now=NOW)
        for refused in (
            lambda: change_roles(session, admin, stranger.id, frozenset({Role.ADMIN}), now=NOW),
            lambda: close_account(session, admin, stranger.id, now=NOW),
            lambda: reopen_account(session, admin, stranger.id, now=NOW),
            lambda: renew_access(session, admin, stranger.id, **WHERE),
        ):
            with pytest.raises(NotFound):
                refused()
        with pytest.raises(InvalidInput):
            change_roles(session, admin, person.id, frozenset({Role.GP}), now=NOW)
        with pytest.raises(NotOnYourself):
            change_roles(session, admin, admin.account_id, frozenset({Role.BUREAU}), now=NOW)
        with pytest.raises(NotOnYourself):
            close_account(session, admin, admin.account_id, now=NOW)


def test_a_chosen_role_stays_until_it_is_taken_away(store: Store, admin: Actor) -> None:
    from scheduler.accounts.people import take_role

    with store.write() as session:
        person = factories.account(session, password=PASSWORD)
        for role in (Role.COORDINATOR, Role.REGULATOR):
            factories.grant(session, account_id=person.id, territory_id=admin.territory_id, role=role)
        email, account_id = person.email, person.id
    token = sign_in(store, email=email, password=PASSWORD, client="", now=NOW, limits=Limits()).token

    def acts_as() -> Role:
        with store.read() as session:
            return visit_of_session(session, token, now=NOW, limits=Limits()).actor.role

    assert acts_as() is Role.COORDINATOR
    with store.write() as session:
        act_as(session, token, role=Role.REGULATOR, territory_id=admin.territory_id)
    assert acts_as() is Role.REGULATOR
    with pytest.raises(Forbidden), store.write() as session:
        act_as(session, token, role=Role.ADMIN, territory_id=admin.territory_id)
    with store.write() as session:
        take_role(session, account_id, territory_id=admin.territory_id, role=Role.REGULATOR)
    assert acts_as() is Role.COORDINATOR
