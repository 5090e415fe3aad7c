"""A freed slot is offered to who waits without one; the first to accept has it."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session, select

from scheduler.agenda.booking import book, hold
from scheduler.agenda.ending import cancel
from scheduler.care.errors import OfferOver
from scheduler.care.refill import accept_offer, decline_offer, refill
from scheduler.care.rounds import run_round
from scheduler.errors import NotFound, SlotTaken
from scheduler.jobs.care import look_after_requests
from scheduler.jobs.schedule import PERIODS_BEFORE_LATE
from scheduler.jobs.start import late_after
from scheduler.settings import Settings
from scheduler.store.engine import Store
from scheduler.store.tables import (
    Booking,
    BookingState,
    CareOffer,
    CareOfferState,
    CareState,
    Message,
    Slot,
    SlotState,
)
from tests import factories
from tests.factories import NOW
from tests.integration.care.town import MINUTE, URL, Town
from tests.races import DONE, at_once

RULES: dict[str, Any] = {
    "usual_min": [0, 0, 0],
    "near_min": [0, 0, 0],
    "announce_lead_min": 10,
    "notice_min": 0,
}


def a_town(store: Store, **rules: Any) -> Town:
    return Town.built(store, **(RULES | rules))


def offered(town: Town, state: CareOfferState = CareOfferState.OPEN) -> list[CareOffer]:
    with town.store.read() as session:
        return [offer for offer in town.offers(session) if offer.state is state]


def look(town: Town) -> None:
    look_after_requests(town.store, public_url=URL, clock=town.clock)


def without_a_slot(town: Town, num: int) -> tuple[UUID, list[UUID]]:
    """Fill the one slot, let ``num`` requests find nothing; gives the booking that may be given back."""
    slot_id = town.slot(town.near, 180)
    with town.store.write() as session:
        booking_id = book(session, town.person, slot_id=slot_id, now=NOW).id
    requests = [town.request(urgency=urgency % 3 + 1) for urgency in range(num)]
    look(town)
    assert offered(town) == []
    assert {town.of(one).reason for one in requests} == {"no_slot_in_time"}
    return booking_id, requests


def give_back(town: Town, booking_id: UUID) -> None:
    with town.store.write() as session:
        cancel(session, town.person, booking_id=booking_id, now=town.now)


def test_one_by_one_the_most_urgent_is_asked_then_the_next(store: Store) -> None:
    town = a_town(store, refill="one_by_one", offer_min=10)
    booking_id, requests = without_a_slot(town, 2)
    town.now = NOW + MINUTE
    give_back(town, booking_id)
    town.now = NOW + 2 * MINUTE
    look(town)
    (first,) = offered(town)
    assert first.request_id == requests[0]
    assert first.expires_at == town.now + 10 * MINUTE
    assert town.of(requests[1]).planned_slot_id is None  # the place is kept from rounds meanwhile
    look(town)
    assert len(offered(town)) == 1
    town.now = first.expires_at
    look(town)
    (second,) = offered(town)
    assert second.request_id == requests[1]
    with town.store.write() as session:
        accept_offer(session, town.person, second.id, now=town.now)
    assert town.of(requests[1]).state is CareState.BOOKED
    assert town.of(requests[0]).state is CareState.WAITING
    assert town.history(requests[1])[-2:] == ["offered", "accepted"]
    assert "offer_ended" in town.history(requests[0])
    look(town)
    assert offered(town) == []  # nobody is asked twice about the same slot


def test_to_all_everybody_is_asked_and_the_first_has_it(store: Store) -> None:
    town = a_town(store, refill="to_all")
    booking_id, requests = without_a_slot(town, 3)
    give_back(town, booking_id)
    look(town)
    offers = offered(town)
    assert {offer.request_id for offer in offers} == set(requests)
    with town.store.write() as session:
        accept_offer(session, town.person, offers[1].id, now=town.now)
    assert offered(town) == []
    assert {offer.id for offer in offered(town, CareOfferState.LOST)} == {offers[0].id, offers[2].id}
    with pytest.raises(OfferOver), town.store.write() as session:
        accept_offer(session, town.person, offers[0].id, now=town.now)


def test_of_many_who_accept_at_once_one_has_it(store: Store) -> None:
    town = a_town(store, refill="to_all")
    booking_id, _ = without_a_slot(town, 6)
    give_back(town, booking_id)
    look(town)
    offers = offered(town)
    assert len(offers) == 6

    def accept(number: int) -> None:
        with town.store.write() as session:
            accept_offer(session, town.person, offers[number].id, now=town.now)

    outcomes = at_once(6, accept)
    assert outcomes.pop(DONE) == 1
    assert set(outcomes) <= {"slot_taken", "care_offer_over"}
    with town.store.read() as session:
        taken = session.exec(select(Booking).where(Booking.state == BookingState.BOOKED)).all()
    assert len(taken) == 1


@pytest.mark.parametrize("how", ["held", "closed"])
def test_a_hold_that_ends_and_a_slot_that_opens_again_are_offered_too(store: Store, how: str) -> None:
    town = a_town(store)
    slot_id = town.slot(town.near, 180)
    with town.store.write() as session:
        if how == "held":
            hold(session, town.person, slot_id=slot_id, now=NOW)
        else:
            session.get_one(Slot, slot_id).state = SlotState.CLOSED
    request_id = town.request()
    look(town)
    assert offered(town) == []
    town.now = NOW + 5 * MINUTE
    if how == "closed":
        with town.store.write() as session:
            session.get_one(Slot, slot_id).state = SlotState.OPEN
    look(town)
    assert [offer.request_id for offer in offered(town)] == [request_id]


def test_who_declines_is_not_asked_again_and_keeps_their_place_in_line(store: Store) -> None:
    town = a_town(store)
    booking_id, (first, second) = without_a_slot(town, 2)
    give_back(town, booking_id)
    look(town)
    (offer,) = offered(town)
    with town.store.write() as session:
        decline_offer(session, town.person, offer.id, now=town.now)
        with pytest.raises(OfferOver):
            decline_offer(session, town.person, offer.id, now=town.now)
    look(town)
    assert [offer.request_id for offer in offered(town)] == [second]
    assert town.of(first).received_at == NOW


def test_an_offer_is_no_hold_who_books_first_has_the_slot(store: Store) -> None:
    town = a_town(store)
    booking_id, (request_id,) = without_a_slot(town, 1)
    give_back(town, booking_id)
    look(town)
    (offer,) = offered(town)
    with town.store.write() as session:
        book(session, town.person, slot_id=offer.slot_id, now=town.now)
    with pytest.raises(SlotTaken), town.store.write() as session:
        accept_offer(session, town.person, offer.id, now=town.now)
    look(town)
    assert offered(town) == []
    assert [one.id for one in offered(town, CareOfferState.LOST)] == [offer.id]
    assert town.of(request_id).state is CareState.WAITING


def test_after_its_instant_an_offer_is_over_whether_or_not_a_job_came_by(store: Store) -> None:
    town = a_town(store, offer_min=10)
    booking_id, _ = without_a_slot(town, 1)
    give_back(town, booking_id)
    look(town)
    (offer,) = offered(town)
    with pytest.raises(OfferOver), town.store.write() as session:
        accept_offer(session, town.person, offer.id, now=offer.expires_at)


def test_offers_of_others_are_not_found(store: Store) -> None:
    town = a_town(store)
    booking_id, _ = without_a_slot(town, 1)
    give_back(town, booking_id)
    look(town)
    (offer,) = offered(town)
    stranger = factories.actor(territory_id=town.territory_id + 1)
    for answer in (accept_offer, decline_offer):
        with pytest.raises(NotFound), town.store.write() as session:
            answer(session, stranger, offer.id, now=town.now)
        with pytest.raises(NotFound), town.store.write() as session:
            answer(session, town.person, UUID(int=5), now=town.now)


def test_whoever_made_the_request_is_told_by_mail_without_any_patient(store: Store) -> None:
    town = a_town(store)
    booking_id, (request_id,) = without_a_slot(town, 1)
    give_back(town, booking_id)
    look(town)
    with town.store.read() as session:
        (mail,) = session.exec(select(Message)).all()
    assert mail.recipient == town.email
    assert f"{URL}/demandes/{request_id}" in mail.body
    assert "23/11/2026 à 12 h 00" in mail.body  # 180 minutes from 9 o'clock in Paris


def test_where_rounds_are_off_free_slots_are_offered_from_the_start(store: Store) -> None:
    town = a_town(store, auto_fill=False)
    slot_id, request_id = town.slot(town.near, 60), town.request()
    look(town)
    assert [(one.slot_id, one.request_id) for one in offered(town)] == [(slot_id, request_id)]


def test_slots_kept_by_a_round_are_not_offered(store: Store) -> None:
    town = a_town(store)
    town.slot(town.near, 180)
    first = town.request()
    run_round(store, town.territory_id, clock=town.clock)
    assert town.of(first).planned_slot_id is not None
    second = town.request()
    run_round(store, town.territory_id, clock=town.clock)
    with store.write() as session:
        assert _refilled(session, town) == 0
    assert town.of(second).reason == "full"


def _refilled(session: Session, town: Town) -> int:
    return refill(session, town.territory_id, public_url=URL, now=town.now)


def test_freed_slots_are_looked_for_every_minute(sqlite_store: Store, tmp_path: Path) -> None:
    """Two minutes at most from a freed slot to its offer: one between two looks, one to work."""
    late = late_after(sqlite_store, Settings(data_dir=tmp_path))
    assert late["care"] / PERIODS_BEFORE_LATE <= MINUTE
