"""Care requests and the health of a calendar on pages."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from scheduler.accounts.actor import Actor
from scheduler.care.requests import Given, create_request
from scheduler.care.rules import change_rules
from scheduler.jobs.care import look_after_requests
from scheduler.store.engine import Store
from scheduler.store.tables import FeedReading, Role
from tests import factories
from tests.factories import NOW
from tests.integration.web.browser import Browser
from tests.integration.web.conftest import Town

BrowserOf = Callable[[Role], Browser]


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    return sqlite_store


def asked(store: Store, town: Town, num: int = 1) -> list[str]:
    account = town.accounts[Role.REGULATOR]
    who = Actor(
        key=f"account:{account}", role=Role.REGULATOR, territory_id=town.territory_id, account_id=account
    )
    with store.write() as session:
        change_rules(session, who, {"refill": "to_all", "near_min": [0, 0, 0]}, now=NOW)
        given = Given(insee="77445", urgency=2)
        return [str(create_request(session, who, given, now=NOW).id) for _ in range(num)]


def look(store: Store, town: Town) -> None:
    look_after_requests(store, public_url="http://relais.test", clock=town.clock)


def freed(store: Store, town: Town) -> None:
    with store.write() as session:
        factories.slot(
            session,
            practice_id=town.practice_id,
            practitioner_id=town.practitioner_id,
            start_at=NOW + timedelta(hours=5),
        )


def test_the_list_says_why_and_leads_to_each_request(browser_of: BrowserOf, store: Store, town: Town) -> None:
    browser = browser_of(Role.REGULATOR)
    assert "Aucune demande n’attend" in browser.open("/demandes").text
    (request_id,) = asked(store, town)
    look(store, town)
    page = browser.open("/demandes")
    assert "Sans créneau" in page.text
    assert "Aucun créneau libre avant l’échéance" in page.text
    assert f"/demandes/{request_id}" in page.html
    assert "Demande reçue." in browser.open(f"/demandes/{request_id}").text


def test_a_freed_slot_is_accepted_by_a_button_and_the_second_comes_too_late(
    browser_of: BrowserOf, store: Store, town: Town
) -> None:
    first, second = asked(store, town, 2)
    look(store, town)
    freed(store, town)
    look(store, town)
    browser = browser_of(Role.REGULATOR)
    pages = [browser.open(f"/demandes/{one}") for one in (first, second)]
    assert all("Un créneau s’est libéré" in page.text for page in pages)
    actions = [next(f.action for f in page.forms if f.action.endswith("accepter")) for page in pages]
    assert "Rendez-vous pris" in browser.send(pages[0], actions[0]).text
    late = browser.send(pages[1], actions[1])
    assert late.status == 409
    assert "Cette offre a pris fin" in late.text


def test_declining_leaves_the_request_waiting(browser_of: BrowserOf, store: Store, town: Town) -> None:
    (request_id,) = asked(store, town)
    look(store, town)
    freed(store, town)
    look(store, town)
    browser = browser_of(Role.COORDINATOR)
    page = browser.open(f"/demandes/{request_id}")
    action = next(f.action for f in page.forms if f.action.endswith("refuser"))
    assert "Créneau refusé." in browser.send(page, action).text


def test_the_health_of_a_calendar_is_told_reading_by_reading(
    browser_of: BrowserOf, store: Store, town: Town
) -> None:
    with store.write() as session:
        feed = factories.feed(
            session,
            practice_id=town.practice_id,
            practitioner_id=town.practitioner_id,
            address="https://agenda.test/zzsecret.ics",
            ok_at=NOW - timedelta(hours=2),
        )
        for hours, outcome in ((2, "ok"), (1, "feed_is_page")):
            at = NOW - timedelta(hours=hours)
            session.add(FeedReading(feed_id=feed.id, at=at, outcome=outcome, num_open=7))
    browser = browser_of(Role.GP)
    assert f"/agendas/{feed.id}" in browser.open("/agendas").html
    page = browser.open(f"/agendas/{feed.id}")
    assert "50 % de lectures réussies" in page.text.replace("\u202f", " ").replace("\xa0", " ")
    assert "masqués" in page.text
    assert "zzsecret" not in page.html


def test_pages_of_others_do_not_exist(browser_of: BrowserOf, store: Store, town: Town) -> None:
    (request_id,) = asked(store, town)
    with store.write() as session:
        feed = factories.feed(session)
    gp = browser_of(Role.GP)
    assert gp.open(f"/demandes/{request_id}").status == 404
    assert gp.open(f"/agendas/{feed.id}").status == 404
    assert browser_of(Role.SIGNALLER).open("/demandes").status == 403
