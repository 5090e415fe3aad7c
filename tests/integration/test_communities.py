"""The number a CPTS has on the national platform, and the GPs it shares with a neighbour (INT_R04)."""

import pytest
from sqlmodel import select

from scheduler.accounts.actor import Actor
from scheduler.errors import AlreadyExists, InvalidInput, NotFound
from scheduler.sas.communities import name_community, read_community, share_with, stop_sharing
from scheduler.store.engine import Store
from scheduler.store.tables import AuditEntry, Role
from tests import factories
from tests.factories import NOW

_FINESS, _OTHER = "770000016", "770000024"


@pytest.fixture
def home(store: Store) -> Actor:
    with store.write() as session:
        return factories.actor(Role.ADMIN, territory_id=factories.territory(session).id or 0)


@pytest.fixture
def neighbour(store: Store) -> Actor:
    with store.write() as session:
        return factories.actor(Role.ADMIN, territory_id=factories.territory(session).id or 0)


def test_a_number_is_checked_kept_and_taken_back(store: Store, home: Actor, neighbour: Actor) -> None:
    with store.write() as session:
        doubtful = name_community(session, home, finess=" 77 000 001 7", phone="01 60 00 00 00", now=NOW)
        assert doubtful is not None
        assert name_community(session, home, finess=_FINESS, phone="01 60 00 00 00", now=NOW) is None
        shown = read_community(session, home)
        assert (shown.finess, shown.phone, shown.neighbours) == (_FINESS, "0160000000", ())
    for finess, phone in (("12", ""), (_OTHER, "12")):
        with pytest.raises(InvalidInput), store.write() as session:
            name_community(session, home, finess=finess, phone=phone, now=NOW)
    with pytest.raises(AlreadyExists), store.write() as session:
        name_community(session, neighbour, finess=_FINESS, phone="", now=NOW)
    with store.write() as session:
        name_community(session, home, finess="", phone="", now=NOW)
        assert read_community(session, home).finess == ""


def test_a_gp_is_shared_by_their_own_territory_with_one_that_has_a_number(
    store: Store, home: Actor, neighbour: Actor
) -> None:
    with store.write() as session:
        mine = factories.practitioner(session, territory_id=home.territory_id).id or 0
        theirs = factories.practitioner(session, territory_id=neighbour.territory_id).id or 0
        with pytest.raises(InvalidInput):
            share_with(session, home, mine, neighbour.territory_id, now=NOW)
        name_community(session, neighbour, finess=_OTHER, phone="", now=NOW)
        with pytest.raises(InvalidInput):
            share_with(session, home, mine, home.territory_id, now=NOW)
        with pytest.raises(NotFound):
            share_with(session, home, theirs, neighbour.territory_id, now=NOW)
        for _ in range(2):  # a double click
            share_with(session, home, mine, neighbour.territory_id, now=NOW)
        [sharing] = read_community(session, home).sharing
        assert (sharing.practitioner_id, sharing.territory_id) == (mine, neighbour.territory_id)
        with pytest.raises(NotFound):
            stop_sharing(session, neighbour, mine, neighbour.territory_id, now=NOW)
        for _ in range(2):
            stop_sharing(session, home, mine, neighbour.territory_id, now=NOW)
        assert read_community(session, home).sharing == ()
    with store.read() as session:
        purposes = [entry.purpose for entry in session.exec(select(AuditEntry))]
        assert purposes.count("share_slots") == 2
        assert purposes.count("stop_sharing_slots") == 1
