"""A calendar silent or broken for an hour is told to its practitioner, once."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from scheduler.agenda.alerts import raise_alerts
from scheduler.agenda.feeds.fetched import FetchCode
from scheduler.agenda.health import health_of
from scheduler.errors import NotFound
from scheduler.store.engine import Store
from scheduler.store.tables import Feed, FeedAlert, FeedReading, FeedState, Message, Role
from tests import factories
from tests.factories import NOW

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
URL = "https://relais.exemple.test"
FAILING = {"read_at": NOW - MINUTE, "ok_at": NOW - HOUR, "num_failures": 4}


def a_feed(store: Store, *, outcome: str = FetchCode.TIMEOUT, account: bool = True, **values: Any) -> Feed:
    with store.write() as session:
        feed = factories.feed(
            session,
            **{
                "address": "https://agenda.test/zzsecret.ics",
                "name": "Agenda Leroy",
                "created_at": NOW - 9 * HOUR,
            }
            | values,
        )
        session.add(FeedReading(feed_id=feed.id, at=NOW - MINUTE, outcome=outcome))
        if account:
            factories.account(session, practitioner_id=feed.practitioner_id, email="leroy@exemple.test")
        return feed


def alerts(store: Store, now: datetime = NOW) -> int:
    with store.write() as session:
        return raise_alerts(session, public_url=URL, now=now)


def messages(store: Store) -> list[Message]:
    with store.read() as session:
        return list(session.exec(select(Message).order_by(Message.created_at)))


def test_an_hour_without_a_good_reading_is_told_once(store: Store) -> None:
    feed = a_feed(store, **FAILING)
    assert [alerts(store), alerts(store), alerts(store, NOW + HOUR)] == [1, 0, 0]
    (mail,) = messages(store)
    assert mail.recipient == "leroy@exemple.test"
    assert "Agenda Leroy" in mail.subject
    assert f"{URL}/agendas/{feed.id}" in mail.body
    assert "08 h" not in mail.body
    assert "23/11/2026 à 8 h 00" in mail.body  # 7:00 UTC, in Paris
    assert "zzsecret" not in mail.subject + mail.body
    assert "24 heures" in mail.body


@pytest.mark.parametrize(
    "values",
    [
        {"read_at": NOW - MINUTE, "ok_at": NOW - 59 * MINUTE, "num_failures": 4},  # not for an hour yet
        {"read_at": NOW - 2 * HOUR, "ok_at": NOW - 2 * HOUR},  # nobody asked since: that is ours to see
        {"read_at": None, "ok_at": None},
        FAILING | {"address": None},
        FAILING | {"state": FeedState.SUSPENDED, "num_failures": 0},  # a person has seen to it
    ],
)
def test_otherwise_nobody_is_disturbed(store: Store, values: dict[str, Any]) -> None:
    a_feed(store, **values)
    assert alerts(store) == 0
    assert messages(store) == []


@pytest.mark.parametrize(
    ("values", "outcome", "words"),
    [
        (FAILING | {"ok_at": None}, "feed_is_page", "page"),
        (FAILING | {"state": FeedState.SUSPENDED}, FetchCode.GONE, ""),
        (FAILING | {"num_failures": 0}, "suspect:abc", "presque plus rien"),
    ],
)
def test_each_trouble_has_its_sentence(
    store: Store, values: dict[str, Any], outcome: str, words: str
) -> None:
    a_feed(store, outcome=outcome, **values)
    assert alerts(store) == 1
    assert words in messages(store)[0].body


def test_once_read_again_a_later_trouble_is_told_again(store: Store) -> None:
    feed = a_feed(store, **FAILING)
    alerts(store)
    with store.write() as session:
        row = session.get_one(Feed, feed.id)
        row.read_at = row.ok_at = NOW + HOUR
    assert alerts(store, NOW + HOUR) == 0
    with store.write() as session:
        session.get_one(Feed, feed.id).read_at = NOW + 3 * HOUR
        assert session.exec(select(FeedAlert.ended_at)).all() == [NOW + HOUR]
    assert alerts(store, NOW + 3 * HOUR) == 1
    assert len(messages(store)) == 2


def test_without_an_account_the_coordination_is_told(store: Store) -> None:
    feed = a_feed(store, account=False, **FAILING)
    with store.write() as session:
        from scheduler.store.tables import Practitioner

        territory_id = session.get_one(Practitioner, feed.practitioner_id).territory_id
        person = factories.account(session, email="coordination@exemple.test")
        factories.grant(session, account=person, territory_id=territory_id)
        factories.grant(session)  # of another territory
    alerts(store)
    assert [mail.recipient for mail in messages(store)] == ["coordination@exemple.test"]


def test_the_health_of_a_calendar_is_its_readings_and_what_they_amount_to(store: Store) -> None:
    feed = a_feed(store, **FAILING)
    with store.write() as session:
        for hours in range(2, 5):
            session.add(FeedReading(feed_id=feed.id, at=NOW - hours * HOUR, outcome="ok"))
        session.add(FeedReading(feed_id=feed.id, at=NOW - timedelta(days=8), outcome="unchanged"))
    alerts(store)
    who = factories.actor(Role.GP, territory_id=0, practitioner_id=feed.practitioner_id)
    with store.read() as session:
        from scheduler.store.tables import Practitioner

        own = session.get_one(Practitioner, feed.practitioner_id)
        who = factories.actor(Role.GP, territory_id=own.territory_id, practitioner_id=own.id)
        health = health_of(session, who, feed.id or 0, now=NOW)
        stranger = factories.actor(Role.GP, territory_id=own.territory_id, practitioner_id=own.id + 1)
        with pytest.raises(NotFound):
            health_of(session, stranger, feed.id or 0, now=NOW)
    assert [reading.outcome for reading in health.readings] == ["timeout", "ok", "ok", "ok", "unchanged"]
    assert health.outcomes == {"ok": 3, "timeout": 1}
    assert health.share_good == 0.75
    assert health.alert is not None
    assert health.trouble
    assert (health.to_confirm_at, health.hidden_at) == (NOW + HOUR, NOW + 23 * HOUR)
