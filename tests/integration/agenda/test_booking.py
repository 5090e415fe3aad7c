from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import Session, select

from scheduler.accounts.actor import Actor
from scheduler.agenda.booking import book
from scheduler.agenda.ending import cancel
from scheduler.agenda.errors import HoldOver
from scheduler.errors import NotFound, SlotNotOpen, SlotTaken, WrongState
from scheduler.store.engine import Store
from scheduler.store.tables import (
    AuditEntry,
    Booking,
    BookingEvent,
    BookingState,
    Practitioner,
    Role,
    Slot,
    SlotState,
    Visibility,
)
from tests import factories
from tests.factories import NOW
from tests.races import at_once

NUM_BOOKERS = 50
NUM_ROUNDS = 4


def regulator(session: Session, slot: Slot, **more: object) -> Actor:
    territory_id = session.get_one(Practitioner, slot.practitioner_id).territory_id
    return factories.actor(Role.REGULATOR, territory_id=territory_id, **more)


def test_of_fifty_who_book_one_slot_at_once_exactly_one_has_it(store: Store) -> None:
    for _ in range(NUM_ROUNDS):
        with store.write() as session:
            slot = factories.slot(session)
            who = regulator(session, slot)

        def attempt(_: int, slot_id: int = slot.id, who: Actor = who) -> None:
            with store.write() as session:
                book(session, who, slot_id=slot_id, now=NOW)

        assert at_once(NUM_BOOKERS, attempt) == {"done": 1, "slot_taken": NUM_BOOKERS - 1}
        with store.read() as session:
            assert len(session.exec(select(Booking).where(Booking.slot_id == slot.id)).all()) == 1


def test_of_fifty_who_book_three_places_at_once_three_have_one_each(store: Store) -> None:
    with store.write() as session:
        slot = factories.slot(session, capacity=3)
        who = regulator(session, slot)
        factories.booking(session, slot=slot, place=2, state=BookingState.HELD, held_until=NOW)

    def attempt(_: int) -> None:
        with store.write() as session:
            book(session, who, slot_id=slot.id, now=NOW)

    assert at_once(NUM_BOOKERS, attempt) == {"done": 3, "slot_taken": NUM_BOOKERS - 3}
    with store.read() as session:
        booked = session.exec(select(Booking.place).where(Booking.state == BookingState.BOOKED)).all()
        assert sorted(booked) == [1, 2, 3]


def test_cancelling_while_others_book_never_loses_or_doubles_a_place(store: Store) -> None:
    with store.write() as session:
        slot = factories.slot(session)
        who = regulator(session, slot)
        first = book(session, who, slot_id=slot.id, now=NOW).id

    def attempt(number: int) -> None:
        with store.write() as session:
            if number == 0:
                cancel(session, who, booking_id=first, now=NOW)
            else:
                book(session, who, slot_id=slot.id, now=NOW)

    ended = at_once(20, attempt)
    assert set(ended) <= {"done", "slot_taken"}
    with store.read() as session:
        states = Counter(session.exec(select(Booking.state)))
    assert states[BookingState.CANCELLED] == 1
    assert states[BookingState.BOOKED] == ended["done"] - 1 <= 1  # one of those done is the cancellation


def test_the_database_decides_even_when_the_look_before_it_was_wrong(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A place that looked free and is not: refused with the reason, and nothing of it is kept."""
    monkeypatch.setattr("scheduler.agenda.booking.free_places", lambda *_: [1])
    with store.write() as session:
        slot = factories.slot(session, capacity=2)
        who = regulator(session, slot)
        first = book(session, who, slot_id=slot.id, now=NOW).id
    with pytest.raises(SlotTaken), store.write() as session:
        book(session, who, slot_id=slot.id, now=NOW)
    with store.read() as session:
        assert session.exec(select(Booking.id)).all() == [first]


def test_a_booking_is_written_with_its_history_and_the_access_to_the_file(store: Store) -> None:
    with store.write() as session:
        slot = factories.slot(session)
        who = regulator(session, slot)
        referral = factories.referral(session, territory_id=who.territory_id)
        booking = book(session, who, slot_id=slot.id, patient_id=referral.patient_id, now=NOW)
        assert (booking.place, booking.state, booking.booked_by) == (1, BookingState.BOOKED, who.key)
    with store.read() as session:
        event = session.exec(select(BookingEvent)).one()
        assert (event.from_state, event.to_state, event.actor) == (None, BookingState.BOOKED, who.key)
        entry = session.exec(select(AuditEntry)).one()
        assert (entry.action, entry.object_kind, entry.object_id) == ("C", "booking", str(booking.id))
        assert (entry.patient_id, entry.purpose) == (referral.patient_id, "unscheduled_care")


def test_a_booking_without_a_patient_touches_no_file(store: Store) -> None:
    with store.write() as session:
        slot = factories.slot(session)
        book(session, regulator(session, slot), slot_id=slot.id, now=NOW)
    with store.read() as session:
        assert session.exec(select(AuditEntry)).all() == []


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"state": SlotState.CLOSED}, "closed"),
        ({"state": SlotState.WITHDRAWN}, "withdrawn"),
        ({"start_at": NOW}, "begun"),
        ({"start_at": NOW - timedelta(minutes=5)}, "begun"),
    ],
)
def test_a_slot_that_is_not_open_says_why(store: Store, values: dict[str, object], reason: str) -> None:
    with store.write() as session:
        slot = factories.slot(session, **values)
        with pytest.raises(SlotNotOpen) as refused:
            book(session, regulator(session, slot), slot_id=slot.id, now=NOW)
        assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("values", "fine"),
    [
        ({"address": "https://agenda.test/a", "ok_at": NOW - timedelta(hours=23)}, True),
        ({"address": "https://agenda.test/a", "ok_at": NOW - timedelta(hours=24)}, False),
        ({"address": "https://agenda.test/a", "ok_at": None}, False),
        ({"address": None, "ok_at": NOW - timedelta(days=30)}, True),  # a file has no later reading
        ({"state": "suspended"}, False),
        ({"state": "preview"}, False),
    ],
)
def test_a_slot_of_a_calendar_that_is_not_heard_of_cannot_be_booked(
    store: Store, values: dict[str, object], fine: bool
) -> None:
    with store.write() as session:
        slot = factories.slot(session, feed=factories.feed(session, **values))
        who = regulator(session, slot)
        if fine:
            assert book(session, who, slot_id=slot.id, now=NOW)
        else:
            with pytest.raises(SlotNotOpen) as refused:
                book(session, who, slot_id=slot.id, now=NOW)
            assert refused.value.reason == "stale"


def test_a_slot_one_may_not_see_does_not_exist(store: Store) -> None:
    with store.write() as session:
        slot = factories.slot(session, visibility=Visibility.SNP)
        here = regulator(session, slot).territory_id
        elsewhere = factories.actor(Role.REGULATOR, territory_id=factories.territory(session).id)
        signaller = factories.actor(Role.SIGNALLER, territory_id=here)
        for who, slot_id in ((elsewhere, slot.id), (signaller, slot.id), (elsewhere, 10**6)):
            with pytest.raises(NotFound):
                book(session, who, slot_id=slot_id, now=NOW)


def test_a_patient_of_another_territory_does_not_exist(store: Store) -> None:
    with store.write() as session:
        slot = factories.slot(session)
        who = regulator(session, slot)
        for patient_id in (factories.referral(session).patient_id, uuid4()):
            with pytest.raises(NotFound) as refused:
                book(session, who, slot_id=slot.id, patient_id=patient_id, now=NOW)
            assert refused.value.kind == "patient"
        assert session.exec(select(Booking)).all() == []


@pytest.mark.parametrize(("held_for_s", "free"), [(0, True), (1, False)])
def test_a_hold_ends_at_its_instant(store: Store, held_for_s: int, free: bool) -> None:
    with store.write() as session:
        slot = factories.slot(session)
        until = NOW + timedelta(seconds=held_for_s)
        hold = factories.booking(session, slot=slot, state=BookingState.HELD, held_until=until)
        who = regulator(session, slot)
        if not free:
            with pytest.raises(SlotTaken):
                book(session, who, slot_id=slot.id, now=NOW)
            return
        assert book(session, who, slot_id=slot.id, now=NOW).place == 1
        assert session.get_one(Booking, hold.id).state is BookingState.EXPIRED
        steps = [(event.from_state, event.to_state) for event in session.exec(select(BookingEvent))]
        assert (BookingState.HELD, BookingState.EXPIRED) in steps


def test_a_cancelled_place_can_be_booked_again(store: Store) -> None:
    with store.write() as session:
        slot = factories.slot(session)
        who = regulator(session, slot)
        first = book(session, who, slot_id=slot.id, now=NOW)
        assert cancel(session, who, booking_id=first.id, now=NOW).state is BookingState.CANCELLED
        assert book(session, who, slot_id=slot.id, now=NOW).place == 1
        with pytest.raises(WrongState):
            cancel(session, who, booking_id=first.id, now=NOW)


@pytest.mark.parametrize(
    ("state", "refusal"),
    [
        (BookingState.HONOURED, WrongState),
        (BookingState.NO_SHOW, WrongState),
        (BookingState.MOVED, WrongState),
        (BookingState.EXPIRED, HoldOver),
    ],
)
def test_what_is_over_cannot_be_cancelled(store: Store, state: BookingState, refusal: type) -> None:
    with store.write() as session:
        slot = factories.slot(session)
        booking = factories.booking(session, slot=slot, state=state)
        with pytest.raises(refusal):
            cancel(session, regulator(session, slot), booking_id=booking.id, now=NOW)


def test_who_may_cancel(store: Store) -> None:
    with store.write() as session:
        slot = factories.slot(session)
        here = regulator(session, slot).territory_id
        concerned, other = slot.practitioner_id, factories.practitioner(session, territory_id=here).id

        def booking_of(key: str) -> Booking:
            return factories.booking(session, slot=slot, booked_by=key)

        may = [
            factories.actor(Role.GP, territory_id=here, key="account:1", practitioner_id=other),
            factories.actor(Role.SECRETARY, territory_id=here, key="account:2", practitioner_id=concerned),
            factories.actor(Role.COORDINATOR, territory_id=here, key="account:3"),
            factories.actor(Role.REGULATOR, territory_id=here, key="token:4"),
        ]
        may_not = [
            factories.actor(Role.GP, territory_id=here, key="account:5", practitioner_id=other),
            factories.actor(Role.SIGNALLER, territory_id=here, key="account:6"),
            factories.actor(Role.COORDINATOR, territory_id=factories.territory(session).id),
        ]
        for who in may:
            mine = booking_of("account:1")
            assert cancel(session, who, booking_id=mine.id, now=NOW)
        kept = booking_of("account:1")
        for who in may_not:
            with pytest.raises(NotFound):
                cancel(session, who, booking_id=kept.id, now=NOW)
        with pytest.raises(NotFound):
            cancel(session, may[2], booking_id=uuid4(), now=NOW)
