from typing import Any

import pytest
from sqlmodel import Session

from scheduler.accounts.actor import Actor
from scheduler.agenda.errors import AddressNotAccepted
from scheduler.agenda.feeds import FeedSettings, Mode
from scheduler.agenda.feeds.addresses import AddressPolicy
from scheduler.agenda.subscribe import (
    find_feed,
    list_feeds,
    register_feed,
    resume_feed,
    settings_of,
    suspend_feed,
)
from scheduler.errors import AlreadyExists, InvalidInput, NotFound, WrongState
from scheduler.store.engine import Store
from scheduler.store.tables import FeedState, Practice, Practitioner, Role
from tests import factories
from tests.factories import NOW


def gp(session: Session) -> tuple[Practice, Actor]:
    where = factories.practice(session)
    who = session.get_one(Practitioner, where.practitioner_id)
    return where, factories.actor(Role.GP, territory_id=who.territory_id, practitioner_id=who.id)


def given(where: Practice, **more: Any) -> dict[str, Any]:
    values = {"name": "Agenda SNP", "address": "webcal://agenda.test/s.ics", "now": NOW}
    return {"practitioner_id": where.practitioner_id, "practice_id": where.id, **values, **more}


def test_a_calendar_with_an_address_is_due_at_once(store: Store) -> None:
    with store.write() as session:
        where, who = gp(session)
        feed = register_feed(session, who, **given(where, mode="dedicated", slot_minutes=20))
        assert (feed.address, feed.due_at) == ("https://agenda.test/s.ics", NOW)
        assert (feed.state, feed.mode, feed.slot_minutes) == (FeedState.ACTIVE, "dedicated", 20)
        assert settings_of(feed, own_domain="relais.test") == FeedSettings(
            mode=Mode.DEDICATED, slot_minutes=20, source=f"feed:{feed.id}", own_domain="relais.test"
        )


def test_a_calendar_handed_over_as_a_file_is_never_due(store: Store) -> None:
    with store.write() as session:
        where, who = gp(session)
        feeds = [register_feed(session, who, **given(where, address=None)) for _ in range(2)]
        assert [(feed.address, feed.due_at) for feed in feeds] == [(None, None)] * 2


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"mode": "ouvert"}, "mode"),
        ({"zone": "Paris"}, "zone"),
        ({"zone": "../etc/passwd"}, "zone"),
        ({"slot_minutes": 4}, "slot_minutes"),
        ({"slot_minutes": 481}, "slot_minutes"),
        ({"name": " "}, "name"),
    ],
)
def test_what_is_refused(store: Store, more: dict[str, Any], field: str) -> None:
    with store.write() as session:
        where, who = gp(session)
        with pytest.raises(InvalidInput) as refused:
            register_feed(session, who, **given(where, **more))
        assert refused.value.field == field


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://agenda.test/s.ics", "scheme_refused"),
        ("https://moi:secret@agenda.test/s.ics", "address_with_password"),
        ("https://calendar.google.com/calendar/u/0?cid=abc", "address_of_page"),
        ("https://agenda.test:8443/s.ics", "port_refused"),
        ("", "address_malformed"),
    ],
)
def test_an_address_that_is_not_fetched_is_refused_without_being_repeated(
    store: Store, address: str, reason: str
) -> None:
    with store.write() as session:
        where, who = gp(session)
        with pytest.raises(AddressNotAccepted) as refused:
            register_feed(session, who, **given(where, address=address))
        assert (refused.value.field, refused.value.reason) == ("address", reason)
        assert "secret" not in str(refused.value)


def test_what_may_be_fetched_is_the_operators_choice(store: Store) -> None:
    with store.write() as session:
        where, who = gp(session)
        local = given(where, address="http://127.0.0.1:8080/s.ics")
        assert register_feed(session, who, **local, policy=AddressPolicy(allow_private=True))


def test_the_same_calendar_twice_is_refused_but_a_colleague_may_share_it(store: Store) -> None:
    with store.write() as session:
        where, who = gp(session)
        register_feed(session, who, **given(where))
        with pytest.raises(AlreadyExists):
            register_feed(session, who, **given(where, address="https://agenda.test/s.ics"))
        there, colleague = gp(session)
        assert register_feed(session, colleague, **given(there))


def test_a_gp_manages_their_own_calendars_the_coordination_those_of_the_territory(store: Store) -> None:
    with store.write() as session:
        where, who = gp(session)
        other = factories.practice(
            session, practitioner_id=factories.practitioner(session, territory_id=who.territory_id).id
        )
        stranger, _ = gp(session)
        coordinator = factories.actor(Role.COORDINATOR, territory_id=who.territory_id)
        mine = register_feed(session, who, **given(where))
        theirs = register_feed(session, coordinator, **given(other))
        for practice in (other, stranger):
            with pytest.raises(NotFound):
                register_feed(session, who, **given(practice))
        with pytest.raises(NotFound):
            register_feed(session, coordinator, **given(stranger))
        with pytest.raises(NotFound):
            register_feed(session, who, **given(where, practice_id=other.id))
        with pytest.raises(NotFound):
            find_feed(session, who, theirs.id)
        with pytest.raises(NotFound):
            find_feed(session, who, 10**6)
        assert list_feeds(session, who) == (mine,)
        assert list_feeds(session, coordinator) == (mine, theirs)


def test_a_calendar_can_be_paused_and_resumed(store: Store) -> None:
    with store.write() as session:
        where, who = gp(session)
        feed = register_feed(session, who, **given(where))
        with pytest.raises(WrongState):
            resume_feed(session, who, feed.id, now=NOW)
        assert suspend_feed(session, who, feed.id).due_at is None
        with pytest.raises(WrongState):
            suspend_feed(session, who, feed.id)
        feed.num_failures = 3
        resumed = resume_feed(session, who, feed.id, now=NOW)
        assert (resumed.state, resumed.due_at, resumed.num_failures) == (FeedState.ACTIVE, NOW, 0)
