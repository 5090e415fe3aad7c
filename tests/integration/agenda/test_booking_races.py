"""Holds, confirmations, moves and the sweeping job at the same instant, on both engines."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from scheduler.agenda.booking import book, confirm, hold
from scheduler.agenda.ending import cancel, expire_holds, move
from scheduler.agenda.life import HELD_FOR, TAKES_A_PLACE
from scheduler.store.engine import Store
from scheduler.store.tables import Booking, BookingState, Practitioner, Role, Slot
from tests import factories
from tests.factories import NOW
from tests.races import at_once

MOMENT = timedelta(milliseconds=1)


def regulator(session: Session, slot: Slot, key: str = "account:1"):
    territory_id = session.get_one(Practitioner, slot.practitioner_id).territory_id
    return factories.actor(Role.REGULATOR, territory_id=territory_id, key=key)


def active(store: Store, slot_id: int) -> list[BookingState]:
    query = select(Booking.state).where(Booking.slot_id == slot_id, col(Booking.state).in_(TAKES_A_PLACE))
    with store.read() as session:
        return list(session.exec(query))


def test_of_twenty_who_hold_or_book_one_place_at_once_exactly_one_has_it(store: Store) -> None:
    with store.write() as session:
        slot = factories.slot(session)
        who = regulator(session, slot)

    def attempt(number: int) -> None:
        with store.write() as session:
            (hold if number % 2 else book)(session, who, slot_id=slot.id, now=NOW)

    assert at_once(20, attempt) == {"done": 1, "slot_taken": 19}
    assert len(active(store, slot.id)) == 1


def test_a_hold_that_ends_while_somebody_books_has_one_winner(store: Store) -> None:
    """A4: the hold ends at T; its holder confirms at T-1 ms, T and T+1 ms while another takes the place."""
    for late, wanted in ((-MOMENT, None), (0 * MOMENT, "book"), (MOMENT, "book")):
        with store.write() as session:
            slot = factories.slot(session)
            holder, other = regulator(session, slot), regulator(session, slot, "account:2")
            held = hold(session, holder, slot_id=slot.id, now=NOW).id
        at = NOW + HELD_FOR + late

        def attempt(number: int, at=at, held=held, slot_id=slot.id, people=(holder, other)) -> None:
            with store.write() as session:
                if number == 0:
                    confirm(session, people[0], booking_id=held, now=at)
                else:
                    book(session, people[1], slot_id=slot_id, now=at)

        ended = at_once(2, attempt)
        assert active(store, slot.id) == [BookingState.BOOKED]
        with store.read() as session:
            state = session.get_one(Booking, held).state
        if wanted is None:  # the hold still counts: whoever came first, its holder has the place
            assert (ended, state) == (Counter({"done": 1, "slot_taken": 1}), BookingState.BOOKED)
        else:
            assert (ended, state) == (Counter({"done": 1, "hold_over": 1}), BookingState.EXPIRED)


def test_the_sweeping_job_and_those_who_book_never_double_a_place(store: Store) -> None:
    with store.write() as session:
        slots = [factories.slot(session) for _ in range(4)]
        people = [regulator(session, slot) for slot in slots]
        for slot, who in zip(slots, people, strict=True):
            hold(session, who, slot_id=slot.id, now=NOW)

    def attempt(number: int) -> None:
        with store.write() as session:
            if number < 4:
                expire_holds(session, now=NOW + HELD_FOR)
            else:
                book(session, people[number % 4], slot_id=slots[number % 4].id, now=NOW + HELD_FOR)

    assert at_once(12, attempt) == {"done": 8, "slot_taken": 4}
    assert [active(store, slot.id) for slot in slots] == [[BookingState.BOOKED]] * 4


def test_two_who_exchange_their_slots_at_once_do_not_wait_for_each_other(store: Store) -> None:
    """Each wants the other's place: both are refused, or one after a place was freed; nobody deadlocks."""
    for _ in range(5):
        with store.write() as session:
            feed = factories.feed(session)
            slots = [
                factories.slot(session, feed=feed, start_at=NOW + timedelta(hours=hour)) for hour in (1, 2)
            ]
            who = regulator(session, slots[0])
            ids = [book(session, who, slot_id=slot.id, now=NOW).id for slot in slots]

        def attempt(number: int, ids: list[UUID] = ids, slots: list[Slot] = slots, who=who) -> None:
            with store.write() as session:
                move(session, who, booking_id=ids[number], to_slot_id=slots[1 - number].id, now=NOW)

        assert at_once(2, attempt) == {"slot_taken": 2}
        assert [active(store, slot.id) for slot in slots] == [[BookingState.BOOKED]] * 2


def test_a_booking_is_moved_or_cancelled_never_both(store: Store) -> None:
    for _ in range(5):
        with store.write() as session:
            feed = factories.feed(session)
            here, there = (
                factories.slot(session, feed=feed, start_at=NOW + timedelta(hours=hour)) for hour in (1, 2)
            )
            who = regulator(session, here)
            booking_id = book(session, who, slot_id=here.id, now=NOW).id

        def attempt(number: int, booking_id=booking_id, to_slot_id=there.id, who=who) -> None:
            with store.write() as session:
                if number == 0:
                    cancel(session, who, booking_id=booking_id, now=NOW)
                else:
                    move(session, who, booking_id=booking_id, to_slot_id=to_slot_id, now=NOW)

        assert at_once(2, attempt) == {"done": 1, "wrong_state": 1}
        with store.read() as session:
            moved = session.get_one(Booking, booking_id).state is BookingState.MOVED
        assert (active(store, here.id), len(active(store, there.id))) == ([], int(moved))
