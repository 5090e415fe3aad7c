"""Before a place is taken, its calendar is asked once more, for a short while."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlmodel import select

from scheduler.settings import Settings
from scheduler.store.engine import Store
from scheduler.store.tables import BookingEvent, BookingState, Feed, FeedReading, Role, Slot
from tests import factories
from tests.calendars import NINE, calendar, event
from tests.factories import NOW
from tests.unit.scheduler.agenda.feeds import web

FRESH, GREY = timedelta(hours=1), timedelta(hours=3)


@pytest.fixture
def settings() -> Settings:
    return Settings(feed_allow_private=True, reread_seconds=0.3)


@pytest.fixture
def served() -> Iterator[str]:
    with web.serving() as address:
        yield address


@pytest.fixture(autouse=True)
def _nothing_left_under_way(  # ends before the server and the store do
    served: str,  # noqa: ARG001
    clients: object,  # noqa: ARG001
    built: FastAPI,
) -> Iterator[None]:
    yield
    web.Handler.stop.set()
    built.state.services.rereads.stop()


@pytest.fixture
def regulator(as_role: Callable[..., httpx.Client], territory_id: int) -> httpx.Client:
    return as_role(Role.REGULATOR, territory_id)


@pytest.fixture
def slot_of(store: Store, territory_id: int) -> Callable[..., int]:
    """Open a slot of a calendar that last answered a while ago."""

    def made(address: str, silent_for: timedelta) -> int:
        with store.write() as session:
            who = factories.practitioner(session, territory_id=territory_id)
            feed = factories.feed(session, practitioner=who, address=address, ok_at=NOW - silent_for)
            return int(factories.slot(session, feed=feed, start_at=NINE, capacity=2).id or 0)

    return made


def book(client: httpx.Client, slot_id: int, key: str = "") -> httpx.Response:
    headers = {"idempotency-key": key or uuid4().hex}
    return client.post(f"/api/v1/slots/{slot_id}/bookings", json={}, headers=headers)


@pytest.mark.parametrize("trouble", ["status/500", "slow"])
@pytest.mark.parametrize(("silent_for", "code"), [(FRESH, None), (GREY, "slot_not_sure")])
def test_without_an_answer_a_fresh_slot_is_booked_and_a_grey_one_is_not(
    regulator: httpx.Client,
    slot_of: Callable[..., int],
    served: str,
    trouble: str,
    silent_for: timedelta,
    code: str | None,
) -> None:
    answer = book(regulator, slot_of(f"{served}/{trouble}", silent_for))
    assert (answer.status_code, answer.json().get("code")) == (409 if code else 201, code)


def test_an_answer_that_shows_the_slot_no_more_refuses_it(
    regulator: httpx.Client,
    slot_of: Callable[..., int],
    served: str,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    built: FastAPI,
) -> None:
    other = event(NINE + timedelta(hours=1), NINE + timedelta(hours=1, minutes=15))
    monkeypatch.setattr(web, "BODY", calendar(other))
    built.state.services.settings.reread_seconds = 10.0  # a reader process is started
    slot_id = slot_of(f"{served}/calendar", GREY)
    answer = book(regulator, slot_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "slot_not_open")
    with store.read() as session:
        feed_id = session.get_one(Slot, slot_id).feed_id
        assert session.get_one(Feed, feed_id).ok_at == NOW
        found = session.exec(select(Slot.id).where(Slot.feed_id == feed_id, Slot.start_at > NINE)).one()
    again = book(regulator, found)
    assert again.status_code == 201
    with store.read() as session:
        assert len(session.exec(select(FeedReading)).all()) == 1  # it had just been asked


def test_what_was_answered_before_is_answered_again_whatever_the_calendar(
    regulator: httpx.Client, slot_of: Callable[..., int], served: str, store: Store
) -> None:
    slot_id = slot_of(f"{served}/status/500", FRESH)
    assert book(regulator, slot_id, "abc").status_code == 201
    with store.write() as session:
        session.get_one(Feed, session.get_one(Slot, slot_id).feed_id).ok_at = NOW - GREY
    assert book(regulator, slot_id, "abc").status_code == 201
    assert book(regulator, slot_id).json()["code"] == "slot_not_sure"


def test_a_surgery_that_was_called_vouches_for_a_slot_that_is_not_sure_and_the_history_says_so(
    regulator: httpx.Client, slot_of: Callable[..., int], served: str, store: Store
) -> None:
    slot_id = slot_of(f"{served}/status/500", GREY)
    path = f"/api/v1/slots/{slot_id}"

    def sent(path: str, **body: object) -> httpx.Response:
        return regulator.post(path, json=body, headers={"idempotency-key": uuid4().hex})

    assert sent(f"{path}/holds").json()["code"] == "slot_not_sure"
    held = sent(f"{path}/holds", by_phone=True)
    confirmed = sent(f"/api/v1/bookings/{held.json()['id']}/confirm")  # said once, when it was held
    assert (held.status_code, confirmed.status_code) == (201, 200)
    booked = sent(f"{path}/bookings", by_phone=True)
    assert booked.status_code == 201
    with store.read() as session:
        told = {(str(row.booking_id), row.to_state): row.detail for row in session.exec(select(BookingEvent))}
    assert told[held.json()["id"], BookingState.HELD] == {"by_phone": True}
    assert told[booked.json()["id"], BookingState.BOOKED] == {"by_phone": True}
