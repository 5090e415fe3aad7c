"""Many at once on what is scarce: slots of a practitioner, places of a slot, places of an intake."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from scheduler.store.engine import Store
from scheduler.store.tables import Booking, Intake, Offer, OfferState, Slot
from scheduler.store.violations import broken_invariant
from tests import factories
from tests.factories import NOW


def outcomes(store: Store, num_threads: int, work: Callable[[Session, int], None]) -> Counter[str | None]:
    """Run one transaction per thread, all at once; count what refused them, ``None`` for no refusal."""
    barrier = threading.Barrier(num_threads)

    def run(number: int) -> str | None:
        barrier.wait(timeout=10)
        try:
            with store.write() as session:
                work(session, number)
        except IntegrityError as error:
            return broken_invariant(error)
        return None

    with ThreadPoolExecutor(num_threads) as pool:
        return Counter(pool.map(run, range(num_threads)))


def test_fifty_bookings_of_one_slot_give_one(store: Store) -> None:
    with store.write() as session:
        slot_id = factories.slot(session).id

    def book(session: Session, _: int) -> None:
        factories.booking(session, slot_id=slot_id)

    assert outcomes(store, 50, book) == {None: 1, "booking_one_per_place": 49}


def test_forty_acceptances_of_three_places_give_three(store: Store) -> None:
    with store.write() as session:
        intake = factories.intake(session, places=3)
        offers = [factories.offer(session, intake_id=intake.id).id for _ in range(40)]

    def accept(session: Session, number: int) -> None:
        offer = session.get_one(Offer, offers[number])
        offer.state, offer.answered_at = OfferState.ACCEPTED, NOW

    assert outcomes(store, 40, accept) == {None: 3, "offer_within_places": 37}


def test_the_last_place_is_taken_or_withdrawn_never_both(store: Store) -> None:
    for _ in range(10):
        with store.write() as session:
            intake = factories.intake(session, places=1)
            offer_id = factories.offer(session, intake_id=intake.id).id

        def race(session: Session, number: int, intake_id=intake.id, offer_id=offer_id) -> None:
            if number == 0:
                session.get_one(Intake, intake_id).places = 0
            else:
                offer = session.get_one(Offer, offer_id)
                offer.state, offer.answered_at = OfferState.ACCEPTED, NOW

        seen = outcomes(store, 2, race)
        assert seen in ({None: 1, "offer_within_places": 1}, {None: 1, "intake_places_accepted": 1})


def test_the_second_place_is_booked_or_removed_never_both(store: Store) -> None:
    for _ in range(10):
        with store.write() as session:
            slot_id = factories.slot(session, capacity=2).id

        def race(session: Session, number: int, slot_id=slot_id) -> None:
            if number == 0:
                session.get_one(Slot, slot_id).capacity = 1
            else:
                factories.booking(session, slot_id=slot_id, place=2)

        seen = outcomes(store, 2, race)
        assert seen in ({None: 1, "booking_within_capacity": 1}, {None: 1, "slot_capacity_taken": 1})


def test_a_slot_is_booked_or_closed_first_never_booked_after(store: Store) -> None:
    """Whoever comes second sees what the first did: a closed slot refuses, a booked one is kept."""
    with store.write() as session:
        slot_ids = [factories.slot(session).id for _ in range(10)]
    for slot_id in slot_ids:

        def race(session: Session, number: int, slot_id=slot_id) -> None:
            if number == 0:
                slot = session.get_one(Slot, slot_id, with_for_update=True)
                taken = session.connection().execute(text(f"SELECT 1 FROM booking WHERE slot_id = {slot_id}"))
                slot.state, slot.conflict = "closed", "booked" if taken.first() else None
            else:
                factories.booking(session, slot_id=slot_id)

        refused = outcomes(store, 2, race)["booking_slot_open"]
        with store.read() as session:
            assert session.get_one(Slot, slot_id).conflict == (None if refused else "booked")


def test_twenty_five_threads_of_random_slots_leave_no_overlap(store: Store) -> None:
    with store.write() as session:
        feed = factories.feed(session)

    def publish(number: int) -> Counter[str | None]:
        chance, seen = random.Random(number), Counter()
        for _ in range(20):
            start_at = NOW + timedelta(minutes=chance.randrange(0, 600, 5))
            end_at = start_at + timedelta(minutes=chance.choice([10, 15, 20]))
            try:
                with store.write() as session:
                    factories.slot(session, feed=feed, start_at=start_at, end_at=end_at)
                seen[None] += 1
            except IntegrityError as error:
                seen[broken_invariant(error)] += 1
        return seen

    with ThreadPoolExecutor(25) as pool:
        seen = sum(pool.map(publish, range(25)), Counter())
    assert set(seen) == {None, "slot_overlap"}
    overlaps = text(
        "SELECT count(*) FROM slot a JOIN slot b ON a.practitioner_id = b.practitioner_id AND a.id < b.id"
        " WHERE a.state = 'open' AND b.state = 'open' AND a.start_at < b.end_at AND b.start_at < a.end_at"
    )
    with store.read() as session:
        assert session.connection().execute(overlaps).scalar_one() == 0
        assert session.connection().execute(text("SELECT count(*) FROM slot")).scalar_one() == seen[None]


def test_a_cancelled_place_goes_to_one_of_those_who_wait_for_it(store: Store) -> None:
    with store.write() as session:
        booking = factories.booking(session)

    def move(session: Session, number: int) -> None:
        if number == 0:
            session.get_one(Booking, booking.id).state = "cancelled"
        else:
            factories.booking(session, slot_id=booking.slot_id, id=uuid4())

    seen = outcomes(store, 20, move)
    taken = text("SELECT count(*) FROM booking WHERE state = 'booked'")
    with store.read() as session:
        assert session.connection().execute(taken).scalar_one() == seen[None] - 1
    assert seen[None] - 1 <= 1


def test_two_calendars_of_one_practitioner_read_at_once_do_not_wait_for_each_other(store: Store) -> None:
    """In opposite orders, each would wait for the other's slots unless the practitioner is locked first."""
    for _ in range(5):
        with store.write() as session:
            first = factories.feed(session)
            second = factories.feed(session, practice_id=first.practice_id)

        def publish(session: Session, number: int, feeds=(first, second)) -> None:
            for minutes in sorted(range(0, 450, 15), reverse=bool(number)):
                factories.slot(session, feed=feeds[number], start_at=NOW + timedelta(minutes=minutes))

        assert outcomes(store, 2, publish) == {None: 1, "slot_overlap": 1}
